"""Who held which role at a cut or at a moment, read from the versions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from audit.history import versions_of
from labelop.models import Project
from roles.models import Membership, User

from .content import State
from .models import Snapshot


def members_at(snapshot: Snapshot) -> dict[int, str]:
    """The role of each user whose membership was in force at the cut."""
    bound = State(snapshot.project_id, snapshot.cut).bound("roles")
    return _in_force(Membership.history.filter(project_id=snapshot.project_id).up_to(bound), snapshot.entry.at)


def members_on(project: Project, moment: datetime) -> dict[int, str]:
    """The role of each user whose membership was in force right before a moment."""
    past = Membership.history.filter(project_id=project.pk, history_date__lt=moment)
    return _in_force(past.latest_of_each().exclude(history_type="-"), moment)


def deactivated_at(user_ids: Iterable[int], moment: datetime) -> set[int]:
    """Whose account was deactivated, so that no role let them do anything."""
    past = versions_of(User)._default_manager.filter(id__in=list(user_ids), history_date__lt=moment)
    states = past.order_by("history_id").values_list("id", "is_active")
    return {user_id for user_id, is_active in dict(states).items() if not is_active}


def _in_force(versions: QuerySet[Any], moment: datetime) -> dict[int, str]:
    return {
        version.user_id: version.role
        for version in versions
        if version.ended_at is None and (version.valid_until is None or version.valid_until > moment)
    }
