"""Rows written past triggers, foreign keys and models, by COPY where the database has it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.core.management.color import no_style
from django.db import connection, models, transaction

from audit.capture import engine_of
from audit.capture.plans import column_of, pk_of


class Table:
    """Rows on their way into one table; written in the order in which they came.

    A column that nothing is said of is an empty text, or nothing.
    """

    def __init__(self, model: type[models.Model], **always: Any) -> None:
        self.name = model._meta.db_table
        self.pk = pk_of(model)
        texts = {field.column: "" for field in model._meta.concrete_fields if _is_blank_text(field)}
        self.always = texts | {column_of(model, name): value for name, value in always.items()}
        self.rows: list[tuple[Any, ...]] = []
        self.columns: tuple[str, ...] = ()
        with connection.cursor() as cursor:
            cursor.execute(f'SELECT coalesce(max("{self.pk}"), 0) FROM "{self.name}"')  # noqa: S608 - names of ours
            self.last: int = cursor.fetchone()[0]

    def add(self, **values: Any) -> int:
        """One row, by its columns, each time the same ones; answers its id."""
        self.last += 1
        if not self.columns:
            constant = {name: value for name, value in self.always.items() if name not in values}
            self.columns = (self.pk, *values, *constant)
            self._constant = tuple(constant.values())
        self.rows.append((self.last, *values.values(), *self._constant))
        return self.last

    def write(self) -> None:
        if not self.rows:
            return
        names = ", ".join(f'"{column}"' for column in self.columns)
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                with cursor.copy(f'COPY "{self.name}" ({names}) FROM STDIN') as copy:
                    for row in self.rows:
                        copy.write_row(row)
            else:
                marks = ", ".join(["%s"] * len(self.columns))
                cursor.executemany(f'INSERT INTO "{self.name}" ({names}) VALUES ({marks})', self.rows)  # noqa: S608
        self.rows.clear()


def _is_blank_text(field: models.Field[Any, Any]) -> bool:
    return isinstance(field, models.CharField | models.TextField) and not field.null


@contextmanager
def past_triggers() -> Iterator[None]:
    """No trigger and no foreign key is asked; afterwards both are as they were."""
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL session_replication_role = replica")
            yield
            cursor.execute("SET LOCAL session_replication_role = origin")
        else:
            aside = engine_of(connection).lay_aside(connection)
            yield
            for trigger in aside.values():
                cursor.execute(trigger.definition)
    _count_on_from_here()


def _count_on_from_here() -> None:
    """Ids that come next lie above those written here; SQLite sees to that itself."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for statement in connection.ops.sequence_reset_sql(no_style(), apps.get_models()):
                cursor.execute(statement)


@contextmanager
def without_indexes(*written: type[models.Model]) -> Iterator[None]:
    """Build the indexes of large tables once, and not row by row."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s) AND indexdef LIKE 'CREATE INDEX %%'",
            [[model._meta.db_table for model in written]],
        )
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
        yield
        cursor.execute("SET maintenance_work_mem = '1GB'")
        for _, definition in indexes:
            cursor.execute(definition)


def analyze() -> None:
    """What autovacuum does in life."""
    with connection.cursor() as cursor:
        for table in connection.introspection.django_table_names(only_existing=True):
            if connection.vendor == "postgresql":
                cursor.execute(f'VACUUM (ANALYZE) "{table}"')
            else:
                cursor.execute(f'ANALYZE "{table}"')
