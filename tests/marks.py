"""Marks on items that nobody is assigned to, as a connector leaves them: each told by an entry of its own."""

from __future__ import annotations

from typing import Any

from audit.acting import operation
from audit.events import Event
from audit.services import record
from labelop.models import Annotation, Assignment, Item, LabelClass
from labelop.services.assignments import assign_work, start_work
from roles.matrix import Can
from roles.models import User
from roles.services import authorize


def brought_in(
    item: Item, label_class: LabelClass, value: dict[str, Any], *, by: User, key: str = "", reason: str = ""
) -> Annotation:
    """A mark that `by` made elsewhere, or changed there."""
    with operation(by=by):
        actor = authorize(by, Can.ANNOTATE, item.project)
        number = 1 + max(
            (int(each) for each in item.annotations.values_list("key", flat=True) if each.isdecimal()), default=0
        )
        mark = Annotation.objects.filter(item=item, key=key).first() if key else None
        mark = mark or Annotation(project=item.project, item=item, key=key or str(number))
        mark.label_class, mark.value, mark.author, mark.withdrawn = label_class, value, by, False
        mark.save()
        record(Event.ANNOTATION_SAVED, mark, actor, reason=reason)
    return mark


def taken_back(mark: Annotation, *, by: User, reason: str = "") -> Annotation:
    """The same mark, withdrawn elsewhere."""
    with operation(by=by):
        actor = authorize(by, Can.ANNOTATE, mark.project)
        mark.withdrawn = True
        mark.save()
        record(Event.ANNOTATION_WITHDRAWN, mark, actor, reason=reason)
    return mark


def at_work(item: Item, annotator: User, *, owner: User) -> Assignment:
    """The item is given to an annotator, who begins."""
    (assignment,) = assign_work([item], annotator, by=owner)
    return start_work(assignment, by=annotator)
