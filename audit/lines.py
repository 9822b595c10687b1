"""The trail as lines: the entries of one act on one project make one line, newest first, in pages without counting."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, F, Max, OuterRef, QuerySet, Sum, Window
from django.db.models.functions import RowNumber

from .models import Entry

# So many entries of one act stand on its line; the others are a link away.
SHOWN = 10
# So many projects are asked for in one statement; both engines know no more than a few hundred parts.
TOGETHER = 50


@dataclass(frozen=True)
class Source:
    """Entries that are read alike, and the projects they are of; None is what belongs to the site.

    `whole` says that all of these projects is read, and not only what concerns the viewer's own work.
    """

    entries: QuerySet[Entry]
    project_ids: tuple[int | None, ...]
    whole: bool

    def parts(self) -> list[QuerySet[Entry]]:
        """One for each project, since an index yields the newest of one project, never those of several."""
        wanted = self.project_ids
        return [self.entries.filter(project=pk) if pk else self.entries.filter(project=None) for pk in wanted]


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
    """Some lines, and the id below which the older ones begin."""

    lines: list[Line]
    older_than: int | None


def lines_of(sources: Sequence[Source], before: int | None, size: int) -> LinesPage:
    """The newest `size` lines whose newest entry has an id below `before`."""
    parts = [_heads(part) for source in sources for part in source.parts()]
    heads = newest_ids(parts, before, size + 1)
    told: dict[int, Line] = {}
    for source in sources:
        told |= {line.head: line for line in _lines(source, heads[:size])}
    lines = [told[head] for head in heads[:size] if head in told]
    return LinesPage(lines, heads[size - 1] if len(heads) > size else None)


def newest_ids(parts: Sequence[QuerySet[Entry]], before: int | None, size: int) -> list[int]:
    """The newest ids of all parts together: the newest of each, merged."""
    found: list[int] = []
    for start in range(0, len(parts), TOGETHER):
        tops = [_top(part, before, size) for part in parts[start : start + TOGETHER]]
        merged = tops[0].union(*tops[1:], all=True) if len(tops) > 1 else tops[0]
        found += merged.order_by("-pk").values_list("pk", flat=True)
    return sorted(found, reverse=True)[:size]


def _top(part: QuerySet[Entry], before: int | None, size: int) -> QuerySet[Entry]:
    below = part.filter(pk__lt=before) if before is not None else part
    # A subquery, since SQLite limits no part of a union.
    return Entry.objects.filter(pk__in=below.order_by("-pk").values("pk")[:size]).order_by().only("pk")


def _heads(part: QuerySet[Entry]) -> QuerySet[Entry]:
    """The newest entry of each act."""
    newer = part.filter(operation=OuterRef("operation"), pk__gt=OuterRef("pk")).order_by()
    return part.filter(~Exists(newer))


def _lines(source: Source, heads: Sequence[int]) -> Iterator[Line]:
    operations = Entry.objects.filter(pk__in=heads).order_by().values("operation")
    act = [F("operation"), F("project")]
    rows = source.entries.filter(operation__in=operations).annotate(
        place=Window(RowNumber(), partition_by=act, order_by=[F("impact").desc(), F("pk").desc()]),
        of_entries=Window(Count("pk"), partition_by=act),
        of_records=Window(Sum("records"), partition_by=act),
        head=Window(Max("pk"), partition_by=act),
    )
    shown: dict[int, list[Any]] = {}
    for entry in rows.filter(place__lte=SHOWN).select_related("project", "actor", "attributed_to").order_by("place"):
        shown.setdefault(entry.head, []).append(entry)
    for head, entries in shown.items():
        yield Line(head, tuple(entries), entries[0].of_entries, entries[0].of_records)
