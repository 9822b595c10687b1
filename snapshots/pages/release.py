"""What the page of a snapshot shows of its release: its gates, who stands behind it, its steps, and where it went."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from roles.models import User
from roles.telling import Pseudonyms, Told, told
from roles.words import plainly

from ..forms.releases import STEPS
from ..gates import Gate, GateState, Window, previous_release
from ..models import Release, Snapshot, Step
from ..selectors import exports_of
from ..separation import LEVELS, Approval, Separation, standing_of
from ..statement import statement_of
from .places import place_of_gate

_STATE = Release.State
ON_THE_WAY = (_STATE.CANDIDATE, _STATE.IN_REVIEW, _STATE.APPROVED)
# Where it is still to be decided whether a release goes out, or stands again.
_UNDECIDED = frozenset({*ON_THE_WAY, _STATE.DEPRECATED, _STATE.WITHDRAWN})
# The way that a release goes, if nothing stops it.
_WAY = (*ON_THE_WAY, _STATE.RELEASED)


@dataclass(frozen=True)
class GateLine:
    """A gate in the words of the page, and where one sees what stands in the way."""

    gate: Gate
    place: str

    @property
    def evidence(self) -> str:
        """What the gate was read from, but for what is not there."""
        told = {name: value for name, value in self.gate.evidence.items() if value != []}
        return plainly({name: value for name, value in told.items() if (name, value) != ("count", 0)})

    @property
    def names_rows(self) -> bool:
        return any(isinstance(value, list) and value for value in self.gate.evidence.values())

    @property
    def tone(self) -> str:
        return {GateState.PASSED: "ok", GateState.FAILED: "no", GateState.WAIVED: "high"}[self.gate.state]


@dataclass(frozen=True)
class ApprovalLine:
    """An approval, told by role and number, and what it counts for."""

    told: Told
    approval: Approval


@dataclass(frozen=True)
class StepLine:
    """A step beside its entry, with how many of its gates were open then."""

    step: Step
    told: Told

    @property
    def gates(self) -> str:
        report = self.step.gate_report
        if not report:
            return ""
        passed = sum(one["state"] != GateState.FAILED.value for one in report)
        return f"{passed} of {len(report)} gates open"


@dataclass(frozen=True)
class ReleasePage:
    """All that the page shows. `read` says when the gates were read; None: just now."""

    release: Release
    previous: Release | None
    gates: list[GateLine]
    read: Step | None
    separation: Separation | None
    level: str
    approvals: list[ApprovalLine]
    steps: list[StepLine]
    exports: list[Told]

    @property
    def waivers(self) -> list[StepLine]:
        return [line for line in self.steps if line.step.kind == Step.Kind.GATE_WAIVED]

    @property
    def open_gates(self) -> int:
        return sum(line.gate.open for line in self.gates)

    @property
    def way(self) -> list[tuple[str, str]]:
        """The states on the way out, each "done", "here" or "" for still to come; alone where it left the way."""
        if self.release.state not in _WAY:
            return [(self.release.get_state_display(), "here")]
        here = _WAY.index(_STATE(self.release.state))
        marks = ["done"] * here + ["here"] + [""] * (len(_WAY) - here - 1)
        return [(str(state.label), mark) for state, mark in zip(_WAY, marks, strict=True)]

    @property
    def overdue(self) -> bool:
        return is_overdue(self.release)


def release_page(release: Release, reader: User | AnonymousUser, pseudonyms: Pseudonyms) -> ReleasePage:
    """Read a release for this reader; one that went out, or is too large for a page, as its last step found it."""
    previous = previous_release(release.snapshot)
    steps = list(release.steps.select_related("entry__project").order_by("id"))
    lines = told((step.entry for step in steps), reader, pseudonyms)
    by_entry = {line.entry.pk: line for line in lines}
    read = next((step for step in reversed(steps) if step.gate_report), None)
    separation = None
    gates = [Gate(**{**one, "state": GateState(one["state"])}) for one in (read.gate_report if read else None) or ()]
    window = _window(release, previous)
    if window is not None:
        standing = standing_of(window)
        gates, separation, read = standing.gates, standing.separation, None
    reached = separation.reached if separation else read.separation if read else None
    return ReleasePage(
        release,
        previous,
        [GateLine(gate, place_of_gate(release, gate.code)) for gate in gates],
        read,
        separation,
        "no approval counts" if reached is None else f"level {reached}: {LEVELS[reached]}",
        [ApprovalLine(by_entry[one.step.entry_id], one) for one in (separation.approvals if separation else ())],
        [StepLine(step, by_entry[step.entry_id]) for step in reversed(steps)],
        told(exports_of(release).order_by("-id"), reader, pseudonyms),
    )


def release_of(snapshot: Snapshot) -> Release | None:
    """The latest release of a snapshot, the only one that was not turned down."""
    releases = Release.objects.filter(snapshot=snapshot).select_related("project", "snapshot__entry", "replacement")
    return releases.order_by("-id").first()


def is_overdue(release: Release) -> bool:
    planned = release.planned_on
    return planned is not None and release.state in ON_THE_WAY and planned < timezone.now().date()


def steps_for(release: Release, viewer: User) -> list[type]:
    """The steps that this viewer is offered."""
    return [form for form in STEPS if form.offered(release, viewer)]


def _window(release: Release, previous: Release | None) -> Window | None:
    """What the release brings, from what its page has read already; None where nothing is left to decide."""
    if release.state not in _UNDECIDED:
        return None
    statement = statement_of(release.project, previous.snapshot if previous else None, release.snapshot)
    return None if statement is None else Window(release, previous, statement.reconciliation)
