"""What a page says about the differences between two snapshots, computed once for both of its tables."""

from __future__ import annotations

import uuid
from collections.abc import Container
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from audit.history import versions_of
from labelop.models import Project

from .content import SECTIONS, State
from .differences import Comparison, Difference, Differences, class_names, told
from .models import Snapshot
from .reconciliation import Accounting, Reconciliation, adjustments_by_operation, reconciled

# Some seconds' worth; beyond it the page names the command that takes its time.
VERSIONS_AT_ONCE = 10_000

TERMS = {
    Accounting.ACCOUNTED: "accounted for and reviewed",
    Accounting.NOT_REVIEWED: "accounted for, not reviewed",
    Accounting.BULK: "accounted for in bulk",
    Accounting.ADJUSTED: "adjusted by two people",
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
class Answer:
    """Whether everything is accounted for, in a word and a sentence. `tone` is "ok", "part" or "no"."""

    tone: str
    word: str
    sentence: str


@dataclass(frozen=True)
class Statement:
    """Two snapshots held against each other, in the numbers of the page's headline."""

    before: Snapshot | None
    after: Snapshot
    differences: list[Difference]
    told: Differences
    # What each class is called, by its key.
    names: dict[str, str]
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
    def answer(self) -> Answer:
        """What the page says first."""
        counts, number = self.counts, self.reconciliation.differences
        if not self.told.identity["holds"]:
            return Answer("no", "Does not add up", "What came and went does not lead from one number to the other.")
        if counts[Accounting.OUT_OF_STEP]:
            sentence = f"{_of(counts[Accounting.OUT_OF_STEP], number)} not what the newest version says."
            return Answer("no", "Out of step", sentence)
        if counts[Accounting.UNEXPLAINED]:
            sentence = f"{_of(counts[Accounting.UNEXPLAINED], number)} explained by no act."
            return Answer("no", "Not accounted for", sentence)
        if not number:
            return Answer("ok", "Nothing differs", "Both hold the same items, annotations and classes.")
        if counts[Accounting.NOT_REVIEWED]:
            sentence = f"Acts explain everything; {_of(counts[Accounting.NOT_REVIEWED], number)} not reviewed."
            return Answer("part", "Accounted for, not all reviewed", sentence)
        return Answer("ok", "Accounted for", "An act with its actor, role and reason stands behind every difference.")

    @property
    def rows(self) -> list[dict[str, Any]]:
        renamed = {change.name: change.before for change in self.told.schema if change.before != change.name}
        return [{"name": name, "was": renamed.get(name, ""), **row} for name, row in self.told.classes.items()]

    @property
    def totals(self) -> dict[str, int]:
        return {
            column: sum(row[column] for row in self.told.classes.values())
            for column in ("opening", "added", "moved_in", "moved_out", "removed", "unexplained", "closing")
        }

    @property
    def opening_and_closing(self) -> list[tuple[str, int, int]]:
        return [(name, row["opening"], row["closing"]) for name, row in self.told.classes.items()]

    @property
    def moves(self) -> dict[tuple[str, str], int]:
        """How many annotations went from which class to which."""
        names = self.told.classes
        return {_both(move, names): number for move, number in self.told.moves.items()}

    def move_of(self, difference: Difference) -> str:
        """The relabelling "A>B" that a difference is, as `moves` counts it; empty where it is none."""
        if difference.section != "annotations" or not (difference.before and difference.after):
            return ""
        left, joined = difference.before["class"], difference.after["class"]
        return f"{self.names[left]}>{self.names[joined]}" if left != joined else ""


def _of(some: int, number: int) -> str:
    """Some of all differences, as the subject of a sentence."""
    if some == number:
        return "The only difference is" if number == 1 else f"All {number:,} differences are"
    return f"{some:,} of {number:,} differences {'is' if some == 1 else 'are'}"


def _both(move: str, names: Container[str]) -> tuple[str, str]:
    """The two classes of a move "A>B", whose names may have a ">" themselves."""
    parts = move.split(">")
    splits = ((">".join(parts[:place]), ">".join(parts[place:])) for place in range(1, len(parts)))
    left, joined = next((pair for pair in splits if pair[0] in names and pair[1] in names), move.split(">", 1))
    return left, joined


def statement_of(project: Project, before: Snapshot | None, after: Snapshot) -> Statement | None:
    """Hold two snapshots against each other; None where that takes longer than a page may."""
    if is_long(project, before, after):
        return None
    return _kept(project, _Pinned(before), _Pinned(after), frozenset(adjustments_by_operation(project)))


class _Pinned:
    """A snapshot as the key of what was computed from it: cuts do not change, and its act has a UUID of its own."""

    def __init__(self, snapshot: Snapshot | None) -> None:
        self.snapshot = snapshot
        self.act = snapshot.entry.operation if snapshot else None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Pinned) and self.act == other.act

    def __hash__(self) -> int:
        return hash(self.act)


@lru_cache(maxsize=8)
def _kept(project: Project, before: _Pinned, after: _Pinned, adjusted: frozenset[uuid.UUID]) -> Statement:
    # What is adjusted is no argument of the computation, but a later adjustment makes it another.
    opening, closing = before.snapshot, after.snapshot
    if closing is None:
        raise ValueError("A statement ends with a snapshot.")
    comparison = Comparison(project, opening, closing)
    return Statement(
        opening,
        closing,
        comparison.differences,
        told(comparison),
        class_names(comparison),
        reconciled(comparison, closing),
    )


def is_long(project: Project, before: Snapshot | None, after: Snapshot | State) -> bool:
    """Whether the window holds more versions of items and annotations than a page waits for."""
    first = State(project.pk, before.cut) if before else State.empty(project.pk)
    last = State(project.pk, after.cut)
    left = VERSIONS_AT_ONCE
    for section in ("items", "annotations"):
        versions = versions_of(SECTIONS[section])._default_manager.filter(
            project_id=project.pk, history_id__gt=first.bound(section), history_id__lte=last.bound(section)
        )
        left -= versions.order_by()[: left + 1].count()
        if left < 0:
            return True
    return False
