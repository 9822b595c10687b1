"""Restoring an earlier state: a new act forward, of which nothing newer is lost."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from audit.acting import locked, operation
from audit.events import Event
from audit.models import Entry
from audit.services import record
from labelop.models import Project
from labelop.services.project_state import must_take_work
from roles.matrix import Can
from roles.models import User
from roles.services import authorize

from ..content import SECTIONS, in_parts
from ..models import Snapshot
from ..restore import RESTORED, Preview, Row, preview_restore, rows_changed_since
from ..scopes import Scope

_ROWS_AT_ONCE = 1000


@dataclass(frozen=True)
class Done:
    """The entry of a restoration, and what it did."""

    entry: Entry
    preview: Preview


@operation()
def restore(
    project: Project,
    snapshot: Snapshot,
    scope: Scope,
    *,
    by: User,
    reason: str,
    seen: str = "",
    progress: Callable[[int], None] = lambda records: None,
) -> Done:
    """Bring what is in the scope back to a snapshot, by one act that writes new versions.

    What was added since is taken out (items excluded, marks withdrawn, classes deprecated), never deleted. A mark
    gets back the author, the origin and the edition it had; its approvals precede this change, so they no longer
    count. Assignments stay where they are, and so do memberships, reviews and settings. A class goes back only
    with everything and while the schema is not frozen; it keeps its key. `seen` is the digest of the preview that
    was agreed to: when the project has moved on since, nothing is done.
    """
    project = locked(project)
    actor = authorize(by, Can.RESTORE_DATA, project)
    must_take_work(project)
    _hold_still(snapshot)
    preview = preview_restore(project, snapshot, scope)
    if not preview.records:
        raise ValidationError("Nothing differs that could be restored.")
    if seen and seen != preview.digest:
        raise ValidationError("The project has changed since the preview: look again.", code="changed")
    _write(preview, progress)
    entry = record(
        Event.DATA_RESTORED,
        snapshot,
        actor,
        reason=reason,
        after={
            "snapshot": snapshot.name,
            "manifest_hash": snapshot.manifest_hash,
            "scope": scope.told(project),
            "left_alone": len(preview.left_alone),
        },
        records=preview.records,
    )
    return Done(entry, preview)


def _hold_still(snapshot: Snapshot) -> None:
    """Lock what may go back, items before their marks as all acts do, so that none changes between look and act."""
    items, annotations = rows_changed_since(snapshot)
    for section, ids in (("items", items), ("annotations", annotations)):
        _lock(SECTIONS[section], ids)


def _lock(model: type[models.Model], ids: Collection[int]) -> None:
    for some in in_parts(ids):
        rows = model._base_manager.select_for_update(no_key=True).filter(pk__in=some)
        len(rows.order_by("pk").values_list("pk", flat=True))


def _write(preview: Preview, progress: Callable[[int], None]) -> None:
    """Write whole sets of rows, not one query a row; classes and items before the marks that name them."""
    written = 0
    for section in ("schema", "items", "annotations"):
        rows = list(preview.rows.get(section, {}).values())
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            _upsert(section, rows[start : start + _ROWS_AT_ONCE])
            written += len(rows[start : start + _ROWS_AT_ONCE])
            progress(written)


def _upsert(section: str, rows: list[Row]) -> None:
    model: Any = SECTIONS[section]
    model._base_manager.bulk_create(
        [model(**row) for row in rows],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=[column.removesuffix("_id") for column in RESTORED[section]],
    )
