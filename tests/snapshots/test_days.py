"""Acts are counted once, on the day of which they speak, however late they are recorded."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.utils import timezone

from audit.acting import operation
from labelop.services.projects import change_setting
from labelop.services.schema import redefine_class
from roles.matrix import Role
from roles.services import grant_role
from snapshots.days import days_between
from snapshots.models import CountedDays, DayCount, DayKind
from snapshots.services.days import count_days
from tests.standing_out import reminded

from .stage import Stage, set_the_stage

MONDAY = date(2026, 3, 2)
Kinds = dict[str, int]


def set_on_monday() -> Stage:
    with operation(at=noon(MONDAY)):
        return set_the_stage()


pytestmark = [pytest.mark.django_db, pytest.mark.stage(set_by=set_on_monday)]


@pytest.fixture
def stage(standing: Stage) -> Stage:
    return standing


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)


def counts_on(stage: Stage, day: date) -> Kinds:
    days = days_between(stage.project, day, day)
    assert days is not None
    return dict(days.get(day, {}))


def set_sample(stage: Stage, percent: int, day: date) -> None:
    with operation(by=stage.olga, at=noon(day)):
        change_setting(stage.project, "sample_percent", percent, by=stage.olga, reason="Fewer")


def redefine(stage: Stage, day: date) -> None:
    with operation(by=stage.olga, at=noon(day)):
        redefine_class(stage.gull, definition="With a hood", by=stage.olga, reason="Clearer")


def test_acts_count_by_what_they_are_about(stage: Stage) -> None:
    day = MONDAY + timedelta(days=1)
    set_sample(stage, 50, day)
    redefine(stage, day)
    with operation(by=stage.olga, at=noon(day)):
        grant_role(stage.project, stage.uma, Role.REVIEWER, by=stage.olga, reason="Cover")
    assert counts_on(stage, day) == {
        DayKind.ACT: 3,
        DayKind.HIGH: 3,
        DayKind.SCHEMA: 1,
        DayKind.ROLE: 1,
        DayKind.POLICY: 1,
    }


def test_several_entries_of_one_act_count_once(stage: Stage) -> None:
    day = MONDAY + timedelta(days=1)
    with operation(by=stage.olga, at=noon(day)):
        change_setting(stage.project, "sample_percent", 40, by=stage.olga, reason="Fewer")
        change_setting(stage.project, "sample_percent", 30, by=stage.olga, reason="Fewer still")
    assert counts_on(stage, day) == {DayKind.ACT: 1, DayKind.HIGH: 1, DayKind.POLICY: 1}


@pytest.mark.parametrize("later", [count_days, lambda project: None], ids=["counted", "live"])
def test_what_is_recorded_late_counts_on_the_day_it_speaks_of(stage: Stage, later: Callable[..., int | None]) -> None:
    long_ago = MONDAY + timedelta(days=1)
    set_sample(stage, 50, long_ago)
    count_days(stage.project)
    assert counts_on(stage, long_ago)[DayKind.ACT] == 1
    set_sample(stage, 40, long_ago)
    redefine(stage, long_ago)
    later(stage.project)
    assert counts_on(stage, long_ago) == {
        DayKind.ACT: 3,
        DayKind.HIGH: 3,
        DayKind.SCHEMA: 1,
        DayKind.POLICY: 2,
    }


def test_counting_again_counts_nothing_twice(stage: Stage) -> None:
    live = counts_on(stage, MONDAY)
    assert live[DayKind.ACT] >= 1
    assert count_days(stage.project) >= 1
    kept = list(DayCount.objects.values_list("day", "kind", "acts"))
    assert count_days(stage.project) == 0
    assert list(DayCount.objects.values_list("day", "kind", "acts")) == kept
    assert counts_on(stage, MONDAY) == live


def test_counts_that_were_deleted_are_counted_again(stage: Stage) -> None:
    set_sample(stage, 50, MONDAY + timedelta(days=1))
    count_days(stage.project)
    kept = list(DayCount.objects.values_list("day", "kind", "acts"))
    CountedDays.objects.all().delete()
    count_days(stage.project)
    assert list(DayCount.objects.values_list("day", "kind", "acts")) == kept


def test_today_counts_at_once(stage: Stage) -> None:
    count_days(stage.project)
    today = timezone.now().astimezone(UTC).date()
    before = counts_on(stage, today).get(DayKind.POLICY, 0)
    change_setting(stage.project, "sample_percent", 10, by=stage.olga, reason="Fewer")
    assert counts_on(stage, today)[DayKind.POLICY] == before + 1


def test_the_daily_command_counts_and_is_silent_about_it(stage: Stage) -> None:
    assert reminded()["days_counted"]
    assert reminded()["days_counted"] == []


def test_nobody_waits_for_a_long_count(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("snapshots.days.COUNTED_AT_ONCE", 3)
    assert days_between(stage.project, MONDAY, MONDAY) is None
    count_days(stage.project)
    assert days_between(stage.project, MONDAY, MONDAY) is not None


def test_other_projects_count_for_themselves(stage: Stage) -> None:
    with operation(at=noon(MONDAY)):
        other = set_the_stage("ships")
    before = counts_on(stage, MONDAY)
    set_sample(other, 5, MONDAY)
    count_days(other.project)
    assert counts_on(stage, MONDAY) == before
    assert counts_on(other, MONDAY)[DayKind.POLICY] == 1


@pytest.mark.parametrize("counted", [True, False])
def test_days_take_three_queries_however_many_there_are(
    stage: Stage, counted: bool, django_assert_num_queries: Any
) -> None:
    for back in range(5):
        set_sample(stage, 20 + back, MONDAY + timedelta(days=back))
    if counted:
        count_days(stage.project)
    with django_assert_num_queries(3):
        days_between(stage.project, MONDAY, MONDAY + timedelta(days=30))
