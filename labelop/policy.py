"""What the review policy says about completed work: whether it enters review."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, Min, OuterRef

from audit.history import versions_of

from .models import Annotation, Assignment, Project, ReviewPolicy


@dataclass(frozen=True)
class Ruling:
    """Whether completed work enters review, and what that rests on; `why` stands on the trail."""

    enters_review: bool
    why: dict[str, Any]


def ruling_on(assignment: Assignment, project: Project, operation: uuid.UUID) -> Ruling:
    """Ask the policy as it stands when the work is completed."""
    policy = ReviewPolicy(project.review_policy)
    if policy == ReviewPolicy.FULL:
        return Ruling(True, {"policy": policy.value})
    if policy == ReviewPolicy.TARGETED:
        high_risk = _bore_high_risk(assignment)
        return Ruling(high_risk, {"policy": policy.value, "high_risk": high_risk})
    drawn = draw(operation, assignment)
    share = project.sample_percent
    return Ruling(drawn < share, {"policy": policy.value, "draw": drawn, "sample_percent": share})


def _bore_high_risk(assignment: Assignment) -> bool:
    """Whether any mark of the item was of a high-risk class at any time since this round was started.

    Also one that was relabelled or withdrawn before the work was completed: that is a judgement about high risk too.
    """
    of_work = versions_of(Assignment)._default_manager.filter(id=assignment.pk, round=assignment.round)
    started = of_work.filter(state=Assignment.State.IN_PROGRESS).aggregate(at=Min("history_date"))["at"]
    versions = versions_of(Annotation)._default_manager.order_by()
    replaced_before = versions.filter(
        id=OuterRef("id"), history_id__gt=OuterRef("history_id"), history_date__lt=started
    )
    marks = Annotation.objects.filter(item=assignment.item_id).values_list("pk", flat=True)
    risky = versions.filter(id__in=list(marks), label_class__high_risk=True)
    return risky.filter(~Exists(replaced_before)).exists()


def draw(operation: uuid.UUID, assignment: Assignment) -> int:
    """A number from 0 to 99 for one round of one assignment; below the sample's percentage it enters review.

    It is the first 8 octets of SHA-256 over the operation's UUID, the assignment's id and its round, modulo 100. 74
    bits of that UUID are random and made when the act begins: nobody knows the draw beforehand, and anybody can check
    it afterwards, since the UUID stands on the entry.
    """
    drawn = hashlib.sha256(f"{operation} {assignment.pk} {assignment.round}".encode()).digest()
    return int.from_bytes(drawn[:8], "big") % 100
