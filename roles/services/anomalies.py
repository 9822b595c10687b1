"""Explaining what stands out."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from audit.acting import Actor, Refused, locked, operation
from audit.events import Event
from audit.services import record

from ..matrix import Can
from ..models import Anomaly, User
from .permission import authorize, authorize_on_site


@operation()
def acknowledge_anomaly(anomaly: Anomaly, *, by: User, reason: str) -> Anomaly:
    """Say that it was seen, and what is being done about it."""
    anomaly = locked(anomaly)
    actor = _authorize(by, anomaly)
    if anomaly.state != Anomaly.State.OPEN:
        raise ValidationError(f"This anomaly is {anomaly.get_state_display().lower()} already.")
    anomaly.state = Anomaly.State.ACKNOWLEDGED
    anomaly.save()
    record(Event.ANOMALY_ACKNOWLEDGED, anomaly, actor, reason=reason, before=Anomaly.State.OPEN.value)
    return anomaly


@operation()
def resolve_anomaly(anomaly: Anomaly, *, by: User, reason: str) -> Anomaly:
    """Explain it for good; nobody explains away what shows their own act or role."""
    anomaly = locked(anomaly)
    actor = _authorize(by, anomaly)
    if by.pk in anomaly.people:
        raise Refused(
            "This anomaly shows an act or a role of yours: somebody else resolves it.",
            user=by,
            role=actor.role,
            asked="own_anomaly",
            project_id=anomaly.project_id,
        )
    if anomaly.state == Anomaly.State.RESOLVED:
        raise ValidationError("This anomaly is resolved already.")
    before = anomaly.state
    anomaly.state = Anomaly.State.RESOLVED
    anomaly.save()
    record(Event.ANOMALY_RESOLVED, anomaly, actor, reason=reason, before=before)
    return anomaly


def _authorize(by: User, anomaly: Anomaly) -> Actor:
    if anomaly.project is None:
        return authorize_on_site(by, "resolve anomalies")
    return authorize(by, Can.RESOLVE_FINDINGS, anomaly.project)
