"""A trial of what PostgreSQL was given, since PL/pgSQL finds a wrong name only when it runs."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from .plans import Plan, quoted
from .postgresql_sql import function_name


class CaptureDoesNotWorkError(RuntimeError):
    """What was installed does not write the versions it should."""


def try_out(connection: BaseDatabaseWrapper, schema: str, plan: Plan) -> None:
    """Hang the functions of a table on an empty twin of it, change a row there, and undo it all."""
    act = uuid.uuid4()
    savepoint = transaction.savepoint(using=connection.alias)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('labelop.operation', %s, true)", [str(act)])
            cursor.execute(
                "SELECT a.attname, a.attnotnull, t.typcategory, t.typname FROM pg_attribute a"
                " JOIN pg_type t ON t.oid = a.atttypid"
                " WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped",
                [f"{schema}.{quoted(plan.versions)}"],
            )
            needed = {
                column: _sample(category, kind)
                for column, not_null, category, kind in cursor.fetchall()
                if column in plan.columns and (not_null or column == plan.pk)
            }
            for statement in _trial(plan, schema, needed):
                cursor.execute(statement)
            cursor.execute(
                "SELECT string_agg(history_type, '' ORDER BY history_id)"
                f" FROM {schema}.{quoted(plan.versions)} WHERE operation = %s",
                [act],
            )
            written = cursor.fetchone()[0]
    finally:
        transaction.savepoint_rollback(savepoint, using=connection.alias)
    if written not in ("+-+-", "+~-+-"):
        raise CaptureDoesNotWorkError(f"{plan.table}: a trial wrote {written!r}.")


def _trial(plan: Plan, schema: str, needed: dict[str, tuple[str, str]]) -> Iterator[str]:
    twin, pk = "pg_temp.capture_trial", quoted(plan.pk)
    yield f"CREATE TEMPORARY TABLE capture_trial AS SELECT * FROM {schema}.{quoted(plan.table)} WITH NO DATA"
    for act, what in (
        ("insert", "REFERENCING NEW TABLE AS labelop_rows FOR EACH STATEMENT"),
        ("update", "FOR EACH ROW WHEN (OLD.* *<> NEW.*)"),
        ("delete", "REFERENCING OLD TABLE AS labelop_rows FOR EACH STATEMENT"),
    ):
        function = f"{schema}.{quoted(function_name(plan.table, act))}()"
        yield f"CREATE TRIGGER {act} AFTER {act} ON {twin} {what} EXECUTE FUNCTION {function}"
    names, first = ", ".join(map(quoted, needed)), ", ".join(values[0] for values in needed.values())
    yield f"INSERT INTO {twin} ({names}) VALUES ({first})"
    own = {plan.pk, plan.project}
    for column, (_before, after) in needed.items():
        if column not in own:
            yield f"UPDATE {twin} SET {quoted(column)} = {after}"
            break
    yield f"UPDATE {twin} SET {pk} = {needed[plan.pk][1]}"
    yield f"DELETE FROM {twin}"


def _sample(category: str, kind: str) -> tuple[str, str]:
    """Two different values of a type, told by PostgreSQL's category of it."""
    by_kind = {
        "uuid": (f"'{uuid.UUID(int=0)}'", f"'{uuid.UUID(int=1)}'"),
        "json": ("'0'", "'1'"),
        "jsonb": ("'0'", "'1'"),
        "bytea": ("''", "'x'"),
        "time": ("'00:00'", "'00:01'"),
    }
    by_category = {
        "N": ("0", "1"),
        "S": ("''", "'x'"),
        "B": ("false", "true"),
        "D": ("'2000-01-01'", "'2000-01-02'"),
        "T": ("'0'", "'1 day'"),
        "I": ("'0.0.0.0'", "'0.0.0.1'"),
        "A": ("'{}'", "'{null}'"),
    }
    return by_kind.get(kind) or by_category.get(category) or ("NULL", "NULL")
