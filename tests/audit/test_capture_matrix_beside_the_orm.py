"""Ways to change a row beside the ORM's own: SQL, fixtures, migrations, permissions, people."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from guardian.shortcuts import assign_perm, remove_perm

from audit.acting import operation
from tests.trackedapp.models import Thing

from .ways import (
    Scene,
    Way,
    Ways,
    a_group,
    a_project,
    a_user,
    assert_leaves_the_right_versions,
    newest_version_ids,
    versions_since,
)

way = Ways()

CREATE = "INSERT INTO trackedapp_thing (project_id, key, state, count, facts) VALUES (%s, %s, 'new', 0, '{}')"


def sql(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


# Fixtures, migrations, permissions, people


@way(Thing="+")
def load_a_fixture(scene: Scene) -> Iterator[None]:
    fields = {"project": scene.project.pk, "key": "fixed", "facts": {}}
    with tempfile.TemporaryDirectory() as directory:
        fixture = Path(directory, "things.json")
        fixture.write_text(json.dumps([{"model": "trackedapp.thing", "pk": 10**6, "fields": fields}]))
        yield
        call_command("loaddata", str(fixture), verbosity=0)


@way(Thing="~~")
def historical_model_of_a_migration(scene: Scene) -> Iterator[None]:
    thing = scene.thing()
    yield
    historical: Any = MigrationExecutor(connection).loader.project_state().apps.get_model("trackedapp", "Thing")
    historical.objects.filter(pk=thing.pk).update(count=71)
    same = historical.objects.get(pk=thing.pk)
    same.count = 72
    same.save()


@way(ThingUserPermission="+")
def guardian_assigns_twice(scene: Scene) -> Iterator[None]:
    thing, ana = scene.thing(), a_user()
    yield
    for _ in range(2):
        assign_perm("change_thing", ana, thing)


@way(ThingUserPermission="+++")
def guardian_assigns_in_bulk(scene: Scene) -> Iterator[None]:
    ana = a_user()
    scene.three_things()
    yield
    assign_perm("change_thing", ana, cast(Any, Thing.objects.filter(project=scene.project)))


@way(ThingUserPermission="+++")
def guardian_assigns_to_many_users(scene: Scene) -> Iterator[None]:
    thing, users = scene.thing(), [a_user() for _ in range(3)]
    yield
    assign_perm("change_thing", users, thing)


@way(ThingUserPermission="-")
def guardian_removes(scene: Scene) -> Iterator[None]:
    thing, ana = scene.thing(), a_user()
    assign_perm("change_thing", ana, thing)
    yield
    remove_perm("change_thing", ana, thing)


@way(ThingUserPermission="---")
def guardian_removes_in_bulk(scene: Scene) -> Iterator[None]:
    ana = a_user()
    scene.three_things()
    assign_perm("change_thing", ana, cast(Any, Thing.objects.filter(project=scene.project)))
    yield
    remove_perm("change_thing", ana, cast(Any, Thing.objects.filter(project=scene.project)))


@way(ThingUserPermission="-", Thing="-")
def delete_a_row_with_permissions(scene: Scene) -> Iterator[None]:
    thing, ana = scene.thing(), a_user()
    assign_perm("change_thing", ana, thing)
    yield
    thing.delete()


@way(User="-", ThingUserPermission="-", Remark="~", User_groups="-")
def delete_a_user(scene: Scene) -> Iterator[None]:
    ana, thing = a_user(), scene.thing()
    ana.groups.add(a_group())
    assign_perm("change_thing", ana, thing)
    scene.remark(author=ana)
    yield
    ana.delete()


@way(Group="-", ThingGroupPermission="-", User_groups="-")
def delete_a_group(scene: Scene) -> Iterator[None]:
    group, thing = a_group(), scene.thing()
    a_user().groups.add(group)
    assign_perm("change_thing", group, thing)
    yield
    group.delete()


# SQL


@way(Thing="+")
def sql_insert(scene: Scene) -> Iterator[None]:
    yield
    sql(CREATE, scene.project.pk, "a")


@way(Thing="++++")
def sql_insert_from_a_select(scene: Scene) -> Iterator[None]:
    scene.three_things()
    other = a_project()
    yield
    sql(
        "INSERT INTO trackedapp_thing (project_id, key, state, count, facts)"
        " SELECT %s, key, state, 1, facts FROM trackedapp_thing WHERE project_id = %s"
        " UNION ALL SELECT %s, 'one more', 'new', 1, '{}'",
        other.pk,
        scene.project.pk,
        scene.project.pk,
    )


@way(Thing="~")
def sql_update(scene: Scene) -> Iterator[None]:
    thing = scene.thing()
    yield
    sql("UPDATE trackedapp_thing SET count = count + 1 WHERE id = %s", thing.pk)


@way(Thing="-")
def sql_delete(scene: Scene) -> Iterator[None]:
    thing = scene.thing()
    yield
    sql("DELETE FROM trackedapp_thing WHERE id = %s", thing.pk)


@way()
def sql_on_conflict_do_nothing(scene: Scene) -> Iterator[None]:
    thing = scene.thing()
    yield
    sql(f"{CREATE} ON CONFLICT DO NOTHING", scene.project.pk, thing.key)


@way(Thing="~")
def sql_on_conflict_do_update(scene: Scene) -> Iterator[None]:
    thing = scene.thing()
    yield
    sql(f"{CREATE} ON CONFLICT (project_id, key) DO UPDATE SET count = 99", scene.project.pk, thing.key)


@way("postgresql", Thing="+++++")
def sql_copy(scene: Scene) -> Iterator[None]:
    yield
    with (
        connection.cursor() as cursor,
        cursor.copy("COPY trackedapp_thing (project_id, key, state, count, facts) FROM STDIN") as copy,
    ):
        for key in "abcde":
            copy.write_row((scene.project.pk, key, "new", 0, "{}"))


@way("postgresql", Thing="~+")
def sql_merge(scene: Scene) -> Iterator[None]:
    thing = scene.thing()
    yield
    sql(
        "MERGE INTO trackedapp_thing t USING (VALUES (%s, %s), (%s, 'merged')) v(project_id, key)"
        " ON t.project_id = v.project_id AND t.key = v.key WHEN MATCHED THEN UPDATE SET count = 5"
        " WHEN NOT MATCHED THEN INSERT (project_id, key, state, count, facts)"
        " VALUES (v.project_id, v.key, 'new', 1, '{}')",
        scene.project.pk,
        thing.key,
        scene.project.pk,
    )


@way("postgresql", Thing="~+")
def sql_with_a_changing_subquery(scene: Scene) -> Iterator[None]:
    thing = scene.thing()
    yield
    sql(
        "WITH changed AS (UPDATE trackedapp_thing SET count = 1 WHERE id = %s RETURNING project_id)"
        " INSERT INTO trackedapp_thing (project_id, key, state, count, facts)"
        " SELECT project_id, 'from a subquery', 'new', 1, '{}' FROM changed",
        thing.pk,
    )


@way("postgresql", Thing="~")
def jsonb_that_changes_only_its_digits(scene: Scene) -> Iterator[None]:
    thing = scene.thing(facts={"a": 1.0})
    yield
    sql("""UPDATE trackedapp_thing SET facts = '{"a": 1.00}' WHERE id = %s""", thing.pk)


@way("postgresql", Thing="~")
def a_float_that_changes_only_its_sign_of_zero(scene: Scene) -> Iterator[None]:
    thing = scene.thing(score=0.0)
    yield
    sql("UPDATE trackedapp_thing SET score = '-0' WHERE id = %s", thing.pk)


@way("sqlite", Thing="-+")
def sql_insert_or_replace(scene: Scene) -> Iterator[None]:
    thing = scene.thing()
    yield
    sql(CREATE.replace("INSERT", "INSERT OR REPLACE"), scene.project.pk, thing.key)


@way("sqlite", Thing="+")
def sql_insert_or_ignore(scene: Scene) -> Iterator[None]:
    thing = scene.thing()
    yield
    for key in (thing.key, "new"):
        sql(CREATE.replace("INSERT", "INSERT OR IGNORE"), scene.project.pk, key)


@way("sqlite", Thing="-~")
def sql_update_or_replace(scene: Scene) -> Iterator[None]:
    first, second, _third = scene.three_things()
    yield
    sql("UPDATE OR REPLACE trackedapp_thing SET key = %s WHERE id = %s", first.key, second.pk)


@way()
def a_savepoint_rolled_back(scene: Scene) -> Iterator[None]:
    thing = scene.thing()
    yield
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        Thing.objects.filter(pk=thing.pk).update(count=5)
        Thing.objects.bulk_create([Thing(project=scene.project, key="a")])
        raise ZeroDivisionError


@way(Thing="-+")
def a_primary_key_changed(scene: Scene) -> Iterator[None]:
    thing = scene.thing()
    yield
    sql("UPDATE trackedapp_thing SET id = id + 1000000 WHERE id = %s", thing.pk)


@way(Thing="-+")
def a_row_moved_to_another_project(scene: Scene) -> Iterator[None]:
    thing, other = scene.thing(), a_project()
    yield
    Thing.objects.filter(pk=thing.pk).update(project=other)


@pytest.mark.django_db
@pytest.mark.parametrize("way", way.here(), ids=lambda way: way.name)
def test_every_way_leaves_the_right_versions(way: Way) -> None:
    assert_leaves_the_right_versions(way)


@pytest.mark.django_db
def test_the_version_of_a_deleted_through_row_knows_its_project_though_its_thing_is_gone() -> None:
    with operation():
        thing, tags = Scene().tagged_thing()
    before = newest_version_ids()
    with operation():
        sql("DELETE FROM trackedapp_thing WHERE id = %s", thing.pk)
        sql("DELETE FROM trackedapp_thing_tags WHERE thing_id = %s", thing.pk)
    links = versions_since(before)["Thing_tags"]
    assert [(link.history_type, link.project_id) for link in links] == [("-", thing.project_id)] * len(tags[:2])


def test_no_way_is_written_twice() -> None:
    names = [each.name for each in way]
    assert len(names) == len(set(names))
