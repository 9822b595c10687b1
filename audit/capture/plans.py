"""What a generator of triggers needs to know of each table, as the database has it now.

Columns are read from the database, not from the models, so that triggers can be written between two
migrations, when the models are already ahead.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from ..events import Event, Impact
from ..history import project_rule, tracked_models, versions_of
from ..models import AppendOnly, Delivery, Entry, Webhook

# What simple-history and `Version` add to a copied row.
BOOKKEEPING = frozenset(
    {"history_id", "history_date", "history_type", "history_user_id", "history_change_reason", "operation"}
)

Columns = dict[str, set[str]]


@dataclass(frozen=True)
class Difference:
    """What is installed on a table and is not what the models need."""

    table: str
    what: str

    def __str__(self) -> str:
        return f"{self.table}: {self.what}"


@dataclass(frozen=True)
class Kinship:
    """A foreign key whose two rows must belong to the same project."""

    child: str
    foreign_key: str
    child_project: str
    parent: str
    parent_pk: str
    parent_project: str

    @property
    def rule(self) -> str:
        return f"{self.child} shares the project of its {self.foreign_key}"


@dataclass(frozen=True)
class Lookup:
    """Where to find the project of a row that does not carry it: in the row it points at."""

    foreign_key: str
    table: str
    pk: str
    project: str


@dataclass(frozen=True)
class Plan:
    """A tracked table, the table of its versions, and what their triggers have to do."""

    table: str
    versions: str
    pk: str
    # Copied from the row to the version; both tables have them, under the same names.
    columns: tuple[str, ...]
    # Whether every column of the table is copied.
    whole: bool
    # The row's own column that names its project; None when it is looked up, or belongs to the site.
    project: str | None
    lookup: Lookup | None
    # Whether the version has a `project_id` besides the copied columns.
    names_project: bool
    parents: tuple[Kinship, ...]
    children: tuple[Kinship, ...]


@dataclass(frozen=True)
class Kept:
    """A table whose rows are written once; `filled_later` may go from NULL to a value, once."""

    table: str
    pk: str
    columns: tuple[str, ...]
    filled_later: tuple[str, ...] = ()
    # Whether only the triggers may insert, as into a table of versions.
    inserted_by_triggers: bool = False


def column_of(model: type[models.Model], name: str) -> str:
    field: Any = model._meta.get_field(name)
    column: str = field.column
    return column


def pk_of(model: type[models.Model]) -> str:
    return column_of(model, model._meta.pk.name)


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def short_name(*words: str) -> str:
    """Join the words to a name that PostgreSQL does not cut: at most 63 bytes, told apart by a digest."""
    name = "_".join(words)
    octets = name.encode()
    if len(octets) <= 63:
        return name
    return octets[:54].decode(errors="ignore") + "_" + hashlib.sha256(octets).hexdigest()[:8]


def plans(columns: Columns) -> Iterator[Plan]:
    """A plan for each tracked model whose two tables are there."""
    tracked = tracked_models()
    projects = {model: key for model in tracked if (key := _project_key(model, columns)) is not None}
    kinships = [kinship for model in projects for kinship in _kinships(model, columns, projects)]
    for model in tracked:
        plan = _plan(model, columns, kinships)
        if plan:
            yield plan


def kept_tables(columns: Columns) -> Iterator[Kept]:
    """Every table of versions, and every append-only table, that is there."""
    for plan in plans(columns):
        versions = tuple(sorted(columns[plan.versions]))
        yield Kept(plan.versions, "history_id", versions, inserted_by_triggers=True)
    for model in apps.get_models():
        table = model._meta.db_table
        if issubclass(model, AppendOnly) and table in columns:
            filled = {column_of(model, name) for name in model.filled_later} & columns[table]
            yield Kept(table, pk_of(model), tuple(sorted(columns[table])), tuple(sorted(filled)))


def entry_table(columns: Columns) -> str | None:
    """The table of entries, once it has what an entry about an unexplained change needs."""
    table = Entry._meta.db_table
    needed = {column_of(Entry, name) for name in ("operation", "project", "event", "at")}
    return table if needed <= columns.get(table, set()) else None


def outbox_insert(columns: Columns, said_by_the_engine: dict[str, str], schema: str = "") -> str:
    """The statement by which a trigger puts a new entry down for each webhook that is to be told; "" before the
    tables are there.

    `said_by_the_engine` gives the SQL of the two conditions that the engines put differently: `events` and `roles`,
    each of which holds when the list in the webhook's column contains the entry's value.
    """
    table, webhooks = Delivery._meta.db_table, Webhook._meta.db_table
    filled = {
        "project": f"NEW.{quoted(column_of(Entry, 'project'))}",
        "webhook": f"w.{quoted(pk_of(Webhook))}",
        "entry": f"NEW.{quoted(pk_of(Entry))}",
        "state": literal(Delivery.State.WAITING.value),
        "tries": "0",
        "since": f"NEW.{quoted(column_of(Entry, 'recorded_at'))}",
        "due_at": f"NEW.{quoted(column_of(Entry, 'recorded_at'))}",
        "answer": "''",
    }
    values = {column_of(Delivery, name): sql for name, sql in filled.items()}
    asked = {name: column_of(Webhook, name) for name in ("project", "active", "least_impact", "events", "roles")}
    if not (values.keys() <= columns.get(table, set()) and {*asked.values()} <= columns.get(webhooks, set())):
        return ""
    inside = f"{schema}." if schema else ""
    of = {name: f"w.{quoted(column)}" for name, column in asked.items()}
    return (
        f"INSERT INTO {inside}{quoted(table)} ({', '.join(map(quoted, values))}) SELECT {', '.join(values.values())}"
        f" FROM {inside}{quoted(webhooks)} w"
        f" WHERE {of['project']} = NEW.{quoted(column_of(Entry, 'project'))} AND {of['active']}"
        f" AND {of['least_impact']} <= NEW.{quoted(column_of(Entry, 'impact'))}"
        f" AND ({of['events']} = '[]' OR {said_by_the_engine['events']})"
        f" AND ({of['roles']} = '[]' OR {said_by_the_engine['roles']});"
    )


def unexplained_entry(
    connection: BaseDatabaseWrapper, columns: Columns, said_by_the_engine: dict[str, str]
) -> dict[str, str]:
    """{column: SQL} of the entry that a trigger writes about a change outside an operation.

    `said_by_the_engine` gives the SQL of the fields that only the engine can tell. All others get their
    default, so that a new field of Entry needs no change here; one without a default is an error.
    """
    said = {
        "event": literal(Event.CHANGE_UNEXPLAINED.value),
        "impact": str(int(Impact.HIGH)),
        **said_by_the_engine,
    }
    have = columns[Entry._meta.db_table]
    values: dict[str, str] = {}
    for field in Entry._meta.concrete_fields:
        if field.primary_key or field.column not in have:
            continue
        if field.name in said:
            values[field.column] = said[field.name]
        elif not field.null:
            values[field.column] = _default(field, connection)
    return values


def _default(field: models.Field, connection: BaseDatabaseWrapper) -> str:
    value: Any = field.get_db_prep_save(field.get_default(), connection)
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return literal(value)
    raise ImproperlyConfigured(f"{field} has no default: say in audit.capture what an unexplained change has.")


def _plan(model: type[models.Model], columns: Columns, kinships: list[Kinship]) -> Plan | None:
    table, versions = model._meta.db_table, versions_of(model)._meta.db_table
    here, there = columns.get(table, set()), columns.get(versions, set())
    pk = pk_of(model)
    if pk not in here or not {"history_id", "operation", pk} <= there:
        return None
    copied = here & (there - BOOKKEEPING)
    return Plan(
        table=table,
        versions=versions,
        pk=pk,
        columns=tuple(sorted(copied)),
        whole=copied == here,
        project=_project_column(model, columns),
        lookup=_lookup(model, columns),
        names_project="project_id" in there - copied,
        parents=tuple(kinship for kinship in kinships if kinship.child == table),
        children=tuple(kinship for kinship in kinships if kinship.parent == table),
    )


def _project_column(model: type[models.Model], columns: Columns) -> str | None:
    rule = project_rule(model)
    if not isinstance(rule, str):
        return None
    column = pk_of(model) if rule == "self" else column_of(model, rule)
    return column if column in columns.get(model._meta.db_table, set()) else None


def _lookup(model: type[models.Model], columns: Columns) -> Lookup | None:
    rule = project_rule(model)
    if not isinstance(rule, tuple):
        return None
    foreign_key, project = rule
    target: Any = model._meta.get_field(foreign_key).related_model
    lookup = Lookup(column_of(model, foreign_key), target._meta.db_table, pk_of(target), column_of(target, project))
    there = {lookup.pk, lookup.project} <= columns.get(lookup.table, set())
    return lookup if there and lookup.foreign_key in columns.get(model._meta.db_table, set()) else None


def _kinships(
    model: type[models.Model], columns: Columns, projects: dict[type[models.Model], str]
) -> Iterator[Kinship]:
    own, table = projects[model], model._meta.db_table
    keys: list[Any] = [field for field in model._meta.concrete_fields if field.remote_field]
    for key in keys:
        parent = key.related_model
        theirs = projects.get(parent)
        if key.column != own and key.column in columns[table] and theirs is not None:
            yield Kinship(table, key.column, own, parent._meta.db_table, key.target_field.column, theirs)


def _project_key(model: type[models.Model], columns: Columns) -> str | None:
    """The column of the foreign key to the project, where a tracked model carries one."""
    return None if project_rule(model) == "self" else _project_column(model, columns)
