"""Django's `migrate`, in which a migration that changes rows is an act that says so."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from django.core.management.commands import migrate
from django.db import connection
from django.db.migrations import Migration

from ...acting import Act, Channel, act_across_transactions, through
from ...capture import engine_of
from ...events import Event
from ...models import Entry
from ...selectors import versions_by_project
from ...services import record_command


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        self.running = ExitStack()
        self.unrecorded: list[tuple[str, Act]] = []
        try:
            with through(Channel.COMMAND), self.running:
                super().handle(*args, **options)
        finally:
            # What a failed migration has changed in transactions of its own is there, and must be told too.
            self._record_changes()

    def migration_progress_callback(self, action: str, migration: Any = None, fake: bool = False) -> None:
        super().migration_progress_callback(action, migration, fake)
        if action in {"apply_start", "unapply_start"}:
            self._begin(migration)
        elif action in {"apply_success", "unapply_success"}:
            self.running.close()
            if _entries_can_be_written():
                self._record_changes()

    def _begin(self, migration: Migration) -> None:
        act = self.running.enter_context(act_across_transactions())
        self.unrecorded.append((f"{migration.app_label}.{migration.name}", act))

    def _record_changes(self) -> None:
        if connection.needs_rollback:
            return
        with through(Channel.COMMAND):
            for migration, act in self.unrecorded:
                if versions_by_project(act.operation):
                    record_command(Event.DATA_MIGRATED, migration, act)
        self.unrecorded.clear()


def _entries_can_be_written() -> bool:
    """Whether the table has by now all that the model has; otherwise the entry waits for later migrations."""
    columns: set[str] = engine_of(connection).columns_of(connection).get(Entry._meta.db_table, set())
    return {field.column for field in Entry._meta.concrete_fields} <= columns
