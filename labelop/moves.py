"""Every move that an assignment can make, and who makes it. What stands not here is refused, through every channel.

| From → to                                            | Who                                                     |
| ---------------------------------------------------- | ------------------------------------------------------- |
| pending → in progress, in progress → completed       | its annotator                                           |
| completed → in review                                | the review policy, at once                              |
| completed → approved                                 | the review policy, when it leaves the work out          |
| in review → approved, revision requested, rejected   | a reviewer or an owner who is no party to it            |
| revision requested → in progress, round + 1          | its annotator                                           |
| approved, rejected → in progress, round + 1          | an owner, with a reason                                 |
| any before approved → cancelled                      | an owner, with a reason                                 |
| revision requested, rejected → another verdict's     | who overturns the contested decision, no party to it    |

Rejected work is not "before approved": it is decided. To cancel it, an owner opens it again. While a dispute about
an assignment is open it makes no move but the last one.
"""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models

from .models import Assignment, Verdict

State = Assignment.State


class Mover(models.TextChoices):
    """Who makes a move."""

    ANNOTATOR = "annotator", "its annotator"
    POLICY = "policy", "the review policy"
    REVIEWER = "reviewer", "whoever decides its review"
    OWNER = "owner", "an owner"
    ADJUDICATOR = "adjudicator", "whoever rules on a contested decision"


# fmt: off
MOVES: frozenset[tuple[State, State, Mover]] = frozenset({
    (State.PENDING,            State.IN_PROGRESS,        Mover.ANNOTATOR),
    (State.IN_PROGRESS,        State.COMPLETED,          Mover.ANNOTATOR),
    (State.COMPLETED,          State.IN_REVIEW,          Mover.POLICY),
    (State.COMPLETED,          State.APPROVED,           Mover.POLICY),
    (State.IN_REVIEW,          State.APPROVED,           Mover.REVIEWER),
    (State.IN_REVIEW,          State.REVISION_REQUESTED, Mover.REVIEWER),
    (State.IN_REVIEW,          State.REJECTED,           Mover.REVIEWER),
    (State.REVISION_REQUESTED, State.IN_PROGRESS,        Mover.ANNOTATOR),
    (State.APPROVED,           State.IN_PROGRESS,        Mover.OWNER),
    (State.REJECTED,           State.IN_PROGRESS,        Mover.OWNER),
    (State.PENDING,            State.CANCELLED,          Mover.OWNER),
    (State.IN_PROGRESS,        State.CANCELLED,          Mover.OWNER),
    (State.COMPLETED,          State.CANCELLED,          Mover.OWNER),
    (State.IN_REVIEW,          State.CANCELLED,          Mover.OWNER),
    (State.REVISION_REQUESTED, State.CANCELLED,          Mover.OWNER),
    (State.REVISION_REQUESTED, State.APPROVED,           Mover.ADJUDICATOR),
    (State.REVISION_REQUESTED, State.REJECTED,           Mover.ADJUDICATOR),
    (State.REJECTED,           State.APPROVED,           Mover.ADJUDICATOR),
    (State.REJECTED,           State.REVISION_REQUESTED, Mover.ADJUDICATOR),
})
# fmt: on

# States in which it is the annotator's turn: only then may the work go to another one.
WITH_ITS_ANNOTATOR = frozenset({State.PENDING, State.IN_PROGRESS, State.REVISION_REQUESTED})

AFTER_VERDICT: dict[Verdict, State] = {
    Verdict.APPROVED: State.APPROVED,
    Verdict.APPROVED_WITH_FIXES: State.APPROVED,
    Verdict.REVISION_REQUESTED: State.REVISION_REQUESTED,
    Verdict.REJECTED: State.REJECTED,
}


def may_move(assignment: Assignment, to: State, mover: Mover) -> bool:
    return (State(assignment.state), to, mover) in MOVES


def move(assignment: Assignment, to: State, mover: Mover) -> None:
    """Bring an assignment into another state; the caller saves it. A new round begins with each return to work."""
    if not may_move(assignment, to, mover):
        now = assignment.get_state_display().lower()
        raise ValidationError(f"This work is {now}: {mover.label} cannot bring it to “{to.label.lower()}”.")
    if to == State.IN_PROGRESS and assignment.state != State.PENDING:
        assignment.round += 1
    assignment.state = to
