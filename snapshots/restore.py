"""What going back to a snapshot would change: the state now held against the state as it would be."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from django.core.exceptions import ValidationError

from audit.canonical import canonical_json, sha256_hex
from audit.history import versions_of
from labelop.models import Project

from .content import CLASS_CONTENT, CONTENT, SECTIONS, State, in_parts, items_whose_annotations_follow, newest_cut
from .differences import Difference
from .models import Snapshot
from .scopes import Change, EditsBetween, OneClass, Scope, changes_since

# What goes back, by section; what a row is known by stays as it is.
RESTORED = {
    "schema": (*CLASS_CONTENT, "edition"),
    "items": ("data", "metadata", "split", "excluded"),
    "annotations": ("label_class_id", "value", "author_id", "origin", "edition", "withdrawn"),
}
_KNOWN_BY = {
    "schema": ("id", "project_id", "key"),
    "items": ("id", "project_id", "key"),
    "annotations": ("id", "project_id", "item_id", "key"),
}
# The flag that takes a row out, since nothing is deleted.
_OUT = {"schema": "deprecated", "items": "excluded", "annotations": "withdrawn"}

CHANGED_AGAIN = "changed again since, by somebody else or outside the range"
ITEM_GONE = "its item has left the dataset since"
ITEM_NEW = "its item was not in the dataset then"
ITEM_DELETED = "its item was deleted"
ELSEWHERE = "it belongs to another project now"

Row = dict[str, Any]


@dataclass(frozen=True)
class LeftAlone:
    """A record in the scope that does not go back, and why."""

    section: str
    record_id: int
    key: str
    why: str


@dataclass
class Preview:
    """What restoring would do: the rows to write and, of what is visible, the differences it makes.

    In each difference `before` is how the record stands now and `after` how it would stand.
    """

    snapshot: Snapshot
    scope: Scope
    rows: dict[str, dict[int, Row]] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)
    left_alone: list[LeftAlone] = field(default_factory=list)

    @property
    def records(self) -> int:
        """How many rows would be written."""
        return sum(len(rows) for rows in self.rows.values())

    @property
    def unseen(self) -> int:
        """How many of them nobody sees the change of: their item is out, or only author, origin or edition go back."""
        seen = {(difference.section, difference.record_id) for difference in self.differences}
        return sum((section, row) not in seen for section, rows in self.rows.items() for row in rows)

    @property
    def digest(self) -> str:
        """What pins a preview, so that nothing else is done than what was seen."""
        return sha256_hex(
            canonical_json(
                [[section, row, self.rows[section][row]] for section in self.rows for row in self.rows[section]]
            )
        )


def preview_restore(project: Project, snapshot: Snapshot, scope: Scope) -> Preview:
    """Tell what restoring would change; nothing is changed."""
    _must_be_possible(project, snapshot, scope)
    return _Planning(project, snapshot, scope).preview()


def states_of(preview: Preview) -> tuple[State, State]:
    """The project as it stands and as it would stand."""
    now = State(preview.snapshot.project_id, newest_cut(preview.snapshot.project_id))
    return now, _Restored(now, preview.rows)


def rows_changed_since(snapshot: Snapshot) -> tuple[set[int], set[int]]:
    """The ids of the items and annotations with a version since the cut, and of the items of those annotations."""
    cut = State(snapshot.project_id, snapshot.cut)
    annotations = set(changes_since(cut, "annotations"))
    items = set(changes_since(cut, "items"))
    for some in in_parts(annotations):
        items.update(SECTIONS["annotations"]._base_manager.filter(pk__in=some).values_list("item_id", flat=True))
    return items, annotations


class _Restored(State):
    """The project as it would stand: now, with the planned rows in the place of those there are."""

    def __init__(self, now: State, planned: dict[str, dict[int, Row]]) -> None:
        super().__init__(now.project_id, now.cut)
        self.planned = planned

    def rows(self, section: str, ids: Collection[int] | None, *columns: str) -> Iterator[Any]:
        planned = dict(self.planned.get(section, {}))
        for row in super().rows(section, ids, *columns):
            will_be = planned.pop(row.id, None)
            yield row if will_be is None else row._replace(**{key: will_be[key] for key in row._fields})
        # Rows that somebody deleted past the services come back.
        for row_id, will_be in planned.items():
            if ids is None or row_id in ids:
                yield SimpleNamespace(**will_be)


class _Planning:
    """Works out, row by row, where a scope goes back to."""

    def __init__(self, project: Project, snapshot: Snapshot, scope: Scope) -> None:
        self.project = project
        self.scope = scope
        self.then = State(project.pk, snapshot.cut)
        self.now = State(project.pk, newest_cut(project.pk))
        self.changes = {section: changes_since(self.then, section) for section in CONTENT}
        self.found = Preview(snapshot, scope)

    def preview(self) -> Preview:
        for section in self.scope.sections:
            if section != "schema" or not self.project.schema_frozen:
                self._plan(section)
        self._leave_marks_without_an_item()
        if isinstance(self.scope, OneClass):
            self._tell_of_items_that_came_or_went(self.scope)
        self.found.differences = self._differences()
        self.found.left_alone.sort(key=lambda left: (left.section, left.key, left.record_id))
        return self.found

    def _plan(self, section: str) -> None:
        undone: dict[int, int] = {}
        for row, changes in self.changes[section].items():
            first = self.scope.undone_from(changes)
            if first == len(changes):
                self._leave(section, row, CHANGED_AGAIN)
            elif first is not None:
                undone[row] = first
        before = self._before(section, undone)
        live = _live_rows(section, undone)
        planned = self.found.rows.setdefault(section, {})
        for row in sorted(undone):
            is_now = live.get(row)
            will_be = _goal(section, before.get(row), is_now)
            if is_now is not None and is_now["project_id"] != self.project.pk:
                self._leave(section, row, ELSEWHERE)
            elif will_be is not None and self._in_scope(will_be, is_now):
                planned[row] = will_be

    def _before(self, section: str, undone: dict[int, int]) -> dict[int, Row]:
        """How each row stood before the first change to be undone; what was not there yet is left out."""
        columns = (*_KNOWN_BY[section], *RESTORED[section])
        at_the_cut = [row for row, first in undone.items() if first == 0]
        found = {row.id: row._asdict() for row in self.then.rows(section, at_the_cut, *columns)}
        later = [self.changes[section][row][first - 1].version for row, first in undone.items() if first > 0]
        versions = versions_of(SECTIONS[section])._default_manager.exclude(history_type="-")
        for some in in_parts(later):
            found.update({row["id"]: row for row in versions.filter(history_id__in=some).order_by().values(*columns)})
        return found

    def _in_scope(self, will_be: Row, is_now: Row | None) -> bool:
        if not isinstance(self.scope, OneClass):
            return True
        sides = [row for row in (will_be, is_now) if row is not None and not row["withdrawn"]]
        return any(row["label_class_id"] == self.scope.label_class.pk for row in sides)

    def _leave(self, section: str, row: int, why: str, key: str = "") -> None:
        self.found.left_alone.append(LeftAlone(section, row, key or self._key(section, row), why))

    def _key(self, section: str, row: int) -> str:
        known = next(self.now.records(section, [row]), None) or next(self.then.records(section, [row]), None)
        return known.key if known else f"{SECTIONS[section]._meta.model_name}/#{row}"

    def _leave_marks_without_an_item(self) -> None:
        """A mark whose item is gone altogether cannot come back."""
        marks = self.found.rows.get("annotations", {})
        wanted = {row["item_id"] for row in marks.values()} - self.found.rows.get("items", {}).keys()
        there = _live_rows("items", wanted).keys()
        for row in [row for row, mark in marks.items() if mark["item_id"] in wanted - there]:
            del marks[row]
            self._leave("annotations", row, ITEM_DELETED)

    def _tell_of_items_that_came_or_went(self, scope: OneClass) -> None:
        """A class goes back, its items do not: their marks follow them, and are told."""
        moved = items_whose_annotations_follow(self.then, self.now, set(self.changes["items"]))
        marks = self.now.annotations_of(moved) if moved else set()
        for state, why in ((self.then, ITEM_GONE), (_Restored(self.now, self.found.rows), ITEM_NEW)):
            other = self.now if state is self.then else self.then
            items = other.item_keys(moved)
            for record in state.records("annotations", marks):
                if record.label == scope.label_class.key and record.item not in items.values():
                    self._leave("annotations", record.id, why, record.key)

    def _differences(self) -> list[Difference]:
        restored = _Restored(self.now, self.found.rows)
        ids = {section: set(self.found.rows.get(section, {})) for section in CONTENT}
        moved = items_whose_annotations_follow(self.now, restored, ids["items"])
        if moved:
            ids["annotations"] |= self.now.annotations_of(moved)
        found: list[Difference] = []
        for section in CONTENT:
            is_now = {record.id: record for record in self.now.records(section, ids[section])}
            will_be = {record.id: record for record in restored.records(section, ids[section])}
            for row in is_now.keys() | will_be.keys():
                left, right = is_now.get(row), will_be.get(row)
                if left is not None and right is not None and left.canonical == right.canonical:
                    continue
                known = right or left
                if known is not None:
                    acts = tuple(dict.fromkeys(each.operation for each in self._changes_of(section, row)))
                    sides = (left.content if left else None, right.content if right else None)
                    found.append(Difference(section, row, known.key, known.item, *sides, acts))
        return sorted(found, key=lambda one: (CONTENT.index(one.section), one.key, one.record_id))

    def _changes_of(self, section: str, row: int) -> list[Change]:
        return self.changes[section].get(row, [])


def _goal(section: str, before: Row | None, is_now: Row | None) -> Row | None:
    """What a row becomes; None where it is so already."""
    out = _OUT[section]
    if before is None:
        # It was not there: nothing is deleted, it is taken out.
        return None if is_now is None or is_now[out] else {**is_now, out: True}
    if is_now is None:
        return before
    if section != "schema" and before[out] and is_now[out]:
        return None
    goal = {**is_now, **{column: before[column] for column in RESTORED[section]}}
    return None if canonical_json(goal) == canonical_json(is_now) else goal


def _live_rows(section: str, ids: Collection[int]) -> dict[int, Row]:
    columns = (*_KNOWN_BY[section], *RESTORED[section])
    rows = SECTIONS[section]._base_manager.order_by()
    return {row["id"]: row for some in in_parts(ids) for row in rows.filter(pk__in=some).values(*columns)}


def _must_be_possible(project: Project, snapshot: Snapshot, scope: Scope) -> None:
    if snapshot.project_id != project.pk:
        raise ValidationError(f"{snapshot} is no snapshot of {project}.")
    if snapshot.manifest_hash is None:
        raise ValidationError("This snapshot is still being computed.")
    if isinstance(scope, OneClass) and scope.label_class.project_id != project.pk:
        raise ValidationError(f"{scope.label_class} is no class of {project}.")
    if isinstance(scope, EditsBetween) and scope.start and scope.end and scope.start >= scope.end:
        raise ValidationError("The range ends before it begins.")
