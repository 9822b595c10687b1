from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from roles.matrix import Can
from roles.models import User
from roles.selectors import projects_where

from ..models import Project


def projects_visible_to(viewer: User | AnonymousUser) -> QuerySet[Project]:
    return Project.objects.filter(pk__in=projects_where(viewer, Can.SEE_PROJECT))
