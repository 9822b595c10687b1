"""The trail as lines: the entries of one act on one project make one line, newest first, in pages without counting."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet, Subquery, Sum, Window
from django.db.models.functions import RowNumber

from .models import Entry
from .reach import NEAR, Source, below, floor_of, ids_by_name

# So many entries of one act stand on its line; the others are a link away.
SHOWN = 10


@dataclass(frozen=True)
class Line:
    """One act on one project. `shown` are some of its entries, what weighs most first; the numbers are of all."""

    head: int
    shown: tuple[Entry, ...]
    entries: int
    records: int

    @property
    def operation(self) -> uuid.UUID:
        return self.shown[0].operation


@dataclass(frozen=True)
class LinesPage:
    """Some lines, and the id below which the older ones begin; `floor` is where the page stopped to look for more."""

    lines: list[Line]
    older_than: int | None
    floor: int | None = None


def lines_of(sources: Sequence[Source], before: int | None, size: int, reach: int = NEAR) -> LinesPage:
    """The newest `size` lines whose newest entry has an id below `before`, as far as `reach` entries go back."""
    floor = floor_of(sources, before, reach)
    parts = [_heads(part, stretch) for source in sources for part, stretch in source.led_parts()]
    heads = newest_ids(parts, before, size + 1, floor)
    # Named one by one, from the first entry to the last: where it has to guess PostgreSQL may read all of an index.
    first = Entry.objects.filter(operation=OuterRef("operation")).order_by("pk").values("pk")[:1]
    newest = Entry.objects.filter(pk__in=heads[:size]).order_by()
    acts = dict(newest.annotate(first=Subquery(first)).values_list("operation", "first"))
    told: dict[int, Line] = {}
    for source in sources if acts else ():
        told |= {line.head: line for line in _lines(source, acts, min(acts.values()), heads[0])}
    lines = [told[head] for head in heads[:size] if head in told]
    if len(heads) > size:
        return LinesPage(lines, heads[size - 1])
    return LinesPage(lines, None, floor or None)


def newest_ids(parts: Sequence[QuerySet[Entry]], before: int | None, size: int, floor: int = 0) -> list[int]:
    """The newest ids of all parts together, none below `floor`: the newest of each, merged."""
    above = [below(part, before).filter(pk__gte=floor) if floor else below(part, before) for part in parts]
    found = ids_by_name({"newest": [part.order_by("-pk").values("pk")[:size] for part in above]})["newest"]
    return sorted(set(found), reverse=True)[:size]


def _heads(part: QuerySet[Entry], stretch: Q) -> QuerySet[Entry]:
    """The newest entry of each act in a part, where it lies in this stretch."""
    newer = part.filter(operation=OuterRef("operation"), pk__gt=OuterRef("pk")).order_by()
    return part.filter(stretch).filter(~Exists(newer))


def _lines(source: Source, acts: Collection[uuid.UUID], first: int, last: int) -> Iterator[Line]:
    act = [F("operation"), F("project")]
    rows = (
        source.of_its_projects()
        .filter(operation__in=acts, pk__gte=first, pk__lte=last)
        .annotate(
            place=Window(RowNumber(), partition_by=act, order_by=[F("impact").desc(), F("pk").desc()]),
            of_entries=Window(Count("pk"), partition_by=act),
            of_records=Window(Sum("records"), partition_by=act),
            head=Window(Max("pk"), partition_by=act),
        )
    )
    shown: dict[int, list[Any]] = {}
    for entry in rows.filter(place__lte=SHOWN).select_related("project", "actor", "attributed_to").order_by("place"):
        shown.setdefault(entry.head, []).append(entry)
    for head, entries in shown.items():
        yield Line(head, tuple(entries), entries[0].of_entries, entries[0].of_records)
