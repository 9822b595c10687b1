"""Noting at once what stands out in the work."""

from __future__ import annotations

from roles.services import note_anomalies

from ..anomalies import own_work_attempts


def note_own_work_attempts(project_id: int) -> None:
    """Note that somebody tried to decide on their own work, right after the refusal."""
    note_anomalies(project_id, own_work_attempts(project_id))
