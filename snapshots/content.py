"""What a record of a snapshot is, and how the state at a cut is read from the versions.

A cut is `{label of a tracked model: highest version id}`. Of each row the newest version not beyond the cut
counts; a row is in the content when that version is no deletion and is neither excluded nor withdrawn, and the
annotations of an excluded item are out with it. Counts, statements, differences and hashes follow this one rule.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from django.db import connection, models
from django.db.models import Max

from audit.canonical import canonical_json
from audit.history import versions_of
from labelop.models import Annotation, Assignment, Dispute, Item, LabelClass, Project, Review
from roles.models import Membership
from roles.selectors import opening_names

from .sethash import record_key

# The sections of a snapshot and the model behind each; the first three are its content.
SECTIONS: dict[str, type[models.Model]] = {
    "items": Item,
    "annotations": Annotation,
    "schema": LabelClass,
    "work": Review,
    "assignments": Assignment,
    "disputes": Dispute,
    "roles": Membership,
    "settings": Project,
}
CONTENT = ("items", "annotations", "schema")

CLASS_CONTENT = ("name", "definition", "colour", "geometry", "high_risk", "attributes", "deprecated")
_SETTINGS_CONTENT = (
    "name",
    "description",
    "state",
    "risk_tier",
    "customer_facing",
    "review_policy",
    "sample_percent",
    "separation_of_duties",
    "schema_frozen",
)

_ASSIGNMENT_CONTENT = ("state", "round", "priority", "instructions")
_DISPUTE_CONTENT = ("state", "reason", "ruling")

# What is read of a version: its row's id first, then what the record is made of.
_COLUMNS: dict[str, tuple[str, ...]] = {
    "items": ("id", "key", "data", "metadata", "split", "excluded"),
    "annotations": ("id", "key", "item_id", "label_class_id", "value", "withdrawn"),
    "schema": ("id", "key", *CLASS_CONTENT),
    "work": (
        "id",
        "item_id",
        "annotation_id",
        "assignment_id",
        "verdict",
        "note",
        "reason_code",
        "round",
        "reviewer_id",
    ),
    "assignments": ("id", "item_id", "annotator_id", "approved_by_id", "due_on", *_ASSIGNMENT_CONTENT),
    "disputes": ("id", "review_id", "contested_by_id", "adjudicated_by_id", *_DISPUTE_CONTENT),
    "roles": ("id", "user_id", "role", "valid_until", "ended_at"),
    "settings": ("id", "slug", *_SETTINGS_CONTENT),
}

_IDS_AT_ONCE = 500
NO_MORE: tuple[int | None, Iterator[Any]] = (None, iter(()))


@dataclass(frozen=True)
class Record:
    """One record as it stood at a cut. `item` is the key of the item it is about, empty for other records."""

    section: str
    id: int
    key: str
    content: dict[str, Any]
    item: str = ""
    label: str = ""

    @property
    def canonical(self) -> str:
        return canonical_json(self.content)


class Mark(NamedTuple):
    """An annotation as it stood at a cut, beside its item."""

    key: str
    label: str
    value: Any


class State:
    """A project at a cut. `State.empty` stands before everything."""

    def __init__(self, project_id: int, cut: dict[str, int]) -> None:
        self.project_id = project_id
        self.cut = cut

    @classmethod
    def empty(cls, project_id: int) -> State:
        return cls(project_id, {})

    def bound(self, section: str) -> int:
        """The highest version id that belongs to this cut."""
        return self.cut.get(SECTIONS[section]._meta.label_lower, 0)

    def records(self, section: str, ids: Collection[int] | None = None) -> Iterator[Record]:
        """The records of a section, all or those with these row ids, in no particular order."""
        build = {
            "items": self._item_record,
            "annotations": self._annotation_record,
            "schema": self._class_record,
            "work": self._review_record,
            "assignments": self._assignment_record,
            "disputes": self._dispute_record,
            "roles": self._membership_record,
            "settings": self._settings_record,
        }[section]
        versions = self.rows(section, ids)
        if section == "annotations":
            if ids is not None:
                versions = iter(read := list(versions))
            self._item_keys = self.item_keys(None if ids is None else {version.item_id for version in read})
        if section == "work":
            self._know_reviewed(ids)
        if section == "assignments":
            self._know_assigned(ids)
        if section == "disputes":
            self._know_disputed(ids)
        for version in versions:
            record = build(version)
            if record is not None:
                yield record

    def items_with_marks(self) -> Iterator[tuple[Record, list[Mark]]]:
        """Every item with its annotations, in the order in which they came to be; no more than one item is held."""
        by_item = groupby(self._in_order("annotations", "item_id", "id"), attrgetter("item_id"))
        item_id, marks = next(by_item, NO_MORE)
        for item in self._in_order("items", "id"):
            found: list[Mark] = []
            while item_id is not None and item_id <= item.id:
                if item_id == item.id:
                    found = [
                        Mark(mark.key, self.classes[mark.label_class_id].key, mark.value)
                        for mark in marks
                        if not mark.withdrawn
                    ]
                item_id, marks = next(by_item, NO_MORE)
            if record := self._item_record(item):
                yield record, found

    def _in_order(self, section: str, *order: str) -> Iterator[Any]:
        newest = self._newest(section).exclude(history_type="-").order_by(*order)
        yield from newest.values_list(*_COLUMNS[section], named=True).iterator(2000)

    def annotations_of(self, item_ids: Collection[int]) -> set[int]:
        """The ids of the annotations that these items had at the cut, withdrawn ones too."""
        now = {
            annotation_id
            for some in in_parts(item_ids)
            for annotation_id in Annotation.objects.filter(item__in=some).order_by().values_list("id", flat=True)
        }
        candidates = now | self._changed_since("annotations")
        found = self.rows("annotations", candidates, "id", "item_id")
        return {version.id for version in found if version.item_id in item_ids}

    def annotations_labelled(self, class_ids: Collection[int]) -> set[int]:
        """The ids of the annotations that had one of these classes at the cut."""
        now = set(Annotation.objects.filter(label_class__in=class_ids).order_by().values_list("id", flat=True))
        candidates = now | self._changed_since("annotations")
        found = self.rows("annotations", candidates, "id", "label_class_id")
        return {version.id for version in found if version.label_class_id in class_ids}

    def _changed_since(self, section: str) -> set[int]:
        """The ids of the rows that changed after the cut: of all others the table still tells how they stood."""
        versions: models.QuerySet[Any] = versions_of(SECTIONS[section])._default_manager.all()
        since = versions.filter(history_id__gt=self.bound(section), **self._of_project(section))
        return set(since.order_by().values_list("id", flat=True).distinct())

    @cached_property
    def classes(self) -> dict[int, Any]:
        return {version.id: version for version in self.rows("schema", None)}

    def _item_record(self, version: Any) -> Record | None:
        if version.excluded:
            return None
        content = {"data": version.data, "metadata": version.metadata, "split": version.split}
        return Record("items", version.id, record_key("item", version.key), content, version.key)

    def _annotation_record(self, version: Any) -> Record | None:
        item = self._item_keys.get(version.item_id)
        if version.withdrawn or item is None:
            return None
        label = self.classes[version.label_class_id]
        content = {"class": label.key, "value": version.value}
        key = record_key("annotation", item, version.key)
        return Record("annotations", version.id, key, content, item, label.key)

    def _class_record(self, version: Any) -> Record:
        content = {name: getattr(version, name) for name in CLASS_CONTENT}
        return Record("schema", version.id, record_key("class", version.key), content, label=version.key)

    def _review_record(self, version: Any) -> Record:
        content = {"verdict": version.verdict, "note": version.note, "reviewer": self._person(version.reviewer_id)}
        # Said only where there is something to say, so that decisions of earlier snapshots read as they did.
        if version.reason_code:
            content["reason_code"] = version.reason_code
        if version.assignment_id:
            content["round"] = version.round
        item, *others = self._place_of(version)
        return Record("work", version.id, record_key("review", item, *others), content, item)

    def _place_of(self, review: Any) -> tuple[str, str, str]:
        """What names a decision: item, annotation, and which decision on them it is."""
        item = self._reviewed_items.get(review.item_id, "")
        annotation = self._reviewed_annotations.get(review.annotation_id, "")
        return item, annotation, str(bisect_right(self._reviews_made[review.item_id, review.annotation_id], review.id))

    def _assignment_record(self, version: Any) -> Record:
        content = {name: getattr(version, name) for name in _ASSIGNMENT_CONTENT}
        content["annotator"] = self._person(version.annotator_id)
        content["approved_by"] = self._person(version.approved_by_id)
        content["due_on"] = version.due_on.isoformat() if version.due_on else None
        item = self._assigned_items.get(version.item_id, "")
        order = str(bisect_right(self._assignments_made[version.item_id], version.id))
        return Record("assignments", version.id, record_key("assignment", item, order), content, item)

    def _dispute_record(self, version: Any) -> Record:
        content = {name: getattr(version, name) for name in _DISPUTE_CONTENT}
        content["contested_by"] = self._person(version.contested_by_id)
        content["adjudicated_by"] = self._person(version.adjudicated_by_id)
        item, *others = self._disputed.get(version.review_id, ("", "", ""))
        return Record("disputes", version.id, record_key("dispute", item, *others), content, item)

    def _membership_record(self, version: Any) -> Record | None:
        if version.ended_at is not None:
            return None
        content = {"role": version.role, "valid_until": version.valid_until}
        return Record("roles", version.id, record_key("member", self._person(version.user_id) or ""), content)

    def _settings_record(self, version: Any) -> Record:
        content = {name: getattr(version, name) for name in _SETTINGS_CONTENT}
        return Record("settings", version.id, record_key("project", version.slug), content)

    def _newest(self, section: str) -> models.QuerySet[Any]:
        """The newest version of each row at the cut, deletions included."""
        versions: models.QuerySet[Any] = versions_of(SECTIONS[section])._default_manager.all()
        within = versions.filter(history_id__lte=self.bound(section), **self._of_project(section))
        newest = within.order_by().values("id").annotate(newest=Max("history_id")).values("newest")
        return versions.filter(history_id__in=newest)

    def rows(self, section: str, ids: Collection[int] | None, *columns: str) -> Iterator[Any]:
        """The newest versions at the cut that are no deletions, as named tuples: rows of models cost thrice that."""
        wanted = columns or _COLUMNS[section]
        if not self.bound(section):
            return
        if ids is None:
            newest = self._newest(section).exclude(history_type="-")
            yield from newest.values_list(*wanted, named=True).iterator(2000)
            return
        versions: models.QuerySet[Any] = versions_of(SECTIONS[section])._default_manager.all()
        for some in in_parts(ids):
            # Asked apart, and the project of the newest only: together they tempt PostgreSQL into reading all versions
            # of the project. A row that moved to another project has a newer version there.
            within = versions.filter(id__in=some, history_id__lte=self.bound(section)).order_by().values("id")
            newest_ids = list(within.annotate(newest=Max("history_id")).values_list("newest", flat=True))
            newest = versions.filter(history_id__in=newest_ids, **self._of_project(section)).exclude(history_type="-")
            yield from newest.order_by().values_list(*wanted, named=True)

    def _of_project(self, section: str) -> dict[str, int]:
        return {"id" if section == "settings" else "project_id": self.project_id}

    def item_keys(self, item_ids: Collection[int] | None) -> dict[int, str]:
        """The keys of these items, or of all, by their ids; not of excluded ones."""
        found = self.rows("items", item_ids, "id", "key", "excluded")
        return {version.id: version.key for version in found if not version.excluded}

    def _know_reviewed(self, review_ids: Collection[int] | None) -> None:
        """Read the keys of what these reviews decide on, and in which order its reviews were made."""
        items: set[int] = set()
        annotations: set[int] = set()
        for version in self.rows("work", review_ids, "item_id", "annotation_id"):
            items.add(version.item_id)
            if version.annotation_id:
                annotations.add(version.annotation_id)
        self._reviewed_items = {version.id: version.key for version in self.rows("items", items, "id", "key")}
        self._reviewed_annotations = {
            version.id: version.key for version in self.rows("annotations", annotations, "id", "key")
        }
        self._reviews_made: defaultdict[tuple[int, int | None], list[int]] = defaultdict(list)
        for item_id, annotation_id, review_id in _made(Review, items, "item_id", "annotation_id", "id"):
            self._reviews_made[item_id, annotation_id].append(review_id)

    def _know_assigned(self, assignment_ids: Collection[int] | None) -> None:
        """Read the keys of what was assigned, and in which order its assignments were made."""
        items = {version.item_id for version in self.rows("assignments", assignment_ids, "item_id")}
        self._assigned_items = {version.id: version.key for version in self.rows("items", items, "id", "key")}
        self._assignments_made: defaultdict[int, list[int]] = defaultdict(list)
        for item_id, assignment_id in _made(Assignment, items, "item_id", "id"):
            self._assignments_made[item_id].append(assignment_id)

    def _know_disputed(self, dispute_ids: Collection[int] | None) -> None:
        """Read which decisions were contested."""
        reviews = {version.review_id for version in self.rows("disputes", dispute_ids, "review_id")}
        self._know_reviewed(reviews)
        contested = self.rows("work", reviews)
        self._disputed = {version.id: self._place_of(version) for version in contested}

    def _person(self, user_id: int | None) -> str | None:
        """Somebody by a name that never changes: with today's, renaming would change what was hashed long ago."""
        if user_id is None:
            return None
        if user_id not in self._people:
            self._people[user_id] = opening_names([user_id]).get(user_id, f"#{user_id}")
        return self._people[user_id]

    @cached_property
    def _people(self) -> dict[int, str]:
        members = Membership.objects.filter(project=self.project_id).order_by().values_list("user_id", flat=True)
        return opening_names(members.distinct())


