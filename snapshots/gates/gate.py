"""What a gate is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.template.defaultfilters import pluralize

# How many rows a gate names; it always says how many there are.
_NAMED = 100


class GateState(models.TextChoices):
    """What a gate says."""

    PASSED = "passed", "Passed"
    FAILED = "failed", "Not passed"
    WAIVED = "waived", "Waived"


@dataclass(frozen=True)
class Gate:
    """One thing that must hold, whether it does, and what that was read from.

    `count` in the evidence is how much stands in the way, `ids` the first of those rows.
    """

    code: str
    label: str
    state: GateState
    evidence: dict[str, Any]
    sentence: str

    @property
    def open(self) -> bool:
        """Whether nothing here keeps the release from going out."""
        return self.state is not GateState.FAILED

    def as_dict(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "label": self.label,
            "state": self.state.value,
            "evidence": self.evidence,
            "sentence": self.sentence,
        }


def gate(code: str, label: str, count: int, *, good: str, bad: str, **evidence: Any) -> Gate:
    """A gate that is passed when nothing stands in the way."""
    state = GateState.FAILED if count else GateState.PASSED
    return Gate(code, label, state, {"count": count, **evidence}, bad if count else good)


def so_many(number: int, noun: str) -> str:
    """A number and its noun: 1 move, 2 moves."""
    return f"{number:,} {noun}{pluralize(number)}"


def named(ids: Iterable[int]) -> list[int]:
    """The first of the rows that stand in the way."""
    return sorted(ids)[:_NAMED]
