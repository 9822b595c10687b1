"""What differs between two cuts, found from the versions between them."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from operator import attrgetter
from typing import Any

from audit.history import versions_of
from audit.selectors import events_of
from labelop.models import Project

from .content import CONTENT, SECTIONS, Record, State, in_parts, touched
from .counts import whole_tally
from .models import Snapshot


@dataclass(frozen=True)
class Difference:
    """One record that is not the same at two cuts, with the operations that changed it, oldest first."""

    section: str
    record_id: int
    key: str
    item: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    operations: tuple[uuid.UUID, ...]

    @property
    def kind(self) -> str:
        if self.before is None:
            return "added"
        return "removed" if self.after is None else "changed"

    @property
    def fields(self) -> list[str]:
        return changed_fields(self.before, self.after)


@dataclass(frozen=True)
class Touched:
    """A record with versions between two cuts, whether it ends up different or came back."""

    section: str
    record_id: int
    before: Record | None
    after: Record | None
    operations: tuple[uuid.UUID, ...]

    @property
    def differs(self) -> bool:
        if self.before is None or self.after is None:
            return self.before is not self.after
        if (self.before.key, self.before.content) != (self.after.key, self.after.content):
            return True
        # What Python finds equal may still be a number here and true there.
        return self.before.canonical != self.after.canonical

    @property
    def key(self) -> str:
        known = self.after or self.before
        return known.key if known else ""

    @cached_property
    def difference(self) -> Difference:
        known = self.after or self.before
        return Difference(
            self.section,
            self.record_id,
            self.key,
            known.item if known else "",
            self.before.content if self.before else None,
            self.after.content if self.after else None,
            self.operations,
        )


@dataclass(frozen=True)
class ClassChange:
    """One class that is not the same at two snapshots; `before` is empty for a new one, `fields` for all but changes.

    `before` and `name` are what it was called at the earlier and at the later one.
    """

    key: str
    kind: str
    before: str
    name: str
    fields: list[str]


@dataclass
class Differences:
    """What differs between two snapshots, told for items, fields and classes.

    `added`, `removed` and `changed` are item keys; an item has changed when it or one of its annotations has.
    `fields` counts items by changed field, `annotations` standing for marks that came or went. `classes` is the
    statement of changes by class name (that of the later snapshot, so that a renamed class adds up), `moves` the
    relabellings `{"A>B": number}`, `schema` what became of the classes themselves.
    """

    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: int = 0
    fields: dict[str, int] = field(default_factory=dict)
    classes: dict[str, dict[str, int]] = field(default_factory=dict)
    moves: dict[str, int] = field(default_factory=dict)
    schema: list[ClassChange] = field(default_factory=list)
    identity: dict[str, int | bool] = field(default_factory=dict)


class Comparison:
    """Two cuts of one project held against each other; `before` is None for the time before everything."""

    def __init__(self, project: Project, before: Snapshot | None, after: Snapshot | State) -> None:
        self.project = project
        self.before = State(project.pk, before.cut) if before else State.empty(project.pk)
        self.after = State(project.pk, after.cut)
        self._snapshots = before, after

    @cached_property
    def opening(self) -> dict[str, Counter[str]]:
        before, _ = self._snapshots
        return _counts(before) if before else _no_counts()

    @cached_property
    def closing(self) -> dict[str, Counter[str]]:
        _, after = self._snapshots
        return _counts(after) if isinstance(after, Snapshot) else _counted(self.after)

    @cached_property
    def ids(self) -> dict[str, set[int]]:
        return touched(self.before, self.after)

    @cached_property
    def touched(self) -> list[Touched]:
        """Every content record with versions between the cuts, in the order of its section and key."""
        by_section = groupby(self.records(), attrgetter("section"))
        return [record for _, some in by_section for record in sorted(some, key=attrgetter("key", "record_id"))]

    def records(self) -> Iterator[Touched]:
        """The same in the order of section and row, read in parts: what is let go of is not held."""
        for section in CONTENT:
            for some in in_parts(self.ids[section]):
                then = {record.id: record for record in self.before.records(section, some)}
                now = {record.id: record for record in self.after.records(section, some)}
                operations = self._operations(section, set(some))
                for row in some:
                    if row in then or row in now or row in operations:
                        yield Touched(section, row, then.get(row), now.get(row), tuple(operations.get(row, ())))

    @cached_property
    def differences(self) -> list[Difference]:
        return [record.difference for record in self.touched if record.differs]

    @cached_property
    def events(self) -> dict[uuid.UUID, dict[str, int]]:
        """What explains the operations between the cuts: the events of each, with the id of the last entry."""
        return events_of((operation for record in self.touched for operation in record.operations), self.project.pk)

    @property
    def explained(self) -> Collection[uuid.UUID]:
        """The operations between the cuts that have an entry of their own."""
        return self.events.keys()

    def unexplained(self, operations: Iterable[uuid.UUID]) -> set[uuid.UUID]:
        """Those of these operations that no entry of their own explains."""
        return {operation for operation in operations if operation not in self.explained}

    def _operations(self, section: str, ids: set[int]) -> dict[int, list[uuid.UUID]]:
        """For each row its operations between the cuts; an annotation answers for its item's comings and goings."""
        found: dict[int, list[uuid.UUID]] = {}
        versions = versions_of(SECTIONS[section])._default_manager.filter(
            history_id__gt=self.before.bound(section), history_id__lte=self.after.bound(section)
        )
        for some in in_parts(ids):
            rows = versions.filter(id__in=some, project_id=self.project.pk).order_by("history_id")
            for row, operation in rows.values_list("id", "operation"):
                if operation not in found.setdefault(row, []):
                    found[row].append(operation)
        if section == "annotations" and (missing := ids - found.keys()):
            found.update(self._operations_of_items(missing))
        return found

    def _operations_of_items(self, annotation_ids: set[int]) -> dict[int, list[uuid.UUID]]:
        """What took these annotations in or out with their item (or their class's key), not by themselves."""
        items = {
            row: item
            for some in in_parts(annotation_ids)
            for row, item in versions_of(SECTIONS["annotations"])
            ._default_manager.filter(id__in=some)
            .values_list("id", "item_id")
        }
        by_item = self._operations("items", set(items.values()))
        return {row: by_item.get(item, []) for row, item in items.items()}


