"""The regions of an annotation of Label Studio as marks, each kind by name; one that is not known is refused."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ..errors import BadField
from ..fields import bounds, mapping, name, number, rounded, sequence, text, whole
from ..records import UNTOLD, Mark, Saved

Value = dict[str, Any]
Scale = tuple[float, float] | None


def marks_of(result: object, where: str, *, prefix: str, saved: Saved = UNTOLD, cancelled: bool = False) -> list[Mark]:
    """A mark for each label of each region, keyed `annotation/region`; what has no label is named by its control."""
    marks: list[Mark] = []
    turns: Counter[str] = Counter()
    for index, region in enumerate(sequence(result, where)):
        place = f"{where}[{index}]"
        region = mapping(region, place)
        base = f"{prefix}/{_id_of(region, index, place)}"
        try:
            found = list(_labels_and_values(region))
        except BadField as error:
            raise error.within(place) from error
        for label, value in found:
            turns[base] += 1
            key = base if turns[base] == 1 else f"{base}#{turns[base]}"
            marks.append(Mark(key, label, value, saved, cancelled))
    return marks


def size_told_by(results: Iterable[object]) -> list[int] | None:
    """Width and height of the image, where all regions that tell them agree."""
    regions = [one for result in results if isinstance(result, list) for one in result if isinstance(one, dict)]
    sizes = {(one["original_width"], one["original_height"]) for one in regions if _scale(one)}
    return list(sizes.pop()) if len(sizes) == 1 else None


def _id_of(region: dict[str, Any], index: int, place: str) -> str:
    if region.get("type") == "relation":
        return f"{name(region.get('from_id'), f'{place}.from_id')}>{name(region.get('to_id'), f'{place}.to_id')}"
    return name(region["id"], f"{place}.id") if region.get("id") is not None else str(index + 1)


def _labels_and_values(region: dict[str, Any]) -> Iterator[tuple[str, Value]]:
    kind = text(region.get("type"), "type")
    if kind == "relation":
        ends = {"from": region["from_id"], "to": region["to_id"]}
        for label in _names(region.get("labels") or ["relation"], "labels"):
            yield label, {**ends, "label_studio": _said(region, {})}
        return
    value = mapping(region.get("value"), "value")
    if kind not in _KINDS:
        raise BadField("type", f"{kind!r} is no kind of region that is understood")
    read_labels, shape = _KINDS[kind], _SHAPES.get(kind.removesuffix("labels")) or _shape_in(value)
    drawn = shape.read(value, _scale(region))
    named = value.get(kind, value.get("labels"))
    labels = read_labels(named, f"value.{kind}")
    taken = shape.fields | ({kind, "labels"} if labels else frozenset())
    said = {**drawn, "label_studio": _said(region, {key: part for key, part in value.items() if key not in taken})}
    for label in labels or [name(region.get("from_name"), "from_name")]:
        yield label, said


def _said(region: dict[str, Any], value: Value) -> Value:
    kept = {key: part for key, part in region.items() if key not in ("value", "from_id", "to_id")}
    return {**kept, "value": value} if value else kept


def _names(value: object, field: str) -> list[str]:
    return [name(one, f"{field}[{index}]") for index, one in enumerate(sequence(value or [], field))]


def _paths(value: object, field: str) -> list[str]:
    """The choices of a taxonomy, each the path to it."""
    paths = [_names(one, f"{field}[{index}]") for index, one in enumerate(sequence(value or [], field))]
    return ["/".join(path) for path in paths]


def _no_labels(value: object, field: str) -> list[str]:
    return []


def _scale(region: dict[str, Any]) -> Scale:
    sizes = (region.get("original_width"), region.get("original_height"))
    known = [size for size in sizes if isinstance(size, int) and not isinstance(size, bool) and size > 0]
    return (known[0] / 100, known[1] / 100) if len(known) == 2 else None


def _scaled(value: Value, fields: tuple[str, str], scale: Scale) -> list[float]:
    """Two numbers of a value, from percentages of the image to pixels where its size is told."""
    across, down = (number(value.get(field), f"value.{field}") for field in fields)
    return [rounded(across * scale[0]), rounded(down * scale[1])] if scale else [across, down]


def _unit(scale: Scale) -> Value:
    return {} if scale else {"unit": "percent"}


def _rectangle(value: Value, scale: Scale) -> Value:
    corner, size = _scaled(value, ("x", "y"), scale), _scaled(value, ("width", "height"), scale)
    turned = number(value.get("rotation") or 0, "value.rotation")
    drawn: Value = {"bbox": [*corner, *size], **_unit(scale)}
    if not turned:
        return drawn
    # Label Studio turns a rectangle around its first corner, clockwise.
    cosine, sine = math.cos(math.radians(turned)), math.sin(math.radians(turned))
    sides = ((0.0, 0.0), (size[0], 0.0), (size[0], size[1]), (0.0, size[1]))
    corners = [
        [rounded(corner[0] + x * cosine - y * sine), rounded(corner[1] + x * sine + y * cosine)] for x, y in sides
    ]
    return {**drawn, "rotation": turned, "polygon": corners}


def _polygon(value: Value, scale: Scale) -> Value:
    points: list[list[float]] = []
    for index, pair in enumerate(sequence(value.get("points"), "value.points")):
        field = f"value.points[{index}]"
        across, down = (number(part, field) for part in _pair(pair, field))
        points.append([rounded(across * scale[0]), rounded(down * scale[1])] if scale else [across, down])
    if not points:
        raise BadField("value.points", "empty")
    return {"polygon": points, "bbox": bounds(points), **_unit(scale)}


def _pair(value: object, field: str) -> list[Any]:
    if len(pair := sequence(value, field)) != 2:
        raise BadField(field, "not a pair of numbers")
    return pair


def _ellipse(value: Value, scale: Scale) -> Value:
    (x, y), (across, down) = _scaled(value, ("x", "y"), scale), _scaled(value, ("radiusX", "radiusY"), scale)
    box = [rounded(x - across), rounded(y - down), rounded(2 * across), rounded(2 * down)]
    turned = {"rotation": value["rotation"]} if value.get("rotation") else {}
    return {"ellipse": [x, y, across, down], "bbox": box, **turned, **_unit(scale)}


def _keypoint(value: Value, scale: Scale) -> Value:
    x, y = _scaled(value, ("x", "y"), scale)
    size = number(value.get("width") or 0, "value.width") * (scale[0] if scale else 1)
    box = [rounded(x - size / 2), rounded(y - size / 2), rounded(size), rounded(size)]
    return {"point": [x, y], "bbox": box, **_unit(scale)}


def _brush(value: Value, scale: Scale) -> Value:
    rle = [whole(one, f"value.rle[{index}]") for index, one in enumerate(sequence(value.get("rle"), "value.rle"))]
    return {"rle": rle, "format": value.get("format", "rle")}


def _span(value: Value, scale: Scale) -> Value:
    """A stretch of a text in characters, or of a recording in seconds; marked-up text also tells where in all of it."""
    places = mapping(value.get("globalOffsets") or value, "value.globalOffsets")
    ends = {field: places.get(field) for field in ("start", "end")}
    if any(isinstance(end, bool) or not isinstance(end, int | float | str) for end in ends.values()):
        raise BadField("value.start", "neither a place in a text nor a time")
    return ends


def _video(value: Value, scale: Scale) -> Value:
    frames = []
    for index, one in enumerate(sequence(value.get("sequence"), "value.sequence")):
        field = f"value.sequence[{index}]"
        frame = mapping(one, field)
        whole(frame.get("frame"), f"{field}.frame")
        drawn = _rectangle(frame, scale)
        rest = {key: part for key, part in frame.items() if key not in _SHAPES["rectangle"].fields}
        frames.append({**rest, **drawn})
    if not frames:
        raise BadField("value.sequence", "empty")
    return {"track": frames, "bbox": frames[0]["bbox"]}


def _nowhere(value: Value, scale: Scale) -> Value:
    return {}


@dataclass(frozen=True)
class _Shape:
    """How a shape is read, and the fields of a value of which nothing then is left to keep."""

    read: Callable[[Value, Scale], Value]
    fields: frozenset[str]


_SPAN = _Shape(_span, frozenset({"start", "end"}))
_NOWHERE = _Shape(_nowhere, frozenset())
_SHAPES = {
    "rectangle": _Shape(_rectangle, frozenset({"x", "y", "width", "height", "rotation"})),
    "polygon": _Shape(_polygon, frozenset({"points"})),
    "ellipse": _Shape(_ellipse, frozenset({"x", "y", "radiusX", "radiusY", "rotation"})),
    "keypoint": _Shape(_keypoint, frozenset({"x", "y", "width"})),
    "brush": _Shape(_brush, frozenset({"rle", "format"})),
    "videorectangle": _Shape(_video, frozenset({"sequence"})),
    "hypertext": _SPAN,
    "paragraph": _SPAN,
    "timeseries": _SPAN,
}


def _shape_in(value: Value) -> _Shape:
    """The shape of a value whose kind does not tell: a region labelled or judged apart from being drawn."""
    if {"start", "end"} <= value.keys():
        return _SPAN
    told_by = {
        "points": "polygon",
        "radiusX": "ellipse",
        "rle": "brush",
        "sequence": "videorectangle",
        "x": "rectangle",
    }
    return next((_SHAPES[shape] for field, shape in told_by.items() if field in value), _NOWHERE)


# Every kind of region that is understood, and how its labels are read.
_KINDS: dict[str, Callable[[object, str], list[str]]] = {
    **dict.fromkeys(("labels", "rectanglelabels", "polygonlabels", "ellipselabels", "keypointlabels"), _names),
    **dict.fromkeys(("brushlabels", "hypertextlabels", "paragraphlabels", "timeserieslabels"), _names),
    **dict.fromkeys(("videorectangle", "choices", "rectangle", "polygon", "ellipse", "keypoint", "brush"), _names),
    "taxonomy": _paths,
    # What they hold is the value itself, and their control is the class.
    **dict.fromkeys(("textarea", "rating", "number", "datetime", "pairwise", "ranker"), _no_labels),
}
