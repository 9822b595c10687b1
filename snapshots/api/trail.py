"""The trail: its entries one by one, and as lines, one for each act on a project."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, TypedDict

from django.shortcuts import get_object_or_404

from audit.lines import Line, lines_of, newest_ids
from audit.models import Entry
from audit.query import KEYS, Query, Wrong, asked_by, parse
from audit.reach import FAR, Source, floor_of
from labelop.selectors.trail import work_entries_visible_to
from roles.api.curated import CuratedView
from roles.api.problems import Malformed
from roles.api.rows import numbered
from roles.api.views import PAGED, TEXT, Parameter
from roles.filters import EntryFilters
from roles.telling import EntryTold, Pseudonyms, entry_as_dict, pseudonyms_in

from ..pages.asking import place_of

ASKED: Mapping[str, Parameter] = {
    "q": Parameter('A question in the language of the trail: `impact:high -channel:command "wide gull"`.', TEXT),
    **{
        name: Parameter(
            f"{'Leaves out' if name.startswith('not_') else 'Only'}: {KEYS.get(name.removeprefix('not_'), 'words')}.",
            TEXT,
            many=True,
        )
        for name in EntryFilters.base_filters
    },
}
CHAPTER = Parameter("The number of the snapshot that ends the chapter.", {"type": "integer", "minimum": 1})


class EntryRow(EntryTold):
    operation: str
    request_id: str | None
    token: str | None
    theme: str
    project: str | None
    url: str
    page: str


class EntriesTold(TypedDict):
    results: list[EntryRow]
    next: str | None


class LineTold(TypedDict):
    operation: str
    project: str | None
    entries: int
    records: int
    shown: list[EntryRow]


class LinesTold(TypedDict):
    results: list[LineTold]
    next: str | None


class _TrailView(CuratedView):
    """What an address asks of the trail."""

    tag = "trail"

    def sources(self, slug: str | None) -> list[Source]:
        place = place_of(self.request._request, self.viewer, slug)
        try:
            return place.narrowed(self.query())
        except Wrong as wrong:
            offered = f" It may be: {', '.join(wrong.offered[:20])}." if wrong.offered else ""
            error = {"parameter": "q", "detail": f"{wrong.sentence}{offered}"}
            raise Malformed("The trail cannot be asked this.", [error]) from None

    def query(self) -> Query:
        """What is asked, by `q` and by the parameters of the filters; raises `Wrong`."""
        asked = {name: self.request.GET.getlist(name) for name in self.request.GET if name in EntryFilters.base_filters}
        return parse(f"{self.request.GET.get('q', '')} {asked_by(asked.items())}")


class EntriesView(_TrailView):
    """Entries, newest first; of every project that is seen, or of one.

    One page looks through a bounded number of entries. It may hold fewer than its limit, or none, and lead on:
    `next` is null only where the beginning was reached.
    """

    answer = EntriesTold
    parameters: ClassVar = {**ASKED, **PAGED}
    summary = "Entries of the trail"

    def told(self, **kwargs: Any) -> EntriesTold:
        sources = self.sources(None)
        # Whoever asks for nothing finds the newest of whole projects at once, and no floor need be laid.
        at_once = not self.query().terms and all(source.whole for source in sources)
        floor = 0 if at_once else floor_of(sources, self.cursor, FAR)
        parts = [part.filter(stretch) for source in sources for part, stretch in source.led_parts()]
        ids = newest_ids(parts, self.cursor, self.limit + 1, floor)
        # Many entries are of few projects and name few people: read apart, each of them is read once.
        rows = Entry.objects.filter(pk__in=ids[: self.limit]).prefetch_related("project", "attributed_to")
        entries = list(rows.order_by("-pk"))
        names = pseudonyms_in({entry.project_id for entry in entries}, self.viewer)
        older = ids[self.limit - 1] if len(ids) > self.limit else floor or None
        return {"results": [entry_row(entry, names) for entry in entries], "next": self.next_of(older)}


class EntryView(CuratedView):
    """One entry."""

    answer = EntryRow
    tag = "trail"
    summary = "One entry"

    def told(self, **kwargs: Any) -> EntryRow:
        entry = get_object_or_404(work_entries_visible_to(self.viewer).select_related("project"), pk=self.kwargs["row"])
        return entry_row(entry, pseudonyms_in([entry.project_id], self.viewer))


class TrailView(_TrailView):
    """The trail as its page tells it: one line for each act on a project, newest first.

    One page looks through a bounded number of entries. It may hold fewer than its limit, or none, and lead on:
    `next` is null only where the beginning was reached.
    """

    answer = LinesTold
    summary = "Lines of the trail"
    parameters: ClassVar = {**ASKED, **PAGED}

    def told(self, **kwargs: Any) -> LinesTold:
        page = lines_of(self.sources(self.kwargs.get("slug")), self.cursor, self.limit, FAR)
        names = pseudonyms_in({line.shown[0].project_id for line in page.lines}, self.viewer)
        return {
            "results": [_line(line, names) for line in page.lines],
            "next": self.next_of(page.older_than or page.floor),
        }


class TrailOfProjectView(TrailView):
    """The trail of one project as its page tells it, or of one of its chapters."""

    summary = "Lines of a project’s trail"
    parameters: ClassVar = {**TrailView.parameters, "chapter": CHAPTER}


def entry_row(entry: Entry, names: Pseudonyms) -> EntryRow:
    return {
        **entry_as_dict(entry, names),
        "operation": str(entry.operation),
        "request_id": entry.request_id or None,
        "token": entry.token or None,
        "theme": entry.theme.lower(),
        "project": entry.project.slug if entry.project else None,
        "url": numbered("api:audit.entry", entry.pk),
        "page": numbered("admin:audit_entry_change", entry.pk),
    }


def _line(line: Line, names: Pseudonyms) -> LineTold:
    first = line.shown[0]
    return {
        "operation": str(line.operation),
        "project": first.project.slug if first.project else None,
        "entries": line.entries,
        "records": line.records,
        "shown": [entry_row(entry, names) for entry in line.shown],
    }
