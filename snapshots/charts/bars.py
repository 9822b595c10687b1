"""The statement of classes as pairs of bars: how many there were, and how many there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, LEFT, RIGHT, ROW, BAR = 400, 106, 92, 30, 9
MOST_CLASSES = 24
LONGEST_NAME = 15


@dataclass(frozen=True)
class ClassBar:
    """One class; `opening_width` and `closing_width` share one scale."""

    name: str
    opening: int
    closing: int
    y: int
    opening_width: float
    closing_width: float

    @property
    def label(self) -> str:
        return self.name if len(self.name) <= LONGEST_NAME else f"{self.name[: LONGEST_NAME - 1]}…"

    @property
    def change(self) -> str:
        difference = self.closing - self.opening
        return f"{'+' if difference > 0 else '−'}{abs(difference):,}" if difference else "±0"

    @property
    def closing_y(self) -> int:
        return self.y + BAR + 1

    @property
    def text_y(self) -> int:
        return self.y + BAR + 5


@dataclass(frozen=True)
class ClassBars:
    """The classes in the order of the statement; `left_out` is how many of the smallest are not drawn."""

    bars: list[ClassBar]
    left_out: int
    height: int
    width: int = WIDTH
    left: int = LEFT
    text_x: int = WIDTH - RIGHT + 6
    bar: int = BAR


def class_bars(classes: Sequence[tuple[str, int, int]]) -> ClassBars | None:
    """Lay out classes as (name, opening, closing); None where no class ever held anything."""
    held = [row for row in classes if row[1] or row[2]]
    if not held:
        return None
    largest = sorted(held, key=lambda row: -max(row[1], row[2]))[:MOST_CLASSES]
    most = max(max(opening, closing) for _, opening, closing in largest)
    scale = (WIDTH - LEFT - RIGHT) / most
    bars = [
        ClassBar(name, opening, closing, place * ROW + 4, round(opening * scale, 1), round(closing * scale, 1))
        for place, (name, opening, closing) in enumerate(row for row in held if row in largest)
    ]
    return ClassBars(bars, len(held) - len(bars), len(bars) * ROW + 4)
