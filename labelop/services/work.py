"""The work itself: items and the annotations on them."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError

from audit.acting import locked, operation
from audit.events import Event
from audit.services import record
from roles.matrix import Can
from roles.models import User
from roles.services import authorize

from ..models import Annotation, Item, LabelClass, Project
from .states import must_be_active, must_take_work


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
    item = locked(item)
    actor = authorize(by, Can.EXCLUDE_ITEMS, item.project)
    must_take_work(item.project)
    if not reason.strip():
        raise ValidationError({"reason": "Items excluded: say why."}, code="reason_required")
    if item.excluded:
        raise ValidationError("This item is excluded already.")
    item.excluded = True
    item.save()
    record(Event.ITEMS_EXCLUDED, item, actor, reason=reason)
    return item


@operation()
def reinstate_item(item: Item, *, by: User, reason: str = "") -> Item:
    """Bring an excluded item back."""
    item = locked(item)
    actor = authorize(by, Can.EXCLUDE_ITEMS, item.project)
    must_take_work(item.project)
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
    """Put a mark on an item, or change the one with this key; a withdrawn one comes back."""
    item = locked(item)
    actor = authorize(by, Can.ANNOTATE, item.project)
    must_be_active(item.project)
    if label_class.project_id != item.project_id:
        raise ValidationError({"label_class": f"{label_class} is no class of this project."})
    annotation = Annotation.objects.filter(item=item, key=key).first() if key else None
    before = _mark(annotation) if annotation and not annotation.withdrawn else None
    if annotation is None:
        annotation = Annotation(project=item.project, item=item, key=key or _next_key(item))
    annotation.label_class, annotation.value = label_class, value
    annotation.author, annotation.withdrawn = by, False
    annotation.full_clean()
    annotation.save()
    record(Event.ANNOTATION_SAVED, annotation, actor, reason=reason, before=before, after=_mark(annotation))
    return annotation


@operation()
def withdraw_annotation(annotation: Annotation, *, by: User, reason: str = "") -> Annotation:
    """Take a mark back; its past stays."""
    annotation = locked(annotation)
    actor = authorize(by, Can.ANNOTATE, annotation.project)
    must_be_active(annotation.project)
    if annotation.withdrawn:
        raise ValidationError("This annotation is withdrawn already.")
    before = _mark(annotation)
    annotation.withdrawn = True
    annotation.save()
    record(Event.ANNOTATION_WITHDRAWN, annotation, actor, reason=reason, before=before)
    return annotation


def _next_key(item: Item) -> str:
    numbers = [int(key) for key in item.annotations.values_list("key", flat=True) if key.isdecimal()]
    return str(max(numbers, default=0) + 1)


def _mark(annotation: Annotation) -> dict[str, Any]:
    return {"label": annotation.label_class.key, "value": annotation.value}
