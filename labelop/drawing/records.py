"""A difference as a person would want to see it: which drawings a record's two states ask for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .bars import Bar, draw_all_intervals, draw_intervals, interval_of, seconds_of
from .marks import Mark, Palette, Scene, Swatch, proper_colour, swatch
from .pictures import Pictures, draw_all_shapes, draw_shapes
from .rows import Table, compare
from .sentences import Sentences, draw_all_spans, draw_spans, span_of, text_of
from .shapes import shape_of
from .tokens import TokenTable, draw_all_tokens, draw_tokens, is_token

_SPAN = frozenset({"start", "end"})
_OF_TOKENS = frozenset({"form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc", "id"})


@dataclass(frozen=True)
class Relabelling:
    """The class of a mark before and after; None where there was no mark."""

    before: Swatch | None
    after: Swatch | None

    @property
    def changed(self) -> bool:
        return self.before is not None and self.after is not None and self.before != self.after


@dataclass(frozen=True)
class Drawing:
    """What to draw of one difference; what is None or empty has nothing to say."""

    label: Relabelling | None = None
    pictures: Pictures | None = None
    sentences: Sentences | None = None
    bar: Bar | None = None
    tokens: TokenTable | None = None
    colours: tuple[str, str] | None = None
    table: Table = field(default_factory=lambda: Table([], [], 0))


def draw_mark(
    before: Mark | None, after: Mark | None, scenes: tuple[Scene, Scene], palette: Palette, key: str
) -> Drawing:
    """One mark on both sides; None where it is not there. `scenes` hold its item with all marks on either side."""
    label = Relabelling(*(swatch(mark.label, palette) if mark else None for mark in (before, after)))
    present = [mark for mark in (before, after) if mark]
    values = [mark.value for mark in present]
    scene = scenes[1] if after else scenes[0]
    if values and all(map(is_token, values)):
        around = [_with(side, key, mark) for side, mark in zip(scenes, (before, after), strict=True)]
        table = draw_tokens(around[0], around[1], palette, {key})
        return Drawing(label, tokens=table, table=_rest(before, after, _OF_TOKENS))
    if values and all(shape_of(value) for value in values):
        shapes = [(mark.label, shape) if mark and (shape := shape_of(mark.value)) else None for mark in (before, after)]
        said_by = frozenset[str]().union(*(shape[1].said_by for shape in shapes if shape))
        pictures = draw_shapes(shapes[0], shapes[1], scene, palette, key)
        return Drawing(label, pictures=pictures, table=_rest(before, after, said_by))
    if values and all(span_of(value) for value in values) and _has_text(before, after, scenes):
        spans = [(mark.label, span) if mark and (span := span_of(mark.value)) else None for mark in (before, after)]
        return Drawing(
            label,
            sentences=draw_spans(spans[0], spans[1], scenes, palette, key),
            table=_rest(before, after, _SPAN),
        )
    if values and seconds_of(scene.data) and all(interval_of(value) for value in values):
        ends = [(mark.label, one) if mark and (one := interval_of(mark.value)) else None for mark in (before, after)]
        return Drawing(
            label, bar=draw_intervals(ends[0], ends[1], scene, palette, key), table=_rest(before, after, _SPAN)
        )
    return Drawing(label, table=_rest(before, after, frozenset()))


def draw_sentence(before: Scene, after: Scene, palette: Palette) -> Drawing:
    """All tokens of an item that one act changed, in one table."""
    return Drawing(tokens=draw_tokens(before, after, palette))


def draw_item(before: dict[str, Any] | None, after: dict[str, Any] | None) -> Drawing:
    """The item itself: texts by words, the rest by path."""
    return Drawing(table=compare(before, after))


def draw_class(before: dict[str, Any] | None, after: dict[str, Any] | None) -> Drawing:
    """A class of the schema: name and definition by words, the colour as colour."""
    colours = proper_colour((before or {}).get("colour")), proper_colour((after or {}).get("colour"))
    return Drawing(colours=colours if colours[0] != colours[1] else None, table=compare(before, after))


def draw_scene(scene: Scene, palette: Palette) -> Drawing:
    """An item as it stands, with all its marks."""
    return Drawing(
        pictures=draw_all_shapes(scene, palette),
        sentences=draw_all_spans(scene, palette),
        bar=draw_all_intervals(scene, palette),
        tokens=draw_all_tokens(scene, palette),
    )


def _with(scene: Scene, key: str, mark: Mark | None) -> Scene:
    """The scene with this mark as it is said to be, whatever else was read of it."""
    others = {name: other for name, other in scene.marks.items() if name != key}
    return Scene(scene.data, {**others, key: mark} if mark else others, scene.left_out)


def _has_text(before: Mark | None, after: Mark | None, scenes: tuple[Scene, Scene]) -> bool:
    return all(text_of(scene.data) for mark, scene in zip((before, after), scenes, strict=True) if mark)


def _rest(before: Mark | None, after: Mark | None, drawn: frozenset[str]) -> Table:
    """What no drawing tells of a value."""
    return compare(_without(before, drawn), _without(after, drawn))


def _without(mark: Mark | None, drawn: frozenset[str]) -> Any:
    if mark is None:
        return None
    value = mark.value
    rest = {name: part for name, part in value.items() if name not in drawn} if isinstance(value, dict) else value
    return rest if isinstance(rest, dict) else {"value": rest}
