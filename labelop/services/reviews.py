"""Decisions on work."""

from __future__ import annotations

from audit.acting import locked, moment_of_act, operation
from audit.events import Event
from audit.services import record
from roles.matrix import Can, Role
from roles.models import User
from roles.services import authorize

from ..models import Annotation, Item, Review, Verdict
from .noting import own_work_refused


@operation()
def decide_review(subject: Item | Annotation, verdict: Verdict, *, by: User, reason: str = "") -> Review:
    """Decide on an annotation, or on an item with all its annotations; a changed decision supersedes the old."""
    subject = locked(subject)
    actor = authorize(by, Can.DECIDE_REVIEWS, subject.project)
    item, annotation = (subject, None) if isinstance(subject, Item) else (subject.item, subject)
    _must_not_be_own_work(item, annotation, by, actor.role)
    earlier = Review.objects.filter(item=item, annotation=annotation, superseded_by=None).first()
    review = Review.objects.create(
        project=subject.project,
        item=item,
        annotation=annotation,
        verdict=verdict,
        note=reason.strip(),
        reviewer=by,
        decided_at=moment_of_act(),
        supersedes=earlier,
    )
    event = Event.REVIEW_BY_OWNER if actor.role == Role.OWNER else Event.REVIEW_DECIDED
    if earlier is not None and earlier.verdict != verdict:
        event = Event.DECISION_CHANGED
    before = earlier.verdict if earlier else None
    record(event, review, actor, reason=reason, before=before, after=verdict.value)
    return review


def _must_not_be_own_work(item: Item, annotation: Annotation | None, by: User, role: str) -> None:
    authors = (
        [annotation.author_id]
        if annotation is not None
        else item.annotations.filter(withdrawn=False).values_list("author_id", flat=True)
    )
    if by.pk in authors:
        raise own_work_refused(by, role, item.project_id)
