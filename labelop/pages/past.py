"""Versions in the admin's own histories, drawn: each stands alone here, without the other marks of its item."""

from __future__ import annotations

from typing import Any

from roles.past import DrawnVersion, FieldChange, PastVersion

from ..drawing import Drawing, Mark, Scene, Swatch, draw_class, draw_item, draw_mark
from ..models import Annotation, LabelClass

_OF_MARKS = ("label_class", "value")
_OF_ITEMS = ("data", "metadata", "split", "excluded")
_OF_CLASSES = ("name", "definition", "colour", "geometry", "high_risk", "attributes", "deprecated")


def drawn_marks(mark: Annotation, versions: list[PastVersion]) -> list[DrawnVersion]:
    """Versions of a mark, each over the item as it is now."""
    sides = [each for past in versions for each in (past.earlier, past.version) if each is not None]
    classes = LabelClass.objects.filter(project=mark.project_id).in_bulk({each.label_class_id for each in sides})
    palette = {row.key: Swatch(row.name, row.colour) for row in classes.values()}
    scene = Scene(mark.item.data)

    def drawing(past: PastVersion) -> Drawing:
        before, after = _mark(past.earlier, classes), _mark(past.version, classes)
        return draw_mark(before, after, (scene, scene), palette, mark.key)

    return [(past, drawing(past), _besides(past, _OF_MARKS)) for past in versions]


def drawn_items(versions: list[PastVersion]) -> list[DrawnVersion]:
    return [(past, draw_item(*_contents(past, _OF_ITEMS)), _besides(past, _OF_ITEMS)) for past in versions]


def drawn_classes(versions: list[PastVersion]) -> list[DrawnVersion]:
    return [(past, draw_class(*_contents(past, _OF_CLASSES)), _besides(past, _OF_CLASSES)) for past in versions]


def _mark(version: Any, classes: dict[int, LabelClass]) -> Mark | None:
    if version is None or version.withdrawn or version.history_type == "-":
        return None
    known = classes.get(version.label_class_id)
    return Mark(known.key if known else "?", version.value)


def _contents(past: PastVersion, names: tuple[str, ...]) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    return _content(past.earlier, names), _content(past.version, names)


def _content(version: Any, names: tuple[str, ...]) -> dict[str, Any] | None:
    if version is None or version.history_type == "-":
        return None
    return {name: getattr(version, name) for name in names}


def _besides(past: PastVersion, drawn: tuple[str, ...]) -> list[FieldChange]:
    """The changes that no drawing tells."""
    return [change for change in past.changes if change.name not in drawn]
