"""Versions written by PostgreSQL: what must be installed, installing it, and telling what differs.

Insertions and deletions are recorded by one statement for all their rows, updates row by row: a statement
that joined the old with the new rows would be planned once per connection, for whatever size came first.
"""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from .plans import Columns, Difference, entry_table, plans
from .postgresql_sql import Function, Trigger, wanted_functions, wanted_triggers
from .postgresql_trial import try_out


def prepare(connection: BaseDatabaseWrapper) -> None:
    """Make this session refuse unexplained changes, where the settings say so; never the other way round.

    Said for the session and not installed, since who runs `migrate` must not decide for everybody. A pooled
    session that serves another process afterwards can only be stricter for it.
    """
    if settings.LABELOP_UNEXPLAINED == "refuse":
        say_what_an_unexplained_change_meets(connection)


def say_what_an_unexplained_change_meets(connection: BaseDatabaseWrapper) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('labelop.unexplained_mode', %s, false)", [settings.LABELOP_UNEXPLAINED])


def install(connection: BaseDatabaseWrapper) -> None:
    """Install what is missing or differs, drop what no model needs, and try what was written."""
    if not differences(connection):
        return
    with transaction.atomic(using=connection.alias):
        written = _write(connection)
        _drop_left_over(connection)
        _try_out(connection, written)


def keep_capturing(connection: BaseDatabaseWrapper) -> None:
    """Between two migrations: write what the tables need now, leave alone what the models do not know."""
    with transaction.atomic(using=connection.alias):
        _try_out(connection, _write(connection))


def lay_aside(connection: BaseDatabaseWrapper) -> dict[tuple[str, str], Trigger]:
    """Drop every trigger of ours, so that a migration can rewrite rows; return them."""
    aside = installed_triggers(connection)
    with connection.cursor() as cursor:
        for trigger in aside.values():
            cursor.execute(trigger.drop)
    return aside


def differences(connection: BaseDatabaseWrapper) -> list[Difference]:
    columns = columns_of(connection)
    if entry_table(columns) is None:
        return []
    schema = schema_of(connection)
    functions, triggers = _installed_functions(connection), installed_triggers(connection)
    wanted = [*wanted_functions(connection, schema, columns)]
    needed = [*wanted_triggers(schema, columns)]
    found = [_compare_function(function, functions) for function in wanted]
    found += [_compare_trigger(trigger, triggers) for trigger in needed]
    known = {(trigger.table, trigger.name) for trigger in needed}
    found += [Difference(table, f"trigger {name} is left over") for table, name in triggers.keys() - known]
    return [difference for difference in found if difference]


def schema_of(connection: BaseDatabaseWrapper) -> str:
    """The schema that holds our tables, quoted where it must be."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(current_schema())")
        schema: str = cursor.fetchone()[0]
    return schema


def columns_of(connection: BaseDatabaseWrapper) -> Columns:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
            " WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')"
            " AND a.attnum > 0 AND NOT a.attisdropped"
        )
        columns: Columns = {}
        for table, column in cursor.fetchall():
            columns.setdefault(table, set()).add(column)
    return columns


def installed_triggers(connection: BaseDatabaseWrapper) -> dict[tuple[str, str], Trigger]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, t.tgname, pg_get_triggerdef(t.oid), t.tgenabled IN ('O', 'A')"
            " FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
            " WHERE c.relnamespace = current_schema()::regnamespace AND NOT t.tgisinternal"
            " AND t.tgname LIKE 'capture\\_%'"
        )
        return {
            (table, name): Trigger(table, name, definition, enabled=enabled)
            for table, name, definition, enabled in cursor.fetchall()
        }


def _installed_functions(connection: BaseDatabaseWrapper) -> dict[str, Function]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.proname, p.prosrc, pg_get_function_arguments(p.oid), pg_get_function_result(p.oid),"
            " l.lanname, p.prosecdef, coalesce(array_to_string(p.proconfig, '; '), ''),"
            " EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner)))"
            " WHERE grantee = 0)"
            " FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang"
            " WHERE p.pronamespace = current_schema()::regnamespace AND p.proname LIKE 'capture\\_%'"
        )
        return {row[0]: Function(*row) for row in cursor.fetchall()}


def _compare_function(function: Function, installed: dict[str, Function]) -> Difference | None:
    have = installed.get(function.name)
    if have == function:
        return None
    wrong = "missing" if have is None else "changed"
    return Difference(function.table, f"function {function.name} is {wrong}")


def _compare_trigger(trigger: Trigger, installed: dict[tuple[str, str], Trigger]) -> Difference | None:
    have = installed.get((trigger.table, trigger.name))
    if have is None:
        return Difference(trigger.table, f"trigger {trigger.name} is missing")
    if not have.enabled:
        return Difference(trigger.table, f"trigger {trigger.name} is disabled")
    if not have.same_as(trigger):
        return Difference(trigger.table, f"trigger {trigger.name} is changed")
    return None


def _write(connection: BaseDatabaseWrapper) -> set[str]:
    """Create or replace what differs; return the tables concerned."""
    columns = columns_of(connection)
    if entry_table(columns) is None:
        return set()
    schema = schema_of(connection)
    functions, triggers = _installed_functions(connection), installed_triggers(connection)
    written = set()
    with connection.cursor() as cursor:
        for function in wanted_functions(connection, schema, columns):
            if _compare_function(function, functions):
                cursor.execute(function.create(schema))
                written.add(function.table)
        for trigger in wanted_triggers(schema, columns):
            if _compare_trigger(trigger, triggers):
                cursor.execute(trigger.drop)
                cursor.execute(trigger.definition)
                written.add(trigger.table)
    return written


def _drop_left_over(connection: BaseDatabaseWrapper) -> None:
    columns, schema = columns_of(connection), schema_of(connection)
    needed = {(trigger.table, trigger.name) for trigger in wanted_triggers(schema, columns)}
    wanted = {function.name for function in wanted_functions(connection, schema, columns)}
    with connection.cursor() as cursor:
        for key, trigger in installed_triggers(connection).items():
            if key not in needed:
                cursor.execute(trigger.drop)
        for function in _installed_functions(connection).values():
            if function.name not in wanted:
                cursor.execute(function.drop(schema))


def _try_out(connection: BaseDatabaseWrapper, written: set[str]) -> None:
    for plan in plans(columns_of(connection)):
        if plan.table in written:
            try_out(connection, schema_of(connection), plan)
