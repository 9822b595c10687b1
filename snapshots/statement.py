"""What a page says about the differences between two snapshots, computed once for both of its tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from labelop.models import Project

from .differences import Differences, differences
from .models import Snapshot
from .reconciliation import Accounting, Reconciliation, reconcile

TERMS = {
    Accounting.ACCOUNTED: "accounted for and reviewed",
    Accounting.NOT_REVIEWED: "accounted for, not reviewed",
    Accounting.BULK: "accounted for in bulk",
    Accounting.UNEXPLAINED: "unexplained",
    Accounting.OUT_OF_STEP: "out of step",
}

ALARMING = frozenset({Accounting.UNEXPLAINED, Accounting.OUT_OF_STEP})


@dataclass(frozen=True)
class Term:
    """One summand of the headline."""

    number: int
    label: str
    alarming: bool
    verdict: str


@dataclass(frozen=True)
class Statement:
    """Two snapshots held against each other, in the numbers of the page's headline."""

    before: Snapshot | None
    after: Snapshot
    told: Differences
    reconciliation: Reconciliation

    @property
    def counts(self) -> dict[str, int]:
        return self.reconciliation.counts

    @property
    def terms(self) -> list[Term]:
        """The summands of the headline, the good news first; what is zero is left out."""
        terms = [
            Term(number, TERMS[verdict], verdict in ALARMING, verdict.value)
            for verdict in Accounting
            if (number := self.counts[verdict])
        ]
        return terms or [Term(0, "to account for", False, "")]

    @property
    def acts(self) -> int:
        """How many operations made the differences."""
        return len({act for record in self.reconciliation.records for act in record.difference.operations})

    @property
    def unexplained(self) -> int:
        return self.counts[Accounting.UNEXPLAINED] + self.counts[Accounting.OUT_OF_STEP]

    @property
    def troubled(self) -> bool:
        return bool(self.unexplained) or not self.told.identity["holds"]

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [{"name": name, **row} for name, row in self.told.classes.items()]

    @property
    def totals(self) -> dict[str, int]:
        return {
            column: sum(row[column] for row in self.told.classes.values())
            for column in ("opening", "added", "moved_in", "moved_out", "removed", "unexplained", "closing")
        }

    @property
    def moves(self) -> list[tuple[str, str, int]]:
        """The most frequent relabellings."""
        most = sorted(self.told.moves.items(), key=lambda move: -move[1])[:8]
        return [(*move.split(">", 1), number) for move, number in most]  # type: ignore[misc]


def statement_of(project: Project, before: Snapshot | None, after: Snapshot) -> Statement:
    return Statement(before, after, differences(project, before, after), reconcile(project, before, after))
