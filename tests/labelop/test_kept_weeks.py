"""Counts of weeks that are kept say what counting everything anew says, whatever happens after them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from audit.acting import operation
from labelop.models import CountedWeeks, Review, Verdict
from labelop.quality import Decision, Weekly, decisions_of, latest_decision_of, tallied, weekly_of
from labelop.services.assignments import assign_work, complete_work, start_work
from snapshots.services.weeks import count_weeks
from tests.snapshots.stage import Stage

from .reviewed import ONE_WEEK, at, bad_week, review_many, staged, this_monday
from .test_quality import APPROVED, REJECTED, SENT_BACK, decide

LAST_WEEK = this_monday() - ONE_WEEK


def in_order(weekly: Weekly) -> Any:
    for series in weekly.values():
        for tally in series.values():
            tally.waits.sort()
    return weekly


def counted_anew(stage: Stage) -> Any:
    return in_order(tallied(decisions_of(stage.project)))


def told(stage: Stage) -> Any:
    return in_order(weekly_of(stage.project))


def read_live(stage: Stage) -> list[Decision]:
    """What is not counted yet."""
    kept = CountedWeeks.objects.get(project=stage.project)
    return list(decisions_of(stage.project, above=kept.reviews_to))


def set_after_a_bad_week() -> Stage:
    stage = staged()
    bad_week(stage, LAST_WEEK)
    decide(stage, stage.items[0], SENT_BACK, at(LAST_WEEK, 1))
    return stage


pytestmark = [pytest.mark.django_db, pytest.mark.stage(set_by=set_after_a_bad_week)]


@pytest.fixture
def stage(standing: Stage) -> Stage:
    return standing


def test_what_is_counted_is_not_read_again(stage: Stage) -> None:
    before = told(stage)
    assert count_weeks(stage.project) == Review.objects.count()
    assert told(stage) == before == counted_anew(stage)
    assert read_live(stage) == []
    assert count_weeks(stage.project) == 0


def superseded_this_week(stage: Stage) -> None:
    decide(stage, stage.items[0], APPROVED, timezone.now())


def superseded_within_the_week(stage: Stage) -> None:
    decide(stage, stage.items[0], APPROVED, at(LAST_WEEK, 2))


def history_of_closed_weeks(stage: Stage) -> None:
    review_many(stage, stage.tern, LAST_WEEK - 2 * ONE_WEEK, rejected=2, of=5)


def mark_told_late(stage: Stage) -> None:
    with operation(at=at(LAST_WEEK, 0.5)):
        stage.relabel(0, stage.tern)


def mark_of_now(stage: Stage) -> None:
    stage.relabel(0, stage.tern)


def work_told_late(stage: Stage) -> None:
    with operation(at=at(LAST_WEEK, 0.1)):
        (assignment,) = assign_work([stage.items[0]], stage.ana, by=stage.olga)
        start_work(assignment, by=stage.ana)
        complete_work(assignment, by=stage.ana)


def changed_by_hand(stage: Stage) -> None:
    with operation():
        Review.objects.filter(item=stage.items[0]).update(verdict=REJECTED)


@pytest.mark.parametrize(
    "happened",
    [
        superseded_this_week,
        superseded_within_the_week,
        history_of_closed_weeks,
        mark_told_late,
        mark_of_now,
        work_told_late,
        changed_by_hand,
    ],
)
def test_figures_are_right_whatever_comes_later(stage: Stage, happened: Callable[[Stage], None]) -> None:
    count_weeks(stage.project)
    happened(stage)
    assert told(stage) == counted_anew(stage)
    assert latest_decision_of(stage.project) == Review.objects.latest("decided_at").decided_at
    count_weeks(stage.project)
    assert told(stage) == counted_anew(stage)
    assert read_live(stage) == []


@pytest.mark.parametrize(
    ("happened", "again"),
    [(superseded_within_the_week, False), (mark_of_now, False), (mark_told_late, True), (changed_by_hand, True)],
)
def test_only_a_past_that_changed_is_counted_again(
    stage: Stage, happened: Callable[[Stage], None], again: bool
) -> None:
    everything = count_weeks(stage.project)
    happened(stage)
    assert (count_weeks(stage.project) >= everything) is again


def test_times_in_review_are_kept_to_the_microsecond() -> None:
    stage = staged()
    with operation(at=at(LAST_WEEK)):
        (assignment,) = assign_work([stage.items[0]], stage.ana, by=stage.olga)
        start_work(assignment, by=stage.ana)
        complete_work(assignment, by=stage.ana)
    decide(stage, assignment, Verdict.APPROVED, at(LAST_WEEK) + timedelta(hours=3, microseconds=7))
    count_weeks(stage.project)
    assert told(stage)[None][LAST_WEEK].waits == [timedelta(hours=3, microseconds=7)]


def test_reading_from_a_week_on_reads_the_same_of_it(stage: Stage) -> None:
    whole = told(stage)
    count_weeks(stage.project)
    part = in_order(weekly_of(stage.project, LAST_WEEK))
    assert part[None] == {LAST_WEEK: whole[None][LAST_WEEK]}
