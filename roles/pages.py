"""What pages of every floor ask first, and what they are made of."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from .models import User


def member_behind(request: HttpRequest) -> User:
    """Who asks; the admin lets nobody else through to its views."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


@dataclass(frozen=True)
class Option:
    """One value of a facet; `address` is the page with it, or without it where it is chosen."""

    label: str
    address: str
    chosen: bool
    tone: str = ""


@dataclass(frozen=True)
class Facet:
    """One key with what can be chosen: links that write the question into the address."""

    label: str
    options: list[Option]
