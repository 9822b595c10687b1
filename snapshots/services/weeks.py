"""Counting the decisions of weeks. Nothing is recorded of it: a count adds nothing to what the trail says."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Count, Max

from audit.acting import take_gate_alone
from audit.history import versions_of
from labelop.models import Annotation, Assignment, CountedWeeks, Project, Review, WeekCount
from labelop.quality import decisions_of, tallied
from labelop.quality.kept import COLUMNS, COUNTS, MICROSECOND, WHOLE_PROJECT, added, true_counts, weekly_in
from labelop.quality.tally import Tally

from .gate import GATE_MILLISECONDS, until_the_gate_is_free


def count_weeks(project: Project) -> int:
    """Count what was decided since the last count, each decision in its week; answers how many reviews were counted.

    Where the past of what is counted has changed, all is counted anew. The gate is held only to read how far whole acts
    go, so that no decision still under way is passed over. Raises `GateBusy` when writers left no gap for a minute.
    """
    whole_to = until_the_gate_is_free(partial(_whole_to, project))
    with transaction.atomic():
        counted, _ = CountedWeeks.objects.select_for_update().get_or_create(project=project)
        if not true_counts(project).exists():
            counted.weeks.all().delete()
            counted = CountedWeeks(pk=counted.pk, project=project)
        found = _count(counted, whole_to["reviews_to"])
        for name, up_to in whole_to.items():
            setattr(counted, name, max(getattr(counted, name), up_to))
        counted.save()
    return found


@transaction.atomic
def _whole_to(project: Project) -> dict[str, int]:
    """The last ids of the project's reviews, and of the versions that say what they were about."""
    with take_gate_alone(project.pk, milliseconds=GATE_MILLISECONDS):
        versions = {"review": Review, "mark": Annotation, "assignment": Assignment}
        return {
            "reviews_to": _last(Review.objects.filter(project=project), "id"),
            **{
                f"{name}_versions_to": _last(
                    versions_of(model)._base_manager.filter(project_id=project.pk), "history_id"
                )
                for name, model in versions.items()
            },
        }


def _last(rows: Any, key: str) -> int:
    return rows.aggregate(last=Max(key))["last"] or 0


def _count(counted: CountedWeeks, up_to: int) -> int:
    reviews = Review.objects.filter(project=counted.project, pk__gt=counted.reviews_to, pk__lte=up_to)
    found = reviews.aggregate(number=Count("pk"), latest=Max("decided_at"))
    if not found["number"]:
        return 0
    new = tallied(decisions_of(counted.project, above=counted.reviews_to, up_to=up_to))
    known = weekly_in(counted.weeks.filter(week__in={*new[None]}).values_list(*COLUMNS))
    both = added(known, new)
    rows = [_row(counted, about, week, both[about][week]) for about, weeks in new.items() for week in weeks]
    WeekCount.objects.bulk_create(
        rows,
        batch_size=500,
        update_conflicts=True,
        unique_fields=["counted", "week", "about"],
        update_fields=[*COUNTS, "waits"],
    )
    counted.latest = max(moment for moment in (counted.latest, found["latest"]) if moment)
    return int(found["number"])


def _row(counted: CountedWeeks, about: int | None, week: date, tally: Tally) -> WeekCount:
    counts = {name: getattr(tally, name) for name in COUNTS}
    waits = [wait // MICROSECOND for wait in tally.waits]
    return WeekCount(counted=counted, about=about or WHOLE_PROJECT, week=week, waits=waits, **counts)
