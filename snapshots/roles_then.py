"""Who held which role at a cut, read from the versions."""

from __future__ import annotations

from roles.models import Membership

from .content import State
from .models import Snapshot


def members_at(snapshot: Snapshot) -> dict[int, str]:
    """The role of each user whose membership was in force at the cut."""
    versions = Membership.history.filter(project_id=snapshot.project_id).up_to(
        State(snapshot.project_id, snapshot.cut).bound("roles")
    )
    at = snapshot.entry.at
    return {
        version.user_id: version.role
        for version in versions
        if version.ended_at is None and (version.valid_until is None or version.valid_until > at)
    }
