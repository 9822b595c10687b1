"""Letting the state of a snapshot, or the versions of a project, out of the building as a stream."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from audit.acting import operation
from audit.events import Event
from audit.models import Entry
from audit.services import record
from labelop.models import Project
from roles.matrix import Can
from roles.models import User
from roles.services import authorize

from ..models import Snapshot


@operation()
def let_snapshot_out(snapshot: Snapshot, *, by: User, reason: str) -> Entry:
    """Let somebody take every record of a sealed snapshot."""
    actor = authorize(by, Can.EXPORT_SNAPSHOTS, snapshot.project)
    if snapshot.manifest_hash is None:
        raise ValidationError("This snapshot is still being computed.")
    records = sum(snapshot.sealed("sections")[section]["count"] for section in ("schema", "items", "annotations"))
    after = {"manifest_hash": snapshot.manifest_hash, "records": records, "format": "ndjson"}
    return record(Event.EXPORT_MADE, snapshot, actor, reason=reason, after=after)


@operation()
def let_versions_out(project: Project, *, by: User, reason: str) -> Entry:
    """Let somebody take every version of a project's items and marks up to now."""
    actor = authorize(by, Can.EXPORT_SNAPSHOTS, project)
    return record(Event.EXPORT_MADE, project, actor, reason=reason, after={"versions": True, "format": "ndjson"})
