"""What the page of a release shows: its gates, who stands behind it, its steps, and where it went."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from audit.models import Entry
from roles.models import User
from roles.telling import Told, plainly, told

from ..gates import Gate, GateState, previous_release, window_of
from ..models import Release, Snapshot, Step
from ..selectors import exports_of
from ..separation import LEVELS, Approval, Separation, standing_of
from ..statement import is_long

# Where it is still to be decided whether a release goes out, or stands again.
_UNDECIDED = frozenset(
    {
        Release.State.CANDIDATE,
        Release.State.IN_REVIEW,
        Release.State.APPROVED,
        Release.State.DEPRECATED,
        Release.State.WITHDRAWN,
    }
)


@dataclass(frozen=True)
class GateLine:
    """A gate in the words of the page."""

    gate: Gate

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
    """A step beside its entry."""

    step: Step
    told: Told


@dataclass(frozen=True)
class ReleasePage:
    """All that the page shows. `read` says when the gates were read; None: just now."""

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


def release_page(release: Release, viewer: User) -> ReleasePage:
    """Read a release for this viewer; one that went out, or is too large for a page, as its last step found it."""
    previous = previous_release(release.snapshot)
    steps = list(release.steps.select_related("entry").order_by("id"))
    by_entry = _told_by_entry((step.entry for step in steps), viewer)
    read = next((step for step in reversed(steps) if step.gate_report), None)
    separation = None
    gates = [Gate(**{**one, "state": GateState(one["state"])}) for one in (read.gate_report if read else None) or ()]
    if release.state in _UNDECIDED and not is_long(release.project, _snapshot_of(previous), release.snapshot):
        standing = standing_of(window_of(release))
        gates, separation, read = standing.gates, standing.separation, None
    reached = separation.reached if separation else read.separation if read else None
    return ReleasePage(
        previous,
        [GateLine(gate) for gate in gates],
        read,
        separation,
        "no approval counts" if reached is None else f"level {reached}: {LEVELS[reached]}",
        [ApprovalLine(by_entry[one.step.entry_id], one) for one in (separation.approvals if separation else ())],
        [StepLine(step, by_entry[step.entry_id]) for step in reversed(steps)],
        told(exports_of(release).order_by("-id"), viewer),
    )


def badge_of(snapshot: Snapshot) -> Release | None:
    """The release that shows at the head of its snapshot's page."""
    return Release.objects.filter(snapshot=snapshot).order_by("-id").first()


def _told_by_entry(entries: Iterable[Entry], viewer: User) -> dict[int, Told]:
    return {line.entry.pk: line for line in told(entries, viewer)}


def _snapshot_of(release: Release | None) -> Snapshot | None:
    return release.snapshot if release else None
