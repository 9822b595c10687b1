"""The past of one item: every version of it and its marks, and for each value the act that last set it."""

from __future__ import annotations

from typing import Any, TypedDict

from django.shortcuts import get_object_or_404

from labelop.models import Item
from labelop.selectors.trail import work_entries_visible_to
from labelop.selectors.work import items_visible_to
from roles.api.curated import CuratedView
from roles.telling import EntryTold, actor_told, entry_as_dict, pseudonyms_in

from ..past import Step, blame_of, history_of


class _OfAnItem(CuratedView):
    tag = "items"

    @property
    def item(self) -> Item:
        return get_object_or_404(items_visible_to(self.viewer), pk=self.kwargs["row"])


class StepTold(TypedDict):
    at: str
    annotation: str | None
    operation: str
    fields: list[str]
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    entries: list[EntryTold]


class ItemHistoryTold(TypedDict):
    project: str
    item: str
    versions: list[StepTold]


class ItemHistoryView(_OfAnItem):
    """Every version of an item and of its marks, oldest first, beside the entries that explain them."""

    answer = ItemHistoryTold
    summary = "History of an item"

    def told(self, **kwargs: Any) -> ItemHistoryTold:
        item = self.item
        names = pseudonyms_in([item.project_id], self.viewer)
        steps = history_of(item)
        wanted = {entry.pk for step in steps for entry in step.entries}
        seen = set(work_entries_visible_to(self.viewer).filter(pk__in=wanted).values_list("pk", flat=True))
        return {
            "project": item.project.slug,
            "item": item.key,
            "versions": [_step(step, [each for each in step.entries if each.pk in seen], names) for step in steps],
        }


def _step(step: Step, entries: list[Any], names: Any) -> StepTold:
    return {
        "at": step.version.history_date.isoformat(),
        "annotation": step.key or None,
        "operation": str(step.version.operation),
        "fields": step.fields,
        "before": step.before,
        "after": step.after,
        "entries": [entry_as_dict(entry, names) for entry in entries],
    }


class BlamedTold(TypedDict):
    annotation: str | None
    field: str
    at: str
    operation: str
    event: str | None
    actor: str | None
    role: str | None
    reason: str | None


class BlameTold(TypedDict):
    project: str
    item: str
    values: list[BlamedTold]


class BlameView(_OfAnItem):
    """For each value the item has now: the act that last set it, in which role, and why."""

    answer = BlameTold
    summary = "Blame of an item"

    def told(self, **kwargs: Any) -> BlameTold:
        item = self.item
        names = pseudonyms_in([item.project_id], self.viewer)
        blamed = blame_of(item, work_entries_visible_to(self.viewer))
        return {
            "project": item.project.slug,
            "item": item.key,
            "values": [_blamed(place, step, names) for place, step in blamed.items()],
        }


def _blamed(place: tuple[str, str], step: Step, names: Any) -> BlamedTold:
    entry = step.entry
    return {
        "annotation": place[0] or None,
        "field": place[1],
        "at": step.version.history_date.isoformat(),
        "operation": str(step.version.operation),
        # Null where nothing that this viewer may read explains it.
        "event": entry.event if entry else None,
        "actor": actor_told(entry, names) if entry else None,
        "role": (entry.role or None) if entry else None,
        "reason": (entry.reason or None) if entry else None,
    }
