"""Versions written by SQLite: row triggers that ask functions registered on each connection.

A program that opens the file without these functions cannot write a tracked or an append-only table at all.
Leave SQLite's `trusted_schema` on, or no trigger may call them.
"""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from ..acting import Act, act_on, operation_id
from .plans import Columns, Difference, entry_table, plans, quoted
from .sqlite_sql import Trigger, wanted_triggers


class Answers:
    """What the triggers ask about the act under way on one connection.

    As a wrapper of every statement it also forgets, at the first statement outside a transaction, the
    operation that the triggers made for unexplained changes: one for each transaction, and for each
    statement that is a transaction by itself.
    """

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self.connection = connection
        self.raw = connection.connection
        self.made: uuid.UUID | None = None
        self.version_announced = False

    def __call__(self, execute: Callable, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if not self.raw.in_transaction:
            self.made = None
        return execute(sql, params, many, context)

    @property
    def act(self) -> Act | None:
        return act_on(self.connection)

    def operation(self) -> str:
        act = self.act
        if act is not None:
            return act.operation.hex
        if self.made is None:
            self.made = operation_id()
        return self.made.hex

    def announce_version(self) -> str:
        """The operation of a version that the asking trigger is about to write."""
        self.version_announced = True
        return self.operation()

    def forged(self) -> bool:
        """Whether a version arrives that no trigger announced."""
        announced, self.version_announced = self.version_announced, False
        return not announced

    def unexplained(self) -> bool:
        return self.act is None

    def refused(self) -> bool:
        return bool(settings.LABELOP_UNEXPLAINED == "refuse")

    def actor(self) -> int | None:
        act = self.act
        return act.user_id if act else None

    def moment(self) -> str:
        act = self.act
        if act is not None and act.at is not None:
            return str(self.connection.ops.adapt_datetimefield_value(act.at))
        # What Django's adapter makes of now, in a quarter of the time; asked for each row.
        return str(datetime.now(UTC).replace(tzinfo=None))

    def application(self) -> str:
        return Path(sys.argv[0]).name[:200]

    def prepared(self) -> bool:
        return True


def prepare(connection: BaseDatabaseWrapper) -> None:
    """Let the triggers ask, and let them fire for the rows that INSERT OR REPLACE deletes."""
    answers = Answers(connection)
    for name, answer in (
        ("labelop_operation", answers.operation),
        ("labelop_announce_version", answers.announce_version),
        ("labelop_forged", answers.forged),
        ("labelop_unexplained", answers.unexplained),
        ("labelop_refused", answers.refused),
        ("labelop_actor", answers.actor),
        ("labelop_moment", answers.moment),
        ("labelop_application", answers.application),
        ("labelop_prepared", answers.prepared),
    ):
        answers.raw.create_function(name, 0, answer)
    answers.raw.execute("PRAGMA recursive_triggers = ON")
    others = [wrapper for wrapper in connection.execute_wrappers if not isinstance(wrapper, Answers)]
    # First, because `connection.execute_wrapper()` removes the last one when it ends.
    connection.execute_wrappers[:] = [answers, *others]


def say_what_an_unexplained_change_meets(connection: BaseDatabaseWrapper) -> None:
    """The triggers ask the settings each time."""


def install(connection: BaseDatabaseWrapper) -> None:
    """Install what is missing or differs, drop what no model needs, and try what was written."""
    if not differences(connection):
        return
    with transaction.atomic(using=connection.alias):
        wanted = _write(connection)
        for name in installed_triggers(connection).keys() - wanted.keys():
            _execute(connection, f"DROP TRIGGER {quoted(name)}")


def keep_capturing(connection: BaseDatabaseWrapper, laid_aside: dict[str, Trigger] | None = None) -> None:
    """Between two migrations: write what the tables need now, and put back what the models do not know."""
    with transaction.atomic(using=connection.alias):
        known = {trigger.table for trigger in _write(connection).values()}
        columns = columns_of(connection)
        for trigger in (laid_aside or {}).values():
            if trigger.table in columns and trigger.table not in known:
                _execute(connection, trigger.definition)


def lay_aside(connection: BaseDatabaseWrapper) -> dict[str, Trigger]:
    """Drop every trigger of ours, so that a migration can rebuild tables; return them."""
    aside = installed_triggers(connection)
    for name in aside:
        _execute(connection, f"DROP TRIGGER {quoted(name)}")
    return aside


def differences(connection: BaseDatabaseWrapper) -> list[Difference]:
    wanted, installed = _wanted(connection), installed_triggers(connection)
    if not wanted:
        return []
    found = []
    for name, trigger in wanted.items():
        if name not in installed:
            found.append(Difference(trigger.table, f"trigger {name} is missing"))
        elif installed[name] != trigger:
            found.append(Difference(trigger.table, f"trigger {name} is changed"))
    found += [
        Difference(trigger.table, f"trigger {name} is left over")
        for name, trigger in installed.items()
        if name not in wanted
    ]
    return found


def columns_of(connection: BaseDatabaseWrapper) -> Columns:
    with connection.cursor() as cursor:
        cursor.execute("SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'")
        columns: Columns = {}
        for table, column in cursor.fetchall():
            columns.setdefault(table, set()).add(column)
    return columns


def installed_triggers(connection: BaseDatabaseWrapper) -> dict[str, Trigger]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'capture\\_%'"
            " ESCAPE '\\'"
        )
        return {name: Trigger(table, name, definition) for table, name, definition in cursor.fetchall()}


def _wanted(connection: BaseDatabaseWrapper) -> dict[str, Trigger]:
    columns = columns_of(connection)
    if entry_table(columns) is None:
        return {}
    return {trigger.name: trigger for trigger in wanted_triggers(connection, columns)}


def _write(connection: BaseDatabaseWrapper) -> dict[str, Trigger]:
    """Install what is missing or differs, and try it; return all that is wanted."""
    installed, wanted = installed_triggers(connection), _wanted(connection)
    written = set()
    for name, trigger in wanted.items():
        if installed.get(name) == trigger:
            continue
        if name in installed:
            _execute(connection, f"DROP TRIGGER {quoted(name)}")
        _execute(connection, trigger.definition)
        written.add(trigger.table)
    for statement in _trial(connection, written):
        _execute(connection, statement)
    return wanted


def _trial(connection: BaseDatabaseWrapper, tables: set[str]) -> Iterator[str]:
    """Statements that make SQLite compile the triggers, which finds wrong names, without running them."""
    for plan in plans(columns_of(connection)):
        if plan.table in tables:
            table = quoted(plan.table)
            yield f"EXPLAIN INSERT INTO {table} DEFAULT VALUES"
            yield f"EXPLAIN UPDATE {table} SET {quoted(plan.pk)} = {quoted(plan.pk)}"
            yield f"EXPLAIN DELETE FROM {table}"


def _execute(connection: BaseDatabaseWrapper, statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
