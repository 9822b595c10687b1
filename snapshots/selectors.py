from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from roles.matrix import Can
from roles.models import User
from roles.selectors import projects_where

from .models import Adjustment, Snapshot


def snapshots_visible_to(viewer: User | AnonymousUser) -> QuerySet[Snapshot]:
    return Snapshot.objects.filter(project__in=projects_where(viewer, Can.COMPARE_SNAPSHOTS)).select_related(
        "project", "entry", "parent"
    )


def adjustments_visible_to(viewer: User | AnonymousUser) -> QuerySet[Adjustment]:
    return Adjustment.objects.filter(project__in=projects_where(viewer, Can.INSPECT_TRAIL)).select_related(
        "project", "proposed_by", "decided_by"
    )
