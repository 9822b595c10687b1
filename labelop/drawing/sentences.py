"""Spans marked in the text of their item, before and after."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from .marks import Mark, Palette, Scene, cut, swatch
from .told import counted

# How much of the text is shown on either side of what changed.
AROUND = 160
OTHERS = 40
QUOTED = 60
NAMED = 12


@dataclass(frozen=True)
class Span:
    """Where a mark begins in a text and where it ends, as its value says."""

    start: int
    end: int

    def within(self, length: int) -> Span:
        start = min(max(self.start, 0), length)
        return Span(start, min(max(self.end, start), length))


@dataclass(frozen=True)
class Piece:
    """Some characters in a row; `kind` is plain, old, new, still, now or other, `names` the classes marked there."""

    text: str
    kind: str
    names: str


@dataclass(frozen=True)
class Sentence:
    """A text in pieces; `side` says before or after."""

    side: str
    pieces: list[Piece]


@dataclass(frozen=True)
class Sentences:
    """The same text before and after, what has changed in words, and what is out of the ordinary."""

    lines: list[Sentence]
    words: list[str]
    notes: list[str]


def span_of(value: Any) -> Span | None:
    if not isinstance(value, dict):
        return None
    places = [value.get(name) for name in ("start", "end")]
    whole = [place for place in places if isinstance(place, int) and not isinstance(place, bool)]
    return Span(*whole) if len(whole) == 2 else None


def text_of(data: Any) -> str:
    """The text that spans count in."""
    text = data.get("text") if isinstance(data, dict) else None
    return text if isinstance(text, str) else ""


def draw_spans(
    before: tuple[str, Span] | None,
    after: tuple[str, Span] | None,
    scenes: tuple[Scene, Scene],
    palette: Palette,
    skip: str,
) -> Sentences:
    """Mark a span, as class and place, in the text before and in the text after."""
    lines, notes = [], []
    still = before is not None and after is not None and before[1] == after[1]
    for side, kind, marked, scene in (("Before", "old", before, scenes[0]), ("After", "new", after, scenes[1])):
        if marked is None:
            continue
        text = text_of(scene.data)
        label, span = marked
        shown = _window(text, [each[1].within(len(text)) for each in (before, after) if each])
        others = _others(scene, skip)
        kind = "still" if still else kind
        spans = [(span.within(len(text)), kind, swatch(label, palette).name)]
        spans += [(each.within(len(text)), "other", swatch(name, palette).name) for name, each in others[:OTHERS]]
        lines.append(Sentence(side, _pieces(text, shown, spans)))
        notes += _oddities(side, text, span)
        if hidden := max(0, len(others) - OTHERS) + scene.left_out:
            notes.append(f"{side}: {counted(hidden, 'other mark')} not shown.")
    return Sentences(lines, _change(before, after, scenes), notes)


def draw_all_spans(scene: Scene, palette: Palette) -> Sentences | None:
    """Mark every span of an item in its text; None where there is none."""
    text, found = text_of(scene.data), _others(scene, "")
    if not text or not found:
        return None
    spans = [(each.within(len(text)), "now", swatch(name, palette).name) for name, each in found[:OTHERS]]
    shown = _window(text, [span for span, *_ in spans])
    hidden = max(0, len(found) - OTHERS) + scene.left_out
    notes = [f"{counted(hidden, 'other mark')} not shown."] if hidden else []
    words = [f"{name} “{cut(text[span.start : span.end], QUOTED)}”" for span, _, name in spans[:NAMED]]
    return Sentences([Sentence("", _pieces(text, shown, spans))], words, notes)


def _others(scene: Scene, skip: str) -> list[tuple[str, Span]]:
    def spans(marks: Iterable[tuple[str, Mark]]) -> Iterable[tuple[str, Span]]:
        for key, mark in marks:
            if key != skip and (span := span_of(mark.value)):
                yield mark.label, span

    return sorted(spans(scene.marks.items()), key=lambda one: (one[1].start, one[1].end, one[0]))


def _window(text: str, spans: list[Span]) -> Span:
    """The part of a text that is shown: all of a short one, else the surroundings of the spans."""
    if len(text) <= 4 * AROUND:
        return Span(0, len(text))
    start = max(0, min(span.start for span in spans) - AROUND)
    end = min(len(text), max(span.end for span in spans) + AROUND)
    return Span(start, min(end, start + 8 * AROUND))


def _pieces(text: str, shown: Span, spans: list[tuple[Span, str, str]]) -> list[Piece]:
    """The shown part of a text, cut wherever a span begins or ends; the first span of a place gives its kind."""
    edges = {edge for span, *_ in spans for edge in (span.start, span.end) if shown.start <= edge <= shown.end}
    places = sorted({shown.start, shown.end, *edges})
    pieces = [Piece("…", "plain", "")] if shown.start else []
    for start, end in pairwise(places):
        over = [(kind, name) for span, kind, name in spans if span.start <= start and end <= span.end]
        names = ", ".join(dict.fromkeys(name for _, name in over))
        pieces.append(Piece(text[start:end], over[0][0] if over else "plain", cut(names, 120)))
    return [*pieces, Piece("…", "plain", "")] if shown.end < len(text) else pieces


def _oddities(side: str, text: str, span: Span) -> list[str]:
    """What a reader should know of where a span lies: beyond the text, empty, or through the middle of a word."""
    if span.start < 0 or span.end > len(text):
        return [f"{side}: {span.start:,} to {span.end:,} reaches beyond the text of {counted(len(text), 'character')}."]
    if span.end <= span.start:
        return [f"{side}: {span.start:,} to {span.end:,} marks nothing."]
    cuts = [name for name, place in (("begins", span.start), ("ends", span.end)) if _inside_a_word(text, place)]
    return [f"{side}: it {' and '.join(cuts)} inside a word."] if cuts else []


def _inside_a_word(text: str, place: int) -> bool:
    return 0 < place < len(text) and text[place - 1].isalnum() and text[place].isalnum()


def _change(before: tuple[str, Span] | None, after: tuple[str, Span] | None, scenes: tuple[Scene, Scene]) -> list[str]:
    quoted = [
        f"“{cut(_marked(scene, marked[1]), QUOTED)}”" if marked else ""
        for marked, scene in zip((before, after), scenes, strict=True)
    ]
    if before is None or after is None:
        return [f"{'added' if after else 'removed'}: {quoted[0] or quoted[1]}"]
    if before[1] == after[1] and quoted[0] == quoted[1]:
        return []
    edges = zip(("begins", "ends"), _edges(before[1]), _edges(after[1]), strict=True)
    words = [
        f"{name} {counted(abs(now - was), 'character')} {'later' if now > was else 'earlier'}"
        for name, was, now in edges
        if now != was
    ]
    return [*words, f"{quoted[0]} → {quoted[1]}"]


def _edges(span: Span) -> tuple[int, int]:
    return span.start, span.end


def _marked(scene: Scene, span: Span) -> str:
    text = text_of(scene.data)
    inside = span.within(len(text))
    return text[inside.start : inside.end]
