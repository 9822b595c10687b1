"""Which records are no longer as somebody approved them, or as they were last released."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Max, Min

from audit.history import versions_of
from labelop.models import Annotation
from labelop.selectors.approvals import approvals_of, approvals_of_items
from roles.models import User

from .content import CONTENT, SECTIONS, in_parts
from .models import Release, Snapshot
from .selectors import releases_visible_to

Place = tuple[str, int]

_WAS_RELEASED = (Release.State.RELEASED, Release.State.DEPRECATED, Release.State.WITHDRAWN)


@dataclass(frozen=True)
class Standing:
    """What became of a record since it was approved and since the last release; None where nothing did."""

    approved_at: datetime | None = None
    released: Snapshot | None = None
    new: bool = False


def standings_of(viewer: User | AnonymousUser, places: Collection[Place]) -> dict[Place, Standing]:
    """How these records, each a section and a row's id, stand now; those left as they were are not in it.

    What was released is told to whoever may see the release. The records may be of several projects.
    """
    by_section = {section: {pk for of, pk in places if of == section} for section in CONTENT}
    changes = [(section, row) for section, ids in by_section.items() for row in _last_changes(section, ids)]
    last_released = _last_released(viewer, {row["project_id"] for _, row in changes})
    approved = _approved(by_section)
    found: dict[Place, Standing] = {}
    for section, row in changes:
        released = last_released.get(row["project_id"])
        bound = released.cut.get(SECTIONS[section]._meta.label_lower, 0) if released else 0
        place = (section, row["id"])
        approved_at = approved.get(place)
        changed = approved_at is not None and row["at"] > approved_at
        later = released is not None and row["last"] > bound
        if changed or later:
            new = later and row["first"] > bound
            found[place] = Standing(approved_at if changed else None, released if later else None, new)
    return found


def _last_changes(section: str, ids: Collection[int]) -> list[dict[str, Any]]:
    versions = versions_of(SECTIONS[section])._default_manager.order_by().values("id", "project_id")
    told = {"first": Min("history_id"), "last": Max("history_id"), "at": Max("history_date")}
    return [row for some in in_parts(ids) for row in versions.filter(id__in=some).annotate(**told)]


def _approved(by_section: dict[str, set[int]]) -> dict[Place, datetime]:
    found: dict[Place, datetime] = {}
    if items := by_section["items"]:
        found.update({("items", pk): at for pk, at in approvals_of_items(items).items()})
    if pks := by_section["annotations"]:
        marks = [mark for some in in_parts(pks) for mark in Annotation.objects.filter(pk__in=some, withdrawn=False)]
        found.update({("annotations", pk): at for pk, at in approvals_of(marks).items()})
    return found


def _last_released(viewer: User | AnonymousUser, project_ids: Collection[int]) -> dict[int, Snapshot]:
    """The latest snapshot of each of these projects that went out."""
    releases = releases_visible_to(viewer).filter(project__in=project_ids, state__in=_WAS_RELEASED)
    return {release.project_id: release.snapshot for release in releases.order_by("snapshot__number")}
