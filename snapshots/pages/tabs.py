"""The bar by which one moves about inside a project; drawn by `admin/base_site.html` wherever a page gives it `tabs`.

To add a page to it, add one line to `_TABS`.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from labelop.models import Project
from roles.matrix import Can


@dataclass(frozen=True)
class Tab:
    """A page of the project; `here` is the one that is shown."""

    label: str
    address: str
    here: bool


# Label, the name of its address, whether that names the project, and who is shown it.
# fmt: off
_TABS = (
    ("Overview",    "project",                              True,  Can.SEE_PROJECT),
    ("Trail",       "trail",                                True,  Can.SEE_PROJECT),
    ("Quality",     "quality",                              True,  Can.SEE_ALL_WORK),
    ("Access",      "access",                               True,  Can.SEE_PROJECT),
    ("Releases",    "admin:snapshots_release_changelist",   False, Can.COMPARE_SNAPSHOTS),
    ("Log reviews", "admin:snapshots_logreview_changelist", False, Can.RUN_LOG_REVIEWS),
)
# fmt: on


def tabs_of(project: Project, abilities: frozenset[Can], here: str = "") -> list[Tab]:
    """The pages that are shown to whoever has these abilities; releases and log reviews are lists of all projects."""
    return [
        Tab(label, reverse(name, args=[project.slug] if of_project else []), label == here)
        for label, name, of_project, ability in _TABS
        if ability in abilities
    ]
