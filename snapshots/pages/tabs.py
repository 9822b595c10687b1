"""The bar by which one moves about inside a project; drawn by `admin/base_site.html` wherever a page gives it `tabs`.

To add a page to it, add one line to `_TABS`.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.http import Http404
from django.urls import reverse

from labelop.models import Project
from roles.matrix import Can


@dataclass(frozen=True)
class Tab:
    """A page of the project; `here` is the one that is shown."""

    label: str
    address: str
    here: bool


# Label, the name of its address, and who is shown it.
# fmt: off
_TABS = (
    ("Overview",    "project",     Can.SEE_PROJECT),
    ("Trail",       "trail",       Can.SEE_PROJECT),
    ("Quality",     "quality",     Can.SEE_ALL_WORK),
    ("Access",      "access",      Can.SEE_PROJECT),
    ("Releases",    "releases",    Can.COMPARE_SNAPSHOTS),
    ("Log reviews", "log_reviews", Can.RUN_LOG_REVIEWS),
)
# fmt: on


def tabs_of(project: Project, abilities: frozenset[Can], here: str = "") -> list[Tab]:
    """The pages that are shown to whoever has these abilities."""
    return [
        Tab(label, reverse(name, args=[project.slug]), label == here)
        for label, name, ability in _TABS
        if ability in abilities
    ]


def hidden_without(ability: Can, abilities: frozenset[Can]) -> None:
    """Hide a page from whoever is not shown its tab."""
    if ability not in abilities:
        raise Http404
