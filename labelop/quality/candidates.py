"""What was decided shortly before a signal: where an inquiry may begin, and no more than that."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import QuerySet

from audit.events import BY_CODE, Event, Impact, Theme
from audit.models import Entry

from ..models import LabelClass, QualitySignal

ORDER_IS_NOT_CAUSE = "Order is not cause: these came before, which does not mean that they caused it."
WEEKS_BACK = 4

# They name, copy or read what is there, and change neither marks nor rules nor who may act: never candidates.
THEMES_THAT_CHANGE_NOTHING = frozenset({Theme.SNAPSHOT, Theme.EXPORT})
EVENTS_THAT_CHANGE_NOTHING = frozenset({Event.LOG_REVIEW_SIGNED, Event.LOG_REVIEW_VOIDED})
# Decisions and further rounds are what the metrics count, so they come last: they can hardly have led to themselves.
COUNTED_BY_THE_METRICS = frozenset(
    {Event.DECISION_CHANGED, Event.DECISION_OVERTURNED, Event.REVIEW_BY_OWNER, Event.WORK_REOPENED}
)

ABOUT_THE_CLASS, OF_THE_PROJECT, COUNTED = 3, 2, 1


@dataclass(frozen=True)
class Candidate:
    """An entry that came before a signal, how heavily it weighs, and its days from the Monday of the signal's week."""

    entry: Entry
    weight: int
    days: float


def candidates_of(signal: QualitySignal, among: QuerySet[Entry] | None = None) -> list[Candidate]:
    """High-impact entries of the signal's weeks and of the four before them, heaviest and nearest first.

    What is about the very class weighs most, then all else that can change marks, rules or people, then the decisions
    that the metric counts. Of equal weight the nearest to the Monday of the signal's first week is first.
    """
    first = signal.week - timedelta(weeks=signal.weeks - 1)
    entries = (Entry.objects.all() if among is None else among).filter(
        project=signal.project_id,
        impact=Impact.HIGH,
        at__gte=_midnight(first - timedelta(weeks=WEEKS_BACK)),
        at__lt=_midnight(signal.week + timedelta(weeks=1)),
    )
    found = [
        Candidate(entry, _weight(entry, signal), abs((entry.at - _midnight(first)) / timedelta(days=1)))
        for entry in entries.exclude(event__in=EVENTS_THAT_CHANGE_NOTHING).select_related("project").order_by("-id")
        if BY_CODE[entry.event].theme not in THEMES_THAT_CHANGE_NOTHING
    ]
    return sorted(found, key=lambda candidate: (-candidate.weight, candidate.days))


def _weight(entry: Entry, signal: QualitySignal) -> int:
    if entry.event in COUNTED_BY_THE_METRICS:
        return COUNTED
    of_a_class = entry.subject_type == LabelClass._meta.label_lower
    if of_a_class and entry.subject_id == signal.label_class_id:
        return ABOUT_THE_CLASS
    return OF_THE_PROJECT


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
