"""What a rule saw, and the grants that several rules look at."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from audit.events import BY_CODE, Event
from audit.models import Entry

from ..matrix import Role
from ..models import Membership, Rule

# From the role that may least to the one that may most.
RANKS = {Role.ANNOTATOR: 1, Role.REVIEWER: 2, Role.OWNER: 3}
NARROWEST_OF_POWER = RANKS[Role.REVIEWER]
GRANTING = (Event.ROLE_GRANTED, Event.ROLE_CHANGED)
# Entries about what was noted before show nothing.
_ABOUT_ANOMALIES = (
    Event.ANOMALY_NOTED,
    Event.ACCESS_DENIED_REPEATEDLY,
    Event.ANOMALY_ACKNOWLEDGED,
    Event.ANOMALY_RESOLVED,
)


@dataclass(frozen=True)
class Sighting:
    """One case of a rule, in role terms, with the ids of the entries that show it and of the users it is about."""

    rule: Rule
    case: str
    explanation: str
    entries: tuple[int, ...] = ()
    people: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Grant:
    """A version of a membership that gave somebody a role, or another, or for longer; by whatever way it came."""

    version: Any
    before: Any | None
    entries: tuple[Entry, ...]

    @property
    def widens(self) -> bool:
        """Whether it gave more than before; a role that only annotates gives nothing to decide."""
        rank = RANKS[Role(self.version.role)]
        return rank > RANKS[Role(self.before.role)] if self.before else rank >= NARROWEST_OF_POWER

    @property
    def entry_ids(self) -> tuple[int, ...]:
        return tuple(entry.pk for entry in self.entries)

    @property
    def people(self) -> frozenset[int]:
        return frozenset({self.version.user_id, *actors_of(self.entries)})


def grants_in(project_id: int | None, membership: Membership | None = None) -> list[Grant]:
    """The grants of a project, or of one membership, oldest first, each with the entries of its operation about it."""
    versions = Membership.history.filter(project_id=project_id)
    if membership is not None:
        versions = versions.filter(id=membership.pk)
    running: dict[int, Any] = {}
    found: list[tuple[Any, Any]] = []
    for version in versions.order_by("history_id"):
        before = running.pop(version.id, None)
        if version.history_type == "-" or version.ended_at is not None:
            continue
        running[version.id] = version
        if before is None or _gives_more(before, version):
            found.append((version, before))
    entries = entries_by_operation(project_id, [version.operation for version, _ in found])
    return [Grant(version, before, _about(version, entries.get(version.operation, []))) for version, before in found]


def entries_by_operation(project_id: int | None, operations: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[Entry]]:
    """The entries of these operations on a project, oldest first, but for those about anomalies."""
    found: dict[uuid.UUID, list[Entry]] = {}
    wanted = sorted(set(operations))
    for start in range(0, len(wanted), 500):
        entries = Entry.objects.filter(project=project_id, operation__in=wanted[start : start + 500])
        for entry in entries.exclude(event__in=_ABOUT_ANOMALIES).order_by("id"):
            found.setdefault(entry.operation, []).append(entry)
    return found


def actors_of(entries: Iterable[Entry]) -> frozenset[int]:
    return frozenset(entry.actor_id for entry in entries if entry.actor_id is not None)


def a_role(role: str) -> str:
    """A role as somebody who holds it: "an owner"."""
    if role not in Role.values:
        return "somebody without a role"
    label = Role(role).label.lower()
    return f"an {label}" if label[0] in "aeiou" else f"a {label}"


def what_happened(entry: Entry) -> str:
    return str(BY_CODE[entry.event].label).lower()


def sentence(text: str) -> str:
    return text[0].upper() + text[1:]


def _gives_more(before: Any, version: Any) -> bool:
    longer = before.valid_until is not None and (
        version.valid_until is None or version.valid_until > before.valid_until
    )
    return before.role != version.role or before.user_id != version.user_id or longer


def _about(version: Any, entries: list[Entry]) -> tuple[Entry, ...]:
    """The entries about this membership; where none is, those of the whole operation."""
    label = Membership._meta.label_lower
    about = [entry for entry in entries if (entry.subject_type, entry.subject_id) == (label, version.id)]
    return tuple(about or entries)
