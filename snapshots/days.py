"""Acts of a project by the day (UTC) on which they happened: what was counted before, and what came since.

Days are counted by ranges of entry ids and not by their own closing: whatever is recorded today is counted once, on
the day it speaks of, however long ago that was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, FilteredRelation, Max, Min, Q, QuerySet
from django.db.models.functions import TruncDate

from audit.events import PERMISSION_CHANGES, Event, Impact, Theme
from audit.models import Entry
from audit.reach import Ids
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
    for day, kinds, _ in days_of(within):
        days.setdefault(day, Counter()).update(kinds)
    return days


def days_of(entries: QuerySet[Entry]) -> Iterator[tuple[date, Counter[str], tuple[int, int]]]:
    """Count the acts of these entries, which must not tell an act in part; with the first and last id of each day."""
    kinds: dict[str, Any] = {kind.value: Count("operation", distinct=True, filter=of) for kind, of in _OF_KIND.items()}
    rows = entries.order_by().annotate(day=TruncDate("at", tzinfo=UTC)).values("day")
    counted = rows.annotate(**kinds, first=Min("id"), last=Max("id"))
    for day, first, last, *acts in counted.values_list("day", "first", "last", *kinds):
        counts = {kind: number for kind, number in zip(kinds, acts, strict=True) if number}
        yield day, Counter(counts), (first, last)


def ids_between(project_ids: Iterable[int], first: date | None, last: date | None) -> dict[int, list[Ids]]:
    """Between which ids the entries lie that speak of these days; what is not counted yet may speak of any day.

    A project of which nothing was counted is not in it: there all must be looked through.
    """
    of_days = Q(days__kind=DayKind.ACT)
    of_days &= Q(days__day__gte=first) if first else Q()
    of_days &= Q(days__day__lte=last) if last else Q()
    rows = CountedDays.objects.filter(project__in=project_ids).annotate(
        within=FilteredRelation("days", condition=of_days)
    )
    bounds = rows.annotate(begin=Min("within__first_entry"), end=Max("within__last_entry"))
    return {
        project_id: [*([(begin - 1, end)] if begin else []), (counted_to, None)]
        for project_id, counted_to, begin, end in bounds.values_list("project_id", "counted_to", "begin", "end")
    }


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
