"""Which shape a value describes, if any: a box or a polygon, in any of the forms in use."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Point = tuple[float, float]

# Beyond this nothing is a place in an image, and arithmetic on it means nothing.
FARTHEST = 10_000_000
_POLYGONS = ("seg", "segmentation", "polygon", "points")
_PAIRS = re.compile(r"\s*[;\s]\s*")


@dataclass(frozen=True)
class Shape:
    """The corners of a mark, and the keys of its value that say so."""

    points: tuple[Point, ...]
    said_by: frozenset[str]
    box: bool

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom."""
        across, down = [x for x, _ in self.points], [y for _, y in self.points]
        return min(across), min(down), max(across), max(down)

    @property
    def area(self) -> float:
        if self.box:
            left, top, right, bottom = self.bounds
            return (right - left) * (bottom - top)
        following = (*self.points[1:], self.points[0])
        return abs(sum(x * v - u * y for (x, y), (u, v) in zip(self.points, following, strict=True))) / 2


def shape_of(value: Any) -> Shape | None:
    """A polygon where the value has one, else its box: `bbox` from a corner with sizes, `box` from corner to corner."""
    if not isinstance(value, dict):
        return None
    box = _box(value)
    for name in _POLYGONS:
        points = _polygon(value.get(name))
        if points is not None:
            return Shape(points, frozenset({name}) | (box.said_by if box else frozenset()), box=False)
    return box


def is_number(value: Any) -> bool:
    """Whether it is a number that can be drawn."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= FARTHEST


def numbers_of(value: Any, count: int) -> list[float] | None:
    """The value as that many numbers, if it is."""
    if not isinstance(value, list) or len(value) != count or not all(map(is_number, value)):
        return None
    return [float(number) for number in value]


def frame_of(data: Any) -> tuple[float, float] | None:
    """Width and height of an item, where its data tell them."""
    if not isinstance(data, dict):
        return None
    size = numbers_of(data.get("size"), 2) or numbers_of([data.get("width"), data.get("height")], 2)
    if size is None or min(size) < 1:
        return None
    return size[0], size[1]


def _box(value: dict[str, Any]) -> Shape | None:
    if (sizes := numbers_of(value.get("bbox"), 4)) is not None:
        x, y, width, height = sizes
        return _rectangle(x, y, x + width, y + height, "bbox")
    if (corners := numbers_of(value.get("box"), 4)) is not None:
        left, top, right, bottom = corners
        return _rectangle(left, top, right, bottom, "box")
    names = ("x", "y", "width", "height")
    if (sizes := numbers_of([value.get(name) for name in names], 4)) is not None:
        x, y, width, height = sizes
        return _rectangle(x, y, x + width, y + height, *names)
    return None


def _rectangle(left: float, top: float, right: float, bottom: float, *said_by: str) -> Shape:
    left, right, top, bottom = min(left, right), max(left, right), min(top, bottom), max(top, bottom)
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    return Shape(corners, frozenset(said_by), box=True)


def _polygon(value: Any) -> tuple[Point, ...] | None:
    """Pairs, numbers in a row, rings of which the first is drawn, or text such as `1,2;3,4`."""
    if isinstance(value, str):
        value = _from_text(value)
    if not isinstance(value, list) or not value:
        return None
    if all(map(is_number, value)):
        return _in_pairs(value)
    if len(value) >= 3 and all(numbers_of(pair, 2) is not None for pair in value):
        return tuple((float(x), float(y)) for x, y in value)
    first = value[0]
    return _polygon(first) if isinstance(first, list) and first and not is_number(first[0]) else _ring(first)


def _ring(value: Any) -> tuple[Point, ...] | None:
    return _in_pairs(value) if isinstance(value, list) and value and all(map(is_number, value)) else None


def _in_pairs(numbers: Sequence[float]) -> tuple[Point, ...] | None:
    if len(numbers) < 6 or len(numbers) % 2:
        return None
    return tuple((float(x), float(y)) for x, y in zip(numbers[::2], numbers[1::2], strict=True))


def _from_text(text: str) -> list[list[float]] | None:
    pairs = [part.split(",") for part in _PAIRS.split(text.strip())] if "," in text else []
    try:
        found = [[float(number) for number in pair] for pair in pairs]
    except ValueError:
        return None
    return found if all(math.isfinite(number) for pair in found for number in pair) else None
