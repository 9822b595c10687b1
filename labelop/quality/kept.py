"""Counts of weeks that are kept, so that nobody reads the same decisions twice.

A decision counts in its week for ever, whatever supersedes it later. So what is kept adds up with what was decided
since, in whichever week that was; today is counted when it is asked for. Kept counts are wrong only where the past
itself changes: a row of decisions that is not as it was, or a version told later of a moment before a decision on that
item. Such counts are passed over, and made anew by the next count.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Exists, FilteredRelation, Model, OuterRef, Q, QuerySet

from audit.history import versions_of

from ..models import Annotation, Assignment, CountedWeeks, Project, Review
from .tally import Tally, Weekly

COUNTS = tuple(each.name for each in fields(Tally) if each.name != "waits")
COLUMNS = ("about", "week", *COUNTS, "waits")
MICROSECOND = timedelta(microseconds=1)
WHOLE_PROJECT = 0


@dataclass(frozen=True)
class Kept:
    """The counts of the reviews up to an id; without any, of none."""

    reviews_to: int
    weekly: Weekly


def kept_weeks(project: Project, since: date | None = None) -> Kept:
    """What is kept of the weeks from a Monday on; in one query, since somebody may be counting."""
    wanted = Q(weeks__week__gte=since) if since else Q(weeks__isnull=False)
    counted = true_counts(project).annotate(within=FilteredRelation("weeks", condition=wanted))
    rows = list(counted.values_list("reviews_to", *(f"within__{name}" for name in COLUMNS)))
    reviews_to = rows[0][0] if rows else 0
    return Kept(reviews_to, weekly_in(row for _, *row in rows if row[0] is not None))


def weekly_in(rows: Iterable[Any]) -> Weekly:
    """Kept rows, as their `COLUMNS`."""
    weekly: Weekly = {}
    for about, week, *counts, waits in rows:
        numbers = dict(zip(COUNTS, counts, strict=True))
        weekly.setdefault(about or None, {})[week] = Tally(**numbers, waits=[wait * MICROSECOND for wait in waits])
    return weekly


def latest_decision_of(project: Project) -> datetime | None:
    """When the project's latest decision was made."""
    reviews_to, latest = true_counts(project).values_list("reviews_to", "latest").first() or (0, None)
    since = Review.objects.filter(project=project, pk__gt=reviews_to).values_list("decided_at", flat=True)
    return max([moment for moment in (latest, since.order_by("-decided_at").first()) if moment], default=None)


def true_counts(project: Project) -> QuerySet[CountedWeeks]:
    """What is counted of the project, unless its past has changed since."""
    changed = _since(Review, "review_versions_to").exclude(history_type="+")
    counted = CountedWeeks.objects.filter(project=project)
    return counted.exclude(
        Exists(changed)
        | Exists(_told_late(Annotation, "mark_versions_to"))
        | Exists(_told_late(Assignment, "assignment_versions_to"))
    )


def _since(model: type[Model], counted_to: str) -> QuerySet[Any]:
    return versions_of(model)._base_manager.filter(
        project_id=OuterRef("project_id"), history_id__gt=OuterRef(counted_to)
    )


def _told_late(model: type[Model], counted_to: str) -> QuerySet[Any]:
    """Versions that came after a decision on their item was counted, and speak of a moment before it."""
    decided = Review.objects.filter(
        item=OuterRef("item_id"), pk__lte=OuterRef(OuterRef("reviews_to")), decided_at__gte=OuterRef("history_date")
    )
    return _since(model, counted_to).filter(Exists(decided), history_date__lte=OuterRef("latest"))


def added(some: Weekly, others: Weekly) -> Weekly:
    """Both together, week by week."""
    weekly: Weekly = {about: dict(weeks) for about, weeks in some.items()}
    for about, weeks in others.items():
        series = weekly.setdefault(about, {})
        for week, tally in weeks.items():
            series[week] = series[week] + tally if week in series else tally
    return weekly
