"""Boxes and polygons before and after, over the frame of their item."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .marks import Palette, Scene, cut, swatch
from .shapes import Point, Shape, frame_of, shape_of
from .told import counted, larger, number

WIDTH = 640.0
HIGHEST = 480.0
LOWEST = 60.0
POINTS = 300
OTHERS = 60
POINTS_OF_OTHERS = 40
# A close-up is worth its place where what changed is smaller than this share of the frame.
SMALL = 0.4
LETTER = 7.5

Extent = tuple[float, float, float, float]


@dataclass(frozen=True)
class Outline:
    """One shape in the units of its picture; `kind` is old, new, still (on both sides the same), now or other."""

    kind: str
    points: str
    name: str
    x: str
    y: str
    anchor: str


@dataclass(frozen=True)
class Picture:
    """Outlines in a frame, with what a screen reader says of them."""

    width: str
    height: str
    title: str
    outlines: list[Outline]
    description: str


@dataclass(frozen=True)
class Pictures:
    """The whole frame and, where what changed is small in it, a close-up; `words` tell what changed."""

    whole: Picture
    close: Picture | None
    words: list[str]
    notes: list[str]


@dataclass(frozen=True)
class _Drawn:
    kind: str
    shape: Shape
    name: str


def draw_shapes(
    before: tuple[str, Shape] | None,
    after: tuple[str, Shape] | None,
    scene: Scene,
    palette: Palette,
    skip: str = "",
) -> Pictures:
    """Draw a mark, as class and shape, before and after; the scene's other marks faint behind it."""
    main = _sides(before, after, palette)
    others, notes = _others(scene, palette, skip)
    frame = frame_of(scene.data)
    extent = (0.0, 0.0, *frame) if frame else _extent([*main, *others])
    if frame is None:
        notes.append("The size of the item is not recorded: the frame is as large as its marks.")
    notes += _outside(main, extent) + _simplified(main)
    words = _change(before, after, "px" if frame else "")
    described = "; ".join(words) or "The mark has not moved."
    near = _padded(_extent(main), extent)
    small = before is not None and after is not None and (near[2] - near[0]) < SMALL * (extent[2] - extent[0])
    close = _picture("Close-up", near, _within(main, others, near), described) if small else None
    return Pictures(_picture("Where it is in the item", extent, [*others, *main], described), close, words, notes)


def draw_all_shapes(scene: Scene, palette: Palette) -> Pictures | None:
    """Draw every mark of an item as it stands; None where none of them has a shape."""
    drawn, notes = _others(scene, palette, "", "now")
    if not drawn:
        return None
    frame = frame_of(scene.data)
    extent = (0.0, 0.0, *frame) if frame else _extent(drawn)
    if frame is None:
        notes.append("The size of the item is not recorded: the frame is as large as its marks.")
    described = ", ".join(f"{one.name} at {_place(one.shape)}" for one in drawn[:10])
    return Pictures(_picture("The item and its marks", extent, drawn, described), None, [], notes)


def _sides(before: tuple[str, Shape] | None, after: tuple[str, Shape] | None, palette: Palette) -> list[_Drawn]:
    sides = []
    if before and after and before[1].points == after[1].points:
        return [_Drawn("still", after[1], swatch(after[0], palette).name)]
    if before:
        sides.append(_Drawn("old", before[1], swatch(before[0], palette).name))
    if after:
        sides.append(_Drawn("new", after[1], swatch(after[0], palette).name))
    return sides


def _others(scene: Scene, palette: Palette, skip: str, kind: str = "other") -> tuple[list[_Drawn], list[str]]:
    shaped = (
        _Drawn(kind, shape, swatch(mark.label, palette).name)
        for key, mark in scene.marks.items()
        if key != skip and (shape := shape_of(mark.value))
    )
    found = list(shaped)
    hidden = max(0, len(found) - OTHERS) + scene.left_out
    return found[:OTHERS], [f"{counted(hidden, 'other mark')} not drawn."] if hidden else []


def _change(before: tuple[str, Shape] | None, after: tuple[str, Shape] | None, unit: str) -> list[str]:
    """What became of a shape, in words."""
    if before is None or after is None:
        side = after or before
        return [f"{'added' if after else 'removed'} at {_place(side[1], unit)}"] if side else []
    then, now = before[1], after[1]
    if then.points == now.points:
        return []
    words = [said for said in (_moved(then, now, unit), larger(then.area, now.area), _sizes(then, now, unit)) if said]
    if len(then.points) != len(now.points):
        words.append(f"{counted(len(then.points), 'point')} → {len(now.points):,}")
    words.append(_overlap(then, now))
    return words


def _moved(then: Shape, now: Shape, unit: str) -> str:
    (x, y), (u, v) = _centre(then), _centre(now)
    steps = [
        f"{number(abs(by))}{f' {unit}' if unit else ''} {forth if by > 0 else back}"
        for by, forth, back in ((u - x, "right", "left"), (v - y, "down", "up"))
        if abs(by) >= 0.005
    ]
    return f"moved {', '.join(steps)}" if steps else ""


