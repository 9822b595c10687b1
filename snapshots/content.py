"""What a record of a snapshot is, and how the state at a cut is read from the versions.

A cut is `{label of a tracked model: highest version id}`. Of each row the newest version not beyond the cut
counts; a row is in the content when that version is no deletion and is neither excluded nor withdrawn, and the
annotations of an excluded item are out with it. Counts, statements, differences and hashes follow this one rule.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db import models
from django.db.models import Max

from audit.canonical import canonical_json
from audit.history import versions_of
from labelop.models import Annotation, Item, LabelClass, Project, Review
from roles.models import Membership

from .sethash import record_key

# The sections of a snapshot and the model behind each; the first three are its content.
SECTIONS: dict[str, type[models.Model]] = {
    "items": Item,
    "annotations": Annotation,
    "schema": LabelClass,
    "work": Review,
    "roles": Membership,
    "settings": Project,
}
CONTENT = ("items", "annotations", "schema")

_RULES = (
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
_OF_A_CLASS = ("name", "definition", "colour", "geometry", "high_risk", "attributes", "deprecated")

# What is read of a version; building whole models of them would take most of the time.
_COLUMNS = {
    "items": ("id", "key", "data", "metadata", "split", "excluded"),
    "annotations": ("id", "key", "item_id", "label_class_id", "value", "withdrawn"),
    "schema": ("id", "key", *_OF_A_CLASS),
    "work": ("id", "item_id", "annotation_id", "verdict", "note", "reviewer_id"),
    "roles": ("id", "user_id", "role", "valid_until", "ended_at"),
    "settings": ("id", "slug", *_RULES),
}
_KEY_OF_AN_ITEM = ("id", "key", "excluded")

_IDS_AT_ONCE = 500


@dataclass(frozen=True)
class Record:
    """One record as it stood at a cut. `item` is the key of the item it is about, empty for other records."""

    section: str
    id: int
    key: str
    content: dict[str, Any]
    item: str = ""
    label: str = ""

    @cached_property
    def canonical(self) -> str:
        return canonical_json(self.content)


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
            "roles": self._membership_record,
            "settings": self._settings_record,
        }[section]
        versions = self._versions(section, ids)
        if section == "annotations":
            if ids is not None:
                versions = iter(read := list(versions))
            self._know_items(None if ids is None else {version.item_id for version in read})
        for version in versions:
            record = build(version)
            if record is not None:
                yield record

    def keys_of_items(self, ids: Collection[int] | None) -> dict[int, str]:
        """The keys of the items in the content, all or those with these row ids."""
        versions = self._versions("items", ids, _KEY_OF_AN_ITEM)
        return {version.id: version.key for version in versions if not version.excluded}

    def annotations_of(self, item_ids: Collection[int]) -> set[int]:
        """The ids of every annotation that these items had at the cut, withdrawn ones too."""
        return {
            annotation_id
            for some in in_parts(item_ids)
            for annotation_id in self._newest("annotations").filter(item_id__in=some).values_list("id", flat=True)
        }

    def annotations_labelled(self, class_ids: Collection[int]) -> set[int]:
        """The ids of the annotations that had one of these classes at the cut."""
        newest = self._newest("annotations").filter(label_class_id__in=class_ids)
        return set(newest.values_list("id", flat=True))

    @cached_property
    def classes(self) -> dict[int, Any]:
        return {version.id: version for version in self._versions("schema", None)}

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
        content = {name: getattr(version, name) for name in _OF_A_CLASS}
        return Record("schema", version.id, record_key("class", version.key), content, label=version.key)

    def _review_record(self, version: Any) -> Record:
        item = self._item_key_of(version.item_id)
        annotation = self._annotation_key_of(version.annotation_id) if version.annotation_id else ""
        content = {"verdict": version.verdict, "note": version.note, "reviewer": self._username(version.reviewer_id)}
        order = str(self._place_among_reviews(version))
        return Record("work", version.id, record_key("review", item, annotation, order), content, item)

    def _membership_record(self, version: Any) -> Record | None:
        if version.ended_at is not None:
            return None
        content = {"role": version.role, "valid_until": version.valid_until}
        return Record("roles", version.id, record_key("member", self._username(version.user_id)), content)

    def _settings_record(self, version: Any) -> Record:
        content = {name: getattr(version, name) for name in _RULES}
        return Record("settings", version.id, record_key("project", version.slug), content)

    def _newest(self, section: str) -> models.QuerySet[Any]:
        """The newest version of each row at the cut, deletions included."""
        versions: models.QuerySet[Any] = versions_of(SECTIONS[section])._default_manager.all()
        within = versions.filter(history_id__lte=self.bound(section), **self._of_project(section))
        newest = within.order_by().values("id").annotate(newest=Max("history_id")).values("newest")
        return versions.filter(history_id__in=newest)

    def _versions(self, section: str, ids: Collection[int] | None, columns: tuple[str, ...] = ()) -> Iterator[Any]:
        columns = columns or _COLUMNS[section]
        if ids is None:
            newest_of_all = self._newest(section).exclude(history_type="-")
            yield from newest_of_all.values_list(*columns, named=True).iterator(2000)
            return
        versions: models.QuerySet[Any] = versions_of(SECTIONS[section])._default_manager.all()
        for some in in_parts(ids):
            within = versions.filter(id__in=some, history_id__lte=self.bound(section), **self._of_project(section))
            newest = within.order_by().values("id").annotate(newest=Max("history_id")).values("newest")
            found = versions.filter(history_id__in=newest).exclude(history_type="-")
            yield from found.order_by().values_list(*columns, named=True)

    def _of_project(self, section: str) -> dict[str, int]:
        return {"id" if section == "settings" else "project_id": self.project_id}

    def _know_items(self, ids: Collection[int] | None) -> None:
        """Read the keys of the items that annotations are on, unless excluded."""
        self._item_keys = self.keys_of_items(ids)

    def _item_key_of(self, item_id: int) -> str:
        return next((version.key for version in self._versions("items", [item_id])), "")

    def _annotation_key_of(self, annotation_id: int) -> str:
        return next((version.key for version in self._versions("annotations", [annotation_id])), "")

    def _place_among_reviews(self, version: Any) -> int:
        return int(
            versions_of(Review)
            ._default_manager.filter(
                item_id=version.item_id, annotation_id=version.annotation_id, history_type="+", id__lte=version.id
            )
            .count()
        )

    def _username(self, user_id: int) -> str:
        return self._usernames.get(user_id, f"#{user_id}")

    @cached_property
    def _usernames(self) -> dict[int, str]:
        members = Membership.objects.filter(project=self.project_id).values_list("user_id", "user__username")
        reviewers = Review.objects.filter(project=self.project_id).values_list("reviewer_id", "reviewer__username")
        return {**dict(members), **dict(reviewers)}


def newest_cut(project_id: int) -> dict[str, int]:
    """The cut behind everything there is; consistent only while the project's gate is held alone."""
    return {
        model._meta.label_lower: versions_of(model)
        ._default_manager.filter(project_id=project_id)
        .aggregate(highest=Max("history_id"))["highest"]
        or 0
        for model in SECTIONS.values()
    }


