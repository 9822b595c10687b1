from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from roles.matrix import Can
from roles.models import User
from roles.selectors import projects_where

from ..models import QualitySignal


def quality_signals_visible_to(viewer: User | AnonymousUser) -> QuerySet[QualitySignal]:
    return QualitySignal.objects.filter(project__in=projects_where(viewer, Can.SEE_ALL_WORK)).select_related(
        "project", "label_class"
    )
