"""The functions and triggers that PostgreSQL needs, as text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db.backends.base.base import BaseDatabaseWrapper

from ..acting import GATE
from ..events import Event
from ..models import Entry
from .plans import (
    Columns,
    Kept,
    Kinship,
    Plan,
    column_of,
    entry_table,
    kept_tables,
    literal,
    outbox_insert,
    pk_of,
    plans,
    quoted,
    short_name,
    unexplained_entry,
)

ACTOR = "nullif(current_setting('labelop.actor', true), '')::bigint"
MOMENT = "coalesce(nullif(current_setting('labelop.at', true), '')::timestamptz, clock_timestamp())"
# RFC 9562, version 7: the first 48 bits tell the milliseconds.
UUID7 = (
    "encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) PLACING substring("
    "int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3"
    ") FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid"
)
NO_OPERATION = "LabelOp: this change belongs to no operation."
HINT = "Make it through a service, or inside audit.acting.operation()."


@dataclass(frozen=True)
class Function:
    """A function of ours, comparable with what is installed; `table` is what a warning names."""

    name: str
    body: str
    arguments: str = ""
    result: str = "trigger"
    language: str = "plpgsql"
    definer: bool = True
    config: str = ""
    # Whoever may call a definer's trigger function can hang it on a table of theirs and forge versions.
    public: bool = False
    table: str = field(default="", compare=False)

    def create(self, schema: str) -> str:
        settings = "".join(f" SET {setting}" for setting in self.config.split("; ") if setting)
        security = "DEFINER" if self.definer else "INVOKER"
        signature = f"{schema}.{quoted(self.name)}({self.arguments})"
        return (
            f"CREATE OR REPLACE FUNCTION {signature} RETURNS {self.result} LANGUAGE {self.language}"
            f" SECURITY {security}{settings} AS $capture${self.body}$capture$;"
            f" REVOKE ALL ON FUNCTION {signature} FROM PUBLIC"
        )

    def drop(self, schema: str) -> str:
        return f"DROP FUNCTION {schema}.{quoted(self.name)}({self.arguments})"


@dataclass(frozen=True)
class Trigger:
    """A trigger of ours; `definition` as `pg_get_triggerdef` prints it."""

    table: str
    name: str
    definition: str
    enabled: bool = True

    @property
    def drop(self) -> str:
        return f"DROP TRIGGER IF EXISTS {quoted(self.name)} ON {quoted(self.table)}"

    def same_as(self, other: Trigger) -> bool:
        # PostgreSQL quotes a name only where it must.
        return self.definition.replace('"', "") == other.definition.replace('"', "")


def wanted_functions(connection: BaseDatabaseWrapper, schema: str, columns: Columns) -> Iterator[Function]:
    entries = entry_table(columns)
    if entries is None:
        return
    config = f"search_path={schema}, pg_temp"
    # A plan that was made for many rows would make every later row wait for the compiler.
    many = f"{config}; jit=off"
    yield _enter(connection, schema, columns)
    yield Function("capture_refuse", _REFUSE, definer=False, table=entries)
    yield Function("capture_entry_gate", _entry_gate(connection, entries), config=config, table=entries)
    if told := _outbox(schema, columns):
        yield Function("capture_outbox", told, config=config, table=entries)
    for plan in plans(columns):
        for act, body, settings in (
            ("insert", _record_rows(plan, schema, "+"), many),
            ("update", _record_update(plan, schema), config),
            ("delete", _record_rows(plan, schema, "-"), many),
        ):
            yield Function(function_name(plan.table, act), body, config=settings, table=plan.table)
    for kept in kept_tables(columns):
        if kept.filled_later:
            yield Function(function_name(kept.table, "fill"), _fill(kept), definer=False, table=kept.table)


def wanted_triggers(schema: str, columns: Columns) -> Iterator[Trigger]:
    entries = entry_table(columns)
    if entries is None:
        return

    def trigger(table: str, name: str, when: str, what: str, function: str) -> Trigger:
        on = f"{schema}.{quoted(table)}"
        return Trigger(table, name, f"CREATE TRIGGER {name} {when} ON {on} {what} EXECUTE FUNCTION {function}")

    def refusal(table: str, name: str, when: str, what: str, because: str) -> Trigger:
        return trigger(table, name, when, what, f"capture_refuse({literal(because)})")

    def call(table: str, act: str) -> str:
        return f"{quoted(function_name(table, act))}()"

    rows, statement = "FOR EACH ROW", "FOR EACH STATEMENT"
    for plan in plans(columns):
        table = plan.table
        new, old = (f"REFERENCING {age} TABLE AS labelop_rows {statement}" for age in ("NEW", "OLD"))
        changed = f"{rows} WHEN ((old.* *<> new.*))"
        yield trigger(table, "capture_insert", "AFTER INSERT", new, call(table, "insert"))
        yield trigger(table, "capture_update", "AFTER UPDATE", changed, call(table, "update"))
        yield trigger(table, "capture_delete", "AFTER DELETE", old, call(table, "delete"))
        yield refusal(table, "capture_truncate", "BEFORE TRUNCATE", statement, "it would leave no versions")
        yield refusal(
            plan.versions,
            "capture_forged",
            "BEFORE INSERT",
            f"{statement} WHEN ((pg_trigger_depth() = 0))",
            "the database alone writes versions",
        )
    for kept in kept_tables(columns):
        append_only = "it is append-only"
        if kept.filled_later:
            yield trigger(kept.table, "capture_keep", "BEFORE DELETE OR UPDATE", rows, call(kept.table, "fill"))
        else:
            yield refusal(kept.table, "capture_keep", "BEFORE DELETE OR UPDATE", rows, append_only)
        yield refusal(kept.table, "capture_truncate", "BEFORE TRUNCATE", statement, append_only)
    yield trigger(entries, "capture_gate", "BEFORE INSERT", rows, "capture_entry_gate()")
    if _outbox(schema, columns):
        yield trigger(entries, "capture_outbox", "AFTER INSERT", rows, "capture_outbox()")


def function_name(table: str, act: str) -> str:
    return short_name("capture", table, act)


def _enter(connection: BaseDatabaseWrapper, schema: str, columns: Columns) -> Function:
    """Take a project's gate shared, and answer the operation; outside of one, make one and say so once.

    `gate` is the project's id, 0 for what belongs to the site. What it made itself is kept with the id of the
    transaction, so that it ends with it, whoever set it and however.
    """
    entries = Entry._meta.db_table
    values = unexplained_entry(
        connection,
        columns,
        {
            "operation": "labelop.act",
            "project": "nullif(capture_enter.gate, 0)",
            "database_role": "session_user",
            "application": "left(current_setting('application_name'), 200)",
            "at": "clock_timestamp()",
            "recorded_at": "clock_timestamp()",
        },
    )
    operation, project, event = (quoted(column_of(Entry, name)) for name in ("operation", "project", "event"))
    body = f"""
