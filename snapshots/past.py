"""The past of one item: its versions beside the entries that explain them, and who last set each value."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import QuerySet

from audit.history import versions_of
from audit.models import Entry
from audit.selectors import entries_about, explaining
from labelop.models import Annotation, Item, LabelClass

from .content import in_parts
from .differences import changed_fields, values_by_field


@dataclass(frozen=True)
class Step:
    """One version of an item or of one of its annotations, with what it changed and the entries that explain it."""

    version: Any
    key: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    entries: list[Entry]

    @property
    def fields(self) -> list[str]:
        return changed_fields(self.before, self.after)

    @property
    def entry(self) -> Entry | None:
        """The entry that explains it best."""
        return next(iter(self.entries), None)

    @property
    def place(self) -> tuple[uuid.UUID, str, int]:
        """The operation that wrote it, and the row it is a version of."""
        return self.version.operation, self.version.instance_type._meta.label_lower, self.version.id


def history_of(item: Item) -> list[Step]:
    """Every version of an item and of its annotations, oldest first."""
    return _with_entries(_steps(item), item)


def blame_of(item: Item, among: QuerySet[Entry] | None = None) -> dict[tuple[str, str], Step]:
    """For each value the item has now, by annotation key ("" for the item itself) and field, the step that set it.

    With `among`, only these entries are told.
    """
    last: dict[tuple[str, str], Step] = {}
    there: dict[str, bool] = {}
    for step in _steps(item):
        there[step.key] = step.after is not None or step.key == ""
        for name in step.fields:
            last[step.key, name] = step
    kept = {place: step for place, step in sorted(last.items()) if there[place[0]] and _has(step, place[1])}
    told = {id(step): full for step, full in zip(kept.values(), _with_entries(kept.values(), item, among), strict=True)}
    return {place: told[id(step)] for place, step in kept.items()}


def mark_ids_of(item: Item) -> list[int]:
    """The ids of every annotation the item has ever had. No service deletes one, but somebody going round them may."""
    deleted = versions_of(Annotation)._default_manager.filter(item_id=item.pk, history_type="-")
    live = Annotation.objects.filter(item=item).order_by().values_list("pk", flat=True)
    return sorted({*live, *deleted.order_by().values_list("id", flat=True)})


def _steps(item: Item) -> list[Step]:
    versions: list[Any] = list(versions_of(Item)._default_manager.filter(id=item.pk).order_by("history_id"))
    for some in in_parts(mark_ids_of(item)):
        versions += versions_of(Annotation)._default_manager.filter(id__in=some, item_id=item.pk).order_by("history_id")
    versions.sort(key=lambda version: (version.history_date, version.operation, version.history_id))
    classes = dict(LabelClass.objects.filter(project=item.project_id).values_list("pk", "key"))
    earlier: dict[str, dict[str, Any] | None] = {}
    steps: list[Step] = []
    for version in versions:
        key = version.key if hasattr(version, "item_id") else ""
        after = content_of(version, classes)
        steps.append(Step(version, key, earlier.get(key), after, []))
        earlier[key] = after
    return steps


def _with_entries(steps: Iterable[Step], item: Item, among: QuerySet[Entry] | None = None) -> list[Step]:
    steps = list(steps)
    entries = entries_about((step.place for step in steps), explaining(item.project_id, among))
    return [replace(step, entries=entries[step.place]) for step in steps]


def _has(step: Step, name: str) -> bool:
    return name in values_by_field(step.after or {})


def content_of(version: Any, classes: dict[int, str]) -> dict[str, Any] | None:
    """What one version says of an item or annotation; None where it is deleted or withdrawn."""
    if version.history_type == "-":
        return None
    if hasattr(version, "item_id"):
        if version.withdrawn:
            return None
        return {"class": classes[version.label_class_id], "value": version.value}
    return {
        "data": version.data,
        "metadata": version.metadata,
        "split": version.split,
        "excluded": version.excluded,
    }
