"""A control chart of a share: week by week, with the centre and the limits that its own past gives to each week."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 520, 190, 54, 8, 12, 28


@dataclass(frozen=True)
class Limits:
    """What a week was to be expected between, and around which share."""

    centre: float
    low: float
    high: float

    @property
    def centre_told(self) -> str:
        return f"{100 * self.centre:.1f} %"

    @property
    def told(self) -> str:
        return f"{100 * self.low:.1f} to {100 * self.high:.1f} %"


@dataclass(frozen=True)
class Week:
    """The figures of one week: `count` of `n`, and what the past lets expect of it."""

    name: str
    count: int
    n: int
    limits: Limits | None = None
    signalled: bool = False
    running: bool = False

    @property
    def share(self) -> float | None:
        return self.count / self.n if self.n else None


@dataclass(frozen=True)
class Point:
    """A week that has a share, where it is drawn."""

    week: Week
    x: float
    y: float

    @property
    def ring(self) -> str:
        """A diamond around a week that raised a signal."""
        return f"M{self.x} {round(self.y - 9, 1)}l9 9l-9 9l-9 -9z"


@dataclass(frozen=True)
class ControlChart:
    """Lines as `points` of polylines, bands and steps as paths."""

    title: str
    weeks: list[Week]
    points: list[Point]
    line: str
    centre: str
    band: str
    ticks: list[tuple[float, str]]
    names: list[tuple[float, str]]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT

    @property
    def has_limits(self) -> bool:
        return bool(self.centre)

    @property
    def names_y(self) -> int:
        return self.height - 8


def control_chart(title: str, weeks: Sequence[Week]) -> ControlChart:
    """Lay out weeks in the order given; a week without anything to count has a place but no point."""
    top = _top_of([*(week.share or 0 for week in weeks), *(week.limits.high for week in weeks if week.limits)])
    step = (WIDTH - LEFT - RIGHT) / max(1, len(weeks))

    def x_of(place: float) -> float:
        return round(LEFT + place * step, 1)

    def y_of(share: float) -> float:
        return round(TOP + (1 - share / top) * (HEIGHT - TOP - BOTTOM), 1)

    points = [Point(week, x_of(i + 0.5), y_of(week.share)) for i, week in enumerate(weeks) if week.share is not None]
    every = max(1, -(-len(weeks) // 7))
    return ControlChart(
        title,
        list(weeks),
        points,
        " ".join(f"{point.x},{point.y}" for point in points),
        _steps(weeks, x_of, y_of),
        _band(weeks, x_of, y_of),
        [(y_of(top * part / 4), f"{100 * top * part / 4:g} %") for part in (0, 2, 4)],
        [(x_of(i + 0.5), week.name[-3:]) for i, week in enumerate(weeks) if i % every == 0],
    )


def _top_of(shares: Sequence[float]) -> float:
    """The top of the scale: the next of a few round shares."""
    most = max(shares, default=0)
    return next((round_share for round_share in (0.02, 0.04, 0.1, 0.2, 0.4, 0.6, 0.8) if most <= round_share), 1.0)


def _steps(weeks: Sequence[Week], x_of: Callable[[float], float], y_of: Callable[[float], float]) -> str:
    return "".join(
        f"M{x_of(i)} {y_of(week.limits.centre)}H{x_of(i + 1)}" for i, week in enumerate(weeks) if week.limits
    )


def _band(weeks: Sequence[Week], x_of: Callable[[float], float], y_of: Callable[[float], float]) -> str:
    return "".join(
        f"M{x_of(i)} {y_of(week.limits.low)}H{x_of(i + 1)}V{y_of(week.limits.high)}H{x_of(i)}z"
        for i, week in enumerate(weeks)
        if week.limits
    )
