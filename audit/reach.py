"""How far back a page looks: it reads a bounded number of entries, and says where it stopped.

What a question finds may be anywhere on a trail of ten million entries, or nowhere. So that such a page opens like any
other, a floor is laid under it: the id above which lie no more entries than it may read, counted along an index that
leads to what is asked for. Below it a reader goes on by asking for more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import Q, QuerySet, Value

from .models import Entry

# So many entries a page reads at once, and when it is asked to search further.
NEAR, FAR = 5_000, 200_000
# So many parts are asked for in one statement; both engines know no more than a few hundred.
TOGETHER = 50

# Ids above the first, up to the second; None: without an end.
Ids = tuple[int, int | None]
EVERY_ID: Ids = (0, None)


@dataclass(frozen=True)
class Source:
    """Entries that are read alike, and the projects they are of; None is what belongs to the site.

    `whole` says that all of these projects is read, and not only what concerns the viewer's own work. What is asked
    for lies within `ids`, where they are known of a project, and in one of the `stretches`: each selects entries that
    an index yields in the order of their ids. Where indexes lead to all that may be read, as to somebody's own work,
    `leading` are its parts, each found along one of them.
    """

    entries: QuerySet[Entry]
    project_ids: tuple[int | None, ...]
    whole: bool
    stretches: tuple[Q, ...] = (Q(),)
    leading: tuple[QuerySet[Entry], ...] = ()
    ids: Mapping[int, Sequence[Ids]] = field(default_factory=dict)

    def parts(self) -> list[QuerySet[Entry]]:
        """One for each project, since an index yields the newest of one project, never those of several."""
        return list(self._by_project(self.entries))

    def led_parts(self) -> list[tuple[QuerySet[Entry], Q]]:
        """The parts, and for each what leads to it along an index, unless that makes too many of them.

        Of several events PostgreSQL would take the first page to come soon anyway, and go down the ids of all entries.
        """
        parts = self.parts()
        stretches = self.stretches if self.led and len(parts) * len(self.stretches) <= TOGETHER else (Q(),)
        return [(part, stretch) for part in parts for stretch in stretches]

    def of_its_projects(self) -> QuerySet[Entry]:
        """All together, with the projects named: a subquery that finds them would be gone through one by one."""
        named = Q(project__in=[pk for pk in self.project_ids if pk])
        return self.entries.filter(named | Q(project=None) if None in self.project_ids else named)

    @property
    def led(self) -> bool:
        """Whether an index leads to what is asked for, and not only to what may be read."""
        return self.stretches != (Q(),) and not self.leading

    def along_the_index(self) -> list[QuerySet[Entry]]:
        if self.leading:
            return self.along_the_trail()
        return [part for stretch in self.stretches for part in self._by_project(Entry.objects.filter(stretch))]

    def along_the_trail(self) -> list[QuerySet[Entry]]:
        if not self.leading:
            return list(self._by_project(Entry.objects.all()))
        spans = [span for pk in self.project_ids for span in self._ids_of(pk)]
        ends = [up_to for _, up_to in spans if up_to is not None]
        whole = min((above for above, _ in spans), default=0), max(ends, default=0) if len(ends) == len(spans) else None
        return [_within(part, whole) for part in self.leading]

    def _by_project(self, entries: QuerySet[Entry]) -> Iterator[QuerySet[Entry]]:
        for pk in self.project_ids:
            of_project = entries.filter(project=pk) if pk else entries.filter(project=None)
            for ids in self._ids_of(pk):
                yield _within(of_project, ids)

    def _ids_of(self, project_id: int | None) -> Sequence[Ids]:
        return self.ids.get(project_id or 0, (EVERY_ID,))


def _within(entries: QuerySet[Entry], ids: Ids) -> QuerySet[Entry]:
    above, up_to = ids
    later = entries.filter(pk__gt=above) if above else entries
    return later if up_to is None else later.filter(pk__lte=up_to)


def floor_of(sources: Sequence[Source], before: int | None, reach: int) -> int:
    """The id down to which a page looks, so as to read no more than `reach` entries; 0: to the beginning."""
    nearest = []
    if any(source.led for source in sources):
        along = ids_by_name({"index": _places(sources, Source.along_the_index, before, reach)})["index"]
        if not along:
            return 0
        nearest.append(max(along))
    newest = [] if before else [Entry.objects.order_by("-pk").values("pk")[:1]]
    found = ids_by_name({"trail": _places(sources, Source.along_the_trail, before, reach), "newest": newest})
    if not found["trail"]:
        return 0
    return max(0, min(*nearest, max(found["trail"]), (before or found["newest"][0]) - reach))


def _places(
    sources: Sequence[Source], way: Callable[[Source], list[QuerySet[Entry]]], before: int | None, reach: int
) -> list[QuerySet]:
    """For each part an id of it; from the highest of them on all together hold no more than `reach` entries.

    Where none has one, they hold no more at all.
    """
    parts = [part for source in sources for part in way(source)]
    last = max(1, reach // max(1, len(parts))) - 1
    return [below(part, before).order_by("-pk").values("pk")[last : last + 1] for part in parts]


def below(part: QuerySet[Entry], before: int | None) -> QuerySet[Entry]:
    return part.filter(pk__lt=before) if before is not None else part


def ids_by_name(asked: Mapping[str, Sequence[QuerySet]]) -> dict[str, list[int]]:
    """The ids that the querysets of each name yield, in no particular order; each may be a slice."""
    found: dict[str, list[int]] = {name: [] for name in asked}
    # Subqueries, since SQLite limits no part of a union.
    parts = [
        Entry.objects.filter(pk__in=each).order_by().annotate(name=Value(name)).values_list("name", "pk")
        for name, some in asked.items()
        for each in some
    ]
    for start in range(0, len(parts), TOGETHER):
        first, *others = parts[start : start + TOGETHER]
        for name, pk in first.union(*others, all=True):
            found[name].append(pk)
    return found
