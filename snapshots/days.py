"""Acts of a project by the day (UTC) on which they happened: what was counted before, and what came since.

Days are counted by ranges of entry ids and not by their own closing: whatever is recorded today is counted once, on
the day it speaks of, however long ago that was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, FilteredRelation, Q, QuerySet
from django.db.models.functions import TruncDate

from audit.events import PERMISSION_CHANGES, Event, Impact, Theme
from audit.models import Entry
from labelop.models import Project

from .models import CountedDays, DayKind

# What was not counted yet is counted while a page waits, up to so many entries.
COUNTED_AT_ONCE = 20_000

# By day, then by kind, which is a `DayKind`.
Days = dict[date, Counter[str]]

_OF_KIND = {
    DayKind.ACT: Q(),
    DayKind.HIGH: Q(impact=Impact.HIGH),
    DayKind.SCHEMA: Q(event__in=[event for event in Event if event.theme is Theme.SCHEMA]),
    DayKind.ROLE: Q(event__in=[*PERMISSION_CHANGES, Event.ROLE_EXPIRED]),
    DayKind.POLICY: Q(event__in=[Event.SETTING_CHANGED, Event.PROJECT_ARCHIVED]),
    DayKind.RELEASE: Q(event__in=[event for event in Event if event.theme is Theme.RELEASE]),
}


def days_between(project: Project, first: date, last: date) -> Days | None:
    """The days with acts from `first` to `last`; None where too much waits to be counted for a page to wait for."""
    counted_to, days = _counted(project, first, last)
    since = Entry.objects.filter(project=project, id__gt=counted_to).order_by("id")
    if since.values("id")[COUNTED_AT_ONCE : COUNTED_AT_ONCE + 1].exists():
        return None
    within = since.filter(at__gte=_midnight(first), at__lt=_midnight(last + timedelta(days=1)))
    for day, kinds in days_of(within):
        days.setdefault(day, Counter()).update(kinds)
    return days


def days_of(entries: QuerySet[Entry]) -> Iterator[tuple[date, Counter[str]]]:
    """Count the acts of these entries, which must not tell an act in part."""
    kinds: dict[str, Any] = {kind.value: Count("operation", distinct=True, filter=of) for kind, of in _OF_KIND.items()}
    rows = entries.order_by().annotate(day=TruncDate("at", tzinfo=UTC)).values("day").annotate(**kinds)
    for day, *acts in rows.values_list("day", *kinds):
        yield day, Counter({kind: number for kind, number in zip(kinds, acts, strict=True) if number})


def _counted(project: Project, first: date, last: date) -> tuple[int, Days]:
    """How far was counted and what, read in one statement: a count that ends in between counts nothing twice."""
    within = FilteredRelation("days", condition=Q(days__day__gte=first, days__day__lte=last))
    rows = CountedDays.objects.filter(project=project).annotate(within=within)
    found = list(rows.values_list("counted_to", "within__day", "within__kind", "within__acts"))
    days: Days = {}
    for _, day, kind, acts in found:
        if day is not None:
            days.setdefault(day, Counter())[kind] = acts
    return (found[0][0] if found else 0), days


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
