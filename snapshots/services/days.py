"""Counting days. Nothing is recorded of it: a count adds nothing to what the trail says."""

from __future__ import annotations

from collections import Counter
from datetime import date
from functools import partial

from django.db import transaction
from django.db.models import Max

from audit.acting import take_gate_alone
from audit.models import Entry
from labelop.models import Project

from ..days import days_of
from ..models import CountedDays, DayCount
from .gate import GATE_MILLISECONDS, until_the_gate_is_free


def count_days(project: Project) -> int:
    """Count what was recorded since the last count, each act on the day of which it speaks; answers how many days.

    The gate is held only to read how far whole acts go: no act is counted in two parts, and none that is still under
    way is passed over. Raises `GateBusy` when writers left no gap for a minute.
    """
    whole_to = until_the_gate_is_free(partial(_whole_to, project))
    with transaction.atomic():
        counted, _ = CountedDays.objects.select_for_update().get_or_create(project=project)
        if whole_to <= counted.counted_to:
            return 0
        since = Entry.objects.filter(project=project, id__gt=counted.counted_to, id__lte=whole_to)
        found = list(days_of(since))
        _add(counted, found)
        counted.counted_to = whole_to
        counted.save()
    return len(found)


@transaction.atomic
def _whole_to(project: Project) -> int:
    with take_gate_alone(project.pk, milliseconds=GATE_MILLISECONDS):
        return Entry.objects.filter(project=project).aggregate(last=Max("id"))["last"] or 0


def _add(counted: CountedDays, found: list[tuple[date, Counter[str], tuple[int, int]]]) -> None:
    days = [day for day, *_ in found]
    known: dict[date, dict[str, DayCount]] = {}
    for row in counted.days.filter(day__gte=min(days), day__lte=max(days)):
        known.setdefault(row.day, {})[row.kind] = row
    rows = []
    for day, kinds, (first, last) in found:
        before = known.get(day, {})
        # Of all its kinds alike: where the day had acts before, they are the first of it.
        first = min([first, *(row.first_entry for row in before.values())])
        for kind in kinds.keys() | before.keys():
            acts = kinds[kind] + (before[kind].acts if kind in before else 0)
            rows.append(DayCount(counted=counted, day=day, kind=kind, acts=acts, first_entry=first, last_entry=last))
    DayCount.objects.bulk_create(
        rows,
        batch_size=500,
        update_conflicts=True,
        unique_fields=["counted", "day", "kind"],
        update_fields=["acts", "first_entry", "last_entry"],
    )
