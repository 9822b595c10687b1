"""CVAT's shapes and tracks as marks, each kind by name."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any
from xml.etree.ElementTree import Element

from ..errors import BadField
from ..fields import bounds, rounded, spelled_number
from ..records import Mark

Value = dict[str, Any]

_FLAGS = {"0": False, "1": True}
_CUBOID = tuple(
    f"{axis}{corner}" for corner in ("tl1", "bl1", "tr1", "br1", "tl2", "bl2", "tr2", "br2") for axis in "xy"
)


def mark_of(element: Element) -> Mark:
    """One shape or tag of an image."""
    return Mark(None, _label(element), _value(element))


def track_of(element: Element) -> Mark:
    """One object through the frames of a video: every key frame with its shape."""
    frames: list[Value] = []
    for index, child in enumerate(element):
        if child.tag not in SHAPES or child.tag == "tag":
            raise BadField(f"{child.tag}[{index}]", "a shape that is not understood")
        try:
            frame = {"frame": _whole(child, "frame"), "shape": child.tag, **_value(child, "frame", "shape")}
        except BadField as error:
            raise error.within(f"{child.tag}[{index}]") from error
        frames.append(frame)
    if not frames:
        raise BadField(None, "a track without a shape")
    seen = next((frame for frame in frames if not frame.get("outside")), frames[0])
    rest = {key: value for key, value in element.attrib.items() if key not in ("id", "label", "task_id", "subset")}
    return Mark(None, _label(element), {"track": frames, **({"bbox": seen["bbox"]} if "bbox" in seen else {}), **rest})


def _label(element: Element) -> str:
    label = element.get("label", "")
    if not label:
        raise BadField("label", "empty: a mark needs a class")
    return label


def _value(element: Element, *taken: str) -> Value:
    """Where a shape lies, and all else that is said of it: flags as such, its attributes by name."""
    drawn, fields = SHAPES[element.tag](element)
    value: Value = {}
    for field, said in element.attrib.items():
        if field not in ("label", *fields, *taken):
            flag = field in ("occluded", "outside", "keyframe")
            value[field] = _FLAGS.get(said, said) if flag else said
    value |= drawn
    attributes = {}
    parts: list[Value] = []
    for child in element:
        if child.tag == "attribute":
            attributes[child.get("name", "")] = child.text or ""
        elif element.tag == "skeleton" and child.tag in SHAPES:
            parts.append({"label": _label(child), **_value(child)})
        else:
            raise BadField(child.tag, "not understood")
    if attributes:
        value["attributes"] = attributes
    if element.tag == "skeleton":
        boxes = [part["bbox"] for part in parts if "bbox" in part]
        corners = [[x + w * at, y + h * at] for x, y, w, h in boxes for at in (0, 1)]
        value |= {"elements": parts, **({"bbox": bounds(corners)} if corners else {})}
    return value


def _number(element: Element, field: str) -> int | float:
    return spelled_number(element.get(field), field)


def _whole(element: Element, field: str) -> int:
    found = _number(element, field)
    if not isinstance(found, int):
        raise BadField(field, f"{element.get(field)!r} is not a whole number")
    return found


def _points(element: Element, at_least: int) -> list[list[float]]:
    found: list[list[float]] = []
    for index, pair in enumerate(element.get("points", "").split(";")):
        field = f"points[{index}]"
        cells = pair.split(",")
        if len(cells) != 2:
            raise BadField(field, f"{pair!r} is not a pair of numbers")
        found.append([spelled_number(cell, field) for cell in cells])
    if len(found) < at_least:
        raise BadField("points", f"{len(found)} points where {at_least} are needed")
    return found


def _box(element: Element) -> tuple[Value, tuple[str, ...]]:
    left, top, right, bottom = (_number(element, field) for field in ("xtl", "ytl", "xbr", "ybr"))
    box = [left, top, rounded(right - left), rounded(bottom - top)]
    turned = _number(element, "rotation") if element.get("rotation") else 0
    fields = ("xtl", "ytl", "xbr", "ybr", "rotation")
    if not turned:
        return {"bbox": box}, fields
    # CVAT turns a box around its centre, clockwise.
    x, y = (left + right) / 2, (top + bottom) / 2
    cosine, sine = math.cos(math.radians(turned)), math.sin(math.radians(turned))
    corners = [
        [rounded(x + (u - x) * cosine - (v - y) * sine), rounded(y + (u - x) * sine + (v - y) * cosine)]
        for u, v in ((left, top), (right, top), (right, bottom), (left, bottom))
    ]
    return {"bbox": box, "rotation": turned, "polygon": corners}, fields


def _polygon(element: Element) -> tuple[Value, tuple[str, ...]]:
    points = _points(element, 3)
    return {"polygon": points, "bbox": bounds(points)}, ("points",)


def _polyline(element: Element) -> tuple[Value, tuple[str, ...]]:
    points = _points(element, 2)
    return {"polyline": points, "bbox": bounds(points)}, ("points",)


def _single_points(element: Element) -> tuple[Value, tuple[str, ...]]:
    points = _points(element, 1)
    return {"keypoints": points, "bbox": bounds(points)}, ("points",)


def _ellipse(element: Element) -> tuple[Value, tuple[str, ...]]:
    x, y, across, down = (_number(element, field) for field in ("cx", "cy", "rx", "ry"))
    box = [rounded(x - across), rounded(y - down), rounded(2 * across), rounded(2 * down)]
    return {"ellipse": [x, y, across, down], "bbox": box}, ("cx", "cy", "rx", "ry")


def _cuboid(element: Element) -> tuple[Value, tuple[str, ...]]:
    numbers = [_number(element, field) for field in _CUBOID]
    points: list[list[float]] = [[x, y] for x, y in zip(numbers[::2], numbers[1::2], strict=True)]
    return {"cuboid": points, "bbox": bounds(points)}, _CUBOID


def _mask(element: Element) -> tuple[Value, tuple[str, ...]]:
    """A mask as CVAT counts it: runs of empty and filled dots by turns, row by row within its box."""
    left, top, width, height = (_whole(element, field) for field in ("left", "top", "width", "height"))
    runs = element.get("rle", "").replace(" ", "").split(",")
    if not all(run.isdecimal() and len(run) < 10 for run in runs):
        raise BadField("rle", "not a list of counts")
    # The empty dots after the last filled one may be left out.
    if (dots := sum(map(int, runs))) > width * height:
        raise BadField("rle", f"counts {dots:,} dots in a box of {width} × {height}")
    return {"bbox": [left, top, width, height], "rle": ", ".join(runs)}, ("left", "top", "width", "height", "rle")


def _nowhere(element: Element) -> tuple[Value, tuple[str, ...]]:
    return {}, ()


# How each kind is read: where it lies, and the attributes that said so.
SHAPES: dict[str, Callable[[Element], tuple[Value, tuple[str, ...]]]] = {
    "box": _box,
    "polygon": _polygon,
    "polyline": _polyline,
    "points": _single_points,
    "ellipse": _ellipse,
    "cuboid": _cuboid,
    "mask": _mask,
    "skeleton": _nowhere,
    "tag": _nowhere,
}
