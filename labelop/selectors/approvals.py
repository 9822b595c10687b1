"""When marks and items were approved, as long as the last decision on them stands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Min

from audit.history import versions_of

from ..models import APPROVALS, Annotation, Assignment, Review

_DECIDED = (Assignment.State.APPROVED, Assignment.State.REVISION_REQUESTED, Assignment.State.REJECTED)
_AT_ONCE = 500


def approved_among(marks: Sequence[Annotation]) -> set[int]:
    """Those of these marks that were there when the last decision on them, on their item or their work approved."""
    return set(approvals_of(marks))


def approvals_of(marks: Sequence[Annotation]) -> dict[int, datetime]:
    """When each of these marks was last approved: itself, or with the item or work to which it belonged by then."""
    if not marks or not _anything_approved_in({mark.project_id for mark in marks}):
        return {}
    approved: dict[int, datetime] = {}
    for start in range(0, len(marks), _AT_ONCE):
        approved |= _approvals_of(marks[start : start + _AT_ONCE])
    return approved


def approvals_of_items(item_ids: set[int]) -> dict[int, datetime]:
    """When each of these items was last approved, itself or as somebody's work."""
    of_items, _ = _approvals_by_people(item_ids)
    of_work = _approvals_of_work(item_ids)
    return {pk: max(each[pk] for each in (of_items, of_work) if pk in each) for pk in of_items.keys() | of_work.keys()}


def _anything_approved_in(project_ids: set[int]) -> bool:
    """What most imports stop at."""
    return (
        Review.objects.filter(project__in=project_ids, verdict__in=APPROVALS).exists()
        or Assignment.objects.filter(project__in=project_ids).exists()
    )


def _approvals_of(marks: Sequence[Annotation]) -> dict[int, datetime]:
    item_ids = {mark.item_id for mark in marks}
    of_items, of_marks = _approvals_by_people(item_ids)
    of_work = _approvals_of_work(item_ids)
    if not (of_items or of_marks or of_work):
        return {}
    # The managers of versions leave deletions in; a mark is never deleted.
    versions = versions_of(Annotation)._default_manager.filter(id__in=[mark.pk for mark in marks])
    since = dict(versions.order_by().values("id").annotate(since=Min("history_date")).values_list("id", "since"))
    found: dict[int, datetime] = {}
    for mark in marks:
        given = (of_items.get(mark.item_id), of_marks.get(mark.pk), of_work.get(mark.item_id))
        there = [at for at in given if at is not None and mark.pk in since and since[mark.pk] <= at]
        if there:
            found[mark.pk] = max(there)
    return found


def _approvals_by_people(item_ids: set[int]) -> tuple[dict[int, datetime], dict[int, datetime]]:
    """When the last decision on each item, and on each of their marks, was made, where it approved."""
    last = {
        (review.item_id, review.annotation_id): review
        for review in Review.objects.filter(item__in=item_ids).order_by("id")
    }
    approvals = [review for review in last.values() if review.verdict in APPROVALS]
    of_items = {review.item_id: review.decided_at for review in approvals if review.annotation_id is None}
    of_marks = {review.annotation_id: review.decided_at for review in approvals if review.annotation_id is not None}
    return of_items, of_marks


def _approvals_of_work(item_ids: set[int]) -> dict[int, datetime]:
    """When the last decision on the work on each item accepted it, also where the policy left it out of review."""
    assignments = Assignment.objects.filter(item__in=item_ids).values_list("pk", flat=True)
    versions = versions_of(Assignment)._default_manager.filter(id__in=list(assignments), state__in=_DECIDED)
    last = {
        item_id: (state, at)
        for item_id, state, at in versions.order_by("history_id").values_list("item_id", "state", "history_date")
    }
    return {item_id: at for item_id, (state, at) in last.items() if state == Assignment.State.APPROVED}
