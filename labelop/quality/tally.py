"""What a week holds: decisions counted once for the project and once for each class that they were about.

A decision is the first one of its round. Whatever supersedes it within the round is no further decision but, where the
verdict differs, a decision change. Each counts in its own week, so that the figures of a week that is over stay.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, timedelta
from statistics import median

from ..models import APPROVALS, Metric, Verdict

REJECTIONS = frozenset({Verdict.REVISION_REQUESTED, Verdict.REJECTED})


@dataclass(frozen=True)
class Decision:
    """One row of decisions: on which marks, by their class, and what it decided."""

    at: datetime
    round: int
    verdict: str
    # The verdict that it supersedes within its round.
    instead_of: str | None = None
    # How many live marks of each class it was about, by the class's id.
    marks: Counter[int] = field(default_factory=Counter)
    # How long the work waited for it; None where nothing says when the work was completed.
    waited: timedelta | None = None


@dataclass
class Tally:
    """The counts of one week of a project or of a class."""

    decisions: int = 0
    rejected: int = 0
    changes: int = 0
    extra_rounds: int = 0
    approvals: int = 0
    first_pass: int = 0
    approved_marks: int = 0
    waits: list[timedelta] = field(default_factory=list)

    def add(self, decision: Decision, marks: int) -> None:
        if decision.instead_of is None:
            self.decisions += 1
            self.rejected += decision.verdict in REJECTIONS
            self.extra_rounds += decision.round > 1
            if decision.waited is not None:
                self.waits.append(decision.waited)
        else:
            self.changes += decision.verdict != decision.instead_of
        if decision.verdict in APPROVALS and decision.instead_of not in APPROVALS:
            self.approvals += 1
            self.first_pass += decision.round == 1
            self.approved_marks += marks

    def __add__(self, other: Tally) -> Tally:
        return pooled([self, other])

    @property
    def churn(self) -> int:
        return self.changes + self.extra_rounds

    def of(self, metric: Metric) -> tuple[int, int]:
        """What the metric counts, and of how many: the numbers that are tested.

        Churn is shown for each approved annotation, and tested as the part of all decisions and changes: how many
        annotations an approval is about varies by itself, which a test of it would take for a signal.
        """
        match metric:
            case Metric.REJECTION_RATE:
                return self.rejected, self.decisions
            case Metric.CHURN:
                return self.churn, self.decisions + self.changes
            case Metric.FIRST_PASS_YIELD:
                return self.first_pass, self.approvals

    @property
    def median_wait(self) -> timedelta | None:
        return timedelta(seconds=median(wait.total_seconds() for wait in self.waits)) if self.waits else None

    @property
    def long_wait(self) -> timedelta | None:
        """The 90th percentile: the shortest time that at least nine in ten waited no longer than."""
        return sorted(self.waits)[math.ceil(len(self.waits) * 0.9) - 1] if self.waits else None


# By class id (None is the whole project), then by the Monday with which an ISO week begins, UTC.
Weekly = dict[int | None, dict[date, Tally]]


def tallied(decisions: Iterable[Decision]) -> Weekly:
    weekly: Weekly = defaultdict(lambda: defaultdict(Tally))
    for decision in decisions:
        week = monday_of(decision.at)
        weekly[None][week].add(decision, decision.marks.total())
        for class_id, marks in decision.marks.items():
            weekly[class_id][week].add(decision, marks)
    return {about: dict(weeks) for about, weeks in weekly.items()}


def pooled(tallies: Iterable[Tally]) -> Tally:
    """Several weeks as one."""
    every = list(tallies)
    names = [each.name for each in fields(Tally) if each.name != "waits"]
    counts = {name: sum(getattr(tally, name) for tally in every) for name in names}
    return Tally(**counts, waits=[wait for tally in every for wait in tally.waits])


def monday_of(at: datetime) -> date:
    """The Monday with which the ISO week of this moment begins, in UTC."""
    day = at.astimezone(UTC).date()
    return day - timedelta(days=day.weekday())
