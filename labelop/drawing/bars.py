"""Intervals of a recording, before and after, as bars along its length."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .marks import Palette, Scene, swatch
from .shapes import numbers_of
from .told import counted, number

WIDTH = 640.0
NARROWEST = 2.0
OTHERS = 100


@dataclass(frozen=True)
class Interval:
    start: float
    end: float


@dataclass(frozen=True)
class Stretch:
    """One interval in the units of its bar; `kind` as of outlines."""

    kind: str
    x: str
    width: str
    label: str
    name: str


@dataclass(frozen=True)
class Bar:
    """Intervals along a recording of `length`, what changed in words, and what is out of the ordinary."""

    length: str
    stretches: list[Stretch]
    words: list[str]
    notes: list[str]


def interval_of(value: Any) -> Interval | None:
    if not isinstance(value, dict):
        return None
    ends = numbers_of([value.get("start"), value.get("end")], 2)
    return Interval(*ends) if ends else None


def seconds_of(data: Any) -> float | None:
    """How long a recording is, where its data tell."""
    seconds = data.get("seconds", data.get("duration")) if isinstance(data, dict) else None
    found = numbers_of([seconds], 1)
    return found[0] if found and found[0] > 0 else None


def draw_intervals(
    before: tuple[str, Interval] | None,
    after: tuple[str, Interval] | None,
    scene: Scene,
    palette: Palette,
    skip: str,
) -> Bar:
    """Draw an interval, as class and place, before and after, over the others of its recording."""
    still = before is not None and after is not None and before[1] == after[1]
    sides = [(before, "still" if still else "old"), (None if still else after, "new")]
    main = [(kind, label, interval) for marked, kind in sides if marked for label, interval in [marked]]
    words = _change(before, after)
    notes = []
    seconds = seconds_of(scene.data)
    for _, _, interval in main:
        if interval.start < 0 or (seconds is not None and interval.end > seconds) or interval.end < interval.start:
            told = f"{number(interval.start)} s to {number(interval.end)} s"
            notes.append(f"{told} is not within the recording{f' of {number(seconds)} s' if seconds else ''}.")
    return _bar(main, scene, palette, skip, words, notes)


def draw_all_intervals(scene: Scene, palette: Palette) -> Bar | None:
    """Draw every interval of a recording; None where there is none."""
    found = [("now", mark.label, interval) for mark in scene.marks.values() if (interval := interval_of(mark.value))]
    if not found or seconds_of(scene.data) is None:
        return None
    return _bar(found[:OTHERS], Scene(scene.data, {}, max(0, len(found) - OTHERS)), palette, "", [], [])


def _bar(
    main: list[tuple[str, str, Interval]],
    scene: Scene,
    palette: Palette,
    skip: str,
    words: list[str],
    notes: list[str],
) -> Bar:
    others = [
        ("other", mark.label, interval)
        for key, mark in scene.marks.items()
        if key != skip and (interval := interval_of(mark.value))
    ]
    drawn = [*others[:OTHERS], *main]
    seconds = seconds_of(scene.data)
    length = seconds or max(1.0, *(interval.end for *_, interval in drawn))
    if seconds is None:
        notes.append("The length of the recording is not recorded: the bar ends with the last mark.")
    if hidden := max(0, len(others) - OTHERS) + scene.left_out:
        notes.append(f"{counted(hidden, 'other mark')} not drawn.")
    stretches = [_stretch(kind, label, interval, length, palette) for kind, label, interval in drawn]
    return Bar(f"{number(length)} s", stretches, words, notes)


def _stretch(kind: str, label: str, interval: Interval, length: float, palette: Palette) -> Stretch:
    edges = sorted((interval.start, interval.end))
    left, right = (min(max(edge / length, 0.0), 1.0) * WIDTH for edge in edges)
    width = max(right - left, NARROWEST)
    name = swatch(label, palette).name
    told = f"{name}, {number(interval.start)} s to {number(interval.end)} s"
    return Stretch(kind, f"{min(left, WIDTH - width):.1f}", f"{width:.1f}", name, told)


def _change(before: tuple[str, Interval] | None, after: tuple[str, Interval] | None) -> list[str]:
    if before is None or after is None:
        side = after or before
        told = f"{number(side[1].start)} s to {number(side[1].end)} s" if side else ""
        return [f"{'added' if after else 'removed'}: {told}"]
    then, now = before[1], after[1]
    words = [
        f"{name} {number(abs(at - was))} s {'later' if at > was else 'earlier'}"
        for name, was, at in (("begins", then.start, now.start), ("ends", then.end, now.end))
        if at != was
    ]
    was, is_now = then.end - then.start, now.end - now.start
    if words and abs(was - is_now) >= 0.005:
        words.append(f"{number(was)} s → {number(is_now)} s long")
    return words
