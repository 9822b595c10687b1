from __future__ import annotations

from datetime import date

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet

from audit.models import Entry
from roles.matrix import MATRIX, Can
from roles.models import Membership, User
from roles.selectors import projects_where

from .log_reviews import acted_in
from .models import Adjustment, Disposition, Finding, LogReview, Release, SavedView, SignOff, Snapshot


def snapshots_visible_to(viewer: User | AnonymousUser) -> QuerySet[Snapshot]:
    return Snapshot.objects.filter(project__in=projects_where(viewer, Can.COMPARE_SNAPSHOTS)).select_related(
        "project", "entry", "parent"
    )


def adjustments_visible_to(viewer: User | AnonymousUser) -> QuerySet[Adjustment]:
    return Adjustment.objects.filter(project__in=projects_where(viewer, Can.INSPECT_TRAIL)).select_related(
        "project", "proposed_by", "decided_by"
    )


def releases_visible_to(viewer: User | AnonymousUser) -> QuerySet[Release]:
    return Release.objects.filter(project__in=projects_where(viewer, Can.COMPARE_SNAPSHOTS)).select_related(
        "project", "snapshot__entry", "replacement__snapshot"
    )


def exports_of(release: Release) -> QuerySet[Entry]:
    """The recall list of a release: every time that its snapshot left the building."""
    return Entry.objects.filter(
        project=release.project_id,
        subject_type=Snapshot._meta.label_lower,
        subject_id=release.snapshot_id,
        event__startswith="export.",
    ).select_related("project")


def log_reviews_visible_to(viewer: User | AnonymousUser) -> QuerySet[LogReview]:
    return LogReview.objects.filter(project__in=projects_where(viewer, Can.RUN_LOG_REVIEWS)).select_related("project")


def dispositions_visible_to(viewer: User | AnonymousUser) -> QuerySet[Disposition]:
    return Disposition.objects.filter(project__in=projects_where(viewer, Can.RUN_LOG_REVIEWS)).select_related(
        "project", "log_review", "entry"
    )


def findings_visible_to(viewer: User | AnonymousUser) -> QuerySet[Finding]:
    return Finding.objects.filter(project__in=projects_where(viewer, Can.RESOLVE_FINDINGS)).select_related(
        "project", "log_review"
    )


def sign_offs_visible_to(viewer: User | AnonymousUser) -> QuerySet[SignOff]:
    return SignOff.objects.filter(project__in=projects_where(viewer, Can.RUN_LOG_REVIEWS)).select_related(
        "project", "log_review"
    )


def saved_views_visible_to(viewer: User | AnonymousUser) -> QuerySet[SavedView]:
    """Those that are shared with all who inspect the trail, and the viewer's own."""
    readable = SavedView.objects.filter(project__in=projects_where(viewer, Can.INSPECT_TRAIL))
    return readable.filter(Q(shared=True) | Q(made_by=viewer.pk)).select_related("project")


def overdue_log_reviews(today: date) -> QuerySet[LogReview]:
    """Open ones whose day has passed, of every project: for the command that reminds of them."""
    late = LogReview.objects.filter(state=LogReview.State.OPEN, due_on__lt=today)
    return late.select_related("project").order_by("due_on", "id")


def who_could_sign(log_review: LogReview) -> QuerySet[User]:
    """The owners and reviewers of the project who did nothing in the scope."""
    members = Membership.objects.in_force().filter(project=log_review.project_id, role__in=MATRIX[Can.RUN_LOG_REVIEWS])
    return User.objects.filter(pk__in=members.values("user"), is_active=True).exclude(acted_in(log_review))
