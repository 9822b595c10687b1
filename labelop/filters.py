"""What the lists of the work can be narrowed by, in the admin and through the API alike.

To add a parameter, add its line here and its line in `tests/test_what_lists_find.py`.
"""

from __future__ import annotations

from django.db.models import Q
from django.utils import timezone

from audit.models import Delivery
from roles.filters import (
    DaySpanFilter,
    FlagFilter,
    NameFilter,
    NumberFilter,
    PersonFilter,
    ProjectFilter,
    RowFilter,
    SpanFilter,
    StrictFilterSet,
    VocabularyFilter,
)

from .models import (
    Assignment,
    Dispute,
    Geometry,
    Metric,
    Origin,
    Priority,
    ProjectState,
    ReasonCode,
    ReviewPolicy,
    RiskTier,
    Verdict,
)
from .models.work import IN_THE_DATASET, OUTDATED
from .moves import WITH_ITS_ANNOTATOR
from .selectors.schema import classes_visible_to
from .selectors.work import items_visible_to, whole_projects_of


class ItemFilter(RowFilter):
    """What belongs to an item."""

    def __init__(self) -> None:
        super().__init__(items_visible_to, "key", wants="the key of an item")


class ClassFilter(RowFilter):
    """What belongs to a class."""

    def __init__(self) -> None:
        super().__init__(classes_visible_to, "key", wants="the key of a class")


def _overdue() -> Q:
    return Q(due_on__lt=timezone.now().date(), state__in=WITH_ITS_ANNOTATOR)


def _outdated() -> Q:
    return IN_THE_DATASET & OUTDATED


def _superseded() -> Q:
    return Q(superseded_by__isnull=False)


def _removed() -> Q:
    return Q(removed_at__isnull=False)


class ProjectFilters(StrictFilterSet):
    slug = NameFilter()
    state = VocabularyFilter(ProjectState)
    risk_tier = VocabularyFilter(RiskTier)
    review_policy = VocabularyFilter(ReviewPolicy)
    customer_facing = FlagFilter()
    schema_frozen = FlagFilter()


class LabelClassFilters(StrictFilterSet):
    project = ProjectFilter()
    key = NameFilter()
    geometry = VocabularyFilter(Geometry)
    high_risk = FlagFilter()
    deprecated = FlagFilter()


class WorkFilters(StrictFilterSet):
    """Work, of which annotators see their own."""

    @property
    def whole_projects(self) -> list[int]:
        return whole_projects_of(self.viewer)


class ItemFilters(WorkFilters):
    project = ProjectFilter()
    key = NameFilter()
    split = NameFilter()
    excluded = FlagFilter()


class AnnotationFilters(WorkFilters):
    project = ProjectFilter()
    item = ItemFilter()
    key = NameFilter()
    label_class = ClassFilter()
    origin = VocabularyFilter(Origin)
    withdrawn = FlagFilter()
    outdated = FlagFilter(_outdated)


class AssignmentFilters(WorkFilters):
    project = ProjectFilter()
    item = ItemFilter()
    annotator = PersonFilter()
    state = VocabularyFilter(Assignment.State)
    priority = VocabularyFilter(Priority)
    overdue = FlagFilter(_overdue)
    round = NumberFilter()
    due_on = DaySpanFilter()
    assigned_at = SpanFilter()


class ReviewFilters(WorkFilters):
    project = ProjectFilter()
    item = ItemFilter()
    reviewer = PersonFilter()
    verdict = VocabularyFilter(Verdict)
    reason_code = VocabularyFilter(ReasonCode)
    superseded = FlagFilter(_superseded)
    round = NumberFilter()
    decided_at = SpanFilter()


class DisputeFilters(WorkFilters):
    project = ProjectFilter()
    state = VocabularyFilter(Dispute.State)
    opened_at = SpanFilter()
    closed_at = SpanFilter()


class QualitySignalFilters(StrictFilterSet):
    project = ProjectFilter()
    label_class = ClassFilter()
    metric = VocabularyFilter(Metric)
    week = DaySpanFilter()


class WebhookFilters(StrictFilterSet):
    project = ProjectFilter()
    active = FlagFilter()


class DeliveryFilters(StrictFilterSet):
    project = ProjectFilter()
    state = VocabularyFilter(Delivery.State)
    due_at = SpanFilter()


class ConnectionFilters(StrictFilterSet):
    project = ProjectFilter()
    removed = FlagFilter(_removed)


class PullFilters(StrictFilterSet):
    project = ProjectFilter()
    begun_at = SpanFilter()
