"""Bringing in histories: one privileged act for each batch of somebody else's changes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

from django.core.exceptions import ValidationError

from audit.acting import Actor, locked, operation
from audit.canonical import canonical_json
from audit.events import Event
from audit.history import versions_of
from audit.models import Entry
from audit.services import record
from roles.matrix import Can
from roles.models import User
from roles.services import authorize, stand_in_for

from ..connectors.labelhist import Batch, Change, Header, ItemRecord, Mark, match_marks, records_of
from ..models import Annotation, Item, LabelClass, Origin, Project
from ..selectors.approvals import approved_among
from .project_state import must_take_classes, must_take_work

# From this many annotations on, one act is a bulk change and says so.
BULK_FROM = 101
_ROWS_AT_ONCE = 1000
# How much of a history's digest stands in the trail.
_DIGITS = 16

# The marks of an item as sorted canonical texts, and {key: text} of how they lay; the latest comes last.
Arrangements = dict[tuple[str, ...], dict[str, str]]


def imported_up_to(project: Project) -> tuple[str, int]:
    """The digest of the history this project was built from and the last sequence number taken in; ("", 0) if none."""
    entries = Entry.objects.filter(project=project, source__startswith="labelhist/1 ").order_by("-id")
    source = entries.values_list("source", flat=True).first()
    if source is None:
        return "", 0
    _, digest, places = source.split(" ")
    return digest, int(places.split("-")[-1])


def check_history_of(project: Project, header: Header) -> None:
    """Refuse another history than the one a project was built from."""
    known, _ = imported_up_to(project)
    if known and known != header.digest[:_DIGITS]:
        raise ValidationError(f"{project.slug} was built from another history: replay this one into another project.")


def import_batch(project: Project, batch: Batch, header: Header, *, by: User) -> bool:
    """Take in one batch at the time it landed; False when the project has it already.

    The person in the history is kept as `attributed_to`, the batch's message as the reason.
    """
    with operation(by=by, at=batch.ts):
        project = locked(project)
        actor = authorize(by, Can.IMPORT_HISTORY, project)
        must_take_work(project)
        check_history_of(project, header)
        if batch.last_seq <= imported_up_to(project)[1]:
            return False
        _Importing(project, batch, header, actor).run()
    return True


@dataclass
class _Importing:
    """One batch on its way into the tables."""

    project: Project
    batch: Batch
    header: Header
    actor: Actor
    counts: Counter[Event] = field(default_factory=Counter)
    changed_items: set[str] = field(default_factory=set)

    def run(self) -> None:
        self.author = stand_in_for(self.batch.actor, slug=self.project.slug)
        self.classes = {row.key: row for row in LabelClass.objects.filter(project=self.project)}
        self.records: dict[int, ItemRecord] = {
            change.seq: records_of(change.after, self.header.kind)
            for change in self.batch.changes
            if change.after is not None
        }
        self._add_classes()
        keys = [change.item for change in self.batch.changes]
        self.items = self._existing_items(keys)
        self._save_items()
        self._save_annotations()
        self._record()

    def _add_classes(self) -> None:
        wanted = {mark.label for record in self.records.values() for mark in record.marks}
        missing = sorted(wanted - self.classes.keys())
        if missing:
            must_take_classes(self.project)
        created = LabelClass.objects.bulk_create(LabelClass(project=self.project, key=key, name=key) for key in missing)
        self.classes.update({row.key: row for row in created})
        self.keys = {row.pk: key for key, row in self.classes.items()}
        self.new_classes = missing

    def _existing_items(self, keys: list[str]) -> dict[str, Item]:
        found: dict[str, Item] = {}
        for start in range(0, len(keys), 500):
            rows = Item.objects.filter(project=self.project, key__in=keys[start : start + 500])
            found.update({row.key: row for row in rows})
        return found

    def _save_items(self) -> None:
        """Bring every item of the batch to its last state in it, each row written once."""
        rows: dict[str, Item] = {}
        for change in self.batch.changes:
            row = rows.get(change.item) or self.items.get(change.item)
            rows[change.item] = self._item_after(change, row)
        Item.objects.bulk_create(
            [row for row in rows.values() if row.pk is None or row.key in self.changed_items],
            batch_size=_ROWS_AT_ONCE,
            update_conflicts=True,
            unique_fields=["project", "key"],
            update_fields=["data", "split", "metadata", "excluded"],
        )
        self.items.update(rows)

    def _item_after(self, change: Change, row: Item | None) -> Item:
        row = row or Item(project=self.project, key=change.item)
        if change.after is None:
            self._count(Event.ITEMS_EXCLUDED, row)
            row.excluded = True
            return row
        wanted = self.records[change.seq]
        if row.excluded:
            self._count(Event.ITEMS_REINSTATED, row)
        elif change.before is None:
            self._count(Event.ITEMS_IMPORTED if self.batch.baseline else Event.ITEMS_ADDED, row)
        elif (row.data, row.split, row.metadata) != (wanted.data, wanted.split, wanted.metadata):
            self._count(Event.ITEMS_CHANGED, row)
        row.data, row.split, row.metadata, row.excluded = wanted.data, wanted.split, wanted.metadata, False
        return row

    def _count(self, event: Event, row: Item) -> None:
        self.counts[event] += 1
        self.changed_items.add(row.key)

    def _save_annotations(self) -> None:
        last = {change.item: change for change in self.batch.changes}
        wanted = {self.items[key].pk: change for key, change in last.items() if change.after is not None}
        existing = self._existing_annotations(list(wanted))
        marks = {pk: self.records[change.seq].marks for pk, change in wanted.items()}
        earlier = self._earlier_arrangements([pk for pk in existing if any(mark.key is None for mark in marks[pk])])
        rows: list[Annotation] = []
        for item_id in wanted:
            as_before = _keyed_as_before(marks[item_id], earlier.get(item_id, {}))
            rows.extend(self._annotations_after(item_id, as_before, existing.get(item_id, {})))
        self._count_annotations(rows)
        Annotation.objects.bulk_create(
            rows,
            batch_size=_ROWS_AT_ONCE,
            update_conflicts=True,
            unique_fields=["item", "key"],
            update_fields=["label_class", "value", "author", "origin", "edition", "withdrawn"],
        )

    def _count_annotations(self, rows: list[Annotation]) -> None:
        """Each mark once: one that stood approved counts as that alone, changed or withdrawn."""
        approved = approved_among([row for row in rows if row.pk])
        for row in rows:
            otherwise = Event.ANNOTATION_WITHDRAWN if row.withdrawn else Event.ANNOTATION_SAVED
            self.counts[Event.ANNOTATION_CHANGED_AFTER_APPROVAL if row.pk in approved else otherwise] += 1

    def _existing_annotations(self, item_ids: list[int]) -> dict[int, dict[str, Annotation]]:
        found: dict[int, dict[str, Annotation]] = {}
        for start in range(0, len(item_ids), 500):
            rows = Annotation.objects.filter(item__in=item_ids[start : start + 500]).order_by("id")
            for row in rows:
                found.setdefault(row.item_id, {})[row.key] = row
        return found

    def _earlier_arrangements(self, item_ids: list[int]) -> dict[int, Arrangements]:
        """For each item every set of marks it had after an act, and which key each of them had then."""
        found: dict[int, Arrangements] = {}
        for start in range(0, len(item_ids), 500):
            versions = versions_of(Annotation)._default_manager.filter(item_id__in=item_ids[start : start + 500])
            columns = ("item_id", "operation", "key", "label_class_id", "value", "withdrawn")
            in_order = versions.order_by("item_id", "history_id").values_list(*columns)
            for (item_id, _), act in groupby(in_order, key=lambda version: version[:2]):
                arrangements = found.setdefault(item_id, {})
                live = dict(next(reversed(arrangements.values()), {}))
                for _, _, key, class_id, value, withdrawn in act:
                    live.pop(key, None)
                    if not withdrawn:
                        live[key] = canonical_json([self.keys[class_id], value])
                content = tuple(sorted(live.values()))
                arrangements.pop(content, None)
                arrangements[content] = live
        return found

    def _annotations_after(self, item_id: int, marks: list[Mark], existing: dict[str, Annotation]) -> list[Annotation]:
        """The rows to write: marks that are new, came back or changed, and those no longer there."""
        live = [(row.key, self.keys[row.label_class_id], row.value) for row in existing.values() if not row.withdrawn]
        matching = match_marks(live, marks, next_key=_next_key(existing))
        written: list[Annotation] = []
        for key, mark in matching.changed + matching.added:
            row = existing.get(key) or Annotation(project=self.project, item_id=item_id, key=key)
            row.label_class, row.value, row.withdrawn = self.classes[mark.label], mark.value, False
            row.edition = row.label_class.edition
            written.append(row)
        gone = [existing[key] for key in matching.withdrawn]
        for row in gone:
            row.withdrawn = True
        for row in written + gone:
            row.author, row.origin = self.author, Origin.IMPORT
        return written + gone

    def _record(self) -> None:
        if self.new_classes:
            self._record_one(Event.CLASS_ADDED, len(self.new_classes), self.new_classes)
        saved = self.counts.pop(Event.ANNOTATION_SAVED, 0)
        if saved:
            marks = saved + self.counts[Event.ANNOTATION_CHANGED_AFTER_APPROVAL]
            self.counts[Event.ANNOTATIONS_BULK_CHANGED if marks >= BULK_FROM else Event.ANNOTATION_SAVED] = saved
        told = +self.counts or Counter({Event.ITEMS_CHANGED: 0})
        for event, records in told.items():
            self._record_one(event, records)

    def _record_one(self, event: Event, records: int, after: Any = None) -> None:
        keys = {change.item for change in self.batch.changes}
        record(
            event,
            self.items[keys.pop()] if len(keys) == 1 else self.project,
            self.actor,
            reason=self.batch.message,
            after=after,
            records=records,
            attributed_to=self.author,
            source=f"labelhist/1 {self.header.digest[:_DIGITS]} {self.batch.first_seq}-{self.batch.last_seq}",
        )


def _keyed_as_before(marks: list[Mark], earlier: Arrangements) -> list[Mark]:
    """The same marks; when the item had just these before, each keeps the key that it had then.

    So an item that is edited and set back is as it was, also where the source gives its marks no keys.
    """
    contents = [canonical_json([mark.label, mark.value]) for mark in marks] if earlier else []
    arrangement = earlier.get(tuple(sorted(contents)))
    if arrangement is None or any(mark.key is not None for mark in marks):
        return marks
    keys: dict[str, list[str]] = {}
    for key, content in arrangement.items():
        keys.setdefault(content, []).append(key)
    return [replace(mark, key=keys[content].pop(0)) for mark, content in zip(marks, contents, strict=True)]


def _next_key(existing: dict[str, Annotation]) -> int:
    return 1 + max((int(key) for key in existing if key.isdecimal()), default=0)
