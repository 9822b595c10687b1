"""Acts: one transaction, one UUID, and a refusal that outlives its rollback."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NoReturn

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, connections, transaction
from django.utils import timezone

from audit.acting import (
    Act,
    Actor,
    Channel,
    Refused,
    act_across_transactions,
    act_under_way,
    current_channel,
    locked,
    operation,
    operation_id,
    record_refusal_after_rollback,
    through,
)
from audit.events import Event, Reason
from audit.models import Entry
from audit.services import OutsideAnOperation, record
from labelop.models import Item, Project
from labelop.services.projects import change_setting, describe_project
from labelop.services.work import add_item
from roles.models import User
from tests.cast import Cast, assemble, what_is_left


def rename(project: Project, name: str) -> None:
    """Change a row plainly, in whatever act is under way."""
    Project.objects.filter(pk=project.pk).update(name=name)


@operation()
def rename_and_then(fail: Callable[[], object], project: Project, *, by: User) -> None:
    """An act that has changed something already when it fails."""
    rename(project, "Halfway")
    fail()


def break_down() -> NoReturn:
    raise ZeroDivisionError


# Operations


def test_operations_sort_by_the_time_they_began() -> None:
    ids = [operation_id() for _ in range(3)]
    assert {(one.version, one.variant) for one in ids} == {(7, "specified in RFC 4122")}
    assert [one.int >> 80 for one in ids] == sorted(one.int >> 80 for one in ids)
    assert len(set(ids)) == 3


def test_one_act_is_one_operation_on_entries_and_versions(cast: Cast) -> None:
    with what_is_left() as left:
        describe_project(cast.project, "Sea birds", "", by=cast.olga)
        describe_project(cast.project, "Shore birds", "", by=cast.olga)
    assert len(left.operations) == 2
    for entry, version in zip(left.entries, left.versions, strict=True):
        assert entry.operation == version.operation
        assert version.history_user_id == cast.olga.pk


def test_an_act_joins_the_one_under_way(cast: Cast) -> None:
    with what_is_left() as left, operation(by=cast.olga) as act:
        assert act_under_way() is act
        with operation() as joined:
            assert joined is act
        describe_project(cast.project, "Sea birds", "", by=cast.olga)
        assert act_under_way() is act
        change_setting(cast.project, "customer_facing", True, by=cast.olga)
    assert act_under_way() is None
    assert left.operations == {act.operation}
    assert (left.events, len(left.versions)) == (["project.described", "setting.changed"], 2)


def test_an_act_that_fails_takes_all_it_joined_with_it(cast: Cast) -> None:
    def describe_and_then() -> None:
        describe_project(cast.project, "Sea birds", "", by=cast.olga)
        change_setting(cast.project, "no_such_thing", True, by=cast.olga)

    with what_is_left() as left, pytest.raises(ValidationError):
        rename_and_then(describe_and_then, cast.project, by=cast.olga)
    assert (left.events, left.versions) == ([], [])
    assert Project.objects.get(pk=cast.project.pk).name == "Birds"
    assert act_under_way() is None


@pytest.mark.parametrize("setting", ["no_such_thing", "risk_tier"])
def test_an_act_whose_part_failed_is_not_undone_in_silence(cast: Cast, setting: str) -> None:
    by = cast.olga if setting == "no_such_thing" else cast.ana

    def keep_quiet() -> None:
        with contextlib.suppress(ValidationError, PermissionDenied):
            change_setting(cast.project, setting, "high", by=by)

    with what_is_left() as left, pytest.raises(transaction.TransactionManagementError, match="nothing"):
        rename_and_then(keep_quiet, cast.project, by=cast.olga)
    assert (left.events, left.versions) == ([], [])
    assert act_under_way() is None


@pytest.mark.django_db
@pytest.mark.usefixtures("unexplained_changes_are_recorded")
def test_a_later_write_in_the_same_transaction_is_not_credited_to_the_act(cast: Cast) -> None:
    with what_is_left() as left, transaction.atomic():
        with operation(by=cast.olga) as act:
            rename(cast.project, "In the act")
        rename(cast.project, "After the act")
    inside, after = left.versions
    assert (inside.operation, inside.history_user_id) == (act.operation, cast.olga.pk)
    assert after.operation != act.operation
    assert after.history_user_id is None
    assert (left.events, left.entry.operation) == (["change.unexplained"], after.operation)


@pytest.mark.django_db
@pytest.mark.usefixtures("unexplained_changes_are_recorded")
def test_a_later_write_is_not_credited_to_an_act_that_failed(cast: Cast) -> None:
    with what_is_left() as left, transaction.atomic():
        with pytest.raises(ZeroDivisionError):
            rename_and_then(break_down, cast.project, by=cast.olga)
        rename(cast.project, "After the act")
    (after,) = left.versions
    assert (after.name, after.history_user_id) == ("After the act", None)
    assert left.events == ["change.unexplained"]


def test_locked_reads_the_row_again(cast: Cast) -> None:
    with operation():
        rename(cast.project, "Renamed meanwhile")
        assert cast.project.name == "Birds"
        assert locked(cast.project).name == "Renamed meanwhile"


@pytest.mark.django_db(transaction=True)
def test_acts_of_two_threads_do_not_mix() -> None:
    cast = assemble()
    seen: list[Act | None] = []

    def look() -> None:
        try:
            seen.append(act_under_way())
        finally:
            connections.close_all()

    with operation(by=cast.olga):
        thread = threading.Thread(target=look)
        thread.start()
        thread.join(timeout=10)
    assert seen == [None]


# Commands of Django's own


@pytest.mark.django_db(transaction=True)
def test_an_act_may_span_transactions_that_others_open() -> None:
    cast = assemble()
    with what_is_left() as left, act_across_transactions() as act:
        assert not connection.in_atomic_block
        rename(cast.project, "One")
        with transaction.atomic():
            rename(cast.project, "Two")
        describe_project(cast.project, "Three", "", by=cast.olga)
    assert act_under_way() is None
    assert left.operations == {act.operation}
    assert [version.name for version in left.versions] == ["One", "Two", "Three"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("unexplained_changes_are_recorded")
@pytest.mark.parametrize("fails", [False, True])
def test_an_act_across_transactions_is_over_when_it_ends(fails: bool) -> None:
    cast = assemble()
    try:
        with act_across_transactions() as act:
            rename(cast.project, "Inside")
            if fails:
                raise ZeroDivisionError
    except ZeroDivisionError:
        pass
    with what_is_left() as left:
        rename(cast.project, "Outside")
    (version,) = left.versions
    assert version.operation != act.operation
    assert left.events == ["change.unexplained"]


def test_an_act_across_transactions_joins_the_one_under_way(cast: Cast) -> None:
    with operation(by=cast.olga) as act:
        with act_across_transactions() as joined:
            assert joined is act
        assert act_under_way() is act


# Refusals


def test_a_refusal_is_recorded_after_the_rollback(cast: Cast) -> None:
    with what_is_left() as left, pytest.raises(PermissionDenied):
        rename_and_then(lambda: describe_project(cast.project, "Mine", "", by=cast.ana), cast.project, by=cast.ana)
    assert (left.events, left.versions) == (["access.denied"], [])
    assert left.entry.actor == cast.ana


def test_a_nested_refusal_is_recorded_once(cast: Cast) -> None:
    with what_is_left() as left, pytest.raises(PermissionDenied), operation(by=cast.ana), operation(by=cast.ana):
        describe_project(cast.project, "Mine", "", by=cast.ana)
    assert (left.events, left.versions) == (["access.denied"], [])


@pytest.mark.django_db(transaction=True)
def test_a_refusal_in_somebody_elses_transaction_waits_for_its_end() -> None:
    cast = assemble()
    with what_is_left() as left:
        with transaction.atomic(), what_is_left() as left_inside:
            with pytest.raises(Refused) as refused:
                describe_project(cast.project, "Mine", "", by=cast.ana)
            record_refusal_after_rollback(refused.value)
            assert not refused.value.recorded
        assert left_inside.entries == []
        record_refusal_after_rollback(refused.value)
        record_refusal_after_rollback(refused.value)
    assert (left.events, left.versions) == (["access.denied"], [])
    assert (left.entry.actor, left.entry.role) == (cast.ana, "annotator")


def test_what_is_invalid_is_no_refusal(cast: Cast) -> None:
    with what_is_left() as left, pytest.raises(ValidationError):
        change_setting(cast.project, "risk_tier", "enormous", by=cast.olga)
    assert (left.events, left.versions) == ([], [])


# Channels


def test_an_entry_names_the_door_it_came_through(cast: Cast) -> None:
    with what_is_left() as left:
        describe_project(cast.project, "One", "", by=cast.olga)
        with through(Channel.API):
            describe_project(cast.project, "Two", "", by=cast.olga)
            with through(Channel.CONNECTOR):
                describe_project(cast.project, "Three", "", by=cast.olga)
            with pytest.raises(PermissionDenied):
                describe_project(cast.project, "Mine", "", by=cast.ana)
    assert [entry.channel for entry in left.entries] == ["shell", "api", "connector", "api"]
    assert current_channel() is Channel.SHELL


# Recording


def test_nothing_is_recorded_outside_an_operation(cast: Cast) -> None:
    with what_is_left() as left, pytest.raises(OutsideAnOperation, match=r"project\.described"):
        record(Event.PROJECT_DESCRIBED, cast.project, Actor(cast.olga))
    assert left.events == []


def test_an_act_can_be_backdated(cast: Cast) -> None:
    then = datetime(2019, 5, 4, 12, 30, tzinfo=UTC)
    with what_is_left() as left, operation(by=cast.olga, at=then):
        describe_project(cast.project, "Sea birds", "", by=cast.olga)
    (version,) = left.versions
    assert (left.entry.at, version.history_date) == (then, then)
    assert timezone.now() - left.entry.recorded_at < timedelta(minutes=1)
    assert left.entry.backdated
    with what_is_left() as left:
        describe_project(cast.project, "Shore birds", "", by=cast.olga)
    (version,) = left.versions
    assert not left.entry.backdated
    assert timezone.now() - version.history_date < timedelta(minutes=1)


@pytest.mark.parametrize("event", list(Event))
def test_a_reason_is_required_where_the_catalogue_says_so(cast: Cast, event: Event) -> None:
    actor = Actor(cast.olga, "owner")
    with what_is_left() as left:
        if event.reason is Reason.REQUIRED:
            for reason in ("", " \n"):
                with pytest.raises(ValidationError, match="say why"), operation():
                    record(event, cast.project, actor, reason=reason)
        else:
            with operation():
                record(event, cast.project, actor)
        with operation():
            record(event, cast.project, actor, reason=" Because ")
    assert set(left.events) == {event.value}
    assert len(left.events) == (1 if event.reason is Reason.REQUIRED else 2)
    entry = left.entries[-1]
    assert (entry.reason, entry.impact, entry.theme) == ("Because", event.impact, event.theme.label)


def test_an_entry_keeps_the_names_of_its_day(cast: Cast) -> None:
    with what_is_left() as left:
        item = add_item(cast.project, "photo-2", {}, by=cast.olga)
    with operation():
        User.objects.filter(pk=cast.olga.pk).update(username="olga.married")
        Item.objects.filter(pk=item.pk).update(key="renamed")
    entry = Entry.objects.get(pk=left.entry.pk)
    assert (entry.actor_name, entry.subject_name) == ("olga", "photo-2")
    assert (entry.subject_type, entry.subject_id, entry.project_id) == (
        "labelop.item",
        item.pk,
        cast.project.pk,
    )