def _sizes(then: Shape, now: Shape, unit: str) -> str:
    pairs = zip(("width", "height"), _size(then), _size(now), strict=True)
    said = [f"{name} {number(was)} → {number(size)}" for name, was, size in pairs if abs(was - size) >= 0.005]
    return f"{', '.join(said)}{f' {unit}' if unit else ''}" if said else ""


def _overlap(then: Shape, now: Shape) -> str:
    left, top, right, bottom = then.bounds
    west, north, east, south = now.bounds
    shared = max(0.0, min(right, east) - max(left, west)) * max(0.0, min(bottom, south) - max(top, north))
    whole = (right - left) * (bottom - top) + (east - west) * (south - north) - shared
    share = round(100 * shared / whole) if whole > 0 else 0
    return f"{share} % of the two boxes around them is shared" if share else "the two do not touch"


def _place(shape: Shape, unit: str = "") -> str:
    left, top, *_ = shape.bounds
    width, height = _size(shape)
    return f"{number(left)}, {number(top)}, {number(width)} × {number(height)}{f' {unit}' if unit else ''} large"


def _centre(shape: Shape) -> Point:
    left, top, right, bottom = shape.bounds
    return (left + right) / 2, (top + bottom) / 2


def _size(shape: Shape) -> tuple[float, float]:
    left, top, right, bottom = shape.bounds
    return right - left, bottom - top


def _extent(drawn: Iterable[_Drawn]) -> Extent:
    bounds = [one.shape.bounds for one in drawn]
    left, top = min(each[0] for each in bounds), min(each[1] for each in bounds)
    right, bottom = max(each[2] for each in bounds), max(each[3] for each in bounds)
    return left, top, max(right, left + 1), max(bottom, top + 1)


def _padded(extent: Extent, within: Extent) -> Extent:
    """With room around it for the eye, in no narrower a strip than can be read."""
    left, top, right, bottom = extent
    room = max(right - left, bottom - top) * 0.35
    narrow = max(0.0, (right - left) * 0.4 - (bottom - top)) / 2
    sides = left - room, top - room - narrow, right + room, bottom + room + narrow
    inside = (max(sides[0], within[0]), max(sides[1], within[1]), min(sides[2], within[2]), min(sides[3], within[3]))
    return inside if inside[0] < inside[2] and inside[1] < inside[3] else sides


def _within(main: list[_Drawn], others: list[_Drawn], near: Extent) -> list[_Drawn]:
    def seen(one: _Drawn) -> bool:
        left, top, right, bottom = one.shape.bounds
        return left < near[2] and right > near[0] and top < near[3] and bottom > near[1]

    return [*filter(seen, others), *main]


def _outside(main: list[_Drawn], extent: Extent) -> list[str]:
    reaching = [
        one
        for one in main
        if one.shape.bounds[0] < extent[0]
        or one.shape.bounds[1] < extent[1]
        or one.shape.bounds[2] > extent[2]
        or one.shape.bounds[3] > extent[3]
    ]
    return ["It reaches beyond the item’s frame."] if reaching else []


def _simplified(main: list[_Drawn]) -> list[str]:
    most = max(len(one.shape.points) for one in main)
    return [f"Drawn with {POINTS} of its {most:,} points."] if most > POINTS else []


def _picture(title: str, extent: Extent, drawn: list[_Drawn], description: str) -> Picture:
    left, top, right, bottom = extent
    scale = min(WIDTH / (right - left), HIGHEST / (bottom - top))
    width, height = (right - left) * scale, (bottom - top) * scale
    outlines = [_outline(one, (left, top), scale, (width, height)) for one in drawn]
    return Picture(f"{width:.0f}", f"{max(height, LOWEST):.0f}", title, outlines, cut(description, 500))


def _outline(one: _Drawn, origin: Point, scale: float, size: tuple[float, float]) -> Outline:
    most = POINTS_OF_OTHERS if one.kind == "other" else POINTS
    points = [((x - origin[0]) * scale, (y - origin[1]) * scale) for x, y in _thinned(one.shape.points, most)]
    across, down = [x for x, _ in points], [y for _, y in points]
    beneath = one.kind == "new"
    y = max(down) + 14 if beneath and max(down) + 16 < size[1] else min(down) - 4
    x = max(0.0, min(min(across), size[0]))
    anchor = "end" if x + LETTER * len(one.name) > size[0] else "start"
    x = min(max(across), size[0]) if anchor == "end" else x
    return Outline(
        one.kind,
        " ".join(f"{x:.1f},{y:.1f}" for x, y in points),
        one.name,
        f"{x:.1f}",
        f"{min(max(y, 12.0), max(size[1], LOWEST) - 3):.1f}",
        anchor,
    )


def _thinned(points: Sequence[Point], most: int) -> Sequence[Point]:
    if len(points) <= most:
        return points
    return [points[place * len(points) // most] for place in range(most)]
