"""Metrics and tests in words, the same on pages, in entries and in commands."""

from __future__ import annotations

from datetime import date, timedelta

from ..models import Metric, QualitySignal
from .signals import PAST_WEEKS
from .tally import Tally

NONE = "–"
DEFINITIONS = {
    Metric.REJECTION_RATE: "Rejected or sent back, of all decisions; a decision is the first of its round.",
    Metric.CHURN: "Decisions changed and further rounds, of all decisions and changes; tables show it for each approved"
    " annotation as well.",
    Metric.FIRST_PASS_YIELD: "Approved in the first round, of all approvals.",
}
COUNTED = {
    Metric.REJECTION_RATE: "rejected or sent back",
    Metric.CHURN: "changes or further rounds",
    Metric.FIRST_PASS_YIELD: "approved in the first round",
}


def share(count: int, n: int) -> str:
    """A share with its n: "35.0 % (14 of 40)"."""
    return f"{100 * count / n:.1f} % ({count:,} of {n:,})" if n else f"{NONE} (n = 0)"


def churn(tally: Tally) -> str:
    """Churn for each approved annotation, with its n."""
    events, n = tally.churn, tally.approved_marks
    return f"{events / n:.2f} ({events:,} for {n:,})" if n else f"{NONE} ({events:,} for 0)"


def waiting(time: timedelta | None) -> str:
    """Hours, or days from two days on."""
    if time is None:
        return NONE
    hours = time / timedelta(hours=1)
    return f"{hours:.1f} h" if hours < 48 else f"{hours / 24:.1f} d"


def iso_week(monday: date) -> str:
    """The week as ISO 8601 writes it: "2026-W53"."""
    return "{}-W{:02}".format(*monday.isocalendar()[:2])


def sentence_of(signal: QualitySignal) -> str:
    """What was held against what, and how likely chance alone would have made it."""
    metric = Metric(signal.metric)
    when = iso_week(signal.week) if signal.weeks == 1 else f"the {signal.weeks} weeks up to {iso_week(signal.week)}"
    return (
        f"{metric.label} in {when}: {share(signal.count, signal.n)} {COUNTED[metric]}; in the weeks before, at most "
        f"{PAST_WEEKS}: {share(signal.past_count, signal.past_n)}. By chance alone, were both the same, as much or "
        f"worse comes with p = {signal.p:.1g} (Fisher’s exact test, one-sided); corrected for every class, metric and "
        f"week of the project, p = {signal.p_corrected:.1g}. At most 0.01 raises a signal."
    )
