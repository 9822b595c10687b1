"""What all steps of a release have in common."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from audit.acting import Actor, Refused, locked
from audit.models import Entry
from labelop.models import Project
from roles.matrix import Role

from ...gates import digest_of, window_beside_live_rows
from ...models import MOVES, Release, Step
from ...separation import Standing, standing_of


def held(release: Release) -> Release:
    """The release as it is now. Its project is held first, so that no setting changes while something is decided."""
    project = locked(release.project)
    release = locked(release)
    release.project = project
    return release


def must_be_a_move(release: Release, kind: Step.Kind) -> None:
    """Refuse a step that does not lead on from where the release is."""
    if release.project.state == Project.State.ARCHIVED and kind is not Step.Kind.WITHDRAWN:
        raise ValidationError("The project is archived: its releases can only be withdrawn.")
    sources, _ = MOVES[kind]
    if release.state not in sources:
        raise ValidationError(
            f"This release is {release.get_state_display().lower()}: “{kind.label.lower()}” is no step from there.",
            code="no_such_move",
        )


def must_be_own_or_an_owners(release: Release, actor: Actor) -> None:
    """A proposal belongs to whoever made it, and to the project's owners."""
    if actor.overriding or actor.role == Role.OWNER or (actor.user and actor.user.pk == release.requested_by_id):
        return
    raise refused(release, actor, "Only who proposed a release, or an owner, does this.", asked="anothers_proposal")


def refused(release: Release, actor: Actor, sentence: str, *, asked: str) -> Refused:
    if actor.user is None:
        raise ValueError("Somebody acts on a release.")
    return Refused(sentence, user=actor.user, role=actor.role, asked=asked, project_id=release.project_id)


def read_for_a_decision(release: Release) -> Standing:
    return standing_of(window_beside_live_rows(release))


def must_be_open(standing: Standing) -> None:
    """Refuse while a gate is closed; it has to pass, or be waived by name."""
    if standing.closed:
        raise ValidationError([f"{gate.label}: {gate.sentence}" for gate in standing.closed], code="gate_closed")


def keep_step(
    kind: Step.Kind,
    entry: Entry,
    release: Release,
    standing: Standing | None = None,
    *,
    gate: str = "",
    separation: int | None = None,
) -> Step:
    """Keep a step beside its entry, with what the gates said when it was taken and the separation reached by it."""
    if separation is None and standing is not None:
        separation = standing.separation.reached
    if entry.actor is None:
        raise ValueError("Somebody takes each step.")
    return Step.objects.create(
        project=release.project,
        release=release,
        kind=kind,
        gate=gate,
        actor=entry.actor,
        role=entry.role,
        reason=entry.reason,
        at=entry.at,
        manifest_hash=release.snapshot.sealed("manifest_hash"),
        gate_report=standing.report if standing else None,
        gate_digest=digest_of(standing.report) if standing else "",
        separation=separation,
        entry=entry,
    )
