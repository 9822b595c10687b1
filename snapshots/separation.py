"""Separation of duties, measured: who approved, beside who requested, who took the snapshot and who made the changes.

0 an owner approved · 1 who neither requested the release nor took its snapshot · 2 and authored none of the
differences · 3 and so did a reviewer. An approval counts while the manifest is the one it was given for, no gate has
turned worse since, and whoever gave it still holds the role in which it was given.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from audit.history import versions_of
from audit.models import Entry
from roles.matrix import Role
from roles.models import Membership

from .content import CONTENT, SECTIONS, State, in_parts
from .gates import Gate, Window, gates_of, report_of, turned_worse
from .models import Step

LEVELS = {
    0: "solo",
    1: "approved by somebody who neither requested it nor took the snapshot",
    2: "approved by somebody who also authored none of the differences",
    3: "approved by two such people in different roles",
}

_OPERATIONS_AT_ONCE = 500


@dataclass(frozen=True)
class Approval:
    """One approval. `void` says why it counts for nothing (empty: it counts), `falls_short` why for no higher level."""

    step: Step
    void: str
    level: int
    falls_short: str

    @property
    def counts(self) -> bool:
        return not self.void


@dataclass(frozen=True)
class Separation:
    """How far the duties around a release are separated, and how far the project asks them to be."""

    asked: int
    approvals: list[Approval]
    differences: int

    @property
    def reached(self) -> int | None:
        """None while no owner's approval counts."""
        owners = [approval.level for approval in self.counting if approval.step.role == Role.OWNER]
        if not owners:
            return None
        return 3 if max(owners) == 2 and self._independent(Role.REVIEWER) else max(owners)

    @property
    def suffices(self) -> bool:
        return self.reached is not None and self.reached >= self.asked

    @property
    def counting(self) -> list[Approval]:
        return [approval for approval in self.approvals if approval.counts]

    @property
    def missing(self) -> str:
        """What the level asked for still needs, in a sentence; empty where it is reached."""
        if self.suffices:
            return ""
        needs = f"Level {self.asked} needs {self._needs()}"
        reached = "no approval counts so far" if self.reached is None else f"level {self.reached} is reached"
        return (
            "; ".join([needs, reached, *sorted({approval.void for approval in self.approvals if approval.void})]) + "."
        )

    def _needs(self) -> str:
        independent = "neither requested the release nor took its snapshot"
        unrelated = f"authored none of the {self.differences:,} differences and {independent}"
        if self.asked < 2:
            return f"the approval of an owner who {independent}" if self.asked else "the approval of an owner"
        if self.asked == 2:
            return f"an approver who {unrelated}: an owner"
        wanted = [role for role in (Role.OWNER, Role.REVIEWER) if not self._independent(role)]
        return f"two approvers who {unrelated}: missing is " + " and ".join(
            f"an {role.label.lower()}" if role is Role.OWNER else f"a {role.label.lower()}" for role in wanted
        )

    def _independent(self, role: Role) -> bool:
        return any(approval.level == 2 and approval.step.role == role for approval in self.counting)


@dataclass(frozen=True)
class Standing:
    """A release as it stands: what it brings, what its gates say, who may be counted on."""

    window: Window
    gates: list[Gate]

    @property
    def closed(self) -> list[Gate]:
        return [gate for gate in self.gates if not gate.open]

    @cached_property
    def report(self) -> list[dict[str, Any]]:
        return report_of(self.gates)

    @cached_property
    def authors(self) -> frozenset[int]:
        return authors_of(self.window)

    @cached_property
    def separation(self) -> Separation:
        return self.separation_with()

    def separation_with(self, *more: Step) -> Separation:
        """The separation that these approvals would bring, on top of those on record."""
        release = self.window.release
        steps = [*Step.objects.filter(release=release, kind=Step.Kind.APPROVED).order_by("id"), *more]
        latest = {step.actor_id: step for step in steps}
        roles = dict(
            Membership.objects.in_force()
            .filter(project=release.project_id, user__in=latest, user__is_active=True)
            .values_list("user_id", "role")
        )
        approvals = [self._weighed(step, latest, roles) for step in steps]
        return Separation(release.project.separation_of_duties, approvals, self.window.reconciliation.differences)

    def _weighed(self, step: Step, latest: dict[int, Step], roles: dict[int, str]) -> Approval:
        falls_short = self._falls_short(step)
        level = 0 if falls_short and step.actor_id in self._involved else 1 if falls_short else 2
        return Approval(step, self._void(step, latest, roles), level, falls_short)

    def _void(self, step: Step, latest: dict[int, Step], roles: dict[int, str]) -> str:
        if latest[step.actor_id] is not step:
            return "an earlier approval was given anew by the same person"
        if step.manifest_hash != self.window.after.manifest_hash:
            return "an approval was given to another manifest"
        if roles.get(step.actor_id) != step.role:
            return f"the role of {step.role} in which an approval was given has ended"
        worse = turned_worse(step.gate_report or [], self.gates)
        if worse:
            return f"since an approval a gate turned worse ({', '.join(gate.label for gate in worse)})"
        return ""

    def _falls_short(self, step: Step) -> str:
        release = self.window.release
        if step.actor_id == release.requested_by_id:
            return "requested the release"
        if step.actor_id in self._involved:
            return "took the snapshot"
        return "authored some of the differences" if step.actor_id in self.authors else ""

    @cached_property
    def _involved(self) -> frozenset[int | None]:
        """Who requested the release, and who took its snapshot."""
        taken = self.window.after.entry
        return frozenset({self.window.release.requested_by_id, taken.actor_id, taken.attributed_to_id})


def standing_of(window: Window) -> Standing:
    return Standing(window, gates_of(window))


def authors_of(window: Window) -> frozenset[int]:
    """Everybody who had a hand in the differences: who wrote, whose mark it is, who acted, whose act was imported."""
    found: set[int | None] = set()
    differences = [record.difference for record in window.reconciliation.records]
    for section in CONTENT:
        found |= _writers(window, section, {one.record_id for one in differences if one.section == section})
    found |= _actors({operation for one in differences for operation in one.operations})
    return frozenset(user for user in found if user is not None)


def _writers(window: Window, section: str, ids: set[int]) -> set[int | None]:
    project_id = window.release.project_id
    before = State(project_id, window.before.cut) if window.before else State.empty(project_id)
    versions = versions_of(SECTIONS[section])._default_manager.filter(
        history_id__gt=before.bound(section), history_id__lte=State(project_id, window.after.cut).bound(section)
    )
    columns = ("history_user_id", "author_id") if section == "annotations" else ("history_user_id",)
    found: set[int | None] = set()
    for some in in_parts(ids):
        for people in versions.filter(id__in=some).order_by().values_list(*columns).distinct():
            found |= set(people)
    return found


def _actors(operations: Iterable[uuid.UUID]) -> set[int | None]:
    ordered = sorted(operations)
    found: set[int | None] = set()
    for start in range(0, len(ordered), _OPERATIONS_AT_ONCE):
        entries = Entry.objects.filter(operation__in=ordered[start : start + _OPERATIONS_AT_ONCE])
        for people in entries.order_by().values_list("actor_id", "attributed_to_id").distinct():
            found |= set(people)
    return found
