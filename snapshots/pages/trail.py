"""The trail, of one project or of all the viewer's: asked in its own language, told by acts, newest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from audit.lines import Line, LinesPage, lines_of
from audit.models import Entry
from audit.query import KEYS, Query, Wrong
from roles.pages import member_behind
from roles.selectors import abilities_of
from roles.telling import Told, told

from ..models import Snapshot
from ..selectors import saved_views_visible_to, snapshots_visible_to
from .asking import Place, before_of, place_of, query_of, reach_of
from .facets import facets_of
from .places import address_of_view
from .tabs import tabs_of

PAGE = 25
CUTS = 20
VIEWS = 50


@dataclass(frozen=True)
class ToldLine:
    """One act in the words of the page; `cuts` are the snapshots that were taken after it, before the line above."""

    line: Line
    lead: Told
    others: list[Told]
    whole: str
    cuts: list[Snapshot]

    @property
    def further(self) -> int:
        """How many entries of the act are not shown here."""
        return self.line.entries - len(self.line.shown)


@require_safe
def trail(request: HttpRequest, slug: str | None = None) -> HttpResponse:
    """The trail of one project, or of all; `chapter` narrows it to what led to one snapshot."""
    place = place_of(request, member_behind(request), slug)
    abilities = abilities_of(place.viewer, place.project) if place.project is not None else frozenset()
    context = {
        **admin.site.each_context(request),
        "title": "Trail",
        "place": place,
        "whole": any(source.whole for source in place.sources),
        "tabs": tabs_of(place.project, abilities, "Trail") if place.project is not None else [],
        "exports": bool(place.inspected),
        "keys": KEYS.items(),
        "everything": place.address(""),
    }
    try:
        query, before = query_of(request, place), before_of(request)
        page = lines_of(place.narrowed(query), before, PAGE, reach_of(request))
    except Wrong as wrong:
        context |= refusal_of(wrong, request.GET.get("q", ""))
        return TemplateResponse(request, "snapshots/trail.html", context, status=400)
    return TemplateResponse(request, "snapshots/trail.html", {**context, **_told(place, query, before, page)})


def refusal_of(wrong: Wrong, text: str) -> dict[str, Any]:
    """What is wrong, with the text before, at and after its place."""
    end = wrong.at + len(wrong.word)
    marked = text[wrong.at : end] == wrong.word
    around = (text[: wrong.at], wrong.word, text[end:]) if marked and wrong.word else None
    return {"text": text, "wrong": wrong, "around": around}


def _told(place: Place, query: Query, before: int | None, page: LinesPage) -> dict[str, Any]:
    events = {entry.event for line in page.lines for entry in line.shown}
    return {
        "text": str(query),
        "terms": [(str(term), place.address(query.without(term))) for term in query.terms],
        "facets": facets_of(query, events, place.address),
        "lines": list(_lines(place, before, page)),
        "newest": place.address(query) if before else "",
        "older": place.address(query, before=page.older_than) if page.older_than else "",
        "searched_to": _recorded_at(page.floor) if page.floor else None,
        "further": place.address(query, before=page.floor, far=1) if page.floor else "",
        "wider": list(_wider(place, query)),
        **_kept(place, query),
    }


def _kept(place: Place, query: Query) -> dict[str, Any]:
    """The saved views of this trail, and where its question is saved or becomes the scope of a log review."""
    if place.project is None or not place.inspected:
        return {}
    views = saved_views_visible_to(place.viewer).filter(project=place.project)[:VIEWS]
    asked = {"project": place.project.pk, "query": query}
    return {
        "views": [(view, address_of_view(view), view.query == str(query)) for view in views],
        "save_view": f"{reverse('admin:snapshots_savedview_list_act', args=['save'])}?{urlencode(asked)}",
        "review": f"{reverse('admin:snapshots_logreview_list_act', args=['open_query'])}?{urlencode(asked)}",
    }


def _recorded_at(floor: int) -> datetime | None:
    return Entry.objects.filter(pk__gte=floor).order_by("pk").values_list("recorded_at", flat=True).first()


def _lines(place: Place, before: int | None, page: LinesPage) -> Iterator[ToldLine]:
    every = iter(told([entry for line in page.lines for entry in line.shown], place.viewer))
    cuts = _cuts(place, before, page)
    for line in page.lines:
        lead, *others = [next(every) for _ in line.shown]
        above = [cut for cut in cuts if cut.entry_id >= line.head]
        cuts = cuts[len(above) :]
        others.sort(key=lambda one: one.entry.pk, reverse=True)
        yield ToldLine(line, lead, others, place.address(f"operation:{line.operation}"), above)


def _cuts(place: Place, before: int | None, page: LinesPage) -> list[Snapshot]:
    """The snapshots that part the lines of this page, newest first."""
    if place.project is None or not page.lines:
        return []
    taken = snapshots_visible_to(place.viewer).filter(project=place.project, entry_id__gte=page.lines[-1].head)
    if before is not None:
        taken = taken.filter(entry_id__lt=before)
    if place.chapter is not None:
        taken = taken.filter(pk=place.chapter.pk)
    return list(taken.defer("states").order_by("-entry_id")[:CUTS])


def _wider(place: Place, query: Query) -> Iterator[tuple[str, str]]:
    """Questions that find more."""
    for key, said in (("created", "at any time"), ("impact", "of any impact")):
        kept = Query(tuple(term for term in query.terms if term.key != key))
        if kept != query:
            yield f"The same {said}", place.address(kept)
    if query.terms:
        yield "Everything here", place.address("")
