"""What pages of every floor ask first."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from .models import User


def member_behind(request: HttpRequest) -> User:
    """Who asks; the admin lets nobody else through to its views."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
