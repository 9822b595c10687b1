"""Taking a part of the trail out of the building."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.exceptions import ValidationError

from audit.acting import operation
from audit.events import Event
from audit.models import Entry
from audit.query import Query
from audit.services import record
from labelop.models import Project
from roles.filters import without_names
from roles.matrix import Can
from roles.models import User
from roles.services import authorize


@operation()
def export_trail(projects: Iterable[Project], query: Query, *, form: str, by: User, reason: str) -> Entry:
    """Let somebody download what a query finds on the trails of projects, which is recorded on each.

    The last of its entries is the last they may take.
    """
    after = {"query": str(without_names(query).dated()), "format": form}
    entries = [
        record(Event.TRAIL_EXPORTED, project, authorize(by, Can.INSPECT_TRAIL, project), reason=reason, after=after)
        for project in sorted(projects, key=lambda project: project.pk)
    ]
    if not entries:
        raise ValidationError("Nothing on the trail fits this question.")
    return entries[-1]
