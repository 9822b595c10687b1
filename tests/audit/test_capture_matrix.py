"""Every way to change a row, on a small tracked app: no zeros, no doubles, no false values."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from asgiref.sync import async_to_sync
from django.db.models import F, OuterRef, Subquery
from django.utils import timezone

from audit.acting import operation
from audit.models import Entry
from labelop.models import Project
from tests.trackedapp.models import Labelling, Thing

from .ways import (
    Scene,
    Way,
    Ways,
    assert_leaves_the_right_versions,
    assert_versions_equal_rows,
    newest_version_ids,
    versions_since,
)

way = Ways()


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


def test_no_way_is_written_twice() -> None:
    names = [each.name for each in way]
    assert len(names) == len(set(names))
