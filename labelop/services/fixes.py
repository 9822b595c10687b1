"""A reviewer's fixes: marks changed while the work is in review, by somebody who is no party to it."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError

from audit.acting import Actor, operation
from roles.matrix import Can
from roles.models import User
from roles.services import authorize

from ..models import Annotation, Assignment, Item, LabelClass, Origin
from .marks import put_mark, withdraw_mark
from .own_work import Case, fixes_of_round, held_case, must_be_no_party
from .project_state import must_take_work


@operation()
def fix_annotation(
    item: Item, label_class: LabelClass, value: dict[str, Any], *, by: User, key: str = "", reason: str = ""
) -> Annotation:
    """Add a mark that was missed, or put right the one with this key."""
    case = held_case(item)
    actor = _fixing(case, by)
    return put_mark(case.item, label_class, value, actor, by, Origin.REVIEWER_FIX, key=key, reason=reason)


@operation()
def withdraw_as_fix(annotation: Annotation, *, by: User, reason: str = "") -> Annotation:
    """Take back a mark that should not be there. Whoever did that made what is left of it."""
    case = held_case(annotation)
    actor = _fixing(Case(case.project, case.item, None, case.assignment), by)
    case.mark.author, case.mark.origin = by, Origin.REVIEWER_FIX
    return withdraw_mark(case.mark, actor, reason=reason)


def _fixing(case: Case, by: User) -> Actor:
    actor = authorize(by, Can.FIX_IN_REVIEW, case.project)
    own_fixes = {mark for mark, fixer in fixes_of_round(case) if fixer == by.pk}
    must_be_no_party(case, by, actor, sparing=own_fixes)
    must_take_work(case.project)
    if case.assignment is None or case.assignment.state != Assignment.State.IN_REVIEW:
        raise ValidationError("A reviewer fixes marks while the work is in review.")
    return actor
