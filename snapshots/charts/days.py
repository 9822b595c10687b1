"""Acts per day as bars, with a lane of marks below them for each kind of decision that can change what follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

WIDTH, LEFT, TOP, HEIGHT, LANE = 1100, 74, 22, 84, 18
BASELINE = TOP + HEIGHT
WIDEST_BAR = 40
# Each lane has a shape of its own, since colours alone tell nothing in print.
SHAPES = (
    "M{x} {y}m-4.5 -4.5h9v9h-9z",
    "M{x} {y}m-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0",
    "M{x} {y}m0 -6l6 6l-6 6l-6 -6z",
    "M{x} {y}m0 -5.5l6 10.5h-12z",
)


@dataclass(frozen=True)
class Bar:
    """One day with acts; `others` is how many of them each lane marks, in the order of the lanes."""

    day: date
    acts: int
    high: int
    others: list[int]
    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        return round(self.x + self.width / 2, 1)

    # In words here: a template's filters, for each of a hundred days, take as long as the rest of a page.
    @property
    def iso(self) -> str:
        return self.day.isoformat()

    @property
    def called(self) -> str:
        return f"{self.day:%a} {self.day.day} {self.day:%b %Y}"

    @property
    def told(self) -> str:
        acts = f"{self.acts:,} act{'' if self.acts == 1 else 's'}"
        return f"{self.day.day} {self.day:%b %Y}: {acts}, {self.high:,} of high impact"

    @property
    def cells(self) -> list[str]:
        """Its numbers in the table of days."""
        return [f"{number:,}" for number in (self.acts, self.high, *self.others)]


@dataclass(frozen=True)
class Lane:
    """A kind of decision, and its marks as paths with the words for each."""

    name: str
    y: int
    marks: list[tuple[str, str]]

    @property
    def text_y(self) -> int:
        return self.y + 4


@dataclass(frozen=True)
class Cut:
    """Where a snapshot was taken; `here` is the one that the page is about."""

    day: date
    name: str
    here: bool = False
    x: float = 0


@dataclass(frozen=True)
class DayChart:
    """The bars, the lanes that have marks, and the cuts."""

    bars: list[Bar]
    lanes: list[Lane]
    cuts: list[Cut]
    first: date
    last: date
    most: int
    height: int
    width: int = WIDTH
    left: int = LEFT
    top: int = TOP
    baseline: int = BASELINE

    @property
    def acts(self) -> int:
        return sum(bar.acts for bar in self.bars)

    @property
    def days_y(self) -> int:
        return self.height - 4

    @property
    def kinds(self) -> list[str]:
        return [lane.name for lane in self.lanes]


def day_chart(
    days: Mapping[date, Mapping[str, int]],
    lanes: Sequence[tuple[str, str]],
    cuts: Sequence[Cut],
    first: date,
    last: date,
) -> DayChart:
    """Lay out the days from `first` to `last`; each holds its counts under `act`, `high` and the keys of the lanes."""
    step = (WIDTH - LEFT) / ((last - first).days + 1)
    shown = {day: counts for day, counts in sorted(days.items()) if first <= day <= last and counts.get("act")}
    marked = [(key, name) for key, name in lanes if any(counts.get(key) for counts in shown.values())]
    most = max((counts["act"] for counts in shown.values()), default=0)
    bars = [
        _bar(day, counts, LEFT + (day - first).days * step, step, most, [key for key, _ in marked])
        for day, counts in shown.items()
    ]
    drawn = [
        _lane(name, SHAPES[lanes.index((key, name)) % len(SHAPES)], row, bars) for row, (key, name) in enumerate(marked)
    ]
    placed = [
        Cut(cut.day, cut.name, cut.here, round(min(LEFT + ((cut.day - first).days + 1) * step, WIDTH - 2), 1))
        for cut in cuts
        if first <= cut.day <= last
    ]
    return DayChart(bars, drawn, placed, first, last, most, BASELINE + LANE * len(drawn) + 24)


def _bar(day: date, counts: Mapping[str, int], x: float, step: float, most: int, keys: Sequence[str]) -> Bar:
    height = max(2.0, round(counts["act"] / most * HEIGHT, 1))
    width = max(2.0, round(min(step * 0.8, WIDEST_BAR), 1))
    others = [counts.get(key, 0) for key in keys]
    x = round(x + (step - width) / 2, 1)
    return Bar(day, counts["act"], counts.get("high", 0), others, x, BASELINE - height, width, height)


def _lane(name: str, shape: str, row: int, bars: Sequence[Bar]) -> Lane:
    y = BASELINE + LANE * row + 16
    marks = [
        (shape.format(x=bar.middle, y=y), f"{bar.day:%Y-%m-%d}: {name}, {bar.others[row]}")
        for bar in bars
        if bar.others[row]
    ]
    return Lane(name, y, marks)
