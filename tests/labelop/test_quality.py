"""Metrics week by week, computed by hand and by LabelOp."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from audit.acting import operation
from labelop.models import APPROVALS, Annotation, Assignment, Item, Metric, ReasonCode, Review, Verdict
from labelop.quality import Decision, Tally, monday_of, tallied, weekly_of
from labelop.services.assignments import assign_work, complete_work, start_work
from labelop.services.disputes import contest_review, overturn_decision
from labelop.services.reviews import decide_review
from tests.snapshots.stage import Stage, run

from .reviewed import at, review_many, staged, this_monday

MARCH_2, MARCH_9 = date(2026, 3, 2), date(2026, 3, 9)
APPROVED, FIXED, SENT_BACK, REJECTED = (
    Verdict.APPROVED,
    Verdict.APPROVED_WITH_FIXES,
    Verdict.REVISION_REQUESTED,
    Verdict.REJECTED,
)


def decide(stage: Stage, subject: Assignment | Item | Annotation, verdict: Verdict, moment: datetime) -> Review:
    with operation(at=moment, by=stage.ravi):
        wanting = "" if verdict in APPROVALS else ReasonCode.BOUNDARY
        return decide_review(subject, verdict, by=stage.ravi, reason="Looked at it", reason_code=wanting)


def counts(tally: Tally) -> dict[str, int]:
    return {name: value for name, value in vars(tally).items() if isinstance(value, int) and value}


def short_story() -> Stage:
    """Two weeks with two rejections, a relabelling and two changed decisions."""
    stage = staged()
    decide(stage, stage.items[0], APPROVED, at(MARCH_2, 1))
    decide(stage, stage.items[1], SENT_BACK, at(MARCH_2, 1.5))
    with operation(at=at(MARCH_2, 2)):
        stage.relabel(1, stage.tern)
    decide(stage, stage.items[1], APPROVED, at(MARCH_2, 3))
    # The last instant of Sunday and the first of Monday.
    decide(stage, stage.items[2], REJECTED, at(MARCH_9) - timedelta(microseconds=1))
    decide(stage, stage.items[2], FIXED, at(MARCH_9))
    decide(stage, stage.marks[3], APPROVED, at(MARCH_9, 6))
    return stage


@pytest.mark.django_db
def test_each_decision_counts_in_its_week_for_the_classes_that_were_marked_then() -> None:
    stage = short_story()
    weekly = weekly_of(stage.project)
    told = {(about, week): counts(tally) for about, series in weekly.items() for week, tally in series.items()}
    assert told == {
        (None, MARCH_2): {
            "decisions": 3, "rejected": 2, "changes": 1, "approvals": 2, "first_pass": 2, "approved_marks": 2,
        },
        (stage.gull.pk, MARCH_2): {
            "decisions": 3, "rejected": 2, "approvals": 1, "first_pass": 1, "approved_marks": 1,
        },
        (stage.tern.pk, MARCH_2): {"changes": 1, "approvals": 1, "first_pass": 1, "approved_marks": 1},
        (None, MARCH_9): {"decisions": 1, "changes": 1, "approvals": 2, "first_pass": 2, "approved_marks": 2},
        (stage.gull.pk, MARCH_9): {"decisions": 1, "changes": 1, "approvals": 2, "first_pass": 2, "approved_marks": 2},
    }  # fmt: skip


@pytest.mark.django_db
def test_rounds_and_waiting_are_those_of_the_assignment_at_the_decision() -> None:
    stage = staged()
    first, second = assigned(stage, 0), assigned(stage, 1)
    hand_in(stage, first, at(MARCH_2, hours=10))
    decide(stage, first, SENT_BACK, at(MARCH_2, hours=14))
    hand_in(stage, second, at(MARCH_2, hours=20))
    contested = decide(stage, second, REJECTED, at(MARCH_2, 1))
    hand_in(stage, first, at(MARCH_2, 1))
    # A word on one mark ends no waiting.
    decide(stage, stage.marks[0], APPROVED, at(MARCH_2, 1.5))
    decide(stage, first, APPROVED, at(MARCH_2, 2))
    with operation(at=at(MARCH_2, 3)):
        dispute = contest_review(contested, by=stage.ana, reason="It is a gull")
        overturn_decision(dispute, APPROVED, by=stage.olga, reason="So it is")
    decide(stage, stage.items[2], APPROVED, at(MARCH_2, 3))
    tally = weekly_of(stage.project)[None][MARCH_2]
    assert counts(tally) == {
        "decisions": 5, "rejected": 2, "changes": 1, "extra_rounds": 2,
        "approvals": 4, "first_pass": 2, "approved_marks": 4,
    }  # fmt: skip
    assert tally.waits == [timedelta(hours=4), timedelta(hours=24), timedelta(hours=4)]
    assert (tally.median_wait, tally.long_wait) == (timedelta(hours=4), timedelta(hours=24))
    assert tally.of(Metric.REJECTION_RATE) == (2, 5)
    assert tally.of(Metric.CHURN) == (3, 6)
    assert tally.of(Metric.FIRST_PASS_YIELD) == (2, 4)


def assigned(stage: Stage, place: int) -> Assignment:
    with operation(at=at(MARCH_2)):
        (assignment,) = assign_work([stage.items[place]], stage.ana, by=stage.olga)
    return assignment


def hand_in(stage: Stage, assignment: Assignment, moment: datetime) -> None:
    with operation(at=moment):
        start_work(assignment, by=stage.ana)
        complete_work(assignment, by=stage.ana)


@pytest.mark.django_db
def test_marks_withdrawn_before_a_decision_are_not_its_business() -> None:
    stage = staged()
    with operation(at=at(MARCH_2)):
        Annotation.objects.filter(pk=stage.marks[0].pk).update(withdrawn=True)
    decide(stage, stage.items[0], APPROVED, at(MARCH_2, 1))
    weekly = weekly_of(stage.project)
    assert list(weekly) == [None]
    assert counts(weekly[None][MARCH_2]) == {"decisions": 1, "approvals": 1, "first_pass": 1}


@pytest.mark.django_db
def test_a_class_keeps_its_series_when_it_is_renamed_and_when_it_is_deprecated() -> None:
    stage = staged()
    decide(stage, stage.items[0], APPROVED, at(MARCH_2))
    with operation(at=at(MARCH_2, 3)):
        stage.gull.name, stage.gull.deprecated = "Larus", True
        stage.gull.save()
    decide(stage, stage.items[1], REJECTED, at(MARCH_9))
    report = run("quality", stage.project.slug, "--class", "gull", "--json").report
    assert [(week["class"], week["week"], week["rejection_rate"]["count"]) for week in report["weeks"]] == [
        ("gull", "2026-W10", 0),
        ("gull", "2026-W11", 1),
    ]


@pytest.mark.django_db
def test_another_projects_decisions_are_not_counted() -> None:
    stage = staged()
    with operation():
        neighbour = Item.objects.create(project=staged_elsewhere(stage), key="ship")
        Review.objects.create(project=neighbour.project, item=neighbour, verdict=APPROVED, reviewer=stage.uma)
    assert weekly_of(stage.project) == {}
    assert list(weekly_of(neighbour.project)) == [None]


def staged_elsewhere(stage: Stage) -> Any:
    from labelop.services.projects import create_project
    from roles.services import service_account

    return create_project("ships", "Ships", by=service_account("setup"), owner=stage.uma)


@pytest.mark.django_db
@pytest.mark.parametrize("many", [1, 60])
def test_four_queries_read_however_many_rows_there_are(django_assert_num_queries: Any, many: int) -> None:
    stage = short_story()
    for label_class in (stage.gull, stage.tern):
        review_many(stage, label_class, MARCH_2, rejected=0, of=many)
    work = assigned(stage, 0)
    hand_in(stage, work, at(MARCH_9))
    decide(stage, work, APPROVED, at(MARCH_9))
    with django_assert_num_queries(4):
        weekly = weekly_of(stage.project)
    assert weekly[None][MARCH_2].decisions == 3 + 2 * many


@pytest.mark.parametrize(
    ("moment", "monday"),
    [
        (datetime(2020, 12, 31, tzinfo=UTC), date(2020, 12, 28)),
        (datetime(2021, 1, 3, 23, 59, 59, 999_999, tzinfo=UTC), date(2020, 12, 28)),
        (datetime(2021, 1, 4, tzinfo=UTC), date(2021, 1, 4)),
        (datetime(2024, 12, 30, tzinfo=UTC), date(2024, 12, 30)),
        # Already Monday where it was written, still Sunday in UTC.
        (datetime.fromisoformat("2021-01-04T01:00:00+02:00"), date(2020, 12, 28)),
    ],
)
def test_weeks_are_iso_weeks_in_utc_across_the_ends_of_years(moment: datetime, monday: date) -> None:
    assert monday_of(moment) == monday
    assert list(tallied([Decision(moment, 1, APPROVED)])[None]) == [monday]


@pytest.mark.parametrize(
    ("verdict", "instead_of", "round_", "expected"),
    [
        (APPROVED, None, 1, {"decisions": 1, "approvals": 1, "first_pass": 1, "approved_marks": 3}),
        (FIXED, None, 2, {"decisions": 1, "extra_rounds": 1, "approvals": 1, "approved_marks": 3}),
        (SENT_BACK, None, 1, {"decisions": 1, "rejected": 1}),
        (REJECTED, None, 3, {"decisions": 1, "rejected": 1, "extra_rounds": 1}),
        (REJECTED, APPROVED, 2, {"changes": 1}),
        (APPROVED, REJECTED, 2, {"changes": 1, "approvals": 1, "approved_marks": 3}),
        (FIXED, APPROVED, 1, {"changes": 1}),
        (APPROVED, APPROVED, 1, {}),
        (REJECTED, REJECTED, 2, {}),
    ],
)
def test_what_one_decision_counts_as(
    verdict: Verdict, instead_of: Verdict | None, round_: int, expected: dict[str, int]
) -> None:
    decision = Decision(at(MARCH_2), round_, verdict, instead_of=instead_of, marks=Counter({1: 2, 2: 1}))
    assert counts(tallied([decision])[None][MARCH_2]) == expected


@pytest.mark.parametrize(("hours", "median", "long"), [([5], 5, 5), ([1, 2, 3, 4], 2.5, 4), ([*range(1, 11)], 5.5, 9)])
def test_waiting_is_told_by_its_median_and_its_90th_percentile(hours: list[int], median: float, long: float) -> None:
    tally = Tally(waits=[timedelta(hours=each) for each in hours])
    assert (tally.median_wait, tally.long_wait) == (timedelta(hours=median), timedelta(hours=long))


@pytest.mark.django_db
def test_the_command_lists_every_week_with_its_n() -> None:
    stage = short_story()
    decide(stage, stage.items[3], APPROVED, at(this_monday()))
    report = run("quality", stage.project.slug, "--json").report
    assert report["weeks"][0] == {
        "class": None,
        "week": "2026-W10",
        "monday": "2026-03-02",
        "complete": True,
        "rejection_rate": {"value": 2 / 3, "count": 2, "n": 3},
        "churn": {"value": 1 / 2, "count": 1, "n": 2},
        "first_pass_yield": {"value": 1.0, "count": 2, "n": 2},
        "rework_rounds": {"count": 0, "n": 3},
        "seconds_in_review": {"median": None, "p90": None, "n": 0},
    }
    assert [week["complete"] for week in report["weeks"] if week["class"] is None] == [True, True, False]
    told = run("quality", stage.project.slug).out
    assert "2026-W10  whole project        rejection rate 0.667 (n=3)" in told
    assert "(running)" in told


@pytest.mark.django_db
def test_a_class_that_is_not_there_is_bad_input() -> None:
    stage = staged()
    ran = run("quality", stage.project.slug, "--class", "albatross")
    assert (ran.code, ran.error) == (2, "birds has no class albatross.")
    assert run("quality", stage.project.slug).out == "No decision on birds is on record here.\n"
