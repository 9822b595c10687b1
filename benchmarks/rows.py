"""Rows written past triggers, foreign keys and models, by COPY where the database has it."""

from __future__ import annotations

from typing import Any

from django.db import connection, models

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
