"""The versions of one item and of all its marks, newest first, drawn, beside the entries of the same acts."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from heapq import merge
from itertools import groupby, islice
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet

from audit.events import BY_CODE, EXPLAINS_NOTHING, Theme
from audit.history import versions_of
from audit.models import Entry
from labelop.drawing import Drawing, Mark, Palette, Scene, draw_item, draw_mark, draw_sentence
from labelop.drawing.rows import Table, compare
from labelop.drawing.tokens import is_token
from labelop.models import Annotation, Item, LabelClass, Project
from roles.models import User
from roles.telling import Told, told

from .content import State, newest_cut
from .past import mark_ids_of
from .scenes import MARKS_OF_AN_ITEM, palette_of, scene_of

PAGE = 40
ENTRIES = 200
# Who set each value is read from every version: from so many at most while a page waits.
VERSIONS = 300
# The two tables of versions, by the word for them in an address.
TABLES: dict[str, type[Item] | type[Annotation]] = {"item": Item, "mark": Annotation}
_FARTHEST = 2**62


@dataclass(frozen=True)
class Shown:
    """One version: its place in an address, what it is a version of, what became of it, and how that is drawn."""

    place: str
    name: str
    kind: str
    drawing: Drawing | None
    beside: Table


@dataclass
class Moment:
    """The versions that one act wrote, and what it said of them."""

    at: datetime
    operation: uuid.UUID
    versions: list[Shown] = field(default_factory=list)
    sentence: Drawing | None = None
    entries: list[Told] = field(default_factory=list)
    explained: bool = False


@dataclass(frozen=True)
class ItemPast:
    """Some moments, newest first, and where older ones begin."""

    moments: list[Moment]
    older: str


@dataclass(frozen=True)
class Ground:
    """An item, its project as it stands, and the ids of every mark it has ever had: read once for a page."""

    item: Item
    now: State
    marks: list[int]

    @property
    def crowded(self) -> bool:
        """Whether it has more marks than a page takes up."""
        return len(self.marks) > MARKS_OF_AN_ITEM

    @cached_property
    def long(self) -> bool:
        """Whether its marks have more versions than a page reads to tell who set each value."""
        of_marks = versions_of(Annotation)._default_manager.filter(id__in=self.marks)
        return self.crowded or of_marks.order_by()[VERSIONS : VERSIONS + 1].exists()


def ground_of(item: Item) -> Ground:
    return Ground(item, State(item.project_id, newest_cut(item.project_id)), mark_ids_of(item))


def scene_now(ground: Ground) -> tuple[Scene, Palette, dict[str, int]]:
    """The item as it stands, how its classes look, and the ids of its marks by their keys, withdrawn ones too."""
    few = ground.marks[:MARKS_OF_AN_ITEM]
    marks = dict(Annotation.objects.filter(pk__in=few).order_by("pk").values_list("key", "pk"))
    return scene_of(ground.item.pk, ground.now, few), palette_of(ground.now), marks


def item_past(ground: Ground, viewer: User | AnonymousUser, visible: QuerySet[Entry], before: str) -> ItemPast:
    """A page of the past; `before` is where the page before it ended, as it says itself."""
    bounds = _bounds(before)
    newest = {
        word: list(_versions(word, ground).filter(history_id__lt=bounds[word]).order_by("-history_id")[: PAGE + 1])
        for word in TABLES
    }
    # Both are in the order of their ids, which no backdating disturbs.
    merged = list(islice(merge(*newest.values(), key=lambda one: one.history_date, reverse=True), PAGE + 1))
    shown = merged[:PAGE]
    for word in TABLES:
        bounds[word] = min([bounds[word], *(one.history_id for one in shown if _word(one) == word)])
    older = f"{bounds['item']}.{bounds['mark']}" if len(merged) > PAGE else ""
    return ItemPast(_moments(ground, viewer, visible, shown, bounds), older)


def past_at(ground: Ground, viewer: User | AnonymousUser, visible: QuerySet[Entry], place: str) -> ItemPast | None:
    """One version alone; None where the item has no such one."""
    word, _, number = place.partition("-")
    if word not in TABLES or not (number.isascii() and number.isdigit()) or len(number) > 18:
        return None
    version = _versions(word, ground).filter(history_id=int(number)).first()
    if version is None:
        return None
    # What stood around it: everything older by the clock, since the two tables count apart.
    bounds = {word: int(number)}
    other = next(each for each in TABLES if each != word)
    later = _versions(other, ground).filter(history_date__gt=version.history_date).order_by("history_id").first()
    bounds[other] = later.history_id if later else _FARTHEST
    return ItemPast(_moments(ground, viewer, visible, [version], bounds), "")


def _versions(word: str, ground: Ground) -> QuerySet[Any]:
    versions: QuerySet[Any] = versions_of(TABLES[word])._default_manager.all()
    item = ground.item.pk
    return versions.filter(id=item) if word == "item" else versions.filter(id__in=ground.marks, item_id=item)


def _word(version: Any) -> str:
    return "mark" if hasattr(version, "item_id") else "item"


def _bounds(before: str) -> dict[str, int]:
    parts = before.split(".")
    proper = len(parts) == len(TABLES) and all(part.isascii() and part.isdigit() and len(part) < 20 for part in parts)
    numbers = [min(int(part), _FARTHEST) for part in parts] if proper else [_FARTHEST] * len(TABLES)
    return dict(zip(TABLES, numbers, strict=True))


def _moments(
    ground: Ground, viewer: User | AnonymousUser, visible: QuerySet[Entry], shown: list[Any], bounds: dict[str, int]
) -> list[Moment]:
    """The shown versions, newest first, act by act; played forward from how the item stood before the first."""
    cut = {TABLES[word]._meta.label_lower: bound - 1 for word, bound in bounds.items()}
    cut[LabelClass._meta.label_lower] = ground.now.bound("schema")
    play = _Play(State(ground.item.project_id, cut), ground)
    moments = [
        play.moment(operation, list(versions))
        for operation, versions in groupby(reversed(shown), key=lambda version: version.operation)
    ]
    _explain(moments, viewer, visible, ground)
    return moments[::-1]


class _Play:
    """Plays the versions of an item forward, drawing each against what stood before it."""

    def __init__(self, start: State, ground: Ground) -> None:
        few = ground.marks[:MARKS_OF_AN_ITEM]
        # Classes are never deleted: those there are now are all that a mark was ever of.
        start.classes = ground.now.classes
        self.scene = scene_of(ground.item.pk, start, few)
        self.palette = palette_of(ground.now)
        self.classes = {pk: row.key for pk, row in ground.now.classes.items()}
        stood = next(start.rows("items", [ground.item.pk], "data", "metadata", "split", "excluded"), None)
        self.content: dict[str, Any] | None = stood._asdict() if stood else None
        beside = start.rows("annotations", few, "id", "origin", "edition")
        self.beside = {row.id: {"origin": row.origin, "edition": row.edition} for row in beside}

    def moment(self, operation: uuid.UUID, versions: list[Any]) -> Moment:
        moment = Moment(versions[0].history_date, operation)
        before = self.scene
        tokens = 0
        for version in versions:
            shown = self._mark(version) if _word(version) == "mark" else self._of_item(version)
            tokens += _word(version) == "mark" and is_token(version.value)
            moment.versions.append(shown)
        if tokens > 1:
            moment.sentence = draw_sentence(before, self.scene, self.palette)
        return moment

    def _of_item(self, version: Any) -> Shown:
        before = self.content
        names = ("data", "metadata", "split", "excluded")
        self.content = None if version.history_type == "-" else {name: getattr(version, name) for name in names}
        self.scene = Scene(version.data, self.scene.marks, self.scene.left_out)
        kind = _kind(version, before is not None, self.content is not None)
        return Shown(f"item-{version.history_id}", "Item", kind, draw_item(before, self.content), Table([], [], 0))

    def _mark(self, version: Any) -> Shown:
        before = self.scene
        mark = Mark(self.classes.get(version.label_class_id, "?"), version.value)
        others = {key: other for key, other in before.marks.items() if key != version.key}
        there = version.history_type != "-" and not version.withdrawn
        self.scene = Scene(before.data, {**others, version.key: mark} if there else others, before.left_out)
        was = before.marks.get(version.key)
        drawing = draw_mark(was, mark if there else None, (before, self.scene), self.palette, version.key)
        beside = {"origin": version.origin, "edition": version.edition}
        earlier = self.beside.get(version.id)
        self.beside[version.id] = beside
        changed = compare(earlier, beside) if earlier else Table([], [], 0)
        kind = _kind(version, was is not None, there)
        name = f"Mark {version.key}"
        return Shown(f"mark-{version.history_id}", name, kind, drawing, Table(changed.changed, [], 0))


def _kind(version: Any, was: bool, there: bool) -> str:
    if version.history_type == "-":
        return "was deleted"
    if version.history_type == "+":
        return "came to be"
    if was and not there:
        return "was withdrawn"
    return "came back" if there and not was else "changed"


def _explain(moments: list[Moment], viewer: User | AnonymousUser, visible: QuerySet[Entry], ground: Ground) -> None:
    """Put beside each act what it says of this item; where it says nothing of it, what it says at all."""
    operations = {moment.operation for moment in moments}
    about = (
        Q(subject_type=Item._meta.label_lower, subject_id=ground.item.pk)
        | Q(subject_type=Annotation._meta.label_lower, subject_id__in=ground.marks[:MARKS_OF_AN_ITEM])
        | Q(subject_type=Project._meta.label_lower)
    )
    entries = list(visible.filter(about, operation__in=operations).order_by("id")[:ENTRIES])
    silent = operations - {entry.operation for entry in entries}
    if silent:
        entries += visible.filter(operation__in=silent).order_by("id")[:ENTRIES]
    by_act: dict[uuid.UUID, list[Told]] = {}
    for line in told(entries, viewer):
        by_act.setdefault(line.entry.operation, []).append(line)
    for moment in moments:
        # What says most of this item first: of an import's entries, not the class it added along the way.
        moment.entries = sorted(by_act.get(moment.operation, []), key=lambda line: not _of_work(line.entry))
        moment.explained = any(line.entry.event not in EXPLAINS_NOTHING for line in moment.entries)


def _of_work(entry: Entry) -> bool:
    return BY_CODE[entry.event].theme == Theme.WORK