def in_parts(ids: Iterable[int]) -> Iterator[list[int]]:
    """Sorted ids in lists short enough for one query."""
    ordered = sorted(set(ids))
    for start in range(0, len(ordered), _IDS_AT_ONCE):
        yield ordered[start : start + _IDS_AT_ONCE]


def touched(before: State, after: State) -> dict[str, set[int]]:
    """The row ids in each section that have versions between two cuts, or went with an item that has."""
    found: dict[str, set[int]] = {}
    for section, model in SECTIONS.items():
        versions = versions_of(model)._default_manager.filter(
            history_id__gt=before.bound(section),
            history_id__lte=after.bound(section),
            **after._of_project(section),
        )
        found[section] = set(versions.order_by().values_list("id", flat=True).distinct())
    followed = _items_whose_annotations_follow(before, after, found["items"])
    if followed:
        found["annotations"] |= after.annotations_of(followed)
    renamed = {
        class_id
        for class_id, version in after.classes.items()
        if class_id in before.classes and before.classes[class_id].key != version.key
    }
    if renamed:
        found["annotations"] |= after.annotations_labelled(renamed) | before.annotations_labelled(renamed)
    return found


def _items_whose_annotations_follow(before: State, after: State, item_ids: set[int]) -> set[int]:
    """The items that came, went or changed their key: their annotations changed with them."""
    then, now = (state.keys_of_items(item_ids) for state in (before, after))
    # A new item has only new annotations, which have versions of their own.
    return {item_id for item_id in item_ids if then.get(item_id) != now.get(item_id)}
