"""Which operation a version belongs to, and what becomes of a change that has none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from simple_history.utils import bulk_create_with_history, bulk_update_with_history, update_change_reason

from audit.acting import operation
from audit.events import Event, Impact
from audit.history import DeletedUser, HistoryIsWrittenByTheDatabase
from audit.models import Entry
from labelop.models import Project
from tests.trackedapp.models import Thing

from .ways import Scene, a_project, a_user

pytestmark = pytest.mark.django_db

postgresql_only = pytest.mark.skipif("connection.vendor != 'postgresql'")
recorded = pytest.mark.usefixtures("unexplained_changes_are_recorded")


def sql(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


@pytest.fixture
def thing() -> Thing:
    with operation():
        return Scene().thing()


def unexplained() -> list[Entry]:
    return list(Entry.objects.filter(event=Event.CHANGE_UNEXPLAINED).order_by("id"))


# Operations


def test_a_version_names_its_operation_and_who_acted(thing: Thing) -> None:
    with operation():
        olga = a_user("olga")
    with operation(by=olga) as act:
        Thing.objects.update(count=1)
    version = thing.history.first()
    assert (version.operation, version.history_user_id, version.history_user) == (
        act.operation,
        olga.pk,
        olga,
    )
    assert version.history_change_reason is None


def test_a_nested_operation_joins_the_one_under_way(thing: Thing) -> None:
    with operation() as outer, operation() as inner:
        Thing.objects.update(count=1)
    assert outer is inner
    assert thing.history.first().operation == outer.operation


def test_the_database_forgets_an_operation_when_it_ends(thing: Thing) -> None:
    with transaction.atomic():
        with operation():
            Thing.objects.update(count=1)
        with pytest.raises(IntegrityError, match="belongs to no operation"), transaction.atomic():
            Thing.objects.update(count=2)


def test_the_database_forgets_an_operation_that_failed(thing: Thing) -> None:
    with pytest.raises(ZeroDivisionError), operation():
        Thing.objects.update(count=1)
        raise ZeroDivisionError
    with pytest.raises(IntegrityError, match="belongs to no operation"), transaction.atomic():
        Thing.objects.update(count=2)
    assert thing.history.count() == 1


def test_two_operations_in_one_transaction_are_told_apart(thing: Thing) -> None:
    with transaction.atomic():
        with operation() as first:
            Thing.objects.update(count=1)
        with operation() as second:
            Thing.objects.update(count=2)
    versions = thing.history.order_by("history_id").values_list("operation", flat=True)
    assert list(versions[1:]) == [first.operation, second.operation]


def test_a_version_carries_the_time_of_a_backdated_act(thing: Thing) -> None:
    then = datetime(2019, 7, 4, 12, 30, 15, 123456, tzinfo=UTC)
    with operation(at=then):
        Thing.objects.update(count=1)
    assert thing.history.first().history_date == then
    with operation():
        Thing.objects.update(count=2)
    assert thing.history.first().history_date > then


def test_a_deleted_user_keeps_their_attribution(thing: Thing) -> None:
    with operation():
        ravi = a_user("ravi")
    pk = ravi.pk
    with operation(by=ravi):
        Thing.objects.update(count=1)
    with operation():
        ravi.delete()
    version = thing.history.first()
    assert (version.history_user_id, version.history_user) == (pk, DeletedUser(pk))
    assert str(version.history_user) == f"deleted user #{pk}"


# Reading


def test_versions_are_ordered_by_their_ids_when_their_times_are_equal(thing: Thing) -> None:
    then = datetime(2020, 1, 1, tzinfo=UTC)
    with operation(at=then):
        for thing.count in (1, 2, 3):
            thing.save()
    newest, middle, oldest, _created = thing.history.all()
    assert [version.count for version in (newest, middle, oldest)] == [3, 2, 1]
    assert middle.prev_record == oldest
    assert middle.next_record == newest
    assert newest.next_record is None
    assert thing.history.latest() == newest
    assert thing.history.as_of(then).count == 3
    assert [row.count for row in Thing.history.as_of(then)] == [3]


def test_a_cut_shows_each_row_as_it_was(thing: Thing) -> None:
    with operation():
        Thing.objects.update(count=1)
    cut = thing.history.first().history_id
    with operation():
        Thing.objects.update(count=2)
        thing.delete()
    assert [version.count for version in Thing.history.all().up_to(cut)] == [1]
    assert not Thing.history.all().up_to(thing_versions_end()).exists()


def thing_versions_end() -> int:
    return int(Thing.history.latest().history_id)


# Changes that belong to no operation


def test_an_unexplained_change_is_refused_where_the_settings_say_so(thing: Thing) -> None:
    for change in (
        lambda: Thing.objects.update(count=1),
        lambda: Thing.objects.create(project=thing.project, key="new"),
        lambda: thing.delete(),
        lambda: sql("UPDATE trackedapp_thing SET count = 1"),
    ):
        with pytest.raises(IntegrityError, match="belongs to no operation"), transaction.atomic():
            change()
    assert thing.history.count() == 1
    assert not unexplained()


def test_a_change_of_nothing_needs_no_operation(thing: Thing) -> None:
    Thing.objects.update(count=0)
    assert thing.history.count() == 1


@recorded
def test_an_unexplained_change_is_kept_and_said_to_be_unexplained(thing: Thing) -> None:
    sql("UPDATE trackedapp_thing SET count = count + 1")
    [entry] = unexplained()
    version = thing.history.first()
    assert (version.count, version.operation, version.history_user_id) == (1, entry.operation, None)
    assert (entry.project, entry.impact, entry.actor, entry.records) == (thing.project, Impact.HIGH, None, 1)
    assert entry.at <= entry.recorded_at
    if connection.vendor == "postgresql":
        assert entry.database_role == connection.settings_dict["USER"]
    else:
        assert entry.application


@recorded
def test_the_orm_outside_an_operation_is_unexplained_too(thing: Thing) -> None:
    thing.count = 1
    thing.save()
    assert [entry.project for entry in unexplained()] == [thing.project]


@recorded
def test_one_entry_for_each_project_that_a_transaction_touched(thing: Thing) -> None:
    with operation():
        other = Scene().thing()
        ana = a_user()
    with transaction.atomic():
        Thing.objects.update(count=1)
        Thing.objects.update(count=2)
        Project.objects.filter(pk=other.project_id).update(name="Renamed")
        ana.first_name = "Ana"
        ana.save()
    entries = unexplained()
    assert len({entry.operation for entry in entries}) == 1
    assert {entry.project_id for entry in entries} == {thing.project_id, other.project_id, None}
    assert len(entries) == 3
    assert {version.operation for version in Thing.history.filter(history_type="~")} == {entries[0].operation}


@recorded
def test_a_row_moved_without_an_operation_is_said_in_both_projects(thing: Thing) -> None:
    with operation():
        other = a_project()
    Thing.objects.update(project=other)
    assert {entry.project_id for entry in unexplained()} == {thing.project_id, other.pk}


@recorded
def test_an_entry_rolled_back_with_a_savepoint_is_written_again(thing: Thing) -> None:
    with transaction.atomic():
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            Thing.objects.update(count=1)
            raise ZeroDivisionError
        assert not unexplained()
        Thing.objects.update(count=2)
    [entry] = unexplained()
    assert [version.operation for version in thing.history.filter(history_type="~")] == [entry.operation]


@recorded
def test_a_change_after_an_operation_in_the_same_transaction_is_unexplained(thing: Thing) -> None:
    with operation():
        olga = a_user("olga")
    with transaction.atomic():
        with operation(by=olga, at=datetime(2019, 1, 1, tzinfo=UTC)) as act:
            Thing.objects.update(count=1)
        Thing.objects.update(count=2)
    after, during, _created = thing.history.all()
    assert during.operation == act.operation
    assert after.operation == unexplained()[0].operation
    assert (after.history_user_id, after.history_date.year > 2019) == (None, True)


@pytest.mark.django_db(transaction=True)
@recorded
def test_an_unexplained_operation_does_not_outlive_its_transaction(thing: Thing) -> None:
    Thing.objects.update(count=1)
    Thing.objects.update(count=2)
    with transaction.atomic():
        Thing.objects.update(count=3)
        Thing.objects.update(count=4)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        Thing.objects.update(count=5)
        raise ZeroDivisionError
    Thing.objects.update(count=6)
    by_count = dict(thing.history.values_list("count", "operation"))
    assert by_count[3] == by_count[4]
    assert len({by_count[count] for count in (0, 1, 2, 3, 6)}) == 5
    assert len(unexplained()) == 4


@postgresql_only
@recorded
@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("labelop.unexplained_mode", "off"),
        ("labelop.unexplained", "0/00000000-0000-0000-0000-000000000000"),
        ("labelop.actor", "1"),
        ("labelop.at", "2000-01-01"),
    ],
)
def test_no_setting_of_a_session_switches_the_recording_off(thing: Thing, setting: str, value: str) -> None:
    sql("SELECT set_config(%s, %s, false)", setting, value)
    sql("UPDATE trackedapp_thing SET count = 1")
    version = thing.history.first()
    assert [entry.operation for entry in unexplained()] == [version.operation]
    assert (version.history_user_id, version.history_date.year > 2000) == (None, True)


# simple-history's own ways round


@pytest.mark.parametrize(
    "way_round",
    [
        lambda thing: thing.save_without_historical_record(),
        lambda thing: bulk_create_with_history([Thing(project=thing.project, key="new")], Thing),
        lambda thing: bulk_update_with_history([thing], Thing, ["count"]),
        lambda thing: Thing.history.bulk_history_create([thing]),
    ],
)
def test_what_would_write_versions_is_refused(thing: Thing, way_round: Callable[[Thing], object]) -> None:
    with pytest.raises(HistoryIsWrittenByTheDatabase, match="written by the database"), operation():
        way_round(thing)
    assert (Thing.objects.count(), Thing.history.count()) == (1, 1)


def test_skip_history_when_saving_skips_nothing(thing: Thing) -> None:
    thing.skip_history_when_saving = True  # type: ignore[attr-defined]
    thing.count = 1
    with operation():
        thing.save()
    assert thing.history.first().count == 1


def test_a_reason_cannot_be_written_into_a_version_afterwards(thing: Thing) -> None:
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        update_change_reason(thing, "Better so.")
