"""The triggers that SQLite needs, as text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.backends.base.base import BaseDatabaseWrapper

from ..events import Event
from ..models import Entry
from .plans import (
    Columns,
    Kept,
    Kinship,
    Plan,
    column_of,
    kept_tables,
    literal,
    outbox_insert,
    plans,
    quoted,
    unexplained_entry,
)

NO_OPERATION = "LabelOp: this change belongs to no operation. Make it through a service."


@dataclass(frozen=True)
class Trigger:
    """A trigger of ours; `definition` as `sqlite_master` keeps it."""

    table: str
    name: str
    definition: str


def wanted_triggers(connection: BaseDatabaseWrapper, columns: Columns) -> Iterator[Trigger]:
    entry = _entry_of_any_project(connection, columns)
    for plan in plans(columns):
        yield from _recording(plan)
        yield from _explaining(entry, plan)
        yield from _keeping_kin_together(plan)
        yield _trigger(
            plan.versions,
            "forged",
            f"BEFORE INSERT ON {quoted(plan.versions)} WHEN labelop_forged()",
            _refuse(f"LabelOp: INSERT on {plan.versions} is refused: the database alone writes versions."),
        )
    for kept in kept_tables(columns):
        yield from _keeping(kept)
    yield from _telling(columns)


def _trigger(table: str, act: str, when: str, body: str) -> Trigger:
    name = f"capture_{table}_{act}"
    return Trigger(table, name, f"CREATE TRIGGER {quoted(name)} {when} BEGIN {body} END")


def _refuse(sentence: str, where: str = "") -> str:
    return f"SELECT RAISE(ABORT, {literal(sentence)}){where and f' WHERE {where}'};"


def _recording(plan: Plan) -> Iterator[Trigger]:
    table = quoted(plan.table)
    pk = quoted(plan.pk)
    moved = f"(OLD.{pk} IS NOT NEW.{pk} OR {_project(plan, 'OLD')} IS NOT {_project(plan, 'NEW')})"
    changed = _changed(plan.columns)
    yield _trigger(plan.table, "insert", f"AFTER INSERT ON {table}", _version(plan, "NEW", "+"))
    yield _trigger(plan.table, "delete", f"AFTER DELETE ON {table}", _version(plan, "OLD", "-"))
    yield _trigger(
        plan.table,
        "update",
        f"AFTER UPDATE ON {table} WHEN ({changed}) AND NOT {moved}",
        _version(plan, "NEW", "~"),
    )
    yield _trigger(
        plan.table,
        "move",
        f"AFTER UPDATE ON {table} WHEN {moved}",
        f"{_version(plan, 'OLD', '-')} {_version(plan, 'NEW', '+')}",
    )


def _explaining(entry: dict[str, str], plan: Plan) -> Iterator[Trigger]:
    """Outside an operation: refuse, or say so once for each project touched."""
    table = quoted(plan.table)
    for act, rows, condition in (
        ("insert", ["NEW"], ""),
        ("update", ["OLD", "NEW"], f"({_changed(plan.columns)}) AND "),
        ("delete", ["OLD"], ""),
    ):
        body = " ".join(
            [
                _refuse(NO_OPERATION, where="labelop_refused()"),
                *(_unexplained(entry, _project(plan, row)) for row in rows),
            ]
        )
        yield _trigger(
            plan.table,
            f"unexplained_{act}",
            f"AFTER {act.upper()} ON {table} WHEN {condition}labelop_unexplained()",
            body,
        )


def _entry_of_any_project(connection: BaseDatabaseWrapper, columns: Columns) -> dict[str, str]:
    """What all triggers say of an unexplained change; the project is put in by each."""
    return unexplained_entry(
        connection,
        columns,
        {
            "operation": "labelop_operation()",
            "project": "NULL",
            "application": "labelop_application()",
            "at": "labelop_moment()",
            "recorded_at": "labelop_moment()",
        },
    )


def _unexplained(entry: dict[str, str], project: str) -> str:
    values = entry | {column_of(Entry, "project"): project}
    entries = quoted(Entry._meta.db_table)
    operation, project_key, event = (quoted(column_of(Entry, name)) for name in ("operation", "project", "event"))
    return (
        f"INSERT INTO {entries} ({', '.join(map(quoted, values))}) SELECT {', '.join(values.values())}"
        f" WHERE NOT EXISTS (SELECT 1 FROM {entries} e WHERE e.{operation} = labelop_operation()"
        f" AND e.{project_key} IS {project} AND e.{event} = {literal(Event.CHANGE_UNEXPLAINED.value)});"
    )


def _keeping_kin_together(plan: Plan) -> Iterator[Trigger]:
    table = quoted(plan.table)
    for kinship in plan.parents:
        key, project = quoted(kinship.foreign_key), quoted(kinship.child_project)
        stranger = f"NEW.{key} IS NOT NULL AND {_parent_project(kinship)} IS NOT NEW.{project}"
        touched = f"(OLD.{key} IS NOT NEW.{key} OR OLD.{project} IS NOT NEW.{project})"
        refusal = _refuse(f"LabelOp: {kinship.rule}.")
        act = f"kin_{kinship.foreign_key}"
        yield _trigger(plan.table, f"insert_{act}", f"AFTER INSERT ON {table} WHEN {stranger}", refusal)
        yield _trigger(plan.table, f"update_{act}", f"AFTER UPDATE ON {table} WHEN {touched} AND {stranger}", refusal)
    for kinship in plan.children:
        project = quoted(kinship.parent_project)
        left_behind = (
            f"EXISTS (SELECT 1 FROM {quoted(kinship.child)} c"
            f" WHERE c.{quoted(kinship.foreign_key)} = NEW.{quoted(kinship.parent_pk)}"
            f" AND c.{quoted(kinship.child_project)} IS NOT NEW.{project})"
        )
        yield _trigger(
            plan.table,
            f"kin_of_{kinship.child}_{kinship.foreign_key}",
            f"AFTER UPDATE ON {table} WHEN OLD.{project} IS NOT NEW.{project} AND {left_behind}",
            _refuse(f"LabelOp: {kinship.rule}."),
        )


def _parent_project(kinship: Kinship) -> str:
    return (
        f"(SELECT t.{quoted(kinship.parent_project)} FROM {quoted(kinship.parent)} t"
        f" WHERE t.{quoted(kinship.parent_pk)} = NEW.{quoted(kinship.foreign_key)})"
    )


def _keeping(kept: Kept) -> Iterator[Trigger]:
    table = quoted(kept.table)
    refusal = f"on {kept.table} is refused: it is append-only."
    others = tuple(column for column in kept.columns if column not in kept.filled_later)
    rewritten = "".join(
        f" OR (OLD.{column} IS NOT NULL AND OLD.{column} IS NOT NEW.{column} COLLATE BINARY)"
        for column in map(quoted, kept.filled_later)
    )
    update = f" WHEN {_changed(others)}{rewritten}" if kept.filled_later else ""
    yield _trigger(kept.table, "keep", f"BEFORE UPDATE ON {table}{update}", _refuse(f"LabelOp: UPDATE {refusal}"))
    yield _trigger(kept.table, "keep_all", f"BEFORE DELETE ON {table}", _refuse(f"LabelOp: DELETE {refusal}"))
    if kept.inserted_by_triggers:
        return
    # Asking a function of ours also keeps out programs for which REPLACE would fire no trigger.
    taken = f"EXISTS (SELECT 1 FROM {table} t WHERE t.{quoted(kept.pk)} = NEW.{quoted(kept.pk)})"
    yield _trigger(
        kept.table,
        "keep_first",
        f"BEFORE INSERT ON {table} WHEN NOT labelop_prepared() OR {taken}",
        _refuse(f"LabelOp: REPLACE {refusal}"),
    )


def _telling(columns: Columns) -> Iterator[Trigger]:
    """Whoever writes an entry, a service or a trigger, puts it down for the webhooks in the same transaction."""
    event, role = quoted(column_of(Entry, "event")), quoted(column_of(Entry, "role"))
    contained = {
        name: f"EXISTS (SELECT 1 FROM json_each(w.{quoted(name)}) each WHERE each.value = NEW.{column})"
        for name, column in (("events", event), ("roles", role))
    }
    statement = outbox_insert(columns, contained)
    if statement:
        entries = Entry._meta.db_table
        yield _trigger(entries, "outbox", f"AFTER INSERT ON {quoted(entries)}", statement)


def _changed(columns: tuple[str, ...]) -> str:
    return " OR ".join(f"OLD.{column} IS NOT NEW.{column} COLLATE BINARY" for column in map(quoted, columns))


def _project(plan: Plan, row: str) -> str:
    """The project of a row, as SQL."""
    if plan.project:
        return f"{row}.{quoted(plan.project)}"
    if not plan.lookup or not plan.names_project:
        return "NULL"
    lookup, pk = plan.lookup, quoted(plan.pk)
    # When the row pointed at is gone already, the last version still knows.
    return (
        f"coalesce((SELECT t.{quoted(lookup.project)} FROM {quoted(lookup.table)} t"
        f" WHERE t.{quoted(lookup.pk)} = {row}.{quoted(lookup.foreign_key)}),"
        f" (SELECT v.project_id FROM {quoted(plan.versions)} v"
        f" WHERE v.{pk} = {row}.{pk} ORDER BY v.history_id DESC LIMIT 1))"
    )


def _version(plan: Plan, row: str, kind: str) -> str:
    columns = [*plan.columns, "history_date", "history_type", "history_user_id", "operation"]
    values = [f"{row}.{quoted(column)}" for column in plan.columns]
    values += ["labelop_moment()", literal(kind), "labelop_actor()", "labelop_announce_version()"]
    if plan.names_project:
        columns.append("project_id")
        values.append(_project(plan, row))
    names = ", ".join(map(quoted, columns))
    return f"INSERT INTO {quoted(plan.versions)} ({names}) VALUES ({', '.join(values)});"
