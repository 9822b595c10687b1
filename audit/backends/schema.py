"""What both engines' schema editors share: a migration ends with the triggers as the tables now need them."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor


class CapturingSchemaEditor(BaseDatabaseSchemaEditor):
    """Notes whether tables were changed, and has the triggers reinstalled before the migration is committed."""

    tables_changed = False

    def keep_capturing(self) -> None:
        raise NotImplementedError

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            while self.deferred_sql:
                statement: Any = self.deferred_sql.pop(0)
                self.execute(statement, None)
        if self.tables_changed and (kind is None or not self.atomic_migration):
            self.keep_capturing()
        super().__exit__(kind, error, trace)
