"""Reading a project's decisions, with the marks that each of them was about as they stood then.

What is kept is read first. Three queries read the others, however many rows there are: reviews, and the versions of
marks and of assignments, all in the order of their items and read side by side, so that no more than one item's rows
are in memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any

from audit.history import versions_of

from ..models import Annotation, Assignment, Project, Review
from .kept import added, kept_weeks
from .tally import Decision, Weekly, tallied

MARK_COLUMNS = ("item_id", "history_date", "id", "history_type", "label_class_id", "withdrawn")
REVIEW_COLUMNS = (
    "item_id",
    "decided_at",
    "annotation_id",
    "assignment_id",
    "round",
    "verdict",
    "supersedes__round",
    "supersedes__verdict",
)


def weekly_of(project: Project, since: date | None = None) -> Weekly:
    """What every week of a project, and of each of its classes, holds; `since` a Monday, or from the beginning."""
    kept = kept_weeks(project, since)
    return added(kept.weekly, tallied(decisions_of(project, since, above=kept.reviews_to)))


def decisions_of(
    project: Project, since: date | None = None, *, above: int = 0, up_to: int | None = None
) -> Iterator[Decision]:
    """All of a project, or those from a Monday on, and of reviews between two ids."""
    reviews = Review.objects.filter(project=project, pk__gt=above)
    if up_to is not None:
        reviews = reviews.filter(pk__lte=up_to)
    if since is not None:
        reviews = reviews.filter(decided_at__gte=datetime.combine(since, time.min, UTC))
    marks = _ByItem(
        versions_of(Annotation)
        ._base_manager.filter(project_id=project.pk, item_id__in=reviews.values("item_id"))
        .order_by("item_id", "history_id")
        .values_list(*MARK_COLUMNS)
        .iterator()
    )
    assignments = _ByItem(
        versions_of(Assignment)
        ._base_manager.filter(project_id=project.pk, id__in=reviews.exclude(assignment=None).values("assignment_id"))
        .order_by("item_id", "history_id")
        .values_list("item_id", "history_date", "id", "completed_at")
        .iterator()
    )
    rows = reviews.order_by("item_id", "id").values_list(*REVIEW_COLUMNS).iterator()
    for item_id, at, annotation_id, assignment_id, round_, verdict, earlier_round, earlier in rows:
        yield Decision(
            at,
            round_,
            verdict,
            instead_of=earlier if earlier_round == round_ else None,
            marks=_marks_at(at, annotation_id, marks.of(item_id)),
            # A word on one mark, while the work is still in review, ends no waiting.
            waited=_wait_until(at, assignment_id, assignments.of(item_id)) if annotation_id is None else None,
        )


class _ByItem:
    """Rows in the order of their items, the item's id first in each, handed out item by item."""

    def __init__(self, rows: Iterable[tuple[Any, ...]]) -> None:
        self._groups = groupby(rows, key=itemgetter(0))
        self._advance()

    def of(self, item_id: int) -> list[tuple[Any, ...]]:
        while self._item is not None and self._item < item_id:
            self._advance()
        return self._rows if self._item == item_id else []

    def _advance(self) -> None:
        item, rows = next(self._groups, (None, iter(())))
        self._item: int | None = item
        self._rows = list(rows)


def _marks_at(at: datetime, annotation_id: int | None, versions: list[tuple[Any, ...]]) -> Counter[int]:
    """The marks that a decision was about: the one it names, else all that were live on the item."""
    then: dict[int, tuple[int, bool]] = {}
    for _, since, pk, kind, class_id, withdrawn in versions:
        if since <= at:
            then[pk] = (class_id, withdrawn or kind == "-")
    if annotation_id is not None:
        return Counter({then[annotation_id][0]: 1}) if annotation_id in then else Counter()
    return Counter(class_id for class_id, gone in then.values() if not gone)


def _wait_until(at: datetime, assignment_id: int | None, versions: list[tuple[Any, ...]]) -> timedelta | None:
    completed_at = None
    for _, since, pk, completed in versions:
        if pk == assignment_id and since <= at:
            completed_at = completed
    return at - completed_at if completed_at is not None and completed_at <= at else None
