"""What a week's share is expected to be, told by the same past that signals hold it against."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date

from ..models import Metric
from .signals import LEAST_PAST, LEAST_PAST_WEEKS, ONE_WEEK, PAST_WEEKS, summed
from .tally import Tally

# The usual width of a control chart's limits, in standard deviations of a share of n.
WIDTH = 3


@dataclass(frozen=True)
class Expected:
    """The share of the past, and how far a week of its n strays from it by chance; both between 0 and 1."""

    centre: float
    low: float
    high: float


def expected_of(series: dict[date, Tally], week: date, metric: Metric) -> Expected | None:
    """What the 12 weeks before let expect; None without enough of a past, or where the week counts nothing.

    The limits of a p-chart. They are drawn and raise nothing: signals ask the exact test, corrected for all of them.
    """
    n = series[week].of(metric)[1] if week in series else 0
    first = week - PAST_WEEKS * ONE_WEEK
    past_count, past_n = summed(series, first, PAST_WEEKS, metric)
    old = sum(first + step * ONE_WEEK in series for step in range(PAST_WEEKS)) >= LEAST_PAST_WEEKS
    if not n or not old or past_n < LEAST_PAST:
        return None
    centre = past_count / past_n
    spread = WIDTH * math.sqrt(centre * (1 - centre) / n)
    return Expected(centre, max(0.0, centre - spread), min(1.0, centre + spread))
