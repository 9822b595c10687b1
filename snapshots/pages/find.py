"""Finding one's way by a few words: the page, and what the palette of the keyboard asks at the same address."""

from __future__ import annotations

from dataclasses import asdict

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.urls import Resolver404, resolve
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from labelop.models import Project
from labelop.selectors.projects import projects_visible_to
from roles.models import User
from roles.pages import member_behind

from .jumps import jumps_for

LONGEST = 200
JSON = "application/json"


@require_safe
def find(request: HttpRequest) -> HttpResponse:
    """What the words `q` find for somebody who reads at the address `here`; nothing of it is kept by a browser."""
    viewer = member_behind(request)
    text = " ".join(request.GET.get("q", "").replace("\0", " ").split())[:LONGEST]
    here = request.GET.get("here", "")
    jumps = jumps_for(viewer, text, _project_at(here, viewer))
    if request.get_preferred_type(["text/html", JSON]) == JSON:
        response: HttpResponse = JsonResponse({"jumps": [asdict(jump) for jump in jumps]})
    else:
        told = {"title": "Find", "text": text, "here": here, "jumps": jumps}
        response = TemplateResponse(request, "snapshots/find.html", {**admin.site.each_context(request), **told})
    patch_vary_headers(response, ["Accept"])
    return response


def _project_at(address: str, viewer: User) -> Project | None:
    """The project that an address speaks of, if the viewer may see it."""
    try:
        slug = resolve(address).kwargs.get("slug")
    except Resolver404:
        return None
    return projects_visible_to(viewer).filter(slug=slug).first() if slug else None
