from __future__ import annotations

from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from roles.matrix import Can
from roles.models import User
from roles.selectors import projects_where

from ..models import Connection, Pull


def connections_visible_to(viewer: User | AnonymousUser) -> QuerySet[Connection]:
    return Connection.objects.filter(project__in=projects_where(viewer, Can.CONNECT_TOOLS)).select_related("project")


def pulls_visible_to(viewer: User | AnonymousUser) -> QuerySet[Pull]:
    visible = Pull.objects.filter(project__in=projects_where(viewer, Can.CONNECT_TOOLS))
    return visible.select_related("project", "connection")


def connection_behind(receiver: UUID) -> Connection | None:
    """The connection whose webhooks are sent there, while it stands."""
    return Connection.objects.filter(receiver=receiver, removed_at=None).first()
