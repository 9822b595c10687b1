"""Chapters: the entries of a project between two neighbouring snapshots, a range of entry ids."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from audit.models import Entry
from labelop.models import Project

from .models import Snapshot


@dataclass(frozen=True)
class Chapter:
    """What led to a snapshot; without one, what followed the latest."""

    snapshot: Snapshot | None
    after: int
    before: int | None


def chapters_of(project: Project) -> list[Chapter]:
    """The chapters of a project, newest first; the first is still being written."""
    snapshots = list(
        Snapshot.objects.filter(project=project).select_related("entry", "project").defer("states").order_by("-number")
    )
    chapters = [Chapter(None, snapshots[0].entry_id if snapshots else 0, None)]
    for snapshot, earlier in zip(snapshots, [*snapshots[1:], None], strict=True):
        chapters.append(Chapter(snapshot, earlier.entry_id if earlier else 0, snapshot.entry_id))
    return chapters


def led_to(snapshot: Snapshot) -> QuerySet[Entry]:
    """The entries since the snapshot before this one, newest first."""
    entries = Entry.objects.filter(project=snapshot.project_id, pk__lt=snapshot.entry_id)
    if snapshot.parent is not None:
        entries = entries.filter(pk__gt=snapshot.parent.entry_id)
    return entries.select_related("project")


def followed(snapshot: Snapshot) -> QuerySet[Entry]:
    """The entries until the snapshot after this one, newest first."""
    entries = Entry.objects.filter(project=snapshot.project_id, pk__gt=snapshot.entry_id)
    following = next_of(snapshot)
    if following is not None:
        entries = entries.filter(pk__lt=following.entry_id)
    return entries.select_related("project")


def next_of(snapshot: Snapshot) -> Snapshot | None:
    return Snapshot.objects.filter(parent=snapshot).defer("states").first()
