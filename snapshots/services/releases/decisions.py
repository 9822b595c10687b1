"""Deciding on a release: approve it, turn it down, let it out."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from audit.acting import Actor, moment_of_act, operation
from audit.events import Event
from audit.services import record
from roles.matrix import Can, Role
from roles.models import User
from roles.services import authorize

from ...gates import window_of
from ...models import Release, Step
from ...separation import Separation, Standing, standing_of
from .steps import held, keep_step, must_be_a_move, must_be_open, read_for_a_decision, refused

# The level at which a project asks for two approvers, the second of them a reviewer.
_TWO_APPROVERS = 3


@operation()
def approve_release(release: Release, *, by: User, reason: str = "") -> Release:
    """Approve what the manifest pins and the gates say now; enough approvals make the release approved.

    An approval speaks for a role: no superuser right stands in for it.
    """
    release = held(release)
    actor = authorize(by, Can.APPROVE_RELEASES, release.project)
    must_be_a_move(release, Step.Kind.APPROVED)
    _must_be_theirs_to_approve(release, actor)
    standing = read_for_a_decision(release)
    must_be_open(standing)
    separation = standing.separation_with(_approval(release, actor, standing))
    _must_bring_it_on(release, actor, standing.separation, separation)
    before = release.state
    release.state = _state_after(separation)
    release.save()
    entry = record(
        Event.RELEASE_APPROVED,
        release,
        actor,
        reason=reason,
        before={"state": before, "separation": standing.separation.reached},
        after={"state": release.state, "separation": separation.reached, "asked": separation.asked},
    )
    keep_step(Step.Kind.APPROVED, entry, release, standing, separation=separation.reached)
    return release


@operation()
def reject_release(release: Release, *, by: User, reason: str) -> Release:
    """Turn a release down; its snapshot can be proposed anew."""
    release = held(release)
    actor = authorize(by, Can.APPROVE_RELEASES, release.project)
    must_be_a_move(release, Step.Kind.REJECTED)
    before = release.state
    release.state = Release.State.REJECTED
    release.save()
    entry = record(Event.RELEASE_REJECTED, release, actor, reason=reason, before=before, after=release.state)
    keep_step(Step.Kind.REJECTED, entry, release)
    return release


@operation()
def publish_release(release: Release, *, by: User, reason: str = "") -> Release:
    """Let an approved release out, when every gate is open and the people the project asks for stand behind it."""
    release = held(release)
    actor = authorize(by, Can.MANAGE_RELEASES, release.project)
    if release.state == Release.State.IN_REVIEW:
        raise ValidationError(_what_it_waits_for(release), code="separation")
    must_be_a_move(release, Step.Kind.RELEASED)
    standing = read_for_a_decision(release)
    must_be_open(standing)
    if not standing.separation.suffices:
        raise ValidationError(standing.separation.missing, code="separation")
    before = release.state
    release.state = Release.State.RELEASED
    release.save()
    after = {"state": release.state, "separation": standing.separation.reached, "asked": standing.separation.asked}
    entry = record(Event.RELEASE_RELEASED, release, actor, reason=reason, before=before, after=after)
    keep_step(Step.Kind.RELEASED, entry, release, standing)
    return release


def _must_be_theirs_to_approve(release: Release, actor: Actor) -> None:
    asked = release.project.separation_of_duties
    if actor.overriding or actor.user is None:
        raise refused(
            release,
            actor,
            "An approval speaks for a role on the project, and you hold none that can.",
            asked="approval",
        )
    if asked and actor.user.pk == release.requested_by_id:
        raise refused(release, actor, "Nobody approves what they requested themselves.", asked="own_request")
    if actor.role == Role.REVIEWER and asked < _TWO_APPROVERS:
        raise refused(
            release,
            actor,
            "A reviewer approves as the second of two, where the project asks for two.",
            asked="approval",
        )


def _what_it_waits_for(release: Release) -> str:
    missing = standing_of(window_of(release)).separation.missing
    return missing or "Its approvals reach what is asked by now: one of the approvers has to approve once more."


def _must_bring_it_on(release: Release, actor: Actor, before: Separation, after: Separation) -> None:
    """Refuse a second approval that would say the first again, and a reviewer's before an owner's."""
    if actor.role == Role.REVIEWER and before.reached is None:
        raise ValidationError("An owner approves first; a reviewer is the second approver.")
    counted = {approval.step.actor_id for approval in before.counting}
    if actor.user and actor.user.pk in counted and _state_after(after) == release.state:
        raise ValidationError("You have approved this release, and it counts.")


def _state_after(separation: Separation) -> Release.State:
    return Release.State.APPROVED if separation.suffices else Release.State.IN_REVIEW


def _approval(release: Release, actor: Actor, standing: Standing) -> Step:
    """The approval about to be given, to measure what it brings."""
    return Step(
        release=release,
        kind=Step.Kind.APPROVED,
        actor=actor.user,
        role=actor.role,
        at=moment_of_act(),
        manifest_hash=release.snapshot.sealed("manifest_hash"),
        gate_report=standing.report,
    )
