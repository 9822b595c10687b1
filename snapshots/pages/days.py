"""Acts per day around a snapshot, laid out as bars of an SVG."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from django.db.models import Count, Max, QuerySet
from django.db.models.functions import TruncDate

from audit.events import Impact
from audit.models import Entry

from ..models import Snapshot

WIDTH, HEIGHT, DAYS = 1100, 84, 60


@dataclass(frozen=True)
class Bar:
    """One day: where its bar stands, and what a reader of the table would be told."""

    day: datetime.date
    acts: int
    high: bool
    x: int
    y: int
    width: int
    height: int

    @property
    def middle(self) -> int:
        return self.x + self.width // 2


@dataclass(frozen=True)
class Days:
    """The bars of the days around a snapshot, and the line where it was taken."""

    bars: list[Bar]
    cut: int
    first: datetime.date
    last: datetime.date
    width: int = WIDTH
    height: int = HEIGHT


def days_around(snapshot: Snapshot, earlier: QuerySet[Entry], later: QuerySet[Entry]) -> Days | None:
    """At most sixty days with acts; None when all happened on one day."""
    taken = snapshot.entry.at.date()
    rows = [*_by_day(earlier), *_by_day(later)]
    found: dict[datetime.date, tuple[int, int]] = {}
    for day, acts, impact in rows:
        before = found.get(day, (0, 0))
        found[day] = (before[0] + acts, max(before[1], impact))
    found.setdefault(taken, (0, 0))
    first = max(min(found), taken - datetime.timedelta(DAYS))
    last = min(max(found), first + datetime.timedelta(2 * DAYS))
    span = (last - first).days + 1
    if span < 2:
        return None
    step = WIDTH / span
    most = max(acts for acts, _ in found.values()) or 1
    bars = []
    for day, (acts, impact) in sorted(found.items()):
        if first <= day <= last and acts:
            height = max(2, round(acts / most * HEIGHT))
            x = round((day - first).days * step)
            bars.append(
                Bar(
                    day,
                    acts,
                    impact == Impact.HIGH,
                    x,
                    HEIGHT - height + 14,
                    max(2, round(min(step * 0.8, 40))),
                    height,
                )
            )
    return Days(bars, round(((taken - first).days + 1) * step), first, last)


def _by_day(entries: QuerySet[Entry]) -> list[tuple[datetime.date, int, int]]:
    days = entries.order_by().annotate(day=TruncDate("at")).values("day")
    return list(
        days.annotate(acts=Count("operation", distinct=True), impact=Max("impact")).values_list("day", "acts", "impact")
    )
