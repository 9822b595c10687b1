"""What an address asks of the trail."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TypeVar
from urllib.parse import urlencode

from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from audit.lines import newest_ids
from audit.models import Entry
from audit.moments import span_of
from audit.query import Query, Term, Wrong, asked_by, parse
from audit.reach import FAR, NEAR, Ids, Source
from labelop.models import Project
from labelop.selectors.projects import projects_visible_to
from labelop.selectors.trail import trail_sources
from roles.filters import EntryFilters, source_asked_for
from roles.models import User

from ..days import ids_between
from ..models import SavedView, Snapshot
from ..selectors import saved_views_visible_to, snapshots_visible_to

M = TypeVar("M", bound=Model)
WINDOW = timedelta(days=30)


@dataclass(frozen=True)
class Place:
    """Where somebody reads: all their projects, one of them, one chapter of it, or what a saved view of it asks."""

    viewer: User
    project: Project | None
    chapter: Snapshot | None
    view: SavedView | None
    sources: list[Source] = field(repr=False)

    def address(self, query: Query | str, **more: int) -> str:
        """The address of a question asked here."""
        chapter = {"chapter": self.chapter.number} if self.chapter else {}
        return "?" + urlencode({**chapter, "q": str(query), **more})

    @property
    def inspected(self) -> list[int]:
        """The projects here of which the whole trail is read."""
        return [pk for source in self.sources if source.whole for pk in source.project_ids if pk is not None]

    def narrowed(self, query: Query) -> list[Source]:
        """What the query finds here; raises `Wrong`."""
        if not query.terms:
            return self.sources
        seen = projects_visible_to(self.viewer)
        here = seen if self.project is None else seen.filter(pk=self.project.pk)
        projects = dict(here.values_list("slug", "pk"))
        asked = [source_asked_for(query, each, viewer=self.viewer, projects=projects) for each in self.sources]
        created = [term.value for term in query.terms if term.parameter == "created"]
        if not created:
            return asked
        ids = _ids_of(created, projects.values())
        return [replace(source, ids=ids) for source in asked]


def _ids_of(created: list[str], project_ids: Collection[int]) -> dict[int, list[Ids]]:
    """Between which ids of entries the days lie that are asked for."""
    spans = [span_of(value) for value in created]
    begin = max((span.begin for span in spans if span.begin), default=None)
    end = min((span.end for span in spans if span.end), default=None)
    last = (end - timedelta(microseconds=1)).date() if end else None
    return ids_between(project_ids, begin.date() if begin else None, last)


def place_of(request: HttpRequest, viewer: User, slug: str | None) -> Place:
    """Find the project, the chapter and the view of an address, or raise 404."""
    project = None if slug is None else get_object_or_404(projects_visible_to(viewer), slug=slug)
    sources = trail_sources(viewer, project)
    view = _named_by(request, "view", saved_views_visible_to, viewer, project, "pk")
    chapter = _named_by(request, "chapter", snapshots_visible_to, viewer, project, "number")
    if chapter is None:
        return Place(viewer, project, None, view, sources)
    opened = chapter.parent.entry_id if chapter.parent else 0
    of_chapter = [
        replace(source, entries=source.entries.filter(pk__gt=opened, pk__lte=chapter.entry_id)) for source in sources
    ]
    return Place(viewer, project, chapter, view, of_chapter)


def _named_by(
    request: HttpRequest,
    parameter: str,
    rows_visible_to: Callable[[User], QuerySet[M]],
    viewer: User,
    project: Project | None,
    key: str,
) -> M | None:
    number = request.GET.get(parameter, "")
    if not number:
        return None
    if project is None or not (number.isascii() and number.isdigit()):
        raise Http404
    return get_object_or_404(rows_visible_to(viewer), project=project, **{key: int(number[:9])})


def query_of(request: HttpRequest, place: Place) -> Query:
    """The query of an address, raises `Wrong`; where it asks nothing, the window on which the trail opens.

    Parameters of the filters are terms like those of `q`, so a link that narrows by one of them is understood.
    """
    given = {
        name: request.GET.getlist(name) for name in request.GET if name not in ("chapter", "view", "before", "far")
    }
    if not given and place.view is not None:
        return parse(place.view.query)
    if not given and place.chapter is None:
        return window(place.sources)
    text = " ".join(given.pop("q", []))
    unknown = sorted(given.keys() - EntryFilters.base_filters.keys())
    if unknown:
        raise Wrong(f"The trail cannot be narrowed by {unknown[0]}.", 0, "", EntryFilters.base_filters)
    filled = {name: [value for value in values if value.strip()] for name, values in given.items()}
    return parse(f"{text} {asked_by(filled.items())}")


def before_of(request: HttpRequest) -> int | None:
    """The entry below which a page begins; raises `Wrong`."""
    before = request.GET.get("before", "")
    if before and not (before.isascii() and before.isdigit() and len(before) < 19):
        raise Wrong("“before” is the number of an entry.", 0, "")
    return int(before) if before else None


def reach_of(request: HttpRequest) -> int:
    """How many entries a page may read: more where somebody asked to search further."""
    return FAR if request.GET.get("far") == "1" else NEAR


def window(sources: Sequence[Source]) -> Query:
    """The last weeks in which something happened; of whole projects what weighs most, of own work all."""
    newest = newest_ids([part for source in sources for part in source.parts()], None, 1)
    if not newest:
        return Query()
    begin = Entry.objects.values_list("at", flat=True).get(pk=newest[0]) - WINDOW
    created = Term("created", f">={begin:%Y-%m-%d}")
    whole = any(source.whole for source in sources)
    return Query((Term("impact", "high"), created) if whole else (created,))
