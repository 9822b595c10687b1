"""Adjustments: two people account for a change that no act explains."""

from __future__ import annotations

import uuid

from django.core.exceptions import ValidationError

from audit.acting import Actor, Refused, locked, moment_of_act, operation
from audit.events import Event
from audit.models import Entry
from audit.services import record
from labelop.models import Project
from roles.matrix import Can
from roles.models import User
from roles.services import authorize

from ..models import Adjustment


@operation()
def propose_adjustment(project: Project, act: uuid.UUID, *, by: User, reason: str) -> Adjustment:
    """Say why a change that no act explains is right; it counts once somebody else accepts it."""
    project = locked(project)
    actor = authorize(by, Can.PROPOSE_ADJUSTMENTS, project)
    if not Entry.objects.filter(project=project, operation=act, event=Event.CHANGE_UNEXPLAINED).exists():
        raise ValidationError("Only a change without an explanation is adjusted; this project has none of that act.")
    of_this_act = Adjustment.objects.filter(project=project, adjusts=act)
    if of_this_act.exclude(state=Adjustment.State.REJECTED).exists():
        raise ValidationError("This change has an adjustment already.")
    adjustment = Adjustment.objects.create(
        project=project, adjusts=act, reason=reason.strip(), proposed_by=by, proposed_at=moment_of_act()
    )
    record(Event.ADJUSTMENT_PROPOSED, adjustment, actor, reason=reason, after={"act": str(act)})
    return adjustment


@operation()
def accept_adjustment(adjustment: Adjustment, *, by: User, reason: str = "") -> Adjustment:
    """Agree, as somebody else than who proposed it, that the change is accounted for."""
    adjustment = locked(adjustment)
    actor = authorize(by, Can.ACCEPT_ADJUSTMENTS, adjustment.project)
    if adjustment.proposed_by_id == by.pk:
        raise Refused(
            "Nobody accepts an adjustment that they proposed themselves.",
            user=by,
            role=actor.role,
            asked="own_adjustment",
            project_id=adjustment.project_id,
        )
    return _decide(adjustment, Adjustment.State.ACCEPTED, Event.ADJUSTMENT_ACCEPTED, actor, by, reason)


@operation()
def reject_adjustment(adjustment: Adjustment, *, by: User, reason: str) -> Adjustment:
    """Leave the change unexplained; who proposed it may take it back so. Another can be proposed."""
    adjustment = locked(adjustment)
    actor = authorize(by, Can.ACCEPT_ADJUSTMENTS, adjustment.project)
    return _decide(adjustment, Adjustment.State.REJECTED, Event.ADJUSTMENT_REJECTED, actor, by, reason)


def _decide(
    adjustment: Adjustment, state: Adjustment.State, event: Event, actor: Actor, by: User, reason: str
) -> Adjustment:
    if adjustment.state != Adjustment.State.PROPOSED:
        raise ValidationError(f"This adjustment is {adjustment.get_state_display().lower()} already.")
    before = adjustment.state
    adjustment.state, adjustment.decided_by, adjustment.decided_at = state, by, moment_of_act()
    adjustment.save()
    after = {"state": state.value, "act": str(adjustment.adjusts)}
    record(event, adjustment, actor, reason=reason, before={"state": before}, after=after)
    return adjustment
