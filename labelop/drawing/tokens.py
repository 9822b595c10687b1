"""Token rows of CoNLL-U, before and after, aligned by their forms."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from .marks import Mark, Palette, Scene, cut, swatch

COLUMNS = ("form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")
ALWAYS = ("form", "lemma", "upos")
AROUND = 3
TOKENS = 300
CELL = 160
_ID = re.compile(r"(\d{1,9})(?:-(\d{1,9}))?(?:\.(\d{1,9}))?(?:#(\d{1,9}))?", re.ASCII)


@dataclass(frozen=True)
class Cell:
    """One cell; `before` and `after` differ where it changed, and are None where there is no such token."""

    before: str | None
    after: str | None

    @property
    def changed(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True)
class TokenRow:
    """One token on both sides; `kind` is same, changed, added, removed, now (of an item as it stands), or gap."""

    kind: str
    cells: list[Cell]


@dataclass(frozen=True)
class TokenTable:
    """The rows around what changed, under the columns that have something to say."""

    columns: list[str]
    rows: list[TokenRow]
    notes: list[str]


@dataclass(frozen=True)
class _Token:
    key: str
    cells: Mapping[str, str]


def is_token(value: Any) -> bool:
    """Whether a value is the row of a token: a form, and no key but the columns of CoNLL-U."""
    return isinstance(value, dict) and isinstance(value.get("form"), str) and value.keys() <= {*COLUMNS, "id"}


def draw_tokens(before: Scene, after: Scene, palette: Palette, keys: set[str] | None = None) -> TokenTable:
    """The tokens of an item on both sides, those that changed, or those with these keys, and their neighbours."""
    then, now = _tokens(before, palette), _tokens(after, palette)
    pairs = list(_aligned(then[:TOKENS], now[:TOKENS]))
    rows = [_row(left, right) for left, right in pairs]
    if keys is None:
        told = [place for place, row in enumerate(rows) if row.kind != "same"]
    else:
        told = [place for place, pair in enumerate(pairs) if any(one and one.key in keys for one in pair)]
    near = {place for at in told for place in range(at - AROUND, at + AROUND + 1)}
    notes = [f"Only the first {TOKENS} tokens are compared."] if max(len(then), len(now)) > TOKENS else []
    return _table(rows, near, notes)


def draw_all_tokens(scene: Scene, palette: Palette) -> TokenTable | None:
    """Every token of an item as it stands; None where it has none."""
    tokens = _tokens(scene, palette)
    if not tokens:
        return None
    rows = [TokenRow("now", _row(token, token).cells) for token in tokens[:TOKENS]]
    notes = [f"{len(tokens) - TOKENS:,} more tokens are not shown."] if len(tokens) > TOKENS else []
    used = {name for token in tokens[:TOKENS] for name, cell in token.cells.items() if cell != "_"}
    return _table(rows, set(range(len(rows))), notes, used)


def _table(rows: list[TokenRow], near: set[int], notes: list[str], used: set[str] | None = None) -> TokenTable:
    """Keep the rows near what changed, and the columns in which something changed beside those always shown."""
    shown = [place for place in range(len(rows)) if place in near]
    names = ("id", *COLUMNS)
    changed = {names[at] for place in shown for at, cell in enumerate(rows[place].cells) if _says(rows[place], cell)}
    columns = [name for name in names if name in {"id", *ALWAYS} | changed | (used or set())]
    kept = [names.index(name) for name in columns]
    found: list[TokenRow] = []
    for last, place in zip([-1, *shown], shown, strict=False):
        if place - last > 1:
            found.append(TokenRow("gap", []))
        found.append(TokenRow(rows[place].kind, [rows[place].cells[at] for at in kept]))
    if shown and shown[-1] < len(rows) - 1:
        found.append(TokenRow("gap", []))
    return TokenTable([name.upper() for name in columns], found, notes)


def _says(row: TokenRow, cell: Cell) -> bool:
    return cell.changed and (row.kind == "changed" or (cell.before or cell.after or "_") != "_")


def _tokens(scene: Scene, palette: Palette) -> list[_Token]:
    found = [(key, mark) for key, mark in scene.marks.items() if is_token(mark.value)]
    return [_token(key, mark, palette) for key, mark in sorted(found, key=lambda one: _by_id(one[0]))]


def _token(key: str, mark: Mark, palette: Palette) -> _Token:
    cells = {name: mark.value[name] for name in COLUMNS if name in mark.value}
    said = {name: cut(cell if isinstance(cell, str) else str(cell), CELL) for name, cell in cells.items()}
    return _Token(key, {**said, "upos": swatch(mark.label, palette).name})


def _by_id(key: str) -> tuple[int, int, int, int, str]:
    """The order of CoNLL-U: a range stands before its first token, an empty node behind the one it follows."""
    if not (parts := _ID.fullmatch(key)):
        return (10**9, 0, 0, 0, key)
    first, last, empty, turn = (int(part) if part else 0 for part in parts.groups())
    return (first, 0 if last else 1, empty, turn, key)


def _aligned(then: list[_Token], now: list[_Token]) -> Iterator[tuple[_Token | None, _Token | None]]:
    """Pair the tokens of two sentences; where forms differ, in order, for a corrected form is the same token."""
    forms = [[token.cells.get("form", "") for token in side] for side in (then, now)]
    for _, i, j, k, m in SequenceMatcher(None, forms[0], forms[1], autojunk=False).get_opcodes():
        for step in range(max(j - i, m - k)):
            yield (then[i + step] if i + step < j else None), (now[k + step] if k + step < m else None)


def _row(left: _Token | None, right: _Token | None) -> TokenRow:
    sides = [{"id": side.key, **side.cells} if side else None for side in (left, right)]
    said = [[side.get(name, "_") if side else None for name in ("id", *COLUMNS)] for side in sides]
    cells = [Cell(before, after) for before, after in zip(*said, strict=True)]
    if left is None or right is None:
        return TokenRow("added" if right else "removed", cells)
    return TokenRow("changed" if any(cell.changed for cell in cells) else "same", cells)
