from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from audit.models import Entry
from roles.matrix import Can
from roles.models import User
from roles.selectors import projects_where

from .models import Release, Snapshot


def snapshots_visible_to(viewer: User | AnonymousUser) -> QuerySet[Snapshot]:
    return Snapshot.objects.filter(project__in=projects_where(viewer, Can.COMPARE_SNAPSHOTS)).select_related(
        "project", "entry", "parent"
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
