"""The work itself: items and the annotations on them."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError

from audit.acting import held, locked, operation
from audit.events import Event
from audit.services import record
from roles.matrix import Can
from roles.models import User
from roles.services import authorize

from ..models import Annotation, Assignment, Item, LabelClass, Origin, Project
from .marks import put_mark, withdraw_mark
from .own_work import Case, held_case, must_be_its_annotator
from .project_state import must_take_work


@operation()
def add_item(
    project: Project,
    key: str,
    data: dict[str, Any],
    *,
    by: User,
    reason: str = "",
    split: str = "",
    metadata: dict[str, Any] | None = None,
) -> Item:
    """Add one thing to label."""
    project = locked(project)
    actor = authorize(by, Can.IMPORT_HISTORY, project)
    must_take_work(project)
    item = Item(project=project, key=key, data=data, split=split, metadata=metadata or {})
    item.full_clean()
    item.save()
    record(Event.ITEMS_ADDED, item, actor, reason=reason)
    return item


@operation()
def exclude_item(item: Item, *, by: User, reason: str) -> Item:
    """Take an item, and its annotations with it, out of the dataset."""
    project, item = held(item.project), locked(item)
    actor = authorize(by, Can.EXCLUDE_ITEMS, project)
    if not reason.strip():
        raise ValidationError({"reason": "Items excluded: say why."}, code="reason_required")
    must_take_work(project)
    if item.excluded:
        raise ValidationError("This item is excluded already.")
    item.excluded = True
    item.save()
    record(Event.ITEMS_EXCLUDED, item, actor, reason=reason)
    return item


@operation()
def reinstate_item(item: Item, *, by: User, reason: str = "") -> Item:
    """Bring an excluded item back."""
    project, item = held(item.project), locked(item)
    actor = authorize(by, Can.EXCLUDE_ITEMS, project)
    must_take_work(project)
    if not item.excluded:
        raise ValidationError("This item is not excluded.")
    item.excluded = False
    item.save()
    record(Event.ITEMS_REINSTATED, item, actor, reason=reason)
    return item


@operation()
def save_annotation(
    item: Item, label_class: LabelClass, value: dict[str, Any], *, by: User, key: str = "", reason: str = ""
) -> Annotation:
    """Put a mark on an item one is at work on, or change the one with this key; a withdrawn one comes back."""
    case = held_case(item)
    actor = authorize(by, Can.ANNOTATE, case.project)
    must_be_its_annotator(case.assignment, case.project, by, actor)
    _must_be_in_progress(case)
    return put_mark(case.item, label_class, value, actor, by, Origin.HUMAN, key=key, reason=reason)


@operation()
def withdraw_annotation(annotation: Annotation, *, by: User, reason: str = "") -> Annotation:
    """Take a mark back from an item one is at work on; its past stays."""
    case = held_case(annotation)
    actor = authorize(by, Can.ANNOTATE, case.project)
    must_be_its_annotator(case.assignment, case.project, by, actor)
    _must_be_in_progress(case)
    return withdraw_mark(case.mark, actor, reason=reason)


def _must_be_in_progress(case: Case) -> None:
    must_take_work(case.project)
    if case.assignment is not None and case.assignment.state != Assignment.State.IN_PROGRESS:
        state = case.assignment.get_state_display().lower()
        raise ValidationError(f"This work is {state}: its marks change while it is in progress.")
