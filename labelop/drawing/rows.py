"""Values as rows of before and after: texts compared by words, everything else by its path."""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from .marks import cut

ROWS = 60
DEEPEST = 8
# A text longer than this is cut; what two long ones share at both ends is left out first.
LONGEST = 1500
WORDS = 600
SHARED = 80

Path = tuple[str, ...]

_WORDS = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True)
class Part:
    """Some characters that both texts have, or only one of them."""

    text: str
    changed: bool


@dataclass(frozen=True)
class Row:
    """One value under its path; where it did not change both sides are the same. None: there is no such value."""

    name: str
    before: list[Part] | None
    after: list[Part] | None

    @property
    def changed(self) -> bool:
        return any(part.changed for part in (self.before or []) + (self.after or []))


@dataclass(frozen=True)
class Table:
    """What differs, what does not, and how many rows were too many."""

    changed: list[Row]
    same: list[Row]
    left_out: int


def compare(before: Any, after: Any) -> Table:
    """Two JSON values, path by path; an object that is missing has no rows."""
    then, now = dict(_flat(before, (), 0)), dict(_flat(after, (), 0))
    changed: list[Path] = []
    same: list[Path] = []
    for path in dict.fromkeys([*now, *then]):
        alike = _alike(then.get(path, _ABSENT), now.get(path, _ABSENT))
        (same if alike else changed).append(path)
    rows = [row(": ".join(path), then.get(path, _ABSENT), now.get(path, _ABSENT)) for path in changed[:ROWS]]
    unchanged = [row(": ".join(path), then[path], now[path]) for path in same[:ROWS]]
    return Table(rows, unchanged, max(0, len(changed) - ROWS) + max(0, len(same) - ROWS))


def row(name: str, before: Any, after: Any) -> Row:
    shown = cut(name, 120)
    if before is _ABSENT or after is _ABSENT:
        sides = [None if side is _ABSENT else [Part(cut(said(side), LONGEST), True)] for side in (before, after)]
        return Row(shown, sides[0], sides[1])
    if _alike(before, after):
        both = [Part(cut(said(after), LONGEST), False)]
        return Row(shown, both, both)
    if isinstance(before, str) and isinstance(after, str):
        return Row(shown, *compare_texts(before, after))
    return Row(shown, [Part(cut(said(before), LONGEST), True)], [Part(cut(said(after), LONGEST), True)])


def compare_texts(before: str, after: str) -> tuple[list[Part], list[Part]]:
    """Two texts word by word; what long ones share at both ends is shortened."""
    start, end = _shared(before, after)
    head, tail = before[:start], before[len(before) - end :]
    left, right = _by_words(before[start : len(before) - end], after[start : len(after) - end])
    head = f"…{head[-SHARED:]}" if len(head) > 2 * SHARED else head
    tail = f"{tail[:SHARED]}…" if len(tail) > 2 * SHARED else tail
    sides = [[Part(head, False), *side, Part(tail, False)] for side in (left, right)]
    kept = [[part for part in side if part.text] for side in sides]
    return kept[0], kept[1]


def said(value: Any) -> str:
    """A JSON value as a reader of a page would say it; other than plain ones as JSON."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value in ("", [], {}):
        return "empty"
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)


class _Absent:
    """Stands where a path leads nowhere: JSON's null is something else."""


_ABSENT = _Absent()


def _alike(before: Any, after: Any) -> bool:
    # For Python `True == 1`; in JSON they are two things.
    if isinstance(before, bool | list | dict) and isinstance(after, bool | int | float | list | dict):
        return json.dumps(before, sort_keys=True) == json.dumps(after, sort_keys=True)
    return bool(before == after) and not isinstance(after, bool)


def _flat(value: Any, path: Path, depth: int) -> Iterator[tuple[Path, Any]]:
    """Each value under its path; lists of plain values stay whole, for their numbers mean something together."""
    if isinstance(value, dict) and value and depth < DEEPEST:
        children = [(str(name), child) for name, child in value.items()]
    elif isinstance(value, list) and depth < DEEPEST and any(isinstance(child, dict) for child in value):
        children = [(str(place), child) for place, child in enumerate(value, 1)]
    else:
        if path or value not in (None, {}):
            yield path, value
        return
    for name, child in children:
        yield from _flat(child, (*path, name), depth + 1)


def _shared(before: str, after: str) -> tuple[int, int]:
    """How many characters two texts share at their beginnings and ends, in whole words."""
    most = min(len(before), len(after))
    start = _longest(most, lambda length: before[:length] == after[:length])
    while start and _inside_a_word(before, start) | _inside_a_word(after, start):
        start -= 1
    most -= start
    end = _longest(most, lambda length: before[len(before) - length :] == after[len(after) - length :])
    while end and _inside_a_word(before, len(before) - end) | _inside_a_word(after, len(after) - end):
        end -= 1
    return start, end


def _longest(most: int, alike: Callable[[int], bool]) -> int:
    """The greatest length up to which two texts are alike."""
    return bisect_left(range(1, most + 1), True, key=lambda length: not alike(length))


def _inside_a_word(text: str, place: int) -> bool:
    return 0 < place < len(text) and text[place - 1].isalnum() and text[place].isalnum()


def _by_words(before: str, after: str) -> tuple[list[Part], list[Part]]:
    cut_off = [cut(side, LONGEST) for side in (before, after)]
    then, now = (_WORDS.findall(side) for side in cut_off)
    if max(len(then), len(now)) > WORDS:
        return [Part(cut_off[0], True)], [Part(cut_off[1], True)]
    left, right = [], []
    for change, i, j, k, m in SequenceMatcher(None, then, now, autojunk=False).get_opcodes():
        left.append(Part("".join(then[i:j]), change != "equal"))
        right.append(Part("".join(now[k:m]), change != "equal"))
    return left, right
