"""The system check names what is missing, disabled or changed; installing mends it, and is cheap otherwise."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connection, models
from django.test.utils import CaptureQueriesContext

from audit import capture
from audit.capture.plans import plans, short_name, unexplained_entry
from audit.models import Entry

pytestmark = pytest.mark.django_db

postgresql_only = pytest.mark.skipif("connection.vendor != 'postgresql'")
sqlite_only = pytest.mark.skipif("connection.vendor != 'sqlite'")

UPDATE = "capture_update" if connection.vendor == "postgresql" else "capture_labelop_item_update"


def sql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def warnings() -> list[str]:
    found = capture.check_triggers(databases=["default"])
    assert {warning.id for warning in found} <= {"audit.W001"}
    assert {warning.level for warning in found} <= {checks.WARNING}
    return [warning.msg for warning in found]


def drop(trigger: str, table: str) -> None:
    sql(f"DROP TRIGGER {trigger}" + (f" ON {table}" if connection.vendor == "postgresql" else ""))


def test_nothing_is_said_when_all_is_as_it_should_be() -> None:
    assert warnings() == []
    assert capture.check_triggers(databases=None) == []


def test_a_missing_trigger_is_named_with_its_table_and_mended() -> None:
    drop(UPDATE, "labelop_item")
    assert warnings() == [f"labelop_item: trigger {UPDATE} is missing"]
    capture.install()
    assert warnings() == []


@pytest.mark.parametrize("trigger", ["keep", "forged"])
def test_a_missing_protection_is_named(trigger: str) -> None:
    name = f"capture_{trigger}"
    if connection.vendor == "sqlite":
        name = f"capture_labelop_historicalitem_{trigger}"
    drop(name, "labelop_historicalitem")
    assert warnings() == [f"labelop_historicalitem: trigger {name} is missing"]


@postgresql_only
def test_a_disabled_trigger_is_named_and_mended() -> None:
    sql("ALTER TABLE labelop_item DISABLE TRIGGER capture_update")
    assert warnings() == ["labelop_item: trigger capture_update is disabled"]
    capture.install()
    assert warnings() == []


def test_a_changed_trigger_is_named_and_mended() -> None:
    if connection.vendor == "postgresql":
        drop(UPDATE, "labelop_item")
        sql(
            f"CREATE TRIGGER {UPDATE} AFTER UPDATE ON labelop_item FOR EACH ROW"
            " WHEN (OLD.* *<> NEW.* AND NEW.id > 100) EXECUTE FUNCTION capture_labelop_item_update()"
        )
    else:
        drop(UPDATE, "labelop_item")
        sql(f"CREATE TRIGGER {UPDATE} AFTER UPDATE ON labelop_item BEGIN SELECT 1; END")
    assert warnings() == [f"labelop_item: trigger {UPDATE} is changed"]
    capture.install()
    assert warnings() == []


@postgresql_only
@pytest.mark.parametrize(
    "change",
    [
        "CREATE OR REPLACE FUNCTION capture_labelop_item_update() RETURNS trigger LANGUAGE plpgsql"
        " SECURITY DEFINER SET search_path = public, pg_temp SET jit = off AS 'BEGIN RETURN NULL; END'",
        "ALTER FUNCTION capture_labelop_item_update() SECURITY INVOKER",
        "ALTER FUNCTION capture_labelop_item_update() RESET search_path",
        "GRANT EXECUTE ON FUNCTION capture_labelop_item_update() TO PUBLIC",
    ],
)
def test_a_changed_function_is_named_with_its_table_and_mended(change: str) -> None:
    sql(change)
    assert warnings() == ["labelop_item: function capture_labelop_item_update is changed"]
    capture.install()
    assert warnings() == []


def test_a_trigger_nobody_needs_is_named_and_dropped() -> None:
    if connection.vendor == "postgresql":
        sql(
            "CREATE TRIGGER capture_old BEFORE UPDATE ON django_session"
            " FOR EACH ROW EXECUTE FUNCTION capture_refuse('x')"
        )
    else:
        sql("CREATE TRIGGER capture_old BEFORE UPDATE ON django_session BEGIN SELECT 1; END")
    assert warnings() == ["django_session: trigger capture_old is left over"]
    capture.install()
    assert warnings() == []


def test_nothing_is_said_before_the_tables_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture.engine_of(connection), "columns_of", lambda connection: {})
    assert warnings() == []


def test_installing_again_writes_nothing() -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        capture.install()
    written = [query["sql"] for query in queries if query["sql"].startswith(("CREATE", "DROP", "INSERT"))]
    assert written == []
    assert len(queries) < 25


def test_a_migrate_or_flush_installs_once(monkeypatch: pytest.MonkeyPatch) -> None:
    installed: list[str] = []
    monkeypatch.setattr(capture, "install", installed.append)
    call_command("migrate", "audit", verbosity=0)
    assert installed == ["default"]
    for config in apps.get_app_configs():
        capture.install_after_migrate(config, using="default")
    assert installed == ["default", "default"]


@sqlite_only
def test_what_is_installed_is_tried_out_on_sqlite() -> None:
    from django.db.utils import OperationalError

    drop("capture_labelop_item_insert", "labelop_item")
    sql("CREATE TRIGGER other AFTER INSERT ON labelop_item BEGIN INSERT INTO nowhere VALUES (1); END")
    with pytest.raises(OperationalError, match="nowhere"):
        capture.install()


@postgresql_only
def test_what_is_installed_is_tried_out_on_postgresql(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db.utils import ProgrammingError

    from audit.capture import postgresql_sql

    monkeypatch.setattr(postgresql_sql, "ACTOR", "no_such_column")
    with pytest.raises(ProgrammingError, match="no_such_column"):
        capture.install()


def test_a_long_name_is_shortened_without_losing_its_identity() -> None:
    first, second = short_name("capture", "a" * 60, "insert"), short_name("capture", "a" * 60, "update")
    assert first != second
    assert len(first.encode()) <= 63
    assert short_name("capture", "labelop_item", "insert") == "capture_labelop_item_insert"
    assert len(short_name("capture", "ü" * 60).encode()) <= 63


def test_a_new_column_of_the_entry_gets_its_default_or_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    columns: dict[str, Any] = capture.engine_of(connection).columns_of(connection)
    columns["audit_entry"] = columns["audit_entry"] | {"mood"}
    field = models.CharField(max_length=10, default="it's calm")
    field.set_attributes_from_name("mood")
    monkeypatch.setattr(Entry._meta, "concrete_fields", (*Entry._meta.concrete_fields, field), raising=False)
    said = {"operation": "x", "project": "x", "at": "x", "recorded_at": "x"}
    assert unexplained_entry(connection, columns, said)["mood"] == "'it''s calm'"
    field.default = None
    with pytest.raises(ImproperlyConfigured, match=r"say in audit\.capture"):
        unexplained_entry(connection, columns, said)


def test_every_tracked_model_has_a_plan() -> None:
    from audit.history import tracked_models

    planned = {plan.table for plan in plans(capture.engine_of(connection).columns_of(connection))}
    assert planned == {model._meta.db_table for model in tracked_models()}
    assert {"roles_user_groups", "auth_group_permissions", "trackedapp_thing_tags"} <= planned
