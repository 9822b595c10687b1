"""Acts per day: the last weeks of a project, or the days around a snapshot."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, timedelta

from django.urls import reverse
from django.utils import timezone

from labelop.models import Project

from ..charts import Cut, DayChart, day_chart
from ..days import Days, days_between
from ..models import DayKind, Snapshot

LATEST = timedelta(weeks=12)
# Each chapter's part of the days around a snapshot.
AROUND = timedelta(days=60)
LANES = [(kind.value, str(kind.label)) for kind in (DayKind.SCHEMA, DayKind.ROLE, DayKind.POLICY, DayKind.RELEASE)]


@dataclass(frozen=True)
class ActsPerDay:
    """A chart, and the trail that is asked for each of its days.

    The chart is None where the days hold no act, or, told by `uncounted`, too many that nobody counted yet.
    """

    chart: DayChart | None
    title: str
    trail: str
    uncounted: bool = False


def latest_days(project: Project, snapshots: Iterable[Snapshot]) -> ActsPerDay:
    today = timezone.now().astimezone(UTC).date()
    cuts = [Cut(_day_of(snapshot), snapshot.name) for snapshot in snapshots]
    days = days_between(project, today - LATEST, today)
    return _drawn(project, f"Acts per day on {project}", days, today - LATEST, today, cuts)


def days_around(snapshot: Snapshot, following: Snapshot | None, cuts: Iterable[Snapshot]) -> ActsPerDay:
    """The days from the oldest of the cuts before a snapshot, or as far back as is drawn, to the one that followed."""
    taken = _day_of(snapshot)
    today = timezone.now().astimezone(UTC).date()
    before = sorted(cuts, key=lambda cut: cut.number)
    first = max(_day_of(before[0]), taken - AROUND) if before else taken - AROUND
    last = min(_day_of(following) if following else today, taken + AROUND)
    others = [
        Cut(_day_of(other), other.name)
        for other in (*before, following)
        if other is not None and _day_of(other) >= first
    ]
    title = f"Acts per day around snapshot {snapshot}"
    days = days_between(snapshot.project, first, last)
    # A project that is younger than these days begins where its acts do.
    begun = min(days, default=first) if days else first
    return _drawn(snapshot.project, title, days, begun, last, [*others, Cut(taken, snapshot.name, here=True)])


def _drawn(project: Project, title: str, days: Days | None, first: date, last: date, cuts: list[Cut]) -> ActsPerDay:
    trail = reverse("trail", args=[project.slug])
    if days is None:
        return ActsPerDay(None, title, trail, uncounted=True)
    if not days or first == last:
        return ActsPerDay(None, title, trail)
    return ActsPerDay(day_chart(days, LANES, cuts, first, last), title, trail)


def _day_of(snapshot: Snapshot) -> date:
    return snapshot.entry.at.astimezone(UTC).date()
