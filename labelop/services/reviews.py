"""Decisions on work."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from audit.acting import Actor, moment_of_act, operation
from audit.events import Event
from audit.services import record
from roles.matrix import Can, Role
from roles.models import User
from roles.services import authorize

from ..models import APPROVALS, Annotation, Assignment, Item, ReasonCode, Review, Verdict
from ..moves import AFTER_VERDICT, Mover
from .moving import make_move, must_not_be_in_dispute
from .own_work import Case, fixes_of_round, held_assignment, held_case, must_be_no_party
from .project_state import must_take_work


@operation()
def decide_review(
    subject: Assignment | Item | Annotation, verdict: Verdict, *, by: User, reason: str = "", reason_code: str = ""
) -> Review:
    """Accept completed work or send it back; or decide on an item or a mark that nobody was assigned to.

    While work is in review its single marks can be decided on too. A changed decision supersedes the old one.
    """
    case = case_of(subject)
    actor = authorize(by, Can.DECIDE_REVIEWS, case.project)
    must_take_work(case.project)
    fixes = fixes_of_round(case)
    must_be_no_party(case, by, actor, sparing={mark for mark, fixer in fixes if fixer == by.pk})
    _must_be_open_to_decisions(subject, case)
    must_be_well_said(case, verdict, reason_code, fixes, by)
    earlier = standing_decision(case)
    review = add_review(case, verdict, reason_code, by, reason, supersedes=earlier)
    if isinstance(subject, Assignment) and case.assignment is not None:
        move_as_decided(case.assignment, verdict, Mover.REVIEWER, by)
    before = earlier.verdict if earlier else None
    record(_event(earlier, verdict, actor), review, actor, reason=reason, before=before, after=verdict.value)
    return review


def case_of(subject: Assignment | Item | Annotation) -> Case:
    """What is decided on, held until the act ends."""
    if not isinstance(subject, Assignment):
        return held_case(subject)
    assignment = held_assignment(subject)
    return Case(assignment.project, assignment.item, None, assignment)


def standing_decision(case: Case) -> Review | None:
    """The decision of this round that nothing has superseded yet."""
    decisions = Review.objects.filter(item=case.item, annotation=case.annotation, superseded_by=None)
    if case.assignment is not None:
        decisions = decisions.filter(assignment=case.assignment, round=case.assignment.round)
    else:
        decisions = decisions.filter(assignment=None)
    return decisions.first()


def must_be_well_said(case: Case, verdict: Verdict, reason_code: str, fixes: set[tuple[int, int]], by: User) -> None:
    """Refuse a decision that sends back without saying what was wanting, or hides or invents a fix."""
    if case.annotation is not None:
        fixes = {(mark, fixer) for mark, fixer in fixes if mark == case.annotation.pk}
    if verdict not in APPROVALS and reason_code not in ReasonCode.values:
        raise ValidationError({"reason_code": "Say what was found wanting."}, code="reason_code_required")
    if verdict in APPROVALS and reason_code:
        raise ValidationError({"reason_code": "Nothing was found wanting where the work is approved."})
    if verdict == Verdict.APPROVED_WITH_FIXES and case.assignment is not None and not fixes:
        raise ValidationError({"verdict": "No mark was fixed in this round."})
    if verdict != Verdict.APPROVED_WITH_FIXES and by.pk in {fixer for _, fixer in fixes}:
        raise ValidationError({"verdict": "You fixed marks in this round: approve with fixes, or leave it to others."})


def add_review(
    case: Case, verdict: Verdict, reason_code: str, by: User, reason: str, *, supersedes: Review | None
) -> Review:
    return Review.objects.create(
        project=case.project,
        item=case.item,
        annotation=case.annotation,
        assignment=case.assignment,
        round=case.assignment.round if case.assignment else 1,
        verdict=verdict,
        reason_code=reason_code,
        note=reason.strip(),
        reviewer=by,
        decided_at=moment_of_act(),
        supersedes=supersedes,
    )


def move_as_decided(assignment: Assignment, verdict: Verdict, mover: Mover, by: User) -> None:
    """Bring work into the state that a verdict means, and keep who approved it."""
    assignment.approved_by = by if verdict in APPROVALS else None
    make_move(assignment, AFTER_VERDICT[verdict], mover)


def _must_be_open_to_decisions(subject: Assignment | Item | Annotation, case: Case) -> None:
    if case.assignment is None:
        return
    if isinstance(subject, Item):
        raise ValidationError("Somebody is assigned to this item: decide on the assignment.")
    if case.assignment.state != Assignment.State.IN_REVIEW:
        state = case.assignment.get_state_display().lower()
        raise ValidationError(f"This work is {state}: it is decided on while it is in review.")
    must_not_be_in_dispute(case.assignment)


def _event(earlier: Review | None, verdict: Verdict, actor: Actor) -> Event:
    if earlier is not None and earlier.verdict != verdict:
        return Event.DECISION_CHANGED
    return Event.REVIEW_BY_OWNER if actor.role == Role.OWNER else Event.REVIEW_DECIDED
