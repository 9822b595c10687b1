"""Weeks of quality in words and as control charts, the same on the page of quality and on that of a signal."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils import timezone

from labelop.models import Metric
from labelop.quality import Tally, churn, expected_of, iso_week, monday_of, share, waiting

from .. import charts


@dataclass(frozen=True)
class Week:
    """One week of a project or of a class, in words."""

    monday: date
    tally: Tally
    running: bool
    signalled: bool

    @property
    def name(self) -> str:
        return iso_week(self.monday)

    @property
    def question(self) -> str:
        """What the trail is asked for the decisions of this week."""
        return f"theme:review created:{self.monday}..{self.monday + timedelta(days=6)}"

    @property
    def figures(self) -> list[str]:
        return figures_of(self.tally)


def figures_of(tally: Tally) -> list[str]:
    """Rejection rate, churn, first-pass yield, rework rounds and time in review, each with its n."""
    metrics = [Metric.REJECTION_RATE, Metric.FIRST_PASS_YIELD]
    rejection_rate, first_pass_yield = (share(*tally.of(metric)) for metric in metrics)
    waits = f"{waiting(tally.median_wait)}, {waiting(tally.long_wait)} (n = {len(tally.waits):,})"
    rounds = f"{tally.extra_rounds:,} of {tally.decisions:,}"
    return [rejection_rate, churn(tally), first_pass_yield, rounds, waits]


def weeks_among(series: Mapping[date, Tally], mondays: Iterable[date], signalled: Collection[date]) -> list[Week]:
    """In the order given; weeks without a decision are left out."""
    current = monday_of(timezone.now())
    return [
        Week(monday, series[monday], running=monday == current, signalled=monday in signalled)
        for monday in mondays
        if monday in series
    ]


def chart_of(
    metric: Metric, series: dict[date, Tally], mondays: Iterable[date], signals: Collection[tuple[str, date]]
) -> charts.ControlChart:
    """One metric week by week, with what its own past lets expect; `signals` are those raised, by metric and week."""
    current = monday_of(timezone.now())
    weeks = [
        charts.Week(
            iso_week(monday),
            *series.get(monday, Tally()).of(metric),
            limits=_limits(series, monday, metric),
            signalled=(metric.value, monday) in signals,
            running=monday == current,
        )
        for monday in mondays
    ]
    return charts.control_chart(str(metric.label), weeks)


def _limits(series: dict[date, Tally], monday: date, metric: Metric) -> charts.Limits | None:
    expected = expected_of(series, monday, metric)
    return charts.Limits(expected.centre, expected.low, expected.high) if expected else None
