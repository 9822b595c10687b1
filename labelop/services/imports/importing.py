"""Bringing what a source tells of some items into the tables: histories and files alike."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from audit.acting import Actor
from audit.events import Event
from audit.models import Entry
from audit.services import record
from roles.models import User
from roles.services import stand_in_for

from ...connectors.matching import match_marks
from ...connectors.records import UNTOLD, ClassRecord, Incoming, Mark, Saved
from ...models import Annotation, Item, LabelClass, Origin, Project
from ...selectors.approvals import approved_among
from ..project_state import must_take_classes
from .arrangements import Arrangements, all_as_they_are, earlier_arrangements, keyed_as_before

# From this many annotations on, one act is a bulk change and says so.
BULK_FROM = 101
_ROWS_AT_ONCE = 1000
_KEYS_AT_ONCE = 500


@dataclass(frozen=True)
class Telling:
    """How the trail tells of an import: its reason, its place in the source, and as what new items count.

    `at` is when what nobody is named for happened, where that is known, and `how` ends its source.
    """

    source: str
    reason: str = ""
    new_items: Event = Event.ITEMS_IMPORTED
    at: datetime | None = None
    how: str = ""


@dataclass
class Written:
    """A row to write, and who saved it in the source."""

    row: Annotation
    saved: Saved


@dataclass
class Importing:
    """Some items on their way into the tables; `author` stands in for whoever made all that names nobody else."""

    project: Project
    incoming: Sequence[Incoming]
    telling: Telling
    author: User | None = None
    defined: Mapping[str, ClassRecord] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.counts: Counter[Event] = Counter()
        self.changed_items: set[str] = set()
        self.new_classes: list[str] = []
        self.saved_items: dict[Saved, list[Item]] = defaultdict(list)
        self._people: dict[str, User] = {}

    def bring_items(self) -> None:
        """Add the classes that are missing, and bring every item to the last state told of it, written once.

        Those that are there and that somebody is named for wait in `saved_items`.
        """
        self._add_classes()
        self.items = self._existing_items(list(dict.fromkeys(one.item for one in self.incoming)))
        rows: dict[str, Item] = {}
        for one in self.incoming:
            rows[one.item] = self._item_after(one, rows.get(one.item) or self.items.get(one.item))
        self._write_items([row for row in rows.values() if row.pk is None or row.key in self.changed_items])
        self.items.update(rows)
        self._keys_of_items = {row.pk: key for key, row in self.items.items()}

    def bring_items_of(self, saved: Saved) -> set[str]:
        """Write the items that somebody changed, and tell their keys."""
        rows = self.saved_items.pop(saved, [])
        self.counts[Event.ITEMS_CHANGED] += len(rows)
        self._write_items(rows)
        return {row.key for row in rows}

    def _write_items(self, rows: list[Item]) -> None:
        Item.objects.bulk_create(
            rows,
            batch_size=_ROWS_AT_ONCE,
            update_conflicts=True,
            unique_fields=["project", "key"],
            update_fields=["data", "split", "metadata", "excluded"],
        )

    def annotations(self) -> dict[Saved, list[Written]]:
        """The rows to write, by who saved them in the source; those that nobody is named for come first."""
        last = {one.item: one.record for one in self.incoming}
        wanted = {self.items[key].pk: record.marks for key, record in last.items() if record is not None}
        existing = self._existing_annotations(list(wanted))
        unlike = [pk for pk in wanted if not all_as_they_are(wanted[pk], existing.get(pk, {}), self.keys)]
        keyless = [pk for pk in unlike if pk in existing and any(mark.key is None for mark in wanted[pk])]
        earlier = earlier_arrangements(keyless, self.keys)
        found: dict[Saved, list[Written]] = {UNTOLD: []}
        for item_id in unlike:
            for one in self._rows_after(item_id, wanted[item_id], existing.get(item_id, {}), earlier.get(item_id, {})):
                found.setdefault(one.saved, []).append(one)
        return found

    def write(self, written: Sequence[Written]) -> None:
        """Save rows that one person made, and count them: one that stood approved counts as that alone."""
        rows = [one.row for one in written]
        approved = approved_among([row for row in rows if row.pk])
        for one in written:
            self._set_author(one)
            otherwise = Event.ANNOTATION_WITHDRAWN if one.row.withdrawn else Event.ANNOTATION_SAVED
            self.counts[Event.ANNOTATION_CHANGED_AFTER_APPROVAL if one.row.pk in approved else otherwise] += 1
        Annotation.objects.bulk_create(
            rows,
            batch_size=_ROWS_AT_ONCE,
            update_conflicts=True,
            unique_fields=["item", "key"],
            update_fields=["label_class", "value", "author", "origin", "edition", "withdrawn"],
        )

    def record(
        self,
        actor: Actor,
        subjects: set[str],
        by: User | None,
        after: Any = None,
        otherwise: Event | None = None,
        how: str = "",
    ) -> list[Entry]:
        """Write down what was counted since the last time, each event once; `subjects` are the keys of its items.

        `after` is what the source says of itself and stands with the new items; `otherwise` is told where nothing was
        counted, and `how` it came to be known ends the source.
        """
        source = f"{self.telling.source} {how or self.telling.how}".rstrip()
        entries: list[Entry] = []
        if self.new_classes:
            classes = self.new_classes
            added = self._record_one(Event.CLASS_ADDED, len(classes), actor, subjects, by, classes, source)
            entries.append(added)
            self.new_classes = []
        saved = self.counts.pop(Event.ANNOTATION_SAVED, 0)
        if saved:
            marks = saved + self.counts[Event.ANNOTATION_CHANGED_AFTER_APPROVAL]
            self.counts[Event.ANNOTATIONS_BULK_CHANGED if marks >= BULK_FROM else Event.ANNOTATION_SAVED] = saved
        told = +self.counts or Counter({otherwise: 0} if otherwise else {})
        for event, records in told.items():
            said = after if event == self.telling.new_items else None
            entries.append(self._record_one(event, records, actor, subjects, by, said, source))
        self.counts.clear()
        return entries

    def key_of_item(self, item_id: int) -> str:
        return self._keys_of_items[item_id]

    def person(self, name: str) -> User | None:
        """The account that stands in for somebody named in the source."""
        if name and name not in self._people:
            self._people[name] = stand_in_for(name, slug=self.project.slug)
        return self._people[name] if name else self.author

    def _add_classes(self) -> None:
        self.classes = {row.key: row for row in LabelClass.objects.filter(project=self.project)}
        labels = {mark.label for one in self.incoming if one.record for mark in one.record.marks}
        missing = sorted((labels | self.defined.keys()) - self.classes.keys())
        if missing:
            must_take_classes(self.project)
        created = LabelClass.objects.bulk_create(self._class_of(key) for key in missing)
        self.classes.update({row.key: row for row in created})
        self.keys = {row.pk: key for key, row in self.classes.items()}
        self.new_classes = missing

    def _class_of(self, key: str) -> LabelClass:
        told = self.defined.get(key, ClassRecord(key))
        return LabelClass(project=self.project, key=key, name=key, colour=told.colour, attributes=dict(told.attributes))

    def _existing_items(self, keys: list[str]) -> dict[str, Item]:
        found: dict[str, Item] = {}
        for start in range(0, len(keys), _KEYS_AT_ONCE):
            rows = Item.objects.filter(project=self.project, key__in=keys[start : start + _KEYS_AT_ONCE])
            found.update({row.key: row for row in rows})
        return found

    def _item_after(self, one: Incoming, row: Item | None) -> Item:
        known = row is not None
        row = row or Item(project=self.project, key=one.item)
        if one.record is None:
            if known and not row.excluded:
                self._count(Event.ITEMS_EXCLUDED, row)
                row.excluded = True
            return row
        wanted = (one.record.data, one.record.split, one.record.metadata)
        if row.excluded:
            self._count(Event.ITEMS_REINSTATED, row)
        elif not known:
            self._count(self.telling.new_items, row)
        elif (row.data, row.split, row.metadata) == wanted:
            return row
        elif one.saved != UNTOLD:
            self.saved_items[one.saved].append(row)
        else:
            self._count(Event.ITEMS_CHANGED, row)
        (row.data, row.split, row.metadata), row.excluded = wanted, False
        return row

    def _count(self, event: Event, row: Item) -> None:
        self.counts[event] += 1
        self.changed_items.add(row.key)

    def _existing_annotations(self, item_ids: list[int]) -> dict[int, dict[str, Annotation]]:
        found: dict[int, dict[str, Annotation]] = {}
        for start in range(0, len(item_ids), _KEYS_AT_ONCE):
            rows = Annotation.objects.filter(item__in=item_ids[start : start + _KEYS_AT_ONCE]).order_by("id")
            for row in rows:
                found.setdefault(row.item_id, {})[row.key] = row
        return found

    def _rows_after(
        self, item_id: int, marks: list[Mark], existing: dict[str, Annotation], earlier: Arrangements
    ) -> list[Written]:
        """The rows to write: marks that are new, came back or changed, and those no longer there."""
        standing = keyed_as_before([mark for mark in marks if not mark.cancelled], earlier)
        live = [(row.key, self.keys[row.label_class_id], row.value) for row in existing.values() if not row.withdrawn]
        matching = match_marks(live, standing, next_key=_next_key(existing))
        written = [
            self._row(item_id, key, mark, existing.get(key), withdrawn=False)
            for key, mark in matching.changed + matching.added
        ]
        given_up = {mark.key: mark for mark in marks if mark.cancelled and mark.key is not None}
        written += [
            self._row(item_id, key, mark, existing.get(key), withdrawn=True)
            for key, mark in given_up.items()
            if not self._stands_so(existing.get(key), mark)
        ]
        for key in matching.withdrawn:
            if key not in given_up:
                existing[key].withdrawn = True
                written.append(Written(existing[key], UNTOLD))
        return written

    def _row(self, item_id: int, key: str, mark: Mark, row: Annotation | None, *, withdrawn: bool) -> Written:
        row = row or Annotation(project=self.project, item_id=item_id, key=key)
        row.label_class, row.value, row.withdrawn = self.classes[mark.label], mark.value, withdrawn
        row.edition = row.label_class.edition
        return Written(row, mark.saved)

    def _stands_so(self, row: Annotation | None, mark: Mark) -> bool:
        return (
            row is not None and row.withdrawn and (self.keys[row.label_class_id], row.value) == (mark.label, mark.value)
        )

    def _set_author(self, one: Written) -> None:
        """Whoever marked it in the source; what was taken away by somebody untold keeps its author."""
        author = self.person(one.saved.author or one.saved.by)
        if author is not None or not one.row.withdrawn:
            one.row.author = author
        one.row.origin = Origin.IMPORT

    def _record_one(
        self, event: Event, records: int, actor: Actor, subjects: set[str], by: User | None, after: Any, source: str
    ) -> Entry:
        return record(
            event,
            self.items[next(iter(subjects))] if len(subjects) == 1 else self.project,
            actor,
            reason=self.telling.reason,
            after=after,
            records=records,
            attributed_to=by,
            source=source,
        )


def _next_key(existing: dict[str, Annotation]) -> int:
    return 1 + max((int(key) for key in existing if key.isdecimal()), default=0)
