"""Noting at once what stands out in the work."""

from __future__ import annotations

from functools import partial

from audit.acting import Refused, after_the_act
from roles.models import User
from roles.services import note_anomalies

from ..anomalies import OWN_WORK, own_work_attempts


def own_work_refused(by: User, role: str, project_id: int) -> Refused:
    """The refusal to raise; once it is on the trail, the attempt is noted."""
    after_the_act(partial(note_own_work_attempts, project_id))
    return Refused("Nobody decides on their own work.", user=by, role=role, asked=OWN_WORK, project_id=project_id)


def note_own_work_attempts(project_id: int) -> None:
    note_anomalies(project_id, own_work_attempts(project_id))
