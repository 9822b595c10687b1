"""The past of one item: its versions beside the entries that explain them, and who last set each value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from audit.history import versions_of
from audit.models import Entry
from audit.selectors import entries_of
from labelop.models import Annotation, Item, LabelClass

from .differences import changed_fields


@dataclass(frozen=True)
class Step:
    """One version of an item or of one of its annotations, with what it changed and the entries of its operation."""

    version: Any
    key: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    entries: list[Entry]

    @property
    def fields(self) -> list[str]:
        return changed_fields(self.before, self.after)


def history_of(item: Item) -> list[Step]:
    """Every version of an item and of its annotations, oldest first."""
    found = [*_versions(Item, {"id": item.pk}), *_versions(Annotation, {"item_id": item.pk})]
    found.sort(key=lambda version: (version.history_date, version.operation, version.history_id))
    entries = entries_of((version.operation for version in found), item.project_id)
    classes = dict(LabelClass.objects.filter(project=item.project_id).values_list("pk", "key"))
    earlier: dict[str, dict[str, Any] | None] = {}
    steps: list[Step] = []
    for version in found:
        key = version.key if hasattr(version, "item_id") else ""
        after = _content(version, classes)
        steps.append(Step(version, key, earlier.get(key), after, entries.get(version.operation, [])))
        earlier[key] = after
    return steps


def blame_of(item: Item) -> dict[tuple[str, str], Step]:
    """For each value the item has now, by annotation key ("" for the item itself) and field, the step that set it."""
    last: dict[tuple[str, str], Step] = {}
    for step in history_of(item):
        for name in step.fields:
            last[step.key, name] = step
    return {place: step for place, step in sorted(last.items()) if step.after is not None or place[0] == ""}


def _versions(model: type[Item] | type[Annotation], of_item: dict[str, int]) -> Iterator[Any]:
    yield from versions_of(model)._default_manager.filter(**of_item).order_by("history_id")


def _content(version: Any, classes: dict[int, str]) -> dict[str, Any] | None:
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
