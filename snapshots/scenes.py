"""What stood around a mark at a cut: its item's data and the item's other marks, for a page that draws them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from labelop.drawing import Drawing, Mark, Palette, Scene, Swatch, draw_class, draw_item, draw_mark
from labelop.models import Annotation, Item, Project

from .content import State, in_parts
from .differences import Difference
from .sethash import record_key

# An item with more marks than this is drawn without those that did not change, and so is what a page has beyond these.
MARKS_OF_AN_ITEM = 500
MARKS = 2000
_NOTHING = Scene()


def drawings_of(differences: list[Difference], project: Project, before: State, after: State) -> list[Drawing]:
    """What to draw of each of these differences; the number of queries does not follow theirs."""
    keys = {each.item for each in differences if each.section == "annotations"}
    ids = dict(Item.objects.filter(project=project, key__in=keys).order_by().values_list("key", "pk")) if keys else {}
    marks, left_out = _marks_of(ids.values())
    sides = [_scenes(state, ids.values(), marks, left_out) for state in (before, after)]
    palette = palette_of(before, after)
    return [_drawing(each, ids.get(each.item), sides, palette) for each in differences]


def palette_of(*states: State) -> Palette:
    """How classes are called and coloured; where that changed, as in the last of these states."""
    return {row.key: Swatch(row.name, row.colour) for state in states for row in state.classes.values()}


def scene_of(item_id: int, state: State, mark_ids: list[int]) -> Scene:
    """One item as it stood at a cut, with those of these marks that it had."""
    return _scenes(state, [item_id], mark_ids, {})[item_id]


def _drawing(difference: Difference, item_id: int | None, sides: list[dict[int, Scene]], palette: Palette) -> Drawing:
    if difference.section == "items":
        return draw_item(difference.before, difference.after)
    if difference.section == "schema":
        return draw_class(difference.before, difference.after)
    key = difference.key.removeprefix(f"{record_key('annotation', difference.item)}/").replace("//", "/")
    scenes = [side.get(item_id or 0, _NOTHING) for side in sides]
    return draw_mark(_mark(difference.before), _mark(difference.after), (scenes[0], scenes[1]), palette, key)


def _mark(content: dict[str, Any] | None) -> Mark | None:
    return Mark(str(content["class"]), content["value"]) if content else None


def _marks_of(item_ids: Collection[int]) -> tuple[list[int], dict[int, int]]:
    """The ids of the marks to read, and for each item how many of its marks are too many."""
    by_item: dict[int, list[int]] = {}
    for some in in_parts(item_ids):
        rows = Annotation.objects.filter(item__in=some).order_by().values_list("item_id", "pk")
        for item_id, pk in rows[: MARKS * 10]:
            by_item.setdefault(item_id, []).append(pk)
    read: list[int] = []
    left_out: dict[int, int] = {}
    for item_id, pks in by_item.items():
        if len(pks) > MARKS_OF_AN_ITEM or len(read) + len(pks) > MARKS:
            left_out[item_id] = len(pks) - 1
        else:
            read += pks
    return read, left_out


def _scenes(state: State, item_ids: Collection[int], mark_ids: list[int], left_out: dict[int, int]) -> dict[int, Scene]:
    marks: dict[int, dict[str, Mark]] = {}
    columns = ("id", "key", "item_id", "label_class_id", "value", "withdrawn")
    for row in state.rows("annotations", mark_ids, *columns):
        if not row.withdrawn:
            label = state.classes[row.label_class_id].key
            marks.setdefault(row.item_id, {})[row.key] = Mark(label, row.value)
    data = {row.id: row.data for row in state.rows("items", item_ids, "id", "data")}
    return {pk: Scene(data.get(pk), marks.get(pk, {}), left_out.get(pk, 0)) for pk in item_ids}
