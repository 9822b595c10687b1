"""Every role × every act × every state: allowed or refused, as the table here says; it is not the product's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from audit.acting import operation
from labelop.models import Annotation, Assignment, Dispute, Project, Review, Verdict
from labelop.services.assignments import (
    assign_work,
    cancel_work,
    complete_work,
    move_due_date,
    reassign_work,
    reopen_work,
    start_work,
)
from labelop.services.disputes import contest_review, overturn_decision, uphold_decision
from labelop.services.fixes import fix_annotation, withdraw_as_fix
from labelop.services.work import save_annotation, withdraw_annotation
from roles.models import User
from tests.cast import what_is_left

from .team import PEOPLE, Team, assemble_team

pytestmark = pytest.mark.django_db

STATES = (
    "pending", "in_progress", "completed", "in_review", "revision_requested", "approved", "rejected", "cancelled",
)  # fmt: skip
OPEN = dict.fromkeys(("pending", "in_progress", "completed", "in_review", "revision_requested"))
JUDGES = ("owner", "reviewer", "another reviewer")

# act: who may do it, and from which state to which; None leaves the state as it is.
# fmt: off
TABLE: dict[str, tuple[tuple[str, ...], dict[str, str | None]]] = {
    "start":    (("its annotator",), {"pending": "in_progress", "revision_requested": "in_progress"}),
    "complete": (("its annotator",), {"in_progress": "in_review"}),
    "approve":  (JUDGES,             {"in_review": "approved"}),
    "send back":(JUDGES,             {"in_review": "revision_requested"}),
    "reject":   (JUDGES,             {"in_review": "rejected"}),
    "reopen":   (("owner",),         {"approved": "in_progress", "rejected": "in_progress"}),
    "cancel":   (("owner",),         dict.fromkeys(OPEN, "cancelled")),
    "reassign": (("owner",),         {"pending": None, "in_progress": None, "revision_requested": None}),
    "move due": (("owner",),         dict.fromkeys(OPEN)),
    "assign":   (("owner",),         {"cancelled": None}),
    "mark":     (("its annotator",), {"in_progress": None}),
    "unmark":   (("its annotator",), {"in_progress": None}),
    "fix":      (("reviewer", "another reviewer"), {"in_review": None}),
    "unfix":    (("reviewer", "another reviewer"), {"in_review": None}),
    "contest":  (("its annotator",), {"revision_requested": None, "rejected": None}),
    "decide on the item": (JUDGES,   {"cancelled": None}),
    "decide on a mark":   (JUDGES,   {"in_review": None, "cancelled": None}),
}
# fmt: on


def mark_of(team: Team) -> Annotation:
    return Annotation.objects.filter(item=team.item).exclude(key="rita").first() or Annotation.objects.get(key="rita")


def act(team: Team, name: str, assignment: Assignment, by: User) -> Any:
    acts: dict[str, Callable[[], Any]] = {
        "start": lambda: start_work(assignment, by=by),
        "complete": lambda: complete_work(assignment, by=by),
        "approve": lambda: team.decide(assignment, "approved", by),
        "send back": lambda: team.decide(assignment, "revision_requested", by),
        "reject": lambda: team.decide(assignment, "rejected", by),
        "reopen": lambda: reopen_work(assignment, by=by, reason="Seen again"),
        "cancel": lambda: cancel_work(assignment, by=by, reason="Not needed"),
        "reassign": lambda: reassign_work(assignment, team.ben, by=by),
        "move due": lambda: move_due_date(assignment, assignment.assigned_at.date(), by=by),
        "assign": lambda: assign_work([team.item], team.ben, by=by),
        "mark": lambda: save_annotation(team.item, team.gull, {"box": [5]}, by=by),
        "unmark": lambda: withdraw_annotation(mark_of(team), by=by),
        "fix": lambda: fix_annotation(team.item, team.gull, {"box": [6]}, by=by, key="ana"),
        "unfix": lambda: withdraw_as_fix(mark_of(team), by=by),
        "contest": lambda: contest_review(Review.objects.filter(assignment=assignment)[0], by=by, reason="It is right"),
        "decide on the item": lambda: team.decide(team.item, "approved", by),
        "decide on a mark": lambda: team.decide(mark_of(team), "rejected", by),
        "uphold": lambda: uphold_decision(Dispute.objects.get(), by=by, reason="It was right"),
        "overturn": lambda: overturn_decision(Dispute.objects.get(), Verdict.APPROVED, by=by, reason="It was wrong"),
    }
    return acts[name]()


def attempted(team: Team, name: str, assignment: Assignment, called: str) -> str | type[Exception]:
    """The state that an act ends in, or what it raised without a trace; undone in either case."""
    after: str | type[Exception]
    with what_is_left() as undone:
        try:
            with transaction.atomic():
                with what_is_left() as left:
                    act(team, name, assignment, team.called(called))
                after = Assignment.objects.get(pk=assignment.pk).state
                assert left.entries
                assert left.versions
                transaction.set_rollback(True)
        except (PermissionDenied, ValidationError) as error:
            after = type(error)
    assert (undone.entries, undone.versions) == ([], [])
    return after


def was_refused(told: str | type[Exception]) -> bool:
    return isinstance(told, type) and issubclass(told, PermissionDenied)


@pytest.mark.parametrize("state", STATES)
def test_every_act_of_everybody_is_allowed_or_refused_as_the_table_says(state: str) -> None:
    team = assemble_team()
    assignment = team.reach(state)
    for name, (who, moves) in TABLE.items():
        if name == "contest" and not Review.objects.filter(assignment=assignment).exists():
            continue
        for called in PEOPLE:
            told = attempted(team, name, assignment, called)
            where = f"{called}: {name}, when {state}"
            if called not in who:
                assert was_refused(told), where
            elif state in moves:
                assert told == (moves[state] or state), where
            else:
                assert isinstance(told, type), where


@pytest.mark.parametrize("state", ["revision_requested", "rejected"])
def test_while_a_decision_is_contested_nothing_moves_but_by_who_is_no_party(state: str) -> None:
    team = assemble_team()
    assignment = team.reach(state)
    contest_review(Review.objects.get(), by=team.ana, reason="It is right")
    for name, (who, _) in TABLE.items():
        if name != "move due":
            for called in who:
                assert isinstance(attempted(team, name, assignment, called), type), f"{called}: {name}"
    for called in PEOPLE:
        for name, after in (("uphold", state), ("overturn", "approved")):
            told = attempted(team, name, assignment, called)
            if called in ("owner", "another reviewer"):
                assert told == after, f"{called}: {name}"
            else:
                assert was_refused(told), f"{called}: {name}"


@pytest.mark.parametrize("project_state", ["draft", "frozen", "archived"])
def test_nothing_moves_where_the_project_is_not_active(project_state: str) -> None:
    for state in STATES:
        with transaction.atomic():
            team = assemble_team()
            assignment = team.reach(state)
            with operation():
                Project.objects.filter(pk=team.project.pk).update(state=project_state)
            for name, (who, moves) in TABLE.items():
                decides_alone = state == "cancelled" or name in (
                    "decide on a mark",
                    "mark",
                    "unmark",
                    "fix",
                    "unfix",
                    "contest",
                )
                if state in moves and not (project_state == "draft" and decides_alone and name != "assign"):
                    for called in who:
                        told = attempted(team, name, assignment, called)
                        assert told is ValidationError, f"{called}: {name}, when {state} in a {project_state} project"
            transaction.set_rollback(True)
