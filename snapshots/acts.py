"""Acts: the entries of a stretch of the trail, put together by operation."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import TypedDict

from django.db.models import Min, QuerySet

from audit.models import Entry
from labelop.models import Project
from roles.telling import EntryTold, Pseudonyms, actor_told, change_told, entry_as_dict, subject_told

from .models import Snapshot

_ACTS_AT_ONCE = 500


class ActTold(TypedDict):
    """The entries of one operation as plain data."""

    operation: str
    entries: list[EntryTold]


@dataclass
class Act:
    """The entries of one operation, oldest first."""

    operation: uuid.UUID
    entries: list[Entry] = field(default_factory=list)

    def as_dict(self, names: Pseudonyms) -> ActTold:
        return {"operation": str(self.operation), "entries": [entry_as_dict(entry, names) for entry in self.entries]}


def span(project: Project, start: Snapshot | datetime | None, end: Snapshot | datetime) -> QuerySet[Entry]:
    """The entries after `start` up to `end`. A snapshot stands for its place on the trail, a moment for `at`."""
    entries = Entry.objects.filter(project=project).select_related("actor", "attributed_to")
    if isinstance(start, Snapshot):
        entries = entries.filter(id__gt=start.entry_id)
    elif start is not None:
        entries = entries.filter(at__gte=start)
    return entries.filter(id__lte=end.entry_id) if isinstance(end, Snapshot) else entries.filter(at__lt=end)


def acts_of(entries: Iterable[Entry] | QuerySet[Entry]) -> list[Act]:
    """Put entries together by operation, in the order in which the operations were recorded."""
    ordered = entries.order_by("id") if isinstance(entries, QuerySet) else sorted(entries, key=lambda entry: entry.pk)
    acts: dict[uuid.UUID, Act] = {}
    for entry in ordered:
        acts.setdefault(entry.operation, Act(entry.operation)).entries.append(entry)
    return list(acts.values())


def each_act(entries: QuerySet[Entry]) -> Iterator[Act]:
    """The same act after act, for as many as there are: no more than some are held."""
    first = entries.order_by().values("operation").annotate(first=Min("id")).order_by("first")
    operations = first.values_list("operation", flat=True).iterator()
    while some := list(islice(operations, _ACTS_AT_ONCE)):
        yield from acts_of(entries.filter(operation__in=some))


def as_markdown(project: str, title: str, acts: list[Act], names: Pseudonyms) -> str:
    """Acts as a page to paste into a ticket."""
    lines = [
        f"## {project}: {title}",
        "",
        "| When (UTC) | What | Who, in which role | Why |",
        "| --- | --- | --- | --- |",
    ]
    for act in acts:
        for entry in act.entries:
            many = f" × {entry.records:,}" if entry.records > 1 else ""
            change = change_told(entry, names)
            what = f"{entry.label}{many}: {subject_told(entry, names)}" + (f" ({change})" if change else "")
            who = actor_told(entry, names)
            cells = (f"{entry.at:%Y-%m-%d %H:%M}", what, who, entry.reason or "*not recorded*")
            lines.append("| " + " | ".join(_cell(text) for text in cells) + " |")
    return "\n".join(lines)


def _cell(text: str) -> str:
    """Text that cannot leave its cell of a Markdown table."""
    return " ".join(text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").split())
