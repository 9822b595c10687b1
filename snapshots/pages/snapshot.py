"""The page of a snapshot and of its release: between what led to it and what followed, and whether it adds up."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from roles.matrix import Can
from roles.pages import member_behind

from ..forms.releases import ProposeRelease
from ..models import Release, Snapshot
from ..selectors import snapshots_visible_to
from .release import steps_for
from .review import Reviewed, review_of, reviewed, suggestion_for
from .tabs import tabs_of

OTHERS = 50


@require_safe
def snapshot(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Show one snapshot; `from` holds it against another (0: the beginning), `impact`, `about` and `kind` narrow."""
    viewer = member_behind(request)
    one = reviewed(request, slug, number)
    review = review_of(one, request.GET, viewer)
    others = snapshots_visible_to(viewer).filter(project=one.project).defer("states").exclude(pk=one.snapshot.pk)
    context = {
        **admin.site.each_context(request),
        **review,
        "title": one.snapshot.name,
        "tabs": tabs_of(one.project, one.abilities, "Releases"),
        "permalink": request.build_absolute_uri(request.path),
        "others": others.order_by("-number")[:OTHERS],
        "restores": Can.RESTORE_DATA in one.abilities,
        "exports": Can.EXPORT_SNAPSHOTS in one.abilities,
        "suggested": suggestion_for(one, review["statement"]),
        **_acts(one, request),
    }
    return TemplateResponse(request, "snapshots/snapshot.html", context)


def _acts(one: Reviewed, request: HttpRequest) -> dict[str, Any]:
    """What the include of act buttons wants: the steps of the release, or proposing one."""
    viewer = member_behind(request)
    proposing = [ProposeRelease] if ProposeRelease.offered(one.snapshot, viewer) else []
    if one.release is None or proposing:
        return {"acts": proposing, "opts": Snapshot._meta, "original": one.snapshot}
    return {"acts": steps_for(one.release, viewer), "opts": Release._meta, "original": one.release}
