"""Bringing a release on its way: proposed, into review, planned, a gate waived, called off."""

from __future__ import annotations

from datetime import date, timedelta

from django.core.exceptions import ValidationError

from audit.acting import locked, moment_of_act, operation
from audit.events import Event
from audit.services import record
from roles.matrix import Can
from roles.models import User
from roles.services import authorize

from ...gates import window_of
from ...models import Release, Snapshot, Step
from ...separation import standing_of
from .steps import held, keep_step, must_be_a_move, must_be_own_or_an_owners, read_for_a_decision

# Nearer than this, a move of the planned date hurries somebody.
_SHORT_NOTICE = timedelta(days=7)


@operation()
def propose_release(snapshot: Snapshot, *, by: User, planned_on: date | None = None, reason: str) -> Release:
    """Propose that a snapshot goes out."""
    project = locked(snapshot.project)
    actor = authorize(by, Can.PROPOSE_RELEASES, project)
    release = Release(project=project, snapshot=snapshot, requested_by=by, planned_on=planned_on)
    _must_be_free(release)
    release.save()
    entry = record(Event.RELEASE_PROPOSED, release, actor, reason=reason, after=_dated(planned_on))
    keep_step(Step.Kind.PROPOSED, entry, release)
    return release


@operation()
def begin_review(release: Release, *, by: User, reason: str = "") -> Release:
    """Take a candidate into review."""
    release = held(release)
    actor = authorize(by, Can.PROPOSE_RELEASES, release.project)
    must_be_a_move(release, Step.Kind.REVIEW_BEGUN)
    release.state = Release.State.IN_REVIEW
    release.save()
    standing = standing_of(window_of(release))
    entry = record(Event.RELEASE_REVIEW_BEGUN, release, actor, reason=reason)
    keep_step(Step.Kind.REVIEW_BEGUN, entry, release, standing)
    return release


@operation()
def move_planned_date(release: Release, planned_on: date, *, by: User, reason: str) -> Release:
    """Plan a release for another day. Within a week of either day this is a decision point."""
    release = held(release)
    actor = authorize(by, Can.PROPOSE_RELEASES, release.project)
    must_be_a_move(release, Step.Kind.DATE_MOVED)
    must_be_own_or_an_owners(release, actor)
    before = release.planned_on
    if planned_on == before:
        raise ValidationError({"planned_on": "That is its planned date already."})
    _must_be_ahead(planned_on)
    release.planned_on = planned_on
    release.save()
    nearest = min(before or planned_on, planned_on)
    late = nearest - moment_of_act().date() <= _SHORT_NOTICE
    event = Event.RELEASE_DATE_MOVED_LATE if late else Event.RELEASE_DATE_MOVED
    entry = record(event, release, actor, reason=reason, before=_dated(before), after=_dated(planned_on))
    keep_step(Step.Kind.DATE_MOVED, entry, release)
    return release


@operation()
def waive_gate(release: Release, gate: str, *, by: User, reason: str) -> Step:
    """Let a release pass one gate that is not green. It covers what the gate says now, and shows for ever."""
    release = held(release)
    actor = authorize(by, Can.MANAGE_RELEASES, release.project)
    must_be_a_move(release, Step.Kind.GATE_WAIVED)
    standing = read_for_a_decision(release)
    closed = next((one for one in standing.closed if one.code == gate), None)
    if closed is None:
        raise ValidationError({"gate": f"No gate “{gate}” is on the list and closed: there is nothing to waive."})
    entry = record(
        Event.GATE_WAIVED,
        release,
        actor,
        reason=reason,
        before=closed.state.value,
        after={"gate": closed.label, "because": closed.sentence, "evidence": closed.evidence},
    )
    return keep_step(Step.Kind.GATE_WAIVED, entry, release, standing, gate=gate)


@operation()
def cancel_release(release: Release, *, by: User, reason: str) -> Release:
    """Call a release off before it went out."""
    release = held(release)
    actor = authorize(by, Can.PROPOSE_RELEASES, release.project)
    must_be_a_move(release, Step.Kind.CANCELLED)
    must_be_own_or_an_owners(release, actor)
    before = release.state
    release.state = Release.State.CANCELLED
    release.save()
    entry = record(Event.RELEASE_CANCELLED, release, actor, reason=reason, before=before, after=release.state)
    keep_step(Step.Kind.CANCELLED, entry, release)
    return release


def _must_be_free(release: Release) -> None:
    """Refuse a snapshot that is not sealed, is on its way already, or belongs to an archived project."""
    if release.project.state == release.project.State.ARCHIVED:
        raise ValidationError("The project is archived: nothing is released from it any more.")
    if release.snapshot.manifest_hash is None:
        raise ValidationError("This snapshot is still being computed.")
    over = (Release.State.REJECTED, Release.State.CANCELLED)
    if Release.objects.filter(snapshot=release.snapshot).exclude(state__in=over).exists():
        raise ValidationError(f"{release.snapshot} has a release already.")
    if release.planned_on is not None:
        _must_be_ahead(release.planned_on)


def _must_be_ahead(planned_on: date) -> None:
    if planned_on < moment_of_act().date():
        raise ValidationError({"planned_on": "A release is planned for a day that is not past."})


def _dated(planned_on: date | None) -> dict[str, str | None]:
    return {"planned_on": planned_on.isoformat() if planned_on else None}
