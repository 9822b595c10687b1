"""What led to a snapshot and what followed, as decisions: what one person did for one reason is told once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.http import QueryDict

from audit.events import Event, Impact, Theme
from audit.models import Entry
from roles.models import User
from roles.telling import Pseudonyms, Told, told

from ..models import Snapshot
from .chips import COUNTED, Chip, chip

# So many entries are read for the page, on either side of the snapshot, and so many subjects of one decision named.
READ, NAMED = 120, 6

# What decisions of high impact are about, in the order of the chips.
ABOUT: dict[str, tuple[str, frozenset[Theme]]] = {
    "roles": ("Roles", frozenset({Theme.ACCESS})),
    "reviews": ("Reviews", frozenset({Theme.REVIEW})),
    "schema": ("Schema and settings", frozenset({Theme.SCHEMA, Theme.PROJECT})),
    "data": ("Data", frozenset({Theme.WORK})),
    "versions": ("Versions", frozenset({Theme.SNAPSHOT, Theme.RELEASE, Theme.EXPORT})),
    "trail": ("Trail", frozenset({Theme.TRAIL})),
}


@dataclass(frozen=True)
class Decided:
    """Entries that follow each other and say the same: what was done, by whom, why. Newest first."""

    lines: list[Told]

    @property
    def lead(self) -> Told:
        return self.lines[0]

    @property
    def first(self) -> Told:
        return self.lines[-1]

    @property
    def many(self) -> bool:
        return len(self.lines) > 1

    @property
    def subjects(self) -> list[str]:
        return list(dict.fromkeys(line.subject for line in self.lines if line.subject))[:NAMED]

    @property
    def more_subjects(self) -> int:
        return len({line.subject for line in self.lines if line.subject}) - len(self.subjects)

    @property
    def records(self) -> int:
        return sum(line.entry.records for line in self.lines)

    @property
    def same_change(self) -> bool:
        """Whether all say the same of before and after, so that it can be told once."""
        return len({(line.before, line.after) for line in self.lines}) == 1


@dataclass(frozen=True)
class Part:
    """The decisions up to a snapshot; None for those up to the end of the stretch."""

    cut: Snapshot | None
    decisions: list[Decided]


@dataclass(frozen=True)
class Timeline:
    """Both sides of a snapshot, newest first; `further` says whether more was there than is shown."""

    later: list[Decided]
    earlier: list[Part]
    chips: list[Chip]
    further: bool

    @property
    def empty(self) -> bool:
        return not any(part.decisions for part in self.earlier)


class Stretch:
    """All entries around a snapshot: since an earlier one, the beginning where there is none, and until the next."""

    def __init__(self, since: Snapshot | None, snapshot: Snapshot, following: Snapshot | None) -> None:
        self.since, self.snapshot = since, snapshot
        # The entries that took the snapshots are drawn as lines across.
        taken = {"event": Event.SNAPSHOT_TAKEN, "subject_type": "labelop.project"}
        later = Entry.objects.filter(project=snapshot.project_id, id__gt=snapshot.entry_id)
        self.later = (later.filter(id__lt=following.entry_id) if following else later).select_related("project")
        opened = since.entry_id if since else 0
        between = Entry.objects.filter(project=snapshot.project_id, id__gt=opened, id__lte=snapshot.entry_id)
        self.earlier = between.exclude(**taken).exclude(pk=snapshot.entry_id).select_related("project")

    @cached_property
    def cuts(self) -> list[Snapshot]:
        """The snapshots in between, newest first."""
        opened = self.since.entry_id if self.since else 0
        between = Snapshot.objects.filter(
            project=self.snapshot.project_id, entry_id__gt=opened, entry_id__lt=self.snapshot.entry_id
        )
        return list(between.select_related("entry").defer("states").order_by("-entry_id")[:READ])


def timeline_of(stretch: Stretch, asked: QueryDict, reader: User | AnonymousUser, pseudonyms: Pseudonyms) -> Timeline:
    """Decision points, unless the address asks for what weighs less or for one kind of them."""
    impact, about = _asked(asked)
    both = stretch.earlier.order_by() | stretch.later.order_by()
    chips = _chips(both, asked, impact, about)
    later, more_later = _read(stretch.later, impact, about)
    earlier, more_earlier = _read(stretch.earlier, impact, about)
    lines = told([*later, *earlier], reader, pseudonyms)
    return Timeline(
        folded(lines[: len(later)]),
        _parted(lines[len(later) :], stretch.cuts),
        chips,
        more_later or more_earlier,
    )


def folded(lines: Iterable[Told]) -> list[Decided]:
    """Put lines together that follow each other and say the same."""
    found: list[Decided] = []
    for line in lines:
        if found and _same(found[-1].lead, line):
            found[-1].lines.append(line)
        else:
            found.append(Decided([line]))
    return found


def _same(one: Told, other: Told) -> bool:
    known = (one.entry.event, one.actor, one.entry.reason)
    return known == (other.entry.event, other.actor, other.entry.reason) and one.entry.event != Event.CHANGE_UNEXPLAINED


def _asked(asked: QueryDict) -> tuple[Impact, str]:
    impact = asked.get("impact", "high").upper()
    about = asked.get("about", "")
    return Impact[impact] if impact in Impact.__members__ else Impact.HIGH, about if about in ABOUT else ""


def _read(entries: QuerySet[Entry], impact: Impact, about: str) -> tuple[list[Entry], bool]:
    entries = entries.filter(impact=impact)
    if about and impact is Impact.HIGH:
        entries = entries.filter(event__in=_events(about))
    found = list(entries.order_by("-id")[: READ + 1])
    return found[:READ], len(found) > READ


def _events(about: str) -> list[str]:
    return [event.value for event in Event if event.theme in ABOUT[about][1]]


def _parted(lines: Sequence[Told], cuts: Sequence[Snapshot]) -> list[Part]:
    parts: list[Part] = []
    above: Snapshot | None = None
    for cut in [*cuts, None]:
        within = [line for line in lines if cut is None or line.entry.pk > cut.entry_id]
        parts.append(Part(above, folded(within)))
        lines, above = lines[len(within) :], cut
    return parts


def _chips(entries: QuerySet[Entry], asked: QueryDict, impact: Impact, about: str) -> list[Chip]:
    events = Counter(entries.filter(impact=Impact.HIGH).values_list("event", flat=True)[: COUNTED + 1])
    chosen = impact is Impact.HIGH
    without = asked.copy()
    without.pop("about", None)
    high = [chip("Decision points", _said(events.total()), without, "impact", "", chosen and not about, "high")]
    plain = asked.copy()
    plain.pop("impact", None)
    for name, (label, _) in ABOUT.items():
        if number := sum(events[event] for event in _events(name)):
            high.append(chip(label, _said(number), plain, "about", name, chosen and about == name))
    return [*high, *(_of_impact(entries, without, each, impact) for each in (Impact.MEDIUM, Impact.ROUTINE))]


def _of_impact(entries: QuerySet[Entry], asked: QueryDict, one: Impact, chosen: Impact) -> Chip:
    name = one.name.lower()
    number = entries.filter(impact=one).order_by()[: COUNTED + 1].count()
    return chip(one.label, _said(number), asked, "impact", name, one is chosen, name)


def _said(number: int) -> str:
    return f"{COUNTED:,}+" if number > COUNTED else f"{number:,}"
