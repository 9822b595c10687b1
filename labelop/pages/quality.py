"""The page of a quality signal: its metric week by week, its test in words, and what came before it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from roles.models import User
from roles.selectors import entries_visible_to
from roles.telling import told

from ..models import Metric, QualitySignal
from ..quality import (
    ORDER_IS_NOT_CAUSE,
    Tally,
    candidates_of,
    churn,
    iso_week,
    monday_of,
    sentence_of,
    share,
    waiting,
    weekly_of,
)

CANDIDATES_SHOWN = 20
# What a signal's page shows around its week.
WEEKS_BEFORE, WEEKS_AFTER = 13, 4


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
    def figures(self) -> list[str]:
        metrics = [Metric.REJECTION_RATE, Metric.FIRST_PASS_YIELD]
        rejection_rate, first_pass_yield = (share(*self.tally.of(metric)) for metric in metrics)
        long = waiting(self.tally.long_wait)
        waits = f"{waiting(self.tally.median_wait)}, {long} (n = {len(self.tally.waits):,})"
        return [rejection_rate, churn(self.tally), first_pass_yield, f"{self.tally.extra_rounds:,}", waits]


def signal_page(signal: QualitySignal, viewer: User | AnonymousUser) -> dict[str, Any]:
    candidates = candidates_of(signal, entries_visible_to(viewer))
    return {
        "signal": signal,
        "sentence": sentence_of(signal),
        "weeks": weeks_around(signal),
        "candidates": told((candidate.entry for candidate in candidates[:CANDIDATES_SHOWN]), viewer),
        "left_out": max(0, len(candidates) - CANDIDATES_SHOWN),
        "order_is_not_cause": ORDER_IS_NOT_CAUSE,
    }


def weeks_around(signal: QualitySignal) -> list[Week]:
    """Oldest first; weeks without a decision are left out."""
    first = signal.week - timedelta(weeks=WEEKS_BEFORE)
    last = signal.week + timedelta(weeks=WEEKS_AFTER)
    current = monday_of(timezone.now())
    series = weekly_of(signal.project).get(signal.label_class_id, {})
    return [
        Week(monday, tally, running=monday == current, signalled=monday == signal.week)
        for monday, tally in sorted(series.items())
        if first <= monday <= last
    ]
