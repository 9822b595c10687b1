"""Noting what stands out, each case once; `remind` notes everything, some services what their own act shows."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.db import IntegrityError, transaction

from audit.acting import Actor, moment_of_act, operation
from audit.events import Event
from audit.services import record

from ..anomalies import Sighting, acts_without_membership
from ..models import Anomaly, Rule

# A burst weighs more than other anomalies: somebody tries the doors.
NOTED_AS = {Rule.DENIALS: Event.ACCESS_DENIED_REPEATEDLY}


def note_anomalies(project_id: int | None, sightings: Iterable[Sighting]) -> list[Anomaly]:
    """Note what stands out; a case that was noted before is left as it is, resolved or not."""
    seen = list(sightings)
    if not seen:
        return []
    known = set(Anomaly.objects.filter(project=project_id).values_list("rule", "case"))
    new = [sighting for sighting in seen if (sighting.rule.value, sighting.case) not in known]
    noted = [note_anomaly(project_id, sighting) for sighting in new]
    return [anomaly for anomaly in noted if anomaly is not None]


@operation()
def note_anomaly(project_id: int | None, sighting: Sighting) -> Anomaly | None:
    """Note one case; None when somebody else noted it in this very moment."""
    try:
        with transaction.atomic():
            anomaly = Anomaly.objects.create(
                project_id=project_id,
                rule=sighting.rule,
                case=sighting.case,
                explanation=sighting.explanation,
                entries=list(sighting.entries),
                people=sorted(sighting.people),
                noted_at=moment_of_act(),
            )
    except IntegrityError:
        # The unique case is the lock: of two that note it, one waits here and finds it noted.
        if Anomaly.objects.filter(project=project_id, rule=sighting.rule, case=sighting.case).exists():
            return None
        raise
    event = NOTED_AS.get(sighting.rule, Event.ANOMALY_NOTED)
    record(event, anomaly, Actor(None), reason=sighting.explanation)
    return anomaly


def note_act_without_membership(project_id: int, operation: uuid.UUID) -> list[Anomaly]:
    """Note that superuser rights stood in for a role, right after the act."""
    return note_anomalies(project_id, acts_without_membership(project_id, operation))
