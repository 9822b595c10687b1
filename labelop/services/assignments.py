"""Giving work, doing it, and taking it back: the moves of an assignment that are no decision on it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError

from audit.acting import Actor, held, moment_of_act, operation, operation_under_way
from audit.events import Event
from audit.services import record
from roles.matrix import Can, Role
from roles.models import User
from roles.selectors import role_of
from roles.services import authorize

from ..models import Assignment, Item, Priority, Project
from ..moves import WITH_ITS_ANNOTATOR, Mover
from ..policy import ruling_on
from .moving import make_move, must_not_be_in_dispute
from .own_work import held_assignment, must_be_its_annotator
from .project_state import must_be_active

State = Assignment.State
# So many item keys are named when one of many cannot be assigned.
_NAMED = 5
_AT_ONCE = 500


@operation()
def assign_work(
    items: Sequence[Item],
    annotator: User,
    *,
    by: User,
    priority: Priority = Priority.NORMAL,
    due_on: date | None = None,
    instructions: str = "",
    reason: str = "",
) -> list[Assignment]:
    """Give items to an annotator, each as an assignment of its own.

    One act leaves one entry: about the assignment, or about the project where there are several.
    """
    project = held(_project_of(items))
    items = _locked_items(items)
    actor = authorize(by, Can.ASSIGN_WORK, project)
    must_be_active(project)
    _must_annotate(annotator, project)
    _must_be_free(items)
    assignments = Assignment.objects.bulk_create(
        Assignment(
            project=project,
            item=item,
            annotator=annotator,
            priority=priority,
            due_on=due_on,
            instructions=instructions,
            assigned_at=moment_of_act(),
        )
        for item in items
    )
    told: dict[str, Any] = {"annotator": annotator.pk, "due": due_on.isoformat() if due_on else None}
    if len(assignments) == 1:
        record(Event.WORK_ASSIGNED, assignments[0], actor, reason=reason, after=told)
    else:
        record(Event.WORK_ASSIGNED, project, actor, reason=reason, after=told, records=len(assignments))
    return assignments


@operation()
def reassign_work(assignment: Assignment, annotator: User, *, by: User, reason: str = "") -> Assignment:
    """Give work that is not completed to another annotator, as far as it is."""
    assignment, actor = _taken_up(assignment, Can.ASSIGN_WORK, by)
    must_be_active(assignment.project)
    must_not_be_in_dispute(assignment)
    if assignment.state not in WITH_ITS_ANNOTATOR:
        raise ValidationError(f"This work is {_state(assignment)}: it is not with its annotator.")
    if assignment.annotator_id == annotator.pk:
        raise ValidationError({"annotator": "This work is theirs already."})
    _must_annotate(annotator, assignment.project)
    before = assignment.annotator_id
    assignment.annotator = annotator
    assignment.save()
    told = ({"annotator": before}, {"annotator": annotator.pk})
    record(Event.WORK_REASSIGNED, assignment, actor, reason=reason, before=told[0], after=told[1])
    return assignment


@operation()
def start_work(assignment: Assignment, *, by: User, reason: str = "") -> Assignment:
    """Begin with assigned work, or begin its next round when a revision was requested."""
    assignment, actor = _taken_up(assignment, Can.ANNOTATE, by)
    must_be_its_annotator(assignment, assignment.project, by, actor)
    return _moved(assignment, State.IN_PROGRESS, Mover.ANNOTATOR, Event.WORK_STARTED, actor, reason)


@operation()
def complete_work(assignment: Assignment, *, by: User, reason: str = "") -> Assignment:
    """Hand work in. The review policy decides within the same act whether it enters review."""
    assignment, actor = _taken_up(assignment, Can.ANNOTATE, by)
    must_be_its_annotator(assignment, assignment.project, by, actor)
    assignment.completed_at = moment_of_act()
    make_move(assignment, State.COMPLETED, Mover.ANNOTATOR)
    return _ask_the_policy(assignment, actor, reason)


@operation()
def cancel_work(assignment: Assignment, *, by: User, reason: str) -> Assignment:
    """Take undecided work back; what was marked stays, and the item is free for another assignment."""
    assignment, actor = _taken_up(assignment, Can.ASSIGN_WORK, by)
    return _moved(assignment, State.CANCELLED, Mover.OWNER, Event.WORK_CANCELLED, actor, reason)


@operation()
def reopen_work(assignment: Assignment, *, by: User, reason: str) -> Assignment:
    """Send decided work back to its annotator, for another round."""
    assignment, actor = _taken_up(assignment, Can.ASSIGN_WORK, by)
    if assignment.state not in (State.APPROVED, State.REJECTED):
        raise ValidationError(f"This work is {_state(assignment)}: only decided work is opened again.")
    assignment.approved_by = None
    return _moved(assignment, State.IN_PROGRESS, Mover.OWNER, Event.WORK_REOPENED, actor, reason)


@operation()
def move_due_date(assignment: Assignment, due_on: date | None, *, by: User, reason: str = "") -> Assignment:
    """Want work earlier or later."""
    assignment, actor = _taken_up(assignment, Can.ASSIGN_WORK, by)
    must_be_active(assignment.project)
    if assignment.state in (State.APPROVED, State.REJECTED, State.CANCELLED):
        raise ValidationError(f"This work is {_state(assignment)}: it is not due any more.")
    before = assignment.due_on
    if due_on == before:
        raise ValidationError({"due_on": "That is its due date already."})
    assignment.due_on = due_on
    assignment.save()
    told = [day.isoformat() if day else None for day in (before, due_on)]
    record(Event.DUE_MOVED, assignment, actor, reason=reason, before=told[0], after=told[1])
    return assignment


def _taken_up(assignment: Assignment, can: Can, by: User) -> tuple[Assignment, Actor]:
    assignment = held_assignment(assignment)
    return assignment, authorize(by, can, assignment.project)


def _moved(assignment: Assignment, to: State, mover: Mover, event: Event, actor: Actor, reason: str) -> Assignment:
    before = assignment.state
    make_move(assignment, to, mover)
    after = {"state": to.value, "round": assignment.round}
    record(event, assignment, actor, reason=reason, before=before, after=after)
    return assignment


def _ask_the_policy(assignment: Assignment, actor: Actor, reason: str) -> Assignment:
    """Send completed work to review, or accept it unseen; then nobody is its approver, and an entry says so."""
    ruling = ruling_on(assignment, assignment.project, operation_under_way())
    to = State.IN_REVIEW if ruling.enters_review else State.APPROVED
    make_move(assignment, to, Mover.POLICY)
    after = {"state": to.value, "round": assignment.round, **ruling.why}
    record(Event.WORK_COMPLETED, assignment, actor, reason=reason, before=State.IN_PROGRESS.value, after=after)
    if not ruling.enters_review:
        record(Event.REVIEW_LEFT_OUT, assignment, actor, before=State.COMPLETED.value, after=after)
    return assignment


def _project_of(items: Sequence[Item]) -> Project:
    if len({item.project_id for item in items}) != 1:
        raise ValidationError({"items": "Choose items of one project."})
    return items[0].project


def _locked_items(items: Sequence[Item]) -> list[Item]:
    """In the order of their ids, so that two who assign the same items wait instead of blocking each other."""
    found: list[Item] = []
    pks = sorted({item.pk for item in items})
    for start in range(0, len(pks), _AT_ONCE):
        some = Item._base_manager.select_for_update(no_key=True).filter(pk__in=pks[start : start + _AT_ONCE])
        found.extend(some.order_by("pk"))
    return found


def _must_annotate(annotator: User, project: Project) -> None:
    if role_of(annotator, project) != Role.ANNOTATOR:
        raise ValidationError({"annotator": "Only an annotator of this project can be given its work."})


def _must_be_free(items: Sequence[Item]) -> None:
    for name, taken in (("excluded", _excluded(items)), ("assigned already", _assigned(items))):
        if taken:
            more = f" and {len(taken) - _NAMED} more" if len(taken) > _NAMED else ""
            raise ValidationError({"items": f"Cannot be assigned, being {name}: {', '.join(taken[:_NAMED])}{more}."})


def _excluded(items: Sequence[Item]) -> list[str]:
    return [item.key for item in items if item.excluded]


def _assigned(items: Sequence[Item]) -> list[str]:
    taken: set[int] = set()
    for start in range(0, len(items), _AT_ONCE):
        at_work = Assignment.objects.filter(item__in=items[start : start + _AT_ONCE])
        taken.update(at_work.exclude(state=State.CANCELLED).values_list("item_id", flat=True))
    return [item.key for item in items if item.pk in taken]


def _state(assignment: Assignment) -> str:
    return str(assignment.get_state_display()).lower()