def differences(project: Project, before: Snapshot | None, after: Snapshot) -> Differences:
    """Tell what differs between two snapshots of a project."""
    return told(Comparison(project, before, after))


def told(comparison: Comparison) -> Differences:
    """A comparison in numbers and item keys."""
    found = Differences()
    by_item: dict[str, set[str]] = {}
    present: dict[str, str] = {}
    for difference in comparison.differences:
        if difference.section == "schema":
            found.schema.append(_class_change(difference))
            continue
        if difference.section == "items" and difference.kind != "changed":
            present[difference.item] = difference.kind
        by_item.setdefault(difference.item, set()).update(_told_fields(difference))
    found.added = sorted(item for item, kind in present.items() if kind == "added")
    found.removed = sorted(item for item, kind in present.items() if kind == "removed")
    found.changed = sorted(by_item.keys() - present.keys())
    found.fields = dict(Counter(name for item in found.changed for name in by_item[item]))
    found.moves, found.classes = _statement(comparison)
    opening, closing = comparison.opening["items"].total(), comparison.closing["items"].total()
    found.unchanged = opening - len(found.removed) - len(found.changed)
    found.identity = {
        "opening": opening,
        "added": len(found.added),
        "removed": len(found.removed),
        "closing": closing,
        "holds": opening + len(found.added) - len(found.removed) == closing
        and all(_adds_up(row) for row in found.classes.values()),
    }
    return found


