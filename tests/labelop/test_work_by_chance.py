"""Work by chance: after every step the live rows, their newest versions and a model in memory agree."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Model
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from audit.history import versions_of
from labelop.models import Annotation, Assignment, Review
from labelop.services.assignments import assign_work, cancel_work, complete_work, reopen_work, start_work
from labelop.services.fixes import fix_annotation
from labelop.services.work import save_annotation, withdraw_annotation

from .team import Team, assemble_team

KEYS = st.sampled_from(["1", "2"])
PEOPLE = st.sampled_from(["olga", "ravi", "ana"])
VERDICTS = st.sampled_from(["approved", "revision_requested", "rejected"])


class Work(RuleBasedStateMachine):
    """One item from assignment to assignment; each run is rolled back."""

    team: Team

    def __init__(self) -> None:
        super().__init__()
        self.undone = transaction.atomic()
        self.undone.__enter__()
        self.state, self.round, self.decisions, self.fixed = "cancelled", 1, 0, False
        # key: value, whether withdrawn, whose
        self.marks: dict[str, tuple[int, bool, str]] = {}
        self.number = 0

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.undone.__exit__(None, None, None)

    def attempt(self, act: Callable[[], Any], *, allowed: bool) -> bool:
        """Do it, and see that it is refused exactly when the model says so."""
        try:
            with transaction.atomic():
                act()
        except (PermissionDenied, ValidationError):
            assert not allowed
            return False
        assert allowed
        return True

    @property
    def assignment(self) -> Assignment:
        return Assignment.objects.filter(item=self.team.item).latest("id")

    def move(self, act: Callable[..., Any], who: str, allowed: bool, to: str, **options: Any) -> None:
        if not Assignment.objects.filter(item=self.team.item).exists():
            return
        if self.attempt(lambda: act(self.assignment, by=self.team.people[who], **options), allowed=allowed):
            if to == "in_progress" and self.state != "pending":
                self.round += 1
            self.state = to

    @rule(who=PEOPLE)
    def assign(self, who: str) -> None:
        people = self.team.people
        allowed = who == "olga" and self.state == "cancelled"
        if self.attempt(lambda: assign_work([self.team.item], people["ana"], by=people[who]), allowed=allowed):
            self.state, self.round = "pending", 1

    @rule()
    def carry_on(self) -> None:
        """The next step that work usually takes, so that chance gets far enough."""
        if self.state == "cancelled":
            self.assign("olga")
        elif self.state in ("pending", "revision_requested"):
            self.start("ana")
        elif self.state == "in_progress":
            self.complete("ana")
        elif self.state == "in_review" and not self.fixed:
            self.decide("ravi", "revision_requested")

    @rule(who=PEOPLE)
    def start(self, who: str) -> None:
        self.move(start_work, who, who == "ana" and self.state in ("pending", "revision_requested"), "in_progress")

    @rule(who=PEOPLE)
    def complete(self, who: str) -> None:
        self.fixed = self.fixed and self.state != "in_progress"
        self.move(complete_work, who, who == "ana" and self.state == "in_progress", "in_review")

    @rule(who=PEOPLE)
    def cancel(self, who: str) -> None:
        undecided = self.state in ("pending", "in_progress", "in_review", "revision_requested")
        self.move(cancel_work, who, who == "olga" and undecided, "cancelled", reason="Not needed")

    @rule(who=PEOPLE)
    def reopen(self, who: str) -> None:
        decided = self.state in ("approved", "rejected")
        self.move(reopen_work, who, who == "olga" and decided, "in_progress", reason="Seen again")

    @rule(who=PEOPLE, verdict=VERDICTS)
    def decide(self, who: str, verdict: str) -> None:
        party = who == "ana" or self.made_by(who)
        allowed = self.state == "in_review" and not party
        before = self.state
        self.move(lambda subject, by: self.team.decide(subject, verdict, by), who, allowed, verdict)
        self.decisions += self.state != before

    def made_by(self, who: str) -> bool:
        """Whether somebody made a mark; a fix binds the reviewer to another verdict, in later rounds to none."""
        return any(maker == who for _, _, maker in self.marks.values())

    @rule(who=PEOPLE, key=KEYS)
    def mark(self, who: str, key: str) -> None:
        self.number += 1
        item, gull, by = self.team.item, self.team.gull, self.team.people[who]
        value = self.number
        allowed = who == "ana" and self.state == "in_progress"
        if self.attempt(lambda: save_annotation(item, gull, {"n": value}, by=by, key=key), allowed=allowed):
            self.marks[key] = (value, False, who)

    @rule(who=PEOPLE, key=KEYS)
    def unmark(self, who: str, key: str) -> None:
        if key not in self.marks:
            return
        value, withdrawn, maker = self.marks[key]
        mark = Annotation.objects.get(item=self.team.item, key=key)
        allowed = who == "ana" and self.state == "in_progress" and not withdrawn
        if self.attempt(lambda: withdraw_annotation(mark, by=self.team.people[who]), allowed=allowed):
            self.marks[key] = (value, True, maker if maker == "ana" else "")

    @rule(key=KEYS)
    def fix(self, key: str) -> None:
        self.number += 1
        value, team = self.number, self.team
        allowed = self.state == "in_review" and (self.fixed or not self.made_by("ravi"))
        if self.attempt(
            lambda: fix_annotation(team.item, team.gull, {"n": value}, by=team.ravi, key=key), allowed=allowed
        ):
            self.marks[key], self.fixed = (value, False, "ravi"), True

    @invariant()
    def rows_versions_and_model_agree(self) -> None:
        assignments, annotations, reviews = (self.rows_of(model) for model in (Assignment, Annotation, Review))
        last = assignments[max(assignments)] if assignments else None
        assert ((last.state, last.round) if last else ("cancelled", 1)) == (self.state, self.round)
        live = {mark.key: (mark.value["n"], mark.withdrawn) for mark in annotations.values() if mark.key != "rita"}
        assert live == {key: (value, withdrawn) for key, (value, withdrawn, _) in self.marks.items()}
        assert len(reviews) == self.decisions

    def rows_of(self, model: type[Model]) -> dict[int, Any]:
        """The rows of the item by their ids, each as its newest version tells it."""
        rows: dict[int, Any] = {row.pk: row for row in model._default_manager.filter(item=self.team.item)}
        versions = versions_of(model)._default_manager.filter(id__in=rows).order_by("history_id")
        newest: dict[int, Any] = {version.id: version for version in versions}  # type: ignore[attr-defined]
        assert newest.keys() == rows.keys()
        for pk, row in rows.items():
            for column in row._meta.concrete_fields:
                assert getattr(newest[pk], column.attname) == getattr(row, column.attname), (model, column.name)
        return rows


@pytest.mark.django_db
def test_whatever_people_try_rows_versions_and_model_agree() -> None:
    Work.team = assemble_team()
    few_steps = settings(
        max_examples=60, stateful_step_count=15, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    run_state_machine_as_test(Work, settings=few_steps)
