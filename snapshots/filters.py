"""What the lists of snapshots, releases and log reviews can be narrowed by, in the admin and through the API alike.

To add a parameter, add its line here and its line in `tests/test_what_lists_find.py`.
"""

from __future__ import annotations

from django.db.models import Q
from django.utils import timezone

from roles.filters import (
    DaySpanFilter,
    FlagFilter,
    NameFilter,
    OperationFilter,
    PersonFilter,
    ProjectFilter,
    RowFilter,
    SpanFilter,
    StrictFilterSet,
    VocabularyFilter,
)

from .models import Adjustment, Disposition, Finding, LogReview, Occasion, Purpose, Release
from .selectors import log_reviews_visible_to, releases_visible_to, snapshots_visible_to


class SnapshotFilter(RowFilter):
    """What belongs to a snapshot."""

    def __init__(self) -> None:
        super().__init__(snapshots_visible_to, "name", wants="the name of a snapshot")


class LogReviewFilter(RowFilter):
    """What belongs to a log review."""

    def __init__(self) -> None:
        super().__init__(log_reviews_visible_to, "pk", wants="the number of a log review")


def _sealed() -> Q:
    return Q(content_hash__isnull=False)


def _overdue_release() -> Q:
    ahead = (Release.State.CANDIDATE, Release.State.IN_REVIEW, Release.State.APPROVED)
    return Q(planned_on__lt=timezone.now().date(), state__in=ahead)


def _overdue_log_review() -> Q:
    return Q(due_on__lt=timezone.now().date(), state=LogReview.State.OPEN)


def _overdue_finding() -> Q:
    return Q(due_on__lt=timezone.now().date(), closed_at=None)


def _closed() -> Q:
    return Q(closed_at__isnull=False)


class SnapshotFilters(StrictFilterSet):
    project = ProjectFilter()
    name = NameFilter()
    purpose = VocabularyFilter(Purpose)
    sealed = FlagFilter(_sealed)
    taken_at = SpanFilter(field_name="entry__at")


class ReleaseFilters(StrictFilterSet):
    project = ProjectFilter()
    snapshot = SnapshotFilter()
    state = VocabularyFilter(Release.State)
    withdrawn_for = VocabularyFilter(Release.Withdrawal)
    overdue = FlagFilter(_overdue_release)
    planned_on = DaySpanFilter()


class LogReviewFilters(StrictFilterSet):
    project = ProjectFilter()
    release = RowFilter(releases_visible_to, "snapshot__name", wants="the name of the released snapshot")
    state = VocabularyFilter(LogReview.State)
    occasion = VocabularyFilter(Occasion)
    overdue = FlagFilter(_overdue_log_review)
    due_on = DaySpanFilter()
    opened_at = SpanFilter()


class DispositionFilters(StrictFilterSet):
    project = ProjectFilter()
    log_review = LogReviewFilter()
    verdict = VocabularyFilter(Disposition.Verdict)
    decided_at = SpanFilter()


class FindingFilters(StrictFilterSet):
    project = ProjectFilter()
    log_review = LogReviewFilter()
    owner = PersonFilter()
    factor = VocabularyFilter(Finding.Factor)
    closed = FlagFilter(_closed)
    overdue = FlagFilter(_overdue_finding)
    due_on = DaySpanFilter()
    opened_at = SpanFilter()


class SignOffFilters(StrictFilterSet):
    project = ProjectFilter()
    log_review = LogReviewFilter()
    signed_by = PersonFilter()
    signed_at = SpanFilter()


class AdjustmentFilters(StrictFilterSet):
    project = ProjectFilter()
    adjusts = OperationFilter()
    state = VocabularyFilter(Adjustment.State)
    proposed_by = PersonFilter()
    proposed_at = SpanFilter()


class SavedViewFilters(StrictFilterSet):
    project = ProjectFilter()
    name = NameFilter()
    shared = FlagFilter()
    made_by = PersonFilter()
    made_at = SpanFilter()
