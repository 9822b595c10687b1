"""Taking a part of the trail out of the building."""

from __future__ import annotations

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
def export_trail(project: Project, query: Query, *, form: str, by: User, reason: str) -> Entry:
    """Let somebody download what a query finds on a project's trail; its own entry is the last they may take."""
    actor = authorize(by, Can.INSPECT_TRAIL, project)
    return record(
        Event.TRAIL_EXPORTED, project, actor, reason=reason, after={"query": str(without_names(query)), "format": form}
    )
