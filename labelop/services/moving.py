"""Making a move of an assignment: asked of the project, of the disputes and of the table of moves."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from ..models import Assignment, Dispute
from ..moves import Mover, move
from .project_state import must_be_active


def make_move(assignment: Assignment, to: Assignment.State, mover: Mover) -> None:
    """Bring an assignment that is held into another state, and keep it."""
    must_be_active(assignment.project)
    if mover != Mover.ADJUDICATOR:
        must_not_be_in_dispute(assignment)
    move(assignment, to, mover)
    assignment.save()


def must_not_be_in_dispute(assignment: Assignment) -> None:
    if Dispute.objects.filter(review__assignment=assignment, state=Dispute.State.OPEN).exists():
        raise ValidationError("A decision on this work is contested: nothing moves until somebody has ruled on it.")
