"""Metrics and tests in words, the same on pages, in entries and in commands."""

from __future__ import annotations

from ..models import Metric, QualitySignal
from .signals import PAST_WEEKS


def figure(metric: Metric, count: int, n: int) -> str:
    """A value with its n: "35.0 % (14 of 40)", "0.35 (14 for 40 approved annotations)"."""
    if metric is Metric.CHURN:
        return f"{count / n:.2f} ({count:,} for {n:,} approved annotations)" if n else "– (nothing approved)"
    return f"{count / n:.1%} ({count:,} of {n:,})".replace("%", " %") if n else "– (0)"


def sentence_of(signal: QualitySignal) -> str:
    """What was held against what, and how likely chance alone would have made it."""
    metric = Metric(signal.metric)
    when = "the week" if signal.weeks == 1 else f"the {signal.weeks} weeks that end with the one"
    test = "The conditional test of two rates" if metric is Metric.CHURN else "Fisher’s exact test"
    return (
        f"{metric.label} in {when} of {signal.week}: {figure(metric, signal.count, signal.n)}; in the up to "
        f"{PAST_WEEKS} weeks before: {figure(metric, signal.past_count, signal.past_n)}. {test}, one-sided: "
        f"p = {signal.p:.2g}; corrected for every class, metric and week of the project: {signal.p_corrected:.2g}."
    )
