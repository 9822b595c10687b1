"""A table of moves from class to class, each cell shaded by how many there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MOST_CLASSES = 16
SHADES = 5


@dataclass(frozen=True)
class Cell:
    """How many made this `move`, "A>B"; `shade` is 0 for none up to 5 for the most, `same` the class itself."""

    move: str
    number: int
    shade: int
    same: bool


@dataclass(frozen=True)
class HeatTable:
    """Rows by the class that was left, columns by the class that was joined; both in the same order."""

    left: list[str]
    joined: list[str]
    rows: list[tuple[str, list[Cell], int]]
    arrived: list[int]
    moved: int
    moved_elsewhere: int


def heat_table(moves: Mapping[tuple[str, str], int]) -> HeatTable | None:
    """Lay out the classes that most annotations moved from or to; None where nothing moved."""
    if not any(moves.values()):
        return None
    weight: dict[str, int] = {}
    for (left, joined), number in moves.items():
        weight[left] = weight.get(left, 0) + number
        weight[joined] = weight.get(joined, 0) + number
    shown = set(sorted(weight, key=lambda name: (-weight[name], name))[:MOST_CLASSES])
    inside = {move: number for move, number in moves.items() if shown.issuperset(move)}
    left_names = sorted({left for left, _ in inside})
    joined_names = sorted({joined for _, joined in inside})
    most = max(inside.values(), default=1)
    rows = []
    for left in left_names:
        cells = [_cell(left, joined, inside.get((left, joined), 0), most) for joined in joined_names]
        rows.append((left, cells, sum(cell.number for cell in cells)))
    arrived = [sum(inside.get((left, joined), 0) for left in left_names) for joined in joined_names]
    moved = sum(inside.values())
    return HeatTable(left_names, joined_names, rows, arrived, moved, sum(moves.values()) - moved)


def _cell(left: str, joined: str, number: int, most: int) -> Cell:
    return Cell(f"{left}>{joined}", number, -(-number * SHADES // most), left == joined)
