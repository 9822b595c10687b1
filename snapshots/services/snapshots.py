"""Taking snapshots."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError

from audit.acting import Actor, locked, operation, take_gate_alone
from audit.canonical import canonical_json, sha256_hex
from audit.events import Event
from audit.services import record
from labelop.models import Project
from roles.matrix import Can
from roles.models import User
from roles.services import authorize

from ..content import State, newest_cut
from ..counts import tally_after, whole_tally
from ..models import Purpose, Snapshot
from .gate import GATE_MILLISECONDS, until_the_gate_is_free


@dataclass(frozen=True)
class Taken:
    """A snapshot, and what taking it cost the others."""

    snapshot: Snapshot
    seconds_gate_held: float
    seconds_gate_waited: float


def take_snapshot(
    project: Project,
    name: str,
    *,
    by: User,
    purpose: Purpose = Purpose.ROUTINE,
    note: str = "",
    reason: str = "",
    at: datetime | None = None,
    source: str = "",
) -> Taken:
    """Name the state of a project: cut behind the gate, then compute what the cut holds.

    Joins no act under way, since an act that wrote already would wait for itself at the gate. Raises
    `GateBusy` when writers left no gap for a minute.
    """
    started = time.perf_counter()
    snapshot, held, waited = until_the_gate_is_free(
        lambda: _cut(project, name, by, purpose, note, reason or note, at, source)
    )
    waited = max(waited, time.perf_counter() - started - held)
    return Taken(seal_snapshot(snapshot), held, waited)


def seal_snapshots(project: Project) -> list[Snapshot]:
    """Finish what an interruption left uncomputed, oldest first."""
    unfinished = Snapshot.objects.filter(project=project, manifest_hash=None).order_by("number")
    return [seal_snapshot(snapshot) for snapshot in unfinished]


def seal_snapshot(snapshot: Snapshot) -> Snapshot:
    """Compute counts and hashes of a cut, its parent's first; a sealed snapshot is returned as it is."""
    unsealed = [snapshot]
    while (parent := unsealed[-1].parent) is not None and parent.manifest_hash is None:
        unsealed.append(parent)
    with_what_they_stand_on = Snapshot.objects.select_related("project", "parent", "entry__actor")
    for each in reversed(unsealed):
        cut = with_what_they_stand_on.get(pk=each.pk)
        if cut.manifest_hash is None:
            _seal(cut)
    snapshot.refresh_from_db()
    return snapshot


def manifest_of(snapshot: Snapshot) -> dict[str, Any]:
    """What the manifest hash pins: content, rules, people and the past, no times and no database ids."""
    return {
        "format": 1,
        "project": snapshot.project.slug,
        "name": snapshot.name,
        "number": snapshot.number,
        "purpose": snapshot.purpose,
        "sections": snapshot.sections,
        "counts": snapshot.counts,
        "content_hash": snapshot.content_hash,
        "checkpoint": None,
        "parent": snapshot.parent.manifest_hash if snapshot.parent else None,
    }


def _cut(
    project: Project, name: str, by: User, purpose: Purpose, note: str, reason: str, at: datetime | None, source: str
) -> tuple[Snapshot, float, float]:
    with operation(by=by, at=at):
        # All that can be asked before the gate is asked before, since everybody else waits behind it.
        actor = authorize(by, Can.TAKE_SNAPSHOTS, project)
        snapshot = _named(project, name, purpose, note)
        asked = time.perf_counter()
        with take_gate_alone(project.pk, milliseconds=GATE_MILLISECONDS):
            waited = time.perf_counter() - asked
            # Somebody else may have taken the name meanwhile. Inserting it a second time would wait for them while
            # they, sealing what they took, wait for the gate.
            _name_must_be_free(project, name)
            _write_cut(snapshot, actor, reason, source)
    return snapshot, time.perf_counter() - asked - waited, waited


def _named(project: Project, name: str, purpose: Purpose, note: str) -> Snapshot:
    """A snapshot before its cut."""
    snapshot = Snapshot(project=project, name=name, purpose=purpose, note=note)
    snapshot.clean_fields(exclude={field.name for field in Snapshot._meta.fields} - {"name", "purpose"})
    _name_must_be_free(project, name)
    return snapshot


def _name_must_be_free(project: Project, name: str) -> None:
    if Snapshot.objects.filter(project=project, name=name).exists():
        raise ValidationError({"name": f"{project.slug} has a snapshot {name} already."})


def _write_cut(snapshot: Snapshot, actor: Actor, reason: str, source: str) -> None:
    project = snapshot.project
    earlier = Snapshot.objects.filter(project=project).only("number", "manifest_hash")
    snapshot.parent = earlier.order_by("-number").first()
    snapshot.number = snapshot.parent.number + 1 if snapshot.parent else 1
    snapshot.cut = newest_cut(project.pk)
    snapshot.entry = record(
        Event.SNAPSHOT_TAKEN,
        project,
        actor,
        reason=reason,
        after={"name": snapshot.name, "number": snapshot.number, "purpose": str(snapshot.purpose)},
        source=source,
    )
    snapshot.save()


def _seal(snapshot: Snapshot) -> None:
    state = State(snapshot.project_id, snapshot.cut)
    tally = tally_after(snapshot.parent, state) if snapshot.parent else whole_tally(state)
    with operation(by=snapshot.entry.actor, at=snapshot.entry.at):
        if locked(snapshot).manifest_hash is not None:
            return
        # A cut never changes, and what sealing fills in is still empty: the row is the one that was read.
        for column, value in tally.sealed().items():
            setattr(snapshot, column, value)
        snapshot.manifest_hash = sha256_hex(canonical_json(manifest_of(snapshot)))
        snapshot.save()
        record(
            Event.SNAPSHOT_SEALED,
            snapshot,
            Actor(snapshot.entry.actor, snapshot.entry.role),
            after={"content_hash": snapshot.content_hash, "manifest_hash": snapshot.manifest_hash},
        )
