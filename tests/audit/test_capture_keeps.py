"""What is written stays: no rewriting, no deleting, no forging, and no strangers in a project."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.utils import ProgrammingError
from django.utils import timezone
from guardian.shortcuts import assign_perm

from audit.acting import operation
from audit.capture import engine_of
from audit.capture.plans import kept_tables, plans, quoted
from audit.models import Entry
from labelop.models import Annotation, Item, LabelClass
from snapshots.models import Snapshot
from tests.trackedapp.models import Labelling, Remark, Tag, Thing

from .ways import Scene, a_group, a_project, a_user

pytestmark = pytest.mark.django_db

postgresql_only = pytest.mark.skipif("connection.vendor != 'postgresql'")
sqlite_only = pytest.mark.skipif("connection.vendor != 'sqlite'")


def sql(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def refused(match: str) -> Any:
    return pytest.raises(IntegrityError, match=match)


@pytest.fixture
def scene() -> Scene:
    """Rows in most tables that keep versions, an entry and a snapshot."""
    with operation() as act:
        scene = Scene()
        ana, group = a_user(), a_group()
        ana.groups.add(group)
        thing, tags = scene.tagged_thing()
        scene.labelling(thing, tags[0])
        scene.remark(thing, author=ana)
        for whom in (ana, group):
            assign_perm("change_thing", whom, thing)
            assign_perm("see_project", whom, scene.project)
        pothole = LabelClass.objects.create(project=scene.project, key="pothole", name="Pothole")
        item = Item.objects.create(project=scene.project, key="1")
        Annotation.objects.create(project=scene.project, item=item, key="1", label_class=pothole)
        entry = Entry.objects.create(
            operation=act.operation,
            project=scene.project,
            event="snapshot.taken",
            impact=3,
            at=timezone.now(),
        )
        Snapshot.objects.create(project=scene.project, number=1, name="First", entry=entry, cut={})
    return scene


def tables_with_rows() -> list[str]:
    """Those of the kept tables that hold rows, and at least the ones named here."""
    tables = []
    for kept in kept_tables(engine_of(connection).columns_of(connection)):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {quoted(kept.table)}")
            if cursor.fetchone()[0]:
                tables.append(kept.table)
    assert {
        "audit_entry",
        "snapshots_snapshot",
        "labelop_historicalproject",
        "labelop_historicalannotation",
        "roles_historicaluser",
        "roles_historicaluser_groups",
        "roles_historicalprojectuserpermission",
        "trackedapp_historicalthing",
        "trackedapp_historicalthing_tags",
    } <= set(tables)
    return tables


def a_column_of(table: str) -> str:
    return "event" if table == "audit_entry" else "name" if table == "snapshots_snapshot" else "history_type"


def test_no_kept_table_can_be_rewritten_or_emptied(scene: Scene) -> None:
    for table in tables_with_rows():
        for statement in (
            f"UPDATE {table} SET {a_column_of(table)} = 'x'",
            f"DELETE FROM {table}",
        ):
            with refused("is refused"), transaction.atomic(), operation():
                sql(statement)


@postgresql_only
def test_no_kept_and_no_tracked_table_can_be_truncated(scene: Scene) -> None:
    columns = engine_of(connection).columns_of(connection)
    tables = [kept.table for kept in kept_tables(columns)] + [plan.table for plan in plans(columns)]
    for table in tables:
        with refused("TRUNCATE on .* is refused"), transaction.atomic(), operation():
            # Pending checks of foreign keys would refuse it first, for a reason of their own.
            sql("SET CONSTRAINTS ALL IMMEDIATE")
            sql(f"TRUNCATE {quoted(table)} CASCADE")


@sqlite_only
def test_no_kept_row_can_be_replaced(scene: Scene) -> None:
    for table in tables_with_rows():
        with refused("is refused"), transaction.atomic(), operation():
            sql(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")
    with refused("DELETE on snapshots_snapshot is refused"), transaction.atomic(), operation():
        sql(
            "INSERT OR REPLACE INTO snapshots_snapshot (project_id, number, name, purpose, note, entry_id, cut)"
            " SELECT project_id, number, name, purpose, note, entry_id, cut FROM snapshots_snapshot"
        )


@pytest.mark.parametrize(
    "rewrite",
    [
        lambda thing: thing.history.update(state="better"),
        lambda thing: thing.history.all().delete(),
        lambda thing: thing.history.first().save(),
        lambda thing: thing.history.first().delete(),
        lambda thing: Thing.history.bulk_update([thing.history.first()], ["state"]),
        lambda thing: call_command("clean_old_history", "trackedapp.Thing", days=-1, verbosity=0),
        lambda thing: Entry.objects.update(reason="Better."),
        lambda thing: Entry.objects.all()._raw_delete("default"),
    ],
)
def test_no_orm_path_rewrites_the_past(scene: Scene, rewrite: Callable[[Thing], object]) -> None:
    thing = Thing.objects.get()
    with refused("append-only"), transaction.atomic(), operation():
        rewrite(thing)


def test_clean_duplicate_history_cannot_delete_a_version(scene: Scene) -> None:
    thing = Thing.objects.get()
    with operation():
        for state in ("moved", "new"):
            Thing.objects.update(state=state)
        Thing.objects.update(score=1.0)
    before = thing.history.count()
    call_command("clean_duplicate_history", "trackedapp.Thing", auto=False, verbosity=0)
    assert thing.history.count() == before


def test_a_version_cannot_be_forged(scene: Scene) -> None:
    thing = Thing.objects.get()
    version = thing.history.first()
    version.pk, version.state = None, "forged"
    with refused("the database alone writes versions"), transaction.atomic(), operation() as act:
        version.operation = act.operation
        version.save(force_insert=True)
    with refused("the database alone writes versions"), transaction.atomic(), operation() as act:
        Thing.objects.update(count=1)
        version.operation = act.operation
        Thing.history.bulk_create([version])
    assert not Thing.history.filter(state="forged").exists()


# filled_later


def test_what_is_computed_later_is_filled_once(scene: Scene) -> None:
    with operation():
        Snapshot.objects.update(sections={"items": 1}, states=b"\x01")
        Snapshot.objects.update(counts={"items": 1})
        Snapshot.objects.update(counts={"items": 1})
    for values in ({"sections": {"items": 2}}, {"sections": None}, {"states": b"\x02"}, {"states": None}):
        with refused("is refused"), transaction.atomic(), operation():
            Snapshot.objects.update(**values)


def test_nothing_else_changes_when_something_is_filled(scene: Scene) -> None:
    with refused("is refused"), transaction.atomic(), operation():
        Snapshot.objects.update(sections={"items": 1}, name="Renamed")
    with refused("is refused"), transaction.atomic(), operation():
        Snapshot.objects.all()._raw_delete("default")
    assert Snapshot.objects.get().sections is None


# A row belongs to the project of what it points at


@pytest.mark.parametrize(
    ("stranger", "rule"),
    [
        (
            lambda scene, other: Remark.objects.create(project=other, thing=scene.thing()),
            "trackedapp_remark shares the project of its thing_id",
        ),
        (
            lambda scene, other: Remark.objects.bulk_create(
                [
                    Remark(project=scene.project),
                    Remark(project=scene.project, thing=scene.thing()),
                    Remark(project=other, thing=scene.thing()),
                ]
            ),
            "trackedapp_remark shares",
        ),
        (
            lambda scene, other: Remark.objects.update(project=other),
            "trackedapp_remark shares",
        ),
        (
            lambda scene, other: Thing.objects.update(project=other),
            "trackedapp_(remark|labelling) shares the project of its thing_id",
        ),
        (
            lambda scene, other: Labelling.objects.update(tag=Tag.objects.create(project=other, name="strange")),
            "trackedapp_labelling shares the project of its tag_id",
        ),
        (
            lambda scene, other: Labelling.objects.update(project=None),
            "trackedapp_labelling shares",
        ),
        (
            lambda scene, other: Annotation.objects.update(item=Item.objects.create(project=other, key="1")),
            "labelop_annotation shares the project of its item_id",
        ),
        (
            lambda scene, other: Thing.objects.create(project=other, key="child", parent=Thing.objects.earliest("pk")),
            "trackedapp_thing shares the project of its parent_id",
        ),
    ],
)
def test_no_row_points_into_another_project(scene: Scene, stranger: Callable, rule: str) -> None:
    with refused(rule), transaction.atomic(), operation():
        stranger(scene, a_project())


def test_rows_of_one_project_may_point_at_each_other(scene: Scene) -> None:
    with operation():
        parent = scene.thing()
        scene.thing(parent=parent)
        Remark.objects.update(thing=parent)


# Other programs, other roles


@sqlite_only
@pytest.mark.django_db(transaction=True)
def test_a_program_without_our_functions_cannot_write(scene: Scene, tmp_path: Path) -> None:
    copy = sqlite3.connect(tmp_path / "copy.sqlite3")
    connection.connection.backup(copy)
    for statement in (
        "UPDATE trackedapp_thing SET count = 1",
        "INSERT INTO trackedapp_tag (project_id, name) SELECT id, 'x' FROM labelop_project",
        "DELETE FROM trackedapp_thing",
        "INSERT INTO audit_entry SELECT * FROM audit_entry",
        "INSERT OR REPLACE INTO snapshots_snapshot SELECT * FROM snapshots_snapshot",
        "INSERT INTO trackedapp_historicalthing SELECT * FROM trackedapp_historicalthing",
    ):
        with pytest.raises(sqlite3.OperationalError, match="no such function"):
            copy.execute(statement)
    copy.close()


@postgresql_only
def test_a_limited_role_is_recorded_and_finds_no_way_round(scene: Scene) -> None:
    with operation() as act:
        thing = scene.thing()
        sql("CREATE ROLE labelop_limited")
        sql("GRANT SELECT, INSERT, UPDATE, DELETE ON trackedapp_thing TO labelop_limited")
        sql("GRANT CREATE, USAGE ON SCHEMA public TO labelop_limited")
        sql("SET LOCAL ROLE labelop_limited")
        sql("UPDATE trackedapp_thing SET count = count + 1 WHERE id = %s", thing.pk)
        for statement in (
            "SELECT capture_enter(1)",
            "INSERT INTO trackedapp_historicalthing SELECT * FROM trackedapp_historicalthing",
            "DELETE FROM trackedapp_historicalthing",
            "ALTER TABLE trackedapp_thing DISABLE TRIGGER ALL",
            "CREATE TABLE bait (LIKE trackedapp_thing); CREATE TRIGGER hook AFTER INSERT ON bait REFERENCING"
            " NEW TABLE AS labelop_rows FOR EACH STATEMENT EXECUTE FUNCTION capture_trackedapp_thing_insert()",
        ):
            with (
                pytest.raises(ProgrammingError, match=r"permission denied|must be owner"),
                transaction.atomic(),
            ):
                sql(statement)
        sql("RESET ROLE")
    version = thing.history.first()
    assert (version.count, version.operation) == (1, act.operation)


@postgresql_only
def test_a_limited_role_without_an_operation_is_said_to_be_unexplained(
    scene: Scene, unexplained_changes_are_recorded: None
) -> None:
    sql("CREATE ROLE labelop_limited")
    sql("GRANT SELECT, UPDATE ON trackedapp_thing TO labelop_limited")
    sql("SET LOCAL application_name = 'a tool'")
    sql("SET LOCAL ROLE labelop_limited")
    sql("UPDATE trackedapp_thing SET count = count + 1")
    sql("RESET ROLE")
    entry = Entry.objects.get(event="change.unexplained")
    assert (entry.project, entry.application) == (scene.project, "a tool")
    assert entry.operation == Thing.history.first().operation
