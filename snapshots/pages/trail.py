from __future__ import annotations

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from audit.events import Impact
from labelop.selectors.projects import projects_visible_to
from roles.matrix import Can
from roles.pages import member_behind
from roles.paging import newest_first
from roles.selectors import abilities_of, entries_visible_to
from roles.telling import told

from ..chapters import led_to
from ..selectors import snapshots_visible_to
from .chips import impact_chips
from .tabs import tabs_of

PAGE = 50


@require_safe
def trail(request: HttpRequest, slug: str) -> HttpResponse:
    """The trail of one project, newest first; `chapter` narrows it to what led to one snapshot."""
    viewer = member_behind(request)
    project = get_object_or_404(projects_visible_to(viewer), slug=slug)
    abilities = abilities_of(viewer, project)
    if Can.INSPECT_TRAIL not in abilities:
        raise Http404
    entries = entries_visible_to(viewer).filter(project=project)
    chapter = None
    number = request.GET.get("chapter", "")
    if number.isdecimal():
        chapter = get_object_or_404(snapshots_visible_to(viewer), project=project, number=number)
        entries = led_to(chapter)
    chosen = request.GET.get("impact", "")
    shown = entries.filter(impact=Impact[chosen.upper()]) if chosen.upper() in Impact.__members__ else entries
    page = newest_first(shown.select_related("project"), request.GET.get("before"), PAGE)
    query = request.GET.copy()
    query["before"] = str(page.older_than)
    context = {
        **admin.site.each_context(request),
        "title": "Trail",
        "project": project,
        "tabs": tabs_of(project, abilities, "Trail"),
        "chapter": chapter,
        "chips": impact_chips(entries, request.GET, default=""),
        "entries": told(page.rows, viewer),
        "older": query.urlencode() if page.older_than else "",
    }
    return TemplateResponse(request, "snapshots/trail.html", context)