def _made(model: type[models.Model], item_ids: Collection[int], *columns: str) -> Iterator[tuple[Any, ...]]:
    """These columns of every row ever made of these items, oldest first."""
    for some in in_parts(item_ids):
        made = versions_of(model)._default_manager.filter(item_id__in=some, history_type="+")
        yield from made.order_by("id").values_list(*columns)


def newest_cut(project_id: int) -> dict[str, int]:
    """The cut behind everything there is; consistent only while the project's gate is held alone.

    One statement for all tables, since every act waits until it is answered.
    """
    tables = [connection.ops.quote_name(versions_of(model)._meta.db_table) for model in SECTIONS.values()]
    # A range of one project, and its order in words: told that a project is equal, PostgreSQL goes down the ids of all.
    highest = ", ".join(
        f"(SELECT history_id FROM {table} WHERE project_id BETWEEN %s AND %s"  # noqa: S608 - names of ours, quoted
        " ORDER BY project_id DESC, history_id DESC LIMIT 1)"
        for table in tables
    )
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {highest}", [project_id] * (2 * len(tables)))
        found = cursor.fetchone()
    return {model._meta.label_lower: bound or 0 for model, bound in zip(SECTIONS.values(), found, strict=True)}


def in_parts(ids: Iterable[int]) -> Iterator[list[int]]:
    """Sorted ids in lists short enough for one query."""
    ordered = sorted(set(ids))
    for start in range(0, len(ordered), _IDS_AT_ONCE):
        yield ordered[start : start + _IDS_AT_ONCE]


