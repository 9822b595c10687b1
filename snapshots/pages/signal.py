"""What the page of a quality signal tells: its metric week by week, its test in words, and what came before it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser

from labelop.models import Metric, QualitySignal
from labelop.quality import (
    ORDER_IS_NOT_CAUSE,
    PAST_WEEKS,
    candidates_of,
    sentence_of,
    weekly_of,
)
from roles.models import User
from roles.selectors import entries_visible_to
from roles.telling import told

from .weeks import chart_of, weeks_among

CANDIDATES_SHOWN = 20
# What a signal's page shows around its week.
WEEKS_BEFORE, WEEKS_AFTER = 13, 4


def signal_page(signal: QualitySignal, viewer: User | AnonymousUser) -> dict[str, Any]:
    candidates = candidates_of(signal, entries_visible_to(viewer))
    first = signal.week - timedelta(weeks=WEEKS_BEFORE)
    series = weekly_of(signal.project, first - timedelta(weeks=PAST_WEEKS)).get(signal.label_class_id, {})
    metric = Metric(signal.metric)
    mondays = [first + timedelta(weeks=step) for step in range(WEEKS_BEFORE + 1 + WEEKS_AFTER)]
    return {
        "signal": signal,
        "sentence": sentence_of(signal),
        "weeks": weeks_among(series, mondays, {signal.week}),
        "chart": chart_of(metric, series, mondays, {(metric.value, signal.week)}),
        "candidates": told((candidate.entry for candidate in candidates[:CANDIDATES_SHOWN]), viewer),
        "left_out": max(0, len(candidates) - CANDIDATES_SHOWN),
        "order_is_not_cause": ORDER_IS_NOT_CAUSE,
    }
