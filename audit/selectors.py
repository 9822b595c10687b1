"""Reading the trail."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.db.models import QuerySet

from .events import EXPLAINS_NOTHING
from .models import Entry


def entries_in(project_ids: Iterable[int] | QuerySet) -> QuerySet[Entry]:
    """The trail of these projects, newest first; which they may be is for `roles` to say."""
    return Entry.objects.filter(project__in=project_ids).select_related("actor", "attributed_to", "project")


def entries_of(operations: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[Entry]]:
    """The entries of these operations, oldest first, that explain a change."""
    found: dict[uuid.UUID, list[Entry]] = {}
    wanted = list(set(operations))
    for start in range(0, len(wanted), 500):
        entries = Entry.objects.filter(operation__in=wanted[start : start + 500]).exclude(
            event__in=EXPLAINS_NOTHING
        )
        for entry in entries.select_related("actor", "attributed_to").order_by("id"):
            found.setdefault(entry.operation, []).append(entry)
    return found
