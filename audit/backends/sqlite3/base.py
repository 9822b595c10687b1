"""Django's SQLite backend, whose migrations lay the triggers aside while they rebuild tables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.db.backends.sqlite3 import base, schema

from audit.backends.schema import CapturingSchemaEditor

if TYPE_CHECKING:
    from audit.capture.sqlite_sql import Trigger


class DatabaseSchemaEditor(CapturingSchemaEditor, schema.DatabaseSchemaEditor):
    """Lays the triggers aside at the first statement they would be in the way of, and reinstalls them.

    SQLite refuses to rename a table or a column while a trigger names what is not there.
    """

    laid_aside: dict[str, Trigger] | None = None

    def execute(self, sql: Any, params: Any = ()) -> None:
        if not self.collect_sql:
            if self.laid_aside is None and re.match(r"\s*(ALTER|DROP|UPDATE)\b", str(sql)):
                from audit.capture import sqlite

                self.laid_aside = sqlite.lay_aside(self.connection)
            if re.match(r"\s*(CREATE TABLE|ALTER|DROP|UPDATE)\b", str(sql)):
                self.tables_changed = True
        super().execute(sql, params)

    def keep_capturing(self) -> None:
        from audit.capture import sqlite

        sqlite.keep_capturing(self.connection, self.laid_aside)


class DatabaseWrapper(base.DatabaseWrapper):
    SchemaEditorClass = DatabaseSchemaEditor