def _class_change(difference: Difference) -> ClassChange:
    then, now = (difference.before or {}).get("name", ""), (difference.after or {}).get("name", "")
    fields = difference.fields if difference.kind == "changed" else []
    return ClassChange(_class_key(difference), difference.kind, then, now, fields)


def _class_key(difference: Difference) -> str:
    return difference.key.removeprefix("class/").replace("//", "/")


def _told_fields(difference: Difference) -> Iterator[str]:
    if difference.section == "annotations" and difference.kind != "changed":
        yield "annotations"
    elif difference.kind == "changed":
        yield from difference.fields


def _statement(comparison: Comparison) -> tuple[dict[str, int], dict[str, dict[str, int]]]:
    names = class_names(comparison)
    rows = {
        key: {
            "opening": comparison.opening["annotations"][key],
            **dict.fromkeys(("added", "moved_in", "moved_out", "removed", "unexplained"), 0),
            "closing": comparison.closing["annotations"][key],
        }
        for key in sorted(names)
    }
    moves: Counter[str] = Counter()
    for difference in comparison.differences:
        if difference.section == "annotations":
            _enter(rows, moves, names, difference, bool(comparison.unexplained(difference.operations)))
    return dict(sorted(moves.items())), {names[key]: row for key, row in rows.items()}


def class_names(comparison: Comparison) -> dict[str, str]:
    """What each class is called, by its key: as at the later cut, so that a renamed one has one line and no move.

    Where two share a name, each also says its key, or one would swallow the other's numbers.
    """
    names = {
        version.key: version.name
        for state in (comparison.before, comparison.after)
        for version in state.classes.values()
    }
    shared = Counter(names.values())
    return {key: name if shared[name] == 1 else f"{name} ({key})" for key, name in names.items()}


def _enter(
    rows: dict[str, dict[str, int]],
    moves: Counter[str],
    names: dict[str, str],
    difference: Difference,
    unexplained: bool,
) -> None:
    """Enter one annotation into the statement; what no act explains has a column of its own, adjusted or not."""
    left = difference.before["class"] if difference.before else None
    joined = difference.after["class"] if difference.after else None
    if left == joined:
        return
    if left is not None:
        column = "unexplained" if unexplained else ("moved_out" if joined is not None else "removed")
        rows[left][column] += -1 if unexplained else 1
    if joined is not None:
        column = "unexplained" if unexplained else ("moved_in" if left is not None else "added")
        rows[joined][column] += 1
    if left is not None and joined is not None:
        moves[f"{names[left]}>{names[joined]}"] += 1


def _adds_up(row: dict[str, int]) -> bool:
    came, went = row["added"] + row["moved_in"] + row["unexplained"], row["moved_out"] + row["removed"]
    return row["opening"] + came - went == row["closing"]


def changed_fields(before: dict[str, Any] | None, after: dict[str, Any] | None) -> list[str]:
    """The names of what differs in a record's content: `label`, `split`, and the keys within `data` and `value`."""
    then, now = values_by_field(before or {}), values_by_field(after or {})
    return sorted(name for name in then.keys() | now.keys() if then.get(name, _ABSENT) != now.get(name, _ABSENT))


_ABSENT = object()


def values_by_field(content: dict[str, Any]) -> dict[str, Any]:
    """A record's values by the names that differences call them by."""
    flat: dict[str, Any] = {}
    for name, value in content.items():
        if name in ("data", "metadata", "value") and isinstance(value, dict):
            flat.update(value)
        else:
            flat["label" if name == "class" else name] = value
    return flat


def _counts(snapshot: Snapshot) -> dict[str, Counter[str]]:
    return {section: Counter(counted) for section, counted in snapshot.sealed("counts").items()}


def _no_counts() -> dict[str, Counter[str]]:
    return {section: Counter() for section in CONTENT}


def _counted(state: State) -> dict[str, Counter[str]]:
    return dict(whole_tally(state).counts)
