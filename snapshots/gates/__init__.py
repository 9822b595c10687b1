"""The gates of a release: what must hold before it goes out, each with the evidence it was read from.

To add a gate, write its reading and add it to `_READINGS`. A reading answers None where there is nothing to read it
from: such a gate is absent from the list, never green.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from audit.canonical import canonical_json, sha256_hex

from ..models import Release, Step
from . import of_the_data, of_the_project
from .gate import Gate, GateState
from .window import Window, previous_release, window_beside_live_rows, window_of

__all__ = [
    "Gate",
    "GateState",
    "Window",
    "digest_of",
    "gates_of",
    "previous_release",
    "report_of",
    "turned_worse",
    "window_beside_live_rows",
    "window_of",
]

_READINGS: tuple[Callable[[Window], Gate | None], ...] = (
    of_the_data.identity,
    of_the_data.explained,
    of_the_data.in_step,
    of_the_data.reviewed,
    of_the_data.bulk,
    of_the_project.disputes,
    of_the_project.findings,
    of_the_project.anomalies,
    of_the_project.schema_frozen,
    of_the_project.assignments,
    of_the_project.log_review,
    of_the_project.planned_date,
)


def gates_of(window: Window) -> list[Gate]:
    """Every gate that there is evidence for, the waivers taken into account."""
    gates = [gate for read in _READINGS if (gate := read(window)) is not None]
    waivers = _waivers(window.release)
    return [_waived(gate, waivers.get(gate.code, ())) for gate in gates]


def report_of(gates: Iterable[Gate]) -> list[dict[str, Any]]:
    """The gates as plain JSON, as a step keeps them."""
    return [gate.as_dict() for gate in gates]


def digest_of(report: list[dict[str, Any]]) -> str:
    return sha256_hex(canonical_json(report))


def turned_worse(report: list[dict[str, Any]], gates: Iterable[Gate]) -> list[Gate]:
    """The gates that say less good now than a report did: closed now, or open only by a waiver it did not know.

    A gate that is absent now says nothing.
    """
    waived = {told["code"]: told["evidence"] for told in report if told["state"] == GateState.WAIVED.value}
    return [
        gate
        for gate in gates
        if gate.state is GateState.FAILED
        or (gate.state is GateState.WAIVED and not _covers(waived.get(gate.code, {"count": 0}), gate.evidence))
    ]


def _waivers(release: Release) -> dict[str, list[dict[str, Any]]]:
    """For each gate that was waived by name, what it said then."""
    found: dict[str, list[dict[str, Any]]] = {}
    for step in Step.objects.filter(release=release, kind=Step.Kind.GATE_WAIVED):
        found.setdefault(step.gate, []).extend(told for told in step.gate_report or () if told["code"] == step.gate)
    return found


def _waived(gate: Gate, waivers: Iterable[dict[str, Any]]) -> Gate:
    """A waiver covers what it was given for: that may shrink, never grow."""
    if gate.open or not any(_covers(told["evidence"], gate.evidence) for told in waivers):
        return gate
    return replace(gate, state=GateState.WAIVED)


def _covers(then: dict[str, Any], now: dict[str, Any]) -> bool:
    return bool(now["count"] <= then["count"] and set(now.get("ids", ())) <= set(then.get("ids", ())))
