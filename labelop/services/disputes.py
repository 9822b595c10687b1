"""Contested decisions: the annotator says why, and somebody who is neither party rules."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from audit.acting import Actor, locked, moment_of_act, operation
from audit.events import Event
from audit.services import record
from roles.matrix import Can
from roles.models import User
from roles.services import authorize

from ..models import APPROVALS, Annotation, Assignment, Dispute, Item, Review, Verdict
from ..moves import Mover
from .own_work import Case, fixes_of_round, must_be_no_party, refused
from .project_state import must_take_work
from .reviews import add_review, case_of, move_as_decided, must_be_well_said


@operation()
def contest_review(review: Review, *, by: User, reason: str) -> Dispute:
    """Contest a decision that did not approve one's own work."""
    case = case_of(_subject(review))
    review = locked(review)
    actor = authorize(by, Can.CONTEST_REVIEWS, case.project)
    _must_be_own(case, by, actor)
    must_take_work(case.project)
    _must_stand(review, case)
    if Dispute.objects.filter(review=review).exists():
        raise ValidationError("This decision was contested already.")
    dispute = Dispute.objects.create(
        project=case.project, review=review, contested_by=by, reason=reason.strip(), opened_at=moment_of_act()
    )
    record(Event.REVIEW_DISPUTED, dispute, actor, reason=reason, before=review.verdict)
    return dispute


@operation()
def uphold_decision(dispute: Dispute, *, by: User, reason: str) -> Dispute:
    """Rule that a contested decision was right: it stands."""
    dispute, _, actor = _taken_up(dispute, by)
    _close(dispute, Dispute.State.UPHELD, by, reason)
    verdict = dispute.review.verdict
    record(Event.DECISION_UPHELD, dispute, actor, reason=reason, before=verdict, after=verdict)
    return dispute


@operation()
def overturn_decision(dispute: Dispute, verdict: Verdict, *, by: User, reason: str, reason_code: str = "") -> Review:
    """Rule that a contested decision was wrong: another one supersedes it, and its work moves as that one says."""
    dispute, case, actor = _taken_up(dispute, by)
    earlier = dispute.review
    if verdict == earlier.verdict:
        raise ValidationError({"verdict": "That was the decision: uphold it, or decide otherwise."})
    must_be_well_said(case, verdict, reason_code, fixes_of_round(case), by)
    _close(dispute, Dispute.State.OVERTURNED, by, reason)
    review = add_review(case, verdict, reason_code, by, reason, supersedes=earlier)
    if case.assignment is not None and case.annotation is None:
        move_as_decided(case.assignment, verdict, Mover.ADJUDICATOR, by)
    record(Event.DECISION_OVERTURNED, review, actor, reason=reason, before=earlier.verdict, after=verdict.value)
    return review


def _taken_up(dispute: Dispute, by: User) -> tuple[Dispute, Case, Actor]:
    """Hold a dispute and what it is about, for somebody who is neither party nor made any of it."""
    case = case_of(_subject(dispute.review))
    dispute = locked(dispute)
    actor = authorize(by, Can.ADJUDICATE, case.project)
    if by.pk in (dispute.contested_by_id, dispute.review.reviewer_id):
        raise refused("Nobody rules on their own dispute.", "own_dispute", case.project, by, actor)
    must_be_no_party(case, by, actor)
    must_take_work(case.project)
    if dispute.state != Dispute.State.OPEN:
        raise ValidationError("Somebody has ruled on this dispute already.")
    return dispute, case, actor


def _close(dispute: Dispute, state: Dispute.State, by: User, ruling: str) -> None:
    dispute.state, dispute.adjudicated_by = state, by
    dispute.ruling, dispute.closed_at = ruling.strip(), moment_of_act()
    dispute.save()


def _subject(review: Review) -> Assignment | Annotation | Item:
    if review.annotation is not None:
        return review.annotation
    return review.assignment or review.item


def _must_be_own(case: Case, by: User, actor: Actor) -> None:
    if case.assignment is not None:
        own = case.assignment.annotator_id == by.pk
    else:
        own = case.marks.filter(author=by).exists()
    if not own:
        raise refused("Only whose work it is contests a decision on it.", "others_work", case.project, by, actor)


def _must_stand(review: Review, case: Case) -> None:
    """Refuse to contest what approved, was superseded, or is about an earlier round of the work."""
    if review.verdict in APPROVALS:
        raise ValidationError("This decision approved the work: there is nothing to contest.")
    of_this_round = case.assignment is None or review.round == case.assignment.round
    at_work = case.assignment.pk if case.assignment is not None else None
    if review.assignment_id != at_work or not of_this_round or Review.objects.filter(supersedes=review).exists():
        raise ValidationError("This decision does not stand any more.")
    if case.assignment is not None and case.assignment.state == Assignment.State.CANCELLED:
        raise ValidationError("This work was cancelled.")