def touched(before: State, after: State) -> dict[str, set[int]]:
    """The row ids in each section that have versions between two cuts, or went with an item that has."""
    found: dict[str, set[int]] = {section: set() for section in SECTIONS}
    for section, model in SECTIONS.items():
        if before.bound(section) == after.bound(section):
            # No version lies between: most sections of most snapshots stand as they stood.
            continue
        versions = versions_of(model)._default_manager.filter(
            history_id__gt=before.bound(section),
            history_id__lte=after.bound(section),
            **after._of_project(section),
        )
        found[section] = set(versions.order_by().values_list("id", flat=True).distinct())
    followed = items_whose_annotations_follow(before, after, found["items"])
    if followed:
        found["annotations"] |= after.annotations_of(followed)
    renamed = {
        class_id
        for class_id in found["schema"]
        if class_id in before.classes
        and class_id in after.classes
        and before.classes[class_id].key != after.classes[class_id].key
    }
    if renamed:
        found["annotations"] |= after.annotations_labelled(renamed) | before.annotations_labelled(renamed)
    return found


def items_whose_annotations_follow(before: State, after: State, item_ids: set[int]) -> set[int]:
    """The items that came, went or changed their key: their annotations changed with them."""
    then, now = before.item_keys(item_ids), after.item_keys(item_ids)
    # A new item has only new annotations, which have versions of their own.
    return {item_id for item_id in item_ids if then.get(item_id) != now.get(item_id)}
