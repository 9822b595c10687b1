"""What differs between a task as it was pulled and the item that is known, and who is to be named for it.

An annotation there is saved whole, and says who saved it last and when. So whoever saved the state that holds a
difference is named for it; where that state was not saved anew, nobody is. What was deleted names nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from roles.telling import UNATTRIBUTED

from ...connectors.label_studio import saved_in
from ...connectors.records import UNTOLD, Incoming, ItemRecord, Mark, Saved
from ...models import Annotation, Item
from .hints import Hints

BY_HOOK, WITHOUT_HOOK = "hook", "pull"


@dataclass
class Counts:
    """How many tasks, annotations and labels differ; `explained` of them a webhook told of."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    explained: int = 0

    @property
    def unexplained(self) -> int:
        return self.added + self.changed + self.removed - self.explained


@dataclass(frozen=True)
class Known:
    """An item as it is here, with its marks and the label of each."""

    item: Item
    marks: list[tuple[Annotation, str]]

    @property
    def annotations(self) -> dict[str, dict[str, Any]]:
        told = self.item.metadata.get("label_studio", {}).get("annotations", [])
        return {str(one.get("id")): one for one in told}


@dataclass(frozen=True)
class SavedThere:
    """A saving that left no mark different: told on the trail, for otherwise nothing would tell of it."""

    task: str
    annotation: str
    saved: Saved


@dataclass
class Compared:
    """A task with each of its differences under the name of whoever made it."""

    incoming: Incoming
    only_told: list[SavedThere] = field(default_factory=list)


def nobody(at: datetime | None) -> Saved:
    """For what was done there by somebody who is not told; `at` is when a webhook told of it, if one did."""
    return Saved("", at, "", (WITHOUT_HOOK if at is None else BY_HOOK) + UNATTRIBUTED)


def compare(one: Incoming, known: Known | None, hints: Hints, counts: Counts) -> Compared:
    """Hold a task against what is known of it, and count what differs."""
    record = one.record
    if record is None:
        raise ValueError("A task that is not there is nothing to compare.")
    return _Comparison(one, record, known, hints, counts).run()


class _Comparison:
    def __init__(self, one: Incoming, record: ItemRecord, known: Known | None, hints: Hints, counts: Counts) -> None:
        self.one, self.record, self.known, self.hints, self.counts = one, record, known, hints, counts
        self.marks: list[Mark] = []
        # Savings that are new here, those of them that left other marks, and deletions.
        self.new: dict[str, Saved] = {}
        self.touched: set[str] = set()
        self.deleted: list[Saved] = []

    def run(self) -> Compared:
        before = self.known.annotations if self.known else {}
        now = {str(one["id"]): one for one in self.record.metadata["label_studio"]["annotations"]}
        marks = _by_annotation((mark.key or "", mark) for mark in self.record.marks)
        rows = _by_annotation((row.key, (row, label)) for row, label in (self.known.marks if self.known else []))
        for number, annotation in now.items():
            self._annotation(number, annotation, before.get(number), marks.get(number, []), rows.get(number, []))
        for number in before.keys() - now.keys():
            self._deleted(number, rows.get(number, []))
        saved = self._saved_of_the_item()
        only_told = [
            SavedThere(self.one.item, number, one)
            for number, one in self.new.items()
            if number not in self.touched and one != saved and one.by
        ]
        incoming = replace(self.one, record=replace(self.record, marks=self.marks), saved=saved)
        return Compared(incoming, only_told)

    def _annotation(
        self,
        number: str,
        annotation: dict[str, Any],
        before: dict[str, Any] | None,
        marks: list[Mark],
        rows: list[tuple[Annotation, str]],
    ) -> None:
        saved = saved_in(annotation)
        when = saved.at.isoformat() if saved.at else ""
        explained = self.hints.tells_of(number, when)
        if before is None or saved_in(before) != saved:
            saved = replace(saved, told=BY_HOOK if explained else WITHOUT_HOOK)
            self.new[number] = saved
        else:
            explained, saved = False, nobody(None)
        there = {mark.key for mark in marks}
        gone = [(row, label) for row, label in rows if not row.withdrawn and row.key not in there]
        stand = {row.key: (label, row.value, row.withdrawn) for row, label in rows}
        differs = gone or any(stand.get(mark.key or "") != (mark.label, mark.value, mark.cancelled) for mark in marks)
        if differs:
            self.touched.add(number)
        if differs or before != annotation:
            self.counts.added += before is None
            self.counts.changed += before is not None
            self.counts.explained += explained
        self.marks += [replace(mark, saved=saved) for mark in marks]
        self.marks += [_withdrawn(row, label, saved) for row, label in gone]

    def _deleted(self, number: str, rows: list[tuple[Annotation, str]]) -> None:
        told_at = self.hints.deleted_annotations.get(number)
        saved = nobody(told_at)
        self.deleted.append(saved)
        self.counts.removed += 1
        self.counts.explained += told_at is not None
        self.marks += [_withdrawn(row, label, saved) for row, label in rows if not row.withdrawn]

    def _saved_of_the_item(self) -> Saved:
        """Who changed what an item holds beside its marks: more than what follows from an annotation tells nobody."""
        known = self.known
        if known is None:
            self.counts.added += 1
            self.counts.explained += self.one.item in self.hints.created_tasks
            return UNTOLD
        if known.item.excluded or _of_itself(known.item.data, known.item.metadata) != _of_itself(
            self.record.data, self.record.metadata
        ):
            self.counts.added += known.item.excluded
            self.counts.changed += not known.item.excluded
            return nobody(None)
        found = [*self.new.values(), *self.deleted]
        return max(found, key=_time_of, default=nobody(None))


def _withdrawn(row: Annotation, label: str, saved: Saved) -> Mark:
    return Mark(row.key, label, row.value, saved, cancelled=True)


def _by_annotation(keyed: Any) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for key, one in keyed:
        found.setdefault(key.partition("/")[0], []).append(one)
    return found


def _of_itself(data: Mapping[str, Any], metadata: Mapping[str, Any]) -> Any:
    """A task without its annotations, and without the size of its image, which they tell."""
    told = metadata.get("label_studio", {})
    size = {key: value for key, value in data.items() if key != "size"}
    return size, {key: value for key, value in told.items() if key != "annotations"}


def _time_of(saved: Saved) -> float:
    return saved.at.timestamp() if saved.at else 0.0