<<labelop>>
DECLARE
  told text := nullif(current_setting('labelop.operation', true), '');
  made text := coalesce(current_setting('labelop.unexplained', true), '');
  act uuid;
BEGIN
  PERFORM pg_advisory_xact_lock_shared({GATE} + gate);
  IF told IS NOT NULL THEN
    RETURN told::uuid;
  END IF;
  IF current_setting('labelop.unexplained_mode', true) = 'refuse' THEN
    RAISE EXCEPTION {literal(NO_OPERATION)} USING ERRCODE = '23000', HINT = {literal(HINT)};
  END IF;
  PERFORM set_config('labelop.actor', '', true), set_config('labelop.at', '', true);
  IF split_part(made, '/', 1) <> pg_current_xact_id()::text THEN
    made := pg_current_xact_id()::text || '/' || {UUID7};
    PERFORM set_config('labelop.unexplained', made, true);
  END IF;
  act := split_part(made, '/', 2)::uuid;
  IF NOT EXISTS (
    SELECT FROM {schema}.{quoted(entries)} e WHERE e.{operation} = labelop.act
    AND e.{project} IS NOT DISTINCT FROM nullif(capture_enter.gate, 0)
    AND e.{event} = {literal(Event.CHANGE_UNEXPLAINED.value)}
  ) THEN
    INSERT INTO {schema}.{quoted(entries)} ({", ".join(map(quoted, values))})
    VALUES ({", ".join(values.values())});
  END IF;
  RETURN act;
