"""Which metrics left their usual range, at most 1 % of false signals in the whole life of a project.

The test of a week looks at nothing after that week, so asking again finds the same: every week spends its part of the
1 % once. Half of it is spread evenly over the first 52 weeks that are tested, half of the rest over the next 52, and so
on. Within a week Holm's correction holds for all metrics of the project and its classes. The sum of all parts is 1 %,
and neither correction asks that tests be independent.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from ..models import Metric
from .exact import holm, more_of
from .tally import Tally, Weekly

ALPHA = 0.01
WEEKS_TO_HALVE = 52
# A week alone finds a jump at once, together with the week before it a smaller one.
SPANS = (1, 2)
PAST_WEEKS = 12
# Of what a metric is counted of: too few say nothing either way.
LEAST_NOW = 20
LEAST_PAST = 50
# And how many weeks the past must have: in its first ones nothing has come back to be decided upon again.
LEAST_PAST_WEEKS = 4

ONE_WEEK = timedelta(weeks=1)


@dataclass(frozen=True)
class Comparison:
    """One metric of a project or class in the `weeks` that end with the one of `week`, held against those before."""

    class_id: int | None
    metric: Metric
    week: date
    weeks: int
    count: int
    n: int
    past_count: int
    past_n: int
    p: float
    p_corrected: float = 1.0


def signals_in(weekly: Weekly, before: date) -> list[Comparison]:
    """What left its usual range in the weeks that begin before a Monday: one per class, metric and week."""
    found: dict[tuple[int | None, Metric, date], Comparison] = {}
    for tested in comparisons_in(weekly, before):
        about = (tested.class_id, tested.metric, tested.week)
        if tested.p_corrected <= ALPHA and (about not in found or tested.p < found[about].p):
            found[about] = tested
    return list(found.values())


def comparisons_in(weekly: Weekly, before: date) -> Iterator[Comparison]:
    """Every test of the weeks that begin before a Monday, oldest first, corrected."""
    weeks_tested = 0
    for week in sorted(week for week in weekly.get(None, {}) if week < before):
        family = [(class_id, weeks) for class_id in weekly for weeks in SPANS if _worth(weekly[class_id], week, weeks)]
        if family:
            weeks_tested += 1
            yield from _corrected(weekly, week, family, part_of_alpha(weeks_tested))


def part_of_alpha(weeks_tested: int) -> float:
    """The part of the 1 % that the n-th tested week may spend; all parts sum to 1."""
    halvings = 1 + (weeks_tested - 1) // WEEKS_TO_HALVE
    return float(0.5**halvings / WEEKS_TO_HALVE)


def _worth(series: dict[date, Tally], week: date, weeks: int) -> bool:
    """Whether there are decisions enough; how they turned out plays no part, or the size of a family would tell."""
    decisions, past = _held_against_past(series, week, weeks, Metric.REJECTION_RATE)
    first = week - (weeks - 1) * ONE_WEEK
    whole = week in series and first in series
    old = sum(first - (step + 1) * ONE_WEEK in series for step in range(PAST_WEEKS)) >= LEAST_PAST_WEEKS
    return whole and old and decisions[1] >= LEAST_NOW and past[1] >= LEAST_PAST


def _corrected(weekly: Weekly, week: date, family: list[tuple[int | None, int]], part: float) -> Iterator[Comparison]:
    tests = []
    for class_id, weeks in family:
        for metric in Metric:
            (count, n), (past_count, past_n) = _held_against_past(weekly[class_id], week, weeks, metric)
            if n >= LEAST_NOW and past_n >= LEAST_PAST:
                p = _worse(metric, count, n, past_count, past_n)
                tests.append(Comparison(class_id, metric, week, weeks, count, n, past_count, past_n, p))
    adjusted = holm([tested.p for tested in tests], len(family) * len(Metric))
    for tested, p in zip(tests, adjusted, strict=True):
        yield Comparison(**{**vars(tested), "p_corrected": min(1.0, p / part)})


def _held_against_past(
    series: dict[date, Tally], week: date, weeks: int, metric: Metric
) -> tuple[tuple[int, int], tuple[int, int]]:
    first = week - (weeks - 1) * ONE_WEEK
    return summed(series, first, weeks, metric), summed(series, first - PAST_WEEKS * ONE_WEEK, PAST_WEEKS, metric)


def summed(series: dict[date, Tally], first: date, weeks: int, metric: Metric) -> tuple[int, int]:
    """What a metric counts, and of how many, in so many weeks from a Monday on."""
    held = [series[week].of(metric) for step in range(weeks) if (week := first + step * ONE_WEEK) in series]
    return sum(count for count, _ in held), sum(n for _, n in held)


def _worse(metric: Metric, count: int, n: int, past_count: int, past_n: int) -> float:
    if metric is Metric.FIRST_PASS_YIELD:
        return more_of(n - count, n, past_n - past_count, past_n)
    return more_of(count, n, past_count, past_n)
