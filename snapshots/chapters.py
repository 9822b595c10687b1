"""Snapshots cut the trail into chapters: a chapter is a range of entry ids, and every entry is in just one."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from audit.models import Entry
from labelop.models import Project

from .models import Snapshot


@dataclass(frozen=True)
class Chapter:
    """What led to a snapshot; `entries` is how many."""

    snapshot: Snapshot
    entries: int


def chapters_of(project: Project) -> list[Chapter]:
    """The chapters that ended with a snapshot, oldest first."""
    snapshots = Snapshot.objects.filter(project=project).select_related("entry", "parent__entry").order_by("number")
    return [Chapter(snapshot, led_to(snapshot).count()) for snapshot in snapshots]


def led_to(snapshot: Snapshot) -> QuerySet[Entry]:
    """The entries after the previous snapshot, up to this one's own."""
    opened = snapshot.parent.entry_id if snapshot.parent else 0
    return Entry.objects.filter(project=snapshot.project_id, id__gt=opened, id__lte=snapshot.entry_id)


def followed(snapshot: Snapshot) -> QuerySet[Entry]:
    """The entries after this snapshot, up to the next one's."""
    later = Entry.objects.filter(project=snapshot.project_id, id__gt=snapshot.entry_id)
    next_one = Snapshot.objects.filter(parent=snapshot).first()
    return later.filter(id__lte=next_one.entry_id) if next_one else later
