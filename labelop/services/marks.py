"""Writing marks, whoever may: what an annotator's work and a reviewer's fix have in common."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError

from audit.acting import Actor, held
from audit.events import Event
from audit.services import record
from roles.models import User

from ..models import Annotation, Item, LabelClass, Origin
from ..selectors.approvals import approved_among


def put_mark(
    item: Item,
    label_class: LabelClass,
    value: dict[str, Any],
    actor: Actor,
    author: User,
    origin: Origin,
    *,
    key: str,
    reason: str,
) -> Annotation:
    """Put a mark on an item that is held, or change the one with this key; a withdrawn one comes back."""
    label_class = held(label_class)
    annotation = Annotation.objects.filter(item=item, key=key).select_related("label_class").first() if key else None
    _must_fit(label_class, item, annotation)
    before = told(annotation) if annotation and not annotation.withdrawn else None
    event = _event_of_change(annotation, Event.ANNOTATION_SAVED)
    if annotation is None:
        annotation = Annotation(project=item.project, key=key or _next_key(item))
    annotation.item = item
    annotation.label_class, annotation.value, annotation.edition = label_class, value, label_class.edition
    annotation.author, annotation.origin, annotation.withdrawn = author, origin, False
    # What it points at was read in this act, and its key was sought among the marks of its item, which is held.
    annotation.clean_fields(exclude={"project", "item", "label_class", "author"})
    annotation.save()
    record(event, annotation, actor, reason=reason, before=before, after=told(annotation))
    return annotation


def withdraw_mark(annotation: Annotation, actor: Actor, *, reason: str) -> Annotation:
    """Take back a mark that is held."""
    if annotation.withdrawn:
        raise ValidationError("This annotation is withdrawn already.")
    event = _event_of_change(annotation, Event.ANNOTATION_WITHDRAWN)
    annotation.withdrawn = True
    annotation.save()
    record(event, annotation, actor, reason=reason, before=told(annotation))
    return annotation


def told(annotation: Annotation) -> dict[str, Any]:
    """A mark as the trail tells it."""
    return {"label": annotation.label_class.key, "value": annotation.value}


def _must_fit(label_class: LabelClass, item: Item, annotation: Annotation | None) -> None:
    if label_class.project_id != item.project_id:
        raise ValidationError({"label_class": f"{label_class} is no class of this project."})
    stays = annotation is not None and not annotation.withdrawn and annotation.label_class_id == label_class.pk
    if label_class.deprecated and not stays:
        raise ValidationError({"label_class": f"{label_class} is deprecated: it takes no new marks."})


def _event_of_change(annotation: Annotation | None, otherwise: Event) -> Event:
    approved = annotation is not None and annotation.pk in approved_among([annotation])
    return Event.ANNOTATION_CHANGED_AFTER_APPROVAL if approved else otherwise


def _next_key(item: Item) -> str:
    numbers = [int(key) for key in item.annotations.values_list("key", flat=True) if key.isdecimal()]
    return str(max(numbers, default=0) + 1)
