"""Snapshots, releases, adjustments and log reviews."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework import serializers

from labelop.api.connections import COLLECTIONS as OF_CONNECTIONS
from labelop.api.webhooks import COLLECTIONS as OF_WEBHOOKS
from labelop.api.work import COLLECTIONS as OF_THE_WORK
from roles.api.collections import Collection
from roles.api.people import COLLECTIONS as OF_PEOPLE
from roles.api.rows import Row

from .. import filters
from ..forms import log_reviews as of_reviews
from ..forms.adjustments import AcceptAdjustment, ProposeAdjustment, RejectAdjustment
from ..forms.releases import STEPS, ProposeRelease
from ..forms.restore import RestoreAct
from ..forms.snapshots import TakeSnapshot
from ..forms.views import RemoveViewForm, RenameViewForm, SaveViewForm
from ..models import Adjustment, Disposition, Finding, LogReview, Release, SavedView, SignOff, Snapshot
from ..selectors import (
    adjustments_visible_to,
    dispositions_visible_to,
    findings_visible_to,
    log_reviews_visible_to,
    releases_visible_to,
    saved_views_visible_to,
    sign_offs_visible_to,
    snapshots_visible_to,
)


class SnapshotRow(Row):
    taken_at = serializers.DateTimeField(source="entry.at")

    class Meta:
        model = Snapshot
        fields: ClassVar = (
            *("id", "url", "page", "project", "number", "name", "purpose", "note", "parent", "entry", "taken_at"),
            *("sections", "counts", "content_hash", "manifest_hash"),
        )


class StepRow(serializers.Serializer):
    """One step of a release."""

    kind = serializers.CharField()
    at = serializers.DateTimeField()
    role = serializers.CharField()
    reason = serializers.CharField()
    gate = serializers.CharField()
    separation = serializers.IntegerField(allow_null=True)
    manifest_hash = serializers.CharField()
    entry = serializers.IntegerField(source="entry_id")


class ReleaseRow(Row):
    name = serializers.CharField(source="snapshot.name")
    steps = StepRow(many=True)

    class Meta:
        model = Release
        fields: ClassVar = (
            *("id", "url", "page", "project", "snapshot", "name", "state", "requested_by", "planned_on"),
            *("withdrawn_for", "replacement", "steps"),
        )


class AdjustmentRow(Row):
    class Meta:
        model = Adjustment
        fields: ClassVar = (
            *("id", "url", "page", "project", "adjusts", "state", "reason", "proposed_by", "proposed_at"),
            *("decided_by", "decided_at"),
        )


class SavedViewRow(Row):
    class Meta:
        model = SavedView
        fields: ClassVar = ("id", "url", "page", "project", "name", "query", "shared", "made_by", "made_at")


class LogReviewRow(Row):
    class Meta:
        model = LogReview
        fields: ClassVar = (
            *("id", "url", "page", "project", "occasion", "title", "description", "release", "signal", "about"),
            *("began_at", "ended_at", "first_entry", "last_entry", "query", "checklist", "state"),
            *("opened_at", "opened_by", "due_on", "reminded_on"),
        )


class DispositionRow(Row):
    class Meta:
        model = Disposition
        fields: ClassVar = (
            *("id", "url", "page", "project", "log_review", "entry", "verdict", "note", "decided_by", "decided_at"),
        )


class FindingRow(Row):
    class Meta:
        model = Finding
        fields: ClassVar = (
            *("id", "url", "page", "project", "log_review", "entry", "factor", "description", "action", "owner"),
            *("due_on", "opened_at", "closed_at", "outcome"),
        )


class SignOffRow(Row):
    class Meta:
        model = SignOff
        fields: ClassVar = (
            *("id", "url", "page", "project", "log_review", "signed_by", "role", "meaning", "entries"),
            *("digest", "record_digest", "signed_at"),
        )


def _snapshots(viewer: Any) -> Any:
    return snapshots_visible_to(viewer).defer("states")


def _releases(viewer: Any) -> Any:
    return releases_visible_to(viewer).prefetch_related("steps")


COLLECTIONS = (
    *OF_PEOPLE,
    *OF_THE_WORK,
    *OF_WEBHOOKS,
    *OF_CONNECTIONS,
    Collection(
        "snapshots",
        "Named cuts through a project’s history.",
        SnapshotRow,
        _snapshots,
        (ProposeRelease, RestoreAct),
        (TakeSnapshot,),
        filters=filters.SnapshotFilters,
        versions=False,
    ),
    Collection("releases", "Snapshots on their way out.", ReleaseRow, _releases, STEPS, filters=filters.ReleaseFilters),
    Collection(
        "adjustments",
        "Changes that no act explains, accounted for afterwards by two people.",
        AdjustmentRow,
        adjustments_visible_to,
        (AcceptAdjustment, RejectAdjustment),
        (ProposeAdjustment,),
        filters=filters.AdjustmentFilters,
    ),
    Collection(
        "saved-views",
        "Questions to the trail, kept under a name.",
        SavedViewRow,
        saved_views_visible_to,
        (RenameViewForm, RemoveViewForm),
        (SaveViewForm,),
        filters=filters.SavedViewFilters,
    ),
    Collection(
        "log-reviews",
        "Scoped readings of the trail.",
        LogReviewRow,
        log_reviews_visible_to,
        (
            *(of_reviews.AnswerForm, of_reviews.DisposeForm, of_reviews.OpenFindingForm),
            *(of_reviews.SignForm, of_reviews.VoidForm),
        ),
        (
            *(of_reviews.OpenReleaseForm, of_reviews.OpenChapterForm, of_reviews.OpenRangeForm),
            *(of_reviews.OpenQueryForm, of_reviews.OpenIncidentForm),
        ),
        filters=filters.LogReviewFilters,
    ),
    Collection(
        "dispositions",
        "What readers of the trail made of single entries.",
        DispositionRow,
        dispositions_visible_to,
        filters=filters.DispositionFilters,
    ),
    Collection(
        "findings",
        "What log reviews turned up: a contributing factor and an action, never a culprit.",
        FindingRow,
        findings_visible_to,
        (of_reviews.CloseFindingForm,),
        filters=filters.FindingFilters,
    ),
    Collection("sign-offs", "Signatures under log reviews.", SignOffRow, sign_offs_visible_to, versions=False),
)
