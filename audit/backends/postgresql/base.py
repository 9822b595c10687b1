"""Django's PostgreSQL backend, whose migrations keep the triggers up to date."""

from __future__ import annotations

import re
from typing import Any

from django.db.backends.postgresql import base, schema

from audit.backends.schema import CapturingSchemaEditor


class DatabaseSchemaEditor(CapturingSchemaEditor, schema.DatabaseSchemaEditor):
    """Reinstalls the triggers as soon as a migration has changed tables.

    Rows that it rewrites itself (a NULL becoming a default) are part of the new definition and not a
    change of the data: the triggers are laid aside for them.
    """

    def execute(self, sql: Any, params: Any = ()) -> None:
        if not self.collect_sql:
            if re.match(r"\s*UPDATE\b", str(sql)):
                from audit.capture import postgresql

                postgresql.lay_aside(self.connection)
            if re.match(r"\s*(CREATE TABLE|ALTER|DROP|UPDATE)\b", str(sql)):
                self.tables_changed = True
        super().execute(sql, params)

    def keep_capturing(self) -> None:
        from audit.capture import postgresql

        postgresql.keep_capturing(self.connection)


class DatabaseWrapper(base.DatabaseWrapper):
    SchemaEditorClass = DatabaseSchemaEditor