END"""
    return Function("capture_enter", body, "gate bigint", "uuid", definer=False, table=entries)


_REFUSE = """
BEGIN
  RAISE EXCEPTION 'LabelOp: % on % is refused: %.', TG_OP, TG_TABLE_NAME, TG_ARGV[0] USING ERRCODE = '23000';
END"""


def _entry_gate(connection: BaseDatabaseWrapper, entries: str) -> str:
    """An entry's id, drawn once the gate is held: the default was drawn before."""
    pk, project = pk_of(Entry), quoted(column_of(Entry, "project"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [quoted(entries), pk])
        sequence = cursor.fetchone()[0]
    return f"""
BEGIN
  PERFORM pg_advisory_xact_lock_shared({GATE} + coalesce(NEW.{project}, 0));
  NEW.{quoted(pk)} := nextval({literal(sequence)});
  RETURN NEW;
END"""


def _outbox(schema: str, columns: Columns) -> str:
    """Whoever writes an entry, a service or a trigger, puts it down for the webhooks in the same transaction."""
    event, role = quoted(column_of(Entry, "event")), quoted(column_of(Entry, "role"))
    contained = {"events": f'w."events"::jsonb ? NEW.{event}', "roles": f'w."roles"::jsonb ? NEW.{role}'}
    statement = outbox_insert(columns, contained, schema)
    return (
        f"""
BEGIN
  {statement}
  RETURN NULL;
END"""
        if statement
        else ""
    )


def _fill(kept: Kept) -> str:
    others = [column for column in kept.columns if column not in kept.filled_later]
    once = "".join(
        f" AND (OLD.{column} IS NULL OR NOT ROW(OLD.{column})::record *<> ROW(NEW.{column})::record)"
        for column in map(quoted, kept.filled_later)
    )
    return f"""
BEGIN
  IF TG_OP = 'UPDATE' AND NOT {_changed(others)}{once} THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'LabelOp: % on % is refused: what is written stays.', TG_OP, TG_TABLE_NAME
    USING ERRCODE = '23000';
END"""


def _changed(columns: list[str] | tuple[str, ...]) -> str:
    # Compared byte by byte: IS DISTINCT FROM misses jsonb 1.0 → 1.00, and 0 → −0.
    old, new = (", ".join(f"{row}.{quoted(column)}" for column in columns) for row in ("OLD", "NEW"))
    return f"(ROW({old})::record *<> ROW({new})::record)"


def _project(plan: Plan, schema: str, row: str) -> str:
    """The project of a row, as SQL."""
    if plan.project:
        return f"{row}.{quoted(plan.project)}::bigint"
    if not plan.lookup or not plan.names_project:
        return "NULL::bigint"
    lookup, pk = plan.lookup, quoted(plan.pk)
    # When the row pointed at is gone already, the last version still knows.
    return (
        f"coalesce((SELECT t.{quoted(lookup.project)} FROM {schema}.{quoted(lookup.table)} t"
        f" WHERE t.{quoted(lookup.pk)} = {row}.{quoted(lookup.foreign_key)}),"
        f" (SELECT v.project_id FROM {schema}.{quoted(plan.versions)} v"
        f" WHERE v.{pk} = {row}.{pk} ORDER BY v.history_id DESC LIMIT 1))"
    )


def _version(plan: Plan, schema: str, row: str, kind: str) -> str:
    """INSERT INTO … SELECT …, without its FROM.

    A variable is named with its block: alone, it would be ambiguous beside a column of that name.
    """
    columns = [*plan.columns, "history_date", "history_type", "history_user_id", "operation"]
    values = [f"{row}.{quoted(column)}" for column in plan.columns] + [MOMENT, literal(kind), ACTOR, "labelop.act"]
    if plan.names_project:
        columns.append("project_id")
        values.append(_project(plan, schema, row))
    return (
        f"INSERT INTO {schema}.{quoted(plan.versions)} ({', '.join(map(quoted, columns))}) SELECT {', '.join(values)}"
    )


def _record_rows(plan: Plan, schema: str, kind: str) -> str:
    checks = "".join(_check_inserted(kinship, schema) for kinship in plan.parents) if kind == "+" else ""
    return f"""
<<labelop>>
DECLARE
  gate bigint;
  act uuid;
BEGIN
  FOR gate IN SELECT DISTINCT coalesce({_project(plan, schema, "r")}, 0) FROM labelop_rows r ORDER BY 1 LOOP
    act := {schema}.capture_enter(gate);
  END LOOP;{checks}
  {_version(plan, schema, "r", kind)} FROM labelop_rows r;
  RETURN NULL;
END"""


def _check_inserted(kinship: Kinship, schema: str) -> str:
    # A subquery for each row and not a join: a join planned for many rows would read the whole parent table.
    return f"""
  IF EXISTS (
    SELECT FROM labelop_rows r WHERE r.{quoted(kinship.foreign_key)} IS NOT NULL
    AND {_parent_project(kinship, schema, "r")} IS DISTINCT FROM r.{quoted(kinship.child_project)}
  ) THEN
    {_refuse_stranger(kinship)}
  END IF;"""


def _record_update(plan: Plan, schema: str) -> str:
    unchanged = "" if plan.whole else f"\n  IF NOT {_changed(plan.columns)} THEN RETURN NULL; END IF;"
    return f"""
<<labelop>>
DECLARE
  gate_before bigint;
  gate_after bigint;
  act uuid;
BEGIN{unchanged}
  gate_before := coalesce({_project(plan, schema, "OLD")}, 0);
  gate_after := coalesce({_project(plan, schema, "NEW")}, 0);{_check_updated(plan, schema)}
  IF OLD.{quoted(plan.pk)} IS DISTINCT FROM NEW.{quoted(plan.pk)} OR gate_before <> gate_after THEN
    act := {schema}.capture_enter(least(gate_before, gate_after));
    act := {schema}.capture_enter(greatest(gate_before, gate_after));
    {_version(plan, schema, "OLD", "-")};
    {_version(plan, schema, "NEW", "+")};
  ELSE
    act := {schema}.capture_enter(gate_after);
    {_version(plan, schema, "NEW", "~")};
  END IF;
  RETURN NULL;
END"""


def _check_updated(plan: Plan, schema: str) -> str:
    checks = ""
    for kinship in plan.parents:
        key, project = quoted(kinship.foreign_key), quoted(kinship.child_project)
        checks += f"""
  IF (OLD.{key} IS DISTINCT FROM NEW.{key} OR gate_before <> gate_after) AND NEW.{key} IS NOT NULL
    AND {_parent_project(kinship, schema, "NEW")} IS DISTINCT FROM NEW.{project}
  THEN
    {_refuse_stranger(kinship)}
  END IF;"""
    for kinship in plan.children:
        checks += f"""
  IF gate_before <> gate_after AND EXISTS (
    SELECT FROM {schema}.{quoted(kinship.child)} c
    WHERE c.{quoted(kinship.foreign_key)} = NEW.{quoted(kinship.parent_pk)}
    AND c.{quoted(kinship.child_project)} IS DISTINCT FROM NEW.{quoted(kinship.parent_project)}
  ) THEN
    {_refuse_stranger(kinship)}
  END IF;"""
    return checks


def _parent_project(kinship: Kinship, schema: str, row: str) -> str:
    return (
        f"(SELECT t.{quoted(kinship.parent_project)} FROM {schema}.{quoted(kinship.parent)} t"
        f" WHERE t.{quoted(kinship.parent_pk)} = {row}.{quoted(kinship.foreign_key)})"
    )


def _refuse_stranger(kinship: Kinship) -> str:
    return f"RAISE EXCEPTION {literal(f'LabelOp: {kinship.rule}.')} USING ERRCODE = '23000';"
