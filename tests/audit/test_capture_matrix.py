"""Every way to change a row, on a small tracked app: no zeros, no doubles, no false values."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, cast

import pytest
from asgiref.sync import async_to_sync
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.models import F, OuterRef, Subquery
from django.utils import timezone
from guardian.shortcuts import assign_perm, remove_perm

from audit.acting import operation
from audit.models import Entry
from labelop.models import Project
from tests.trackedapp.models import Labelling, Thing

from .ways import (
    Scene,
    Way,
    Ways,
    a_group,
    a_project,
    a_user,
    assert_leaves_the_right_versions,
    assert_versions_equal_rows,
    newest_version_ids,
    versions_since,
)

way = Ways()

CREATE = "INSERT INTO trackedapp_thing (project_id, key, state, count, facts) VALUES (%s, %s, 'new', 0, '{}')"


def sql(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


# One row at a time


@way(Thing="+")
def save_a_new_row(scene: Scene) -> Iterator[None]:
    yield
    Thing(project=scene.project, key="a").save()


@way(Thing="~")
def save_a_change(scene: Scene) -> Iterator[None]:
    thing = scene.thing()
    yield
    thing.count = 9
    thing.save()


@way()
def save_without_a_change(scene: Scene) -> Iterator[None]:
    thing = scene.thing()
    yield
    Thing.objects.get(pk=thing.pk).save()


@way(Thing="~~")
def save_two_changes_in_one_operation(scene: Scene) -> Iterator[None]:
    thing = scene.thing()
    yield
    for thing.count in (1, 2):
        thing.save()


@way(Thing="+")
def create(scene: Scene) -> Iterator[None]:
    yield
    scene.thing()


@way(Thing="+")
def get_or_create_twice(scene: Scene) -> Iterator[None]:
    yield
    for _ in range(2):
        Thing.objects.get_or_create(project=scene.project, key="a")


@way(Thing="+~")
def update_or_create_new_changed_and_same(scene: Scene) -> Iterator[None]:
    yield
    for count in (1, 2, 2):
        Thing.objects.update_or_create(project=scene.project, key="a", defaults={"count": count})


@way(Thing="~~")
def save_update_fields_of_a_stale_and_dirty_row(scene: Scene) -> Iterator[None]:
    thing = scene.thing()
    yield
    Thing.objects.filter(pk=thing.pk).update(state="moved on")
    thing.count, thing.state, thing.key = 5, "stale", "dirty"
    thing.save(update_fields=["count"])


@way(Thing="~")
def save_an_f_expression(scene: Scene) -> Iterator[None]:
    thing = scene.thing()
    yield
    thing.count = F("count") + 1
    thing.save()


@way(Thing="-")
def delete_a_row(scene: Scene) -> Iterator[None]:
    thing = scene.thing()
    yield
    thing.delete()


@way(Thing="~~")
def values_of_every_type_and_null(scene: Scene) -> Iterator[None]:
    thing = scene.thing(facts={"b": [1, None, "ü"], "a": 1.0})
    yield
    row = Thing.objects.filter(pk=thing.pk)
    row.update(score=0.1 + 0.2, price="12.30", due=timezone.now(), day=date(2026, 2, 28))
    row.update(score=None, price=None, due=None, day=None)


# Many rows at a time


@way(Thing="---")
def delete_a_queryset(scene: Scene) -> Iterator[None]:
    scene.three_things()
    yield
    Thing.objects.filter(project=scene.project).delete()


@way(Thing="---")
def raw_delete_a_queryset(scene: Scene) -> Iterator[None]:
    scene.three_things()
    yield
    Thing.objects.filter(project=scene.project)._raw_delete("default")


@way(Project="-", Thing="-", Tag="-", Labelling="-", Remark="-", Thing_tags="-")
def delete_in_cascade(scene: Scene) -> Iterator[None]:
    thing, tag = scene.thing(), scene.tag()
    thing.tags.add(tag)
    scene.labelling(thing, tag)
    scene.remark(thing)
    yield
    scene.project.delete()


@way(Thing="~-")
def delete_a_row_others_point_at_with_set_null(scene: Scene) -> Iterator[None]:
    parent = scene.thing()
    scene.thing(parent=parent)
    yield
    parent.delete()


@way(Thing="~~~")
def update_a_queryset(scene: Scene) -> Iterator[None]:
    scene.three_things()
    yield
    Thing.objects.filter(project=scene.project).update(count=F("count") + 1)


@way()
def update_a_queryset_to_what_it_is(scene: Scene) -> Iterator[None]:
    scene.three_things()
    yield
    Thing.objects.filter(project=scene.project).update(count=0)


@way(Thing="~~~")
def update_a_queryset_asynchronously(scene: Scene) -> Iterator[None]:
    scene.three_things()
    yield
    async_to_sync(Thing.objects.filter(project=scene.project).aupdate)(count=3)


@way(Thing="~~~")
def update_filtered_by_a_join(scene: Scene) -> Iterator[None]:
    scene.three_things()
    yield
    Thing.objects.filter(project__slug=scene.project.slug).update(count=4)


@way(Thing="~~~")
def update_from_a_subquery(scene: Scene) -> Iterator[None]:
    scene.three_things()
    yield
    states = Project.objects.filter(pk=OuterRef("project_id")).values("state")
    Thing.objects.filter(project=scene.project).update(state=Subquery(states[:1]))


@way(Thing="+++")
def bulk_create(scene: Scene) -> Iterator[None]:
    yield
    Thing.objects.bulk_create([Thing(project=scene.project, key=key) for key in "abc"])


@way(Thing="++")
def bulk_create_ignoring_conflicts(scene: Scene) -> Iterator[None]:
    Thing.objects.create(project=scene.project, key="a")
    yield
    things = [Thing(project=scene.project, key=key) for key in "abc"]
    Thing.objects.bulk_create(things, ignore_conflicts=True)


@way(Thing="++~")
def bulk_create_updating_conflicts(scene: Scene) -> Iterator[None]:
    Thing.objects.create(project=scene.project, key="a")
    yield
    Thing.objects.bulk_create(
        [Thing(project=scene.project, key=key, count=7) for key in "abc"],
        update_conflicts=True,
        unique_fields=["project", "key"],
        update_fields=["count"],
    )


@way()
def bulk_create_updating_a_conflict_to_what_it_is(scene: Scene) -> Iterator[None]:
    Thing.objects.create(project=scene.project, key="a", count=7)
    yield
    Thing.objects.bulk_create(
        [Thing(project=scene.project, key="a", count=7)],
        update_conflicts=True,
        unique_fields=["project", "key"],
        update_fields=["count"],
    )


@way(Thing="~~~")
def bulk_update(scene: Scene) -> Iterator[None]:
    things = scene.three_things()
    yield
    for count, thing in enumerate(things, start=50):
        thing.count = count
    Thing.objects.bulk_update(things, ["count"])


# Reverse keys


@way(Remark="~~")
def update_over_a_reverse_key(scene: Scene) -> Iterator[None]:
    thing = scene.thing()
    scene.remark(thing)
    scene.remark(thing)
    yield
    thing.remarks.update(body={"said": 1})


@way(Remark="~")
def add_to_a_reverse_key(scene: Scene) -> Iterator[None]:
    thing, remark = scene.thing(), scene.remark()
    yield
    thing.remarks.add(remark)


@way(Remark="~")
def remove_from_a_reverse_key(scene: Scene) -> Iterator[None]:
    thing = scene.thing()
    remark = scene.remark(thing)
    yield
    thing.remarks.remove(remark)


@way(Remark="~~")
def clear_a_reverse_key(scene: Scene) -> Iterator[None]:
    thing = scene.thing()
    scene.remark(thing)
    scene.remark(thing)
    yield
    thing.remarks.clear()


@way(Remark="~~")
def set_a_reverse_key(scene: Scene) -> Iterator[None]:
    thing, other = scene.thing(), scene.remark()
    scene.remark(thing)
    yield
    thing.remarks.set([other])


# Many to many


@way(Thing_tags="+")
def add_many_to_many(scene: Scene) -> Iterator[None]:
    thing, tags = scene.tagged_thing()
    yield
    thing.tags.add(tags[0], tags[2])


@way(Thing_tags="-")
def remove_many_to_many(scene: Scene) -> Iterator[None]:
    thing, tags = scene.tagged_thing()
    yield
    thing.tags.remove(tags[0])


@way(Thing_tags="--+")
def set_many_to_many(scene: Scene) -> Iterator[None]:
    thing, tags = scene.tagged_thing()
    yield
    thing.tags.set([tags[2]])


@way(Thing_tags="--")
def clear_many_to_many(scene: Scene) -> Iterator[None]:
    thing, _tags = scene.tagged_thing()
    yield
    thing.tags.clear()


@way(Thing_tags="+")
def add_many_to_many_from_the_other_side(scene: Scene) -> Iterator[None]:
    thing, tags = scene.tagged_thing()
    yield
    tags[2].things.add(thing)


@way(Thing_tags="-")
def remove_many_to_many_from_the_other_side(scene: Scene) -> Iterator[None]:
    thing, tags = scene.tagged_thing()
    yield
    tags[0].things.remove(thing)


@way(Thing_tags="-")
def set_many_to_many_from_the_other_side(scene: Scene) -> Iterator[None]:
    _thing, tags = scene.tagged_thing()
    yield
    tags[0].things.set([])


@way(Thing_tags="-")
def clear_many_to_many_from_the_other_side(scene: Scene) -> Iterator[None]:
    _thing, tags = scene.tagged_thing()
    yield
    tags[0].things.clear()


@way(Labelling="+")
def add_through_a_model(scene: Scene) -> Iterator[None]:
    thing, tags = scene.tagged_thing()
    yield
    thing.labels.add(tags[0], through_defaults={"project": scene.project})


@way(Labelling="+")
def create_a_through_row(scene: Scene) -> Iterator[None]:
    thing, tags = scene.tagged_thing()
    yield
    Labelling.objects.create(project=scene.project, thing=thing, tag=tags[0])


@way(Tag="-", Thing_tags="-")
def delete_the_target_of_many_to_many(scene: Scene) -> Iterator[None]:
    _thing, tags = scene.tagged_thing()
    yield
    tags[0].delete()


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


@pytest.mark.django_db(transaction=True)
def test_an_async_save_is_kept_though_no_operation_can_surround_it(
    unexplained_changes_are_recorded: None,
) -> None:
    with operation():
        thing = Scene().thing()
    before = newest_version_ids()
    thing.count = 8
    async_to_sync(thing.asave)()
    [version] = versions_since(before)["Thing"]
    assert (version.history_type, version.count) == ("~", 8)
    assert Entry.objects.get(operation=version.operation).project_id == thing.project_id
    assert_versions_equal_rows()


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
