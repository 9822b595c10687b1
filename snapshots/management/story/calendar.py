"""When things happen in a simulated project: whatever is planned happens in order, at working hours."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

from django.utils import timezone

Act = Callable[[datetime], None]

FIRST_HOUR, LAST_HOUR = 8, 17


@dataclass
class Calendar:
    """Weeks of work that end with the last complete one; an act may plan others."""

    weeks: int
    dice: random.Random
    planned: list[tuple[datetime, int, Act]] = field(default_factory=list)

    def __post_init__(self) -> None:
        today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
        self.end = today - timedelta(days=today.weekday())
        self.begin = self.end - timedelta(weeks=self.weeks)
        self.order = count()

    def moment(self, week: int, day: int, hour: float | None = None) -> datetime:
        """Some time of a working day (Monday is 0) of a week, or a named hour of it."""
        chosen = self.dice.uniform(FIRST_HOUR, LAST_HOUR) if hour is None else hour
        return self.begin + timedelta(weeks=week, days=day, hours=chosen)

    def next_working_day(self, after: datetime) -> datetime:
        day = after.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        while day.weekday() > 4:
            day += timedelta(days=1)
        return day + timedelta(hours=self.dice.uniform(FIRST_HOUR, LAST_HOUR))

    def plan(self, at: datetime, act: Act) -> None:
        """Have something happen; what lies beyond the end does not happen any more."""
        if at < self.end:
            heapq.heappush(self.planned, (at, next(self.order), act))

    def run(self) -> None:
        while self.planned:
            at, _, act = heapq.heappop(self.planned)
            act(at)
