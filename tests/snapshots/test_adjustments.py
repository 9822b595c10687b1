"""Adjustments: two people account for what no act explains, and it stays visible for ever."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection

from audit.events import Event
from audit.models import Entry
from labelop.models import Annotation
from roles.matrix import Role
from roles.models import User
from roles.services import grant_role
from snapshots.differences import differences
from snapshots.models import Adjustment
from snapshots.reconciliation import Accounting, reconcile
from snapshots.services.adjustments import accept_adjustment, propose_adjustment, reject_adjustment
from snapshots.services.exports import export_snapshot
from snapshots.services.snapshots import take_snapshot
from snapshots.statement import statement_of
from tests.cast import person, what_is_left
from tests.conftest import triggers_laid_aside

from .adjusting import WHY, adjust, propose, spoil
from .stage import Stage, by_hand, run, set_the_stage

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.stage(set_by=set_the_stage),
    pytest.mark.usefixtures("unexplained_changes_are_recorded"),
]


@pytest.fixture
def stage(standing: Stage) -> Stage:
    return standing


class TestProposing:
    def test_keeps_the_reason_and_leaves_one_entry(self, stage: Stage) -> None:
        entry = spoil(stage)
        with what_is_left() as left:
            adjustment = propose_adjustment(stage.project, entry.operation, by=stage.olga, reason=WHY)
        assert (adjustment.state, adjustment.reason, adjustment.proposed_by) == ("proposed", WHY, stage.olga)
        assert (left.entry.event, left.entry.reason) == (Event.ADJUSTMENT_PROPOSED, WHY)
        assert left.entry.after == {"act": str(entry.operation)}
        assert left.operations == {left.entry.operation}

    @pytest.mark.parametrize("name", ["ravi", "ana", "uma"])
    def test_is_an_owners(self, stage: Stage, name: str) -> None:
        entry = spoil(stage)
        with what_is_left() as left, pytest.raises(PermissionDenied):
            propose_adjustment(stage.project, entry.operation, by=getattr(stage, name), reason=WHY)
        assert left.entry.event == Event.ACCESS_DENIED
        assert not left.versions_of(Adjustment)

    def test_needs_a_reason(self, stage: Stage) -> None:
        entry = spoil(stage)
        with what_is_left() as left, pytest.raises(ValidationError, match="say why"):
            propose_adjustment(stage.project, entry.operation, by=stage.olga, reason=" ")
        assert not left.operations

    def test_is_of_an_unexplained_change_of_that_project(self, stage: Stage) -> None:
        stage.relabel(0, stage.tern)
        explained = Entry.objects.latest("id").operation
        elsewhere = spoil(set_the_stage("fish")).operation
        for operation in (explained, elsewhere, uuid.uuid4()):
            with pytest.raises(ValidationError, match="without an explanation"):
                propose_adjustment(stage.project, operation, by=stage.olga, reason=WHY)

    def test_is_done_once_until_it_is_rejected(self, stage: Stage) -> None:
        first = propose(stage)
        with pytest.raises(ValidationError, match="already"):
            propose_adjustment(stage.project, first.adjusts, by=stage.olga, reason=WHY)
        reject_adjustment(first, by=stage.ravi, reason="The customer says otherwise")
        second = propose_adjustment(stage.project, first.adjusts, by=stage.olga, reason=WHY)
        accept_adjustment(second, by=stage.ravi)
        with pytest.raises(ValidationError, match="already"):
            propose_adjustment(stage.project, first.adjusts, by=stage.olga, reason=WHY)


class TestDeciding:
    def test_accepting_leaves_one_entry_of_high_impact(self, stage: Stage) -> None:
        proposed = propose(stage)
        with what_is_left() as left:
            accepted = accept_adjustment(proposed, by=stage.ravi)
        assert (accepted.state, accepted.decided_by) == ("accepted", stage.ravi)
        assert accepted.decided_at is not None
        assert (left.entry.event, left.entry.impact, left.entry.role) == (Event.ADJUSTMENT_ACCEPTED, 3, "reviewer")
        assert left.operations == {left.entry.operation}

    def test_rejecting_leaves_one_entry_with_its_reason(self, stage: Stage) -> None:
        proposed = propose(stage)
        with what_is_left() as left:
            assert reject_adjustment(proposed, by=stage.ravi, reason="Not what happened").state == "rejected"
        assert (left.entry.event, left.entry.reason) == (Event.ADJUSTMENT_REJECTED, "Not what happened")
        assert left.operations == {left.entry.operation}

    def test_rejecting_needs_a_reason(self, stage: Stage) -> None:
        proposed = propose(stage)
        with what_is_left() as left, pytest.raises(ValidationError, match="say why"):
            reject_adjustment(proposed, by=stage.ravi, reason="")
        assert not left.operations

    @pytest.mark.parametrize("name", ["ana", "uma"])
    @pytest.mark.parametrize("decide", [accept_adjustment, reject_adjustment])
    def test_is_an_owners_or_reviewers(self, stage: Stage, name: str, decide: Callable[..., Adjustment]) -> None:
        proposed = propose(stage)
        with what_is_left() as left, pytest.raises(PermissionDenied):
            decide(proposed, by=getattr(stage, name), reason="Fine")
        assert left.entry.event == Event.ACCESS_DENIED
        assert not left.versions_of(Adjustment)

    def test_what_is_decided_stays_so(self, stage: Stage) -> None:
        accepted = adjust(stage)
        for decide in (accept_adjustment, reject_adjustment):
            with what_is_left() as left, pytest.raises(ValidationError, match="accepted already"):
                decide(accepted, by=stage.ravi, reason="Again")
            assert not left.operations


class TestTwoPeople:
    def test_nobody_accepts_their_own_whatever_they_hold(self, stage: Stage) -> None:
        proposed = propose(stage)
        with what_is_left() as left, pytest.raises(PermissionDenied, match="proposed themselves"):
            accept_adjustment(proposed, by=stage.olga, reason="Trust me")
        assert (left.entry.event, left.entry.subject_name) == (Event.ACCESS_DENIED, "own_adjustment")
        proposed.refresh_from_db()
        assert proposed.state == "proposed"

    def test_its_proposer_may_take_it_back_since_that_accounts_for_nothing(self, stage: Stage) -> None:
        assert reject_adjustment(propose(stage), by=stage.olga, reason="I was mistaken").state == "rejected"

    @pytest.mark.django_db(transaction=True)
    def test_every_pair_of_roles_and_whether_it_ends_accepted(self, stage: Stage) -> None:
        """Who proposes down, who accepts across; the same person, or a second one in each role."""
        members: dict[str, User] = {role: _member(stage, f"{role}-1", role) for role in Role}
        others = {role: _member(stage, f"{role}-2", role) for role in Role}
        accepted = set()
        everybody = {**members, **{f"other {role}": user for role, user in others.items()}}
        for box, (proposer, accepter) in enumerate(product(Role, everybody)):
            operation = spoil(stage, 1, box).operation
            try:
                proposed = propose_adjustment(stage.project, operation, by=members[proposer], reason=WHY)
                accept_adjustment(proposed, by=everybody[accepter], reason="Checked")
            except PermissionDenied:
                continue
            accepted.add((str(proposer), str(accepter)))
        assert accepted == {("owner", "other owner"), ("owner", "reviewer"), ("owner", "other reviewer")}


def _member(stage: Stage, name: str, role: Role) -> User:
    user = person(name)
    grant_role(stage.project, user, role, by=stage.olga, reason="Joined")
    return user


class TestReconciliation:
    def test_an_accepted_one_moves_the_record_from_unexplained_to_adjusted(self, stage: Stage) -> None:
        first = stage.snapshot("v1")
        proposed = propose(stage)
        second = stage.snapshot("v2")
        before = reconcile(stage.project, first, second)
        assert (before.counts["unexplained"], before.counts["adjusted"], len(before.findings)) == (1, 0, 1)
        accept_adjustment(proposed, by=stage.ravi)
        after = reconcile(stage.project, first, second)
        assert (after.counts["unexplained"], after.counts["adjusted"], after.findings) == (0, 1, [])
        (told,) = after.adjusted
        assert (told.id, told.field, told.operation, told.adjustment) == (
            *(stage.marks[0].pk, "box"),
            *(proposed.adjusts, proposed.pk),
        )
        assert sum(after.counts.values()) == after.differences == before.differences

    @pytest.mark.django_db(transaction=True)
    def test_a_proposed_and_a_rejected_one_account_for_nothing(self, stage: Stage) -> None:
        first = stage.snapshot("v1")
        propose(stage)
        reject_adjustment(propose(stage, 1), by=stage.ravi, reason="No")
        found = reconcile(stage.project, first, stage.snapshot("v2"))
        assert (found.counts["unexplained"], found.counts["adjusted"]) == (2, 0)

    def test_one_set_to_accepted_by_hand_accounts_for_nothing(self, stage: Stage) -> None:
        first = stage.snapshot("v1")
        by_hand(propose(stage), state="accepted")
        found = reconcile(stage.project, first, stage.snapshot("v2"))
        assert (found.counts["unexplained"], found.counts["adjusted"]) == (1, 0)

    @pytest.mark.django_db(transaction=True)
    def test_every_unexplained_act_of_a_record_must_be_adjusted(self, stage: Stage) -> None:
        first = stage.snapshot("v1")
        adjust(stage)
        by_hand(stage.marks[0], value={"box": [6]})
        found = reconcile(stage.project, first, stage.snapshot("v2"))
        assert (found.counts["unexplained"], found.counts["adjusted"]) == (1, 0)
        assert [len(found.findings), len(found.adjusted)] == [1, 1]

    def test_an_honest_change_beside_it_leaves_it_adjusted(self, stage: Stage) -> None:
        first = stage.snapshot("v1")
        adjust(stage)
        stage.relabel(0, stage.tern)
        assert reconcile(stage.project, first, stage.snapshot("v2")).counts["adjusted"] == 1

    def test_it_stays_visible_though_a_later_act_put_it_right(self, stage: Stage) -> None:
        first = stage.snapshot("v1")
        adjust(stage)
        stage.relabel(0, box=[1, 2, 3, 4])
        assert reconcile(stage.project, first, stage.snapshot("v2")).counts["adjusted"] == 1

    @pytest.mark.django_db(transaction=True)
    def test_a_row_out_of_step_stays_out_of_step(self, stage: Stage) -> None:
        first = stage.snapshot("v1")
        adjust(stage)
        second = stage.snapshot("v2")
        with triggers_laid_aside(connection):
            by_hand(stage.marks[0], value={"box": [6]})
        found = reconcile(stage.project, first, second, live=True)
        assert (found.counts["out_of_step"], found.counts["adjusted"]) == (1, 0)
        assert [finding.operation for finding in found.findings] == [None]

    def test_the_statement_of_classes_keeps_it_in_the_unexplained_column_and_adds_up(self, stage: Stage) -> None:
        first = stage.snapshot("v1")
        by_hand(stage.marks[0], label_class=stage.tern.pk)
        operation = Entry.objects.latest("id").operation
        accept_adjustment(propose_adjustment(stage.project, operation, by=stage.olga, reason=WHY), by=stage.ravi)
        told = differences(stage.project, first, stage.snapshot("v2"))
        assert (told.classes["Gull"]["unexplained"], told.classes["Tern"]["unexplained"]) == (-1, 1)
        assert told.identity["holds"] is True

    def test_the_command_lists_it_and_ends_with_0(self, stage: Stage) -> None:
        stage.snapshot("v1")
        proposed = propose(stage)
        stage.snapshot("v2")
        assert run("reconcile", "birds", "v1", "v2").code == 1
        accept_adjustment(proposed, by=stage.ravi)
        ran = run("reconcile", "birds", "v1", "v2", "--json")
        assert (ran.code, ran.report["adjusted"], ran.report["findings"]) == (0, 1, [])
        (told,) = ran.report["adjusted_findings"]
        assert (told["id"], told["adjustment"]) == (stage.marks[0].pk, proposed.pk)
        assert sum(ran.report[verdict] for verdict in Accounting.values) == ran.report["differences"]
        said = run("reconcile", "birds", "v1", "v2").out
        assert "1 adjusted by two people" in said
        assert f"adjusted by adjustment {proposed.pk}" in said

    def test_an_export_says_which_acts_are_adjusted(self, stage: Stage, tmp_path: Path) -> None:
        stage.snapshot("v1")
        accepted = adjust(stage)
        stage.relabel(1, stage.tern)
        folder = tmp_path / "v2"
        export_snapshot(stage.snapshot("v2"), folder, by=stage.olga)
        lines = (folder / "changes.jsonl").read_text("utf-8").splitlines()
        assert [f'"adjusted":["{accepted.adjusts}"]' in line for line in lines] == [True, False]


class TestTwoAtOnce:
    pytestmark = pytest.mark.django_db(transaction=True)

    @pytest.mark.skipif("connection.vendor != 'postgresql'")
    def test_only_one_decision_counts(self, stage: Stage) -> None:
        other = _member(stage, "rosa", Role.REVIEWER)
        proposed = propose(stage)
        outcomes: list[str] = []
        ready = threading.Barrier(2)

        def decide(by: User, act: Callable[..., Adjustment]) -> None:
            try:
                ready.wait(10)
                outcomes.append(act(proposed, by=by, reason="Checked").state)
            except ValidationError:
                outcomes.append("refused")
            finally:
                connection.close()

        threads = [
            threading.Thread(target=decide, args=(stage.ravi, accept_adjustment)),
            threading.Thread(target=decide, args=(other, reject_adjustment)),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) in (["accepted", "refused"], ["refused", "rejected"])
        decided = Entry.objects.filter(event__in=[Event.ADJUSTMENT_ACCEPTED, Event.ADJUSTMENT_REJECTED])
        assert decided.count() == 1

    @pytest.mark.skipif("connection.vendor != 'postgresql'")
    def test_only_one_proposal_counts(self, stage: Stage) -> None:
        operation = spoil(stage).operation
        outcomes: list[str] = []
        ready = threading.Barrier(2)

        def act() -> None:
            try:
                ready.wait(10)
                outcomes.append(propose_adjustment(stage.project, operation, by=stage.olga, reason=WHY).state)
            except ValidationError:
                outcomes.append("refused")
            finally:
                connection.close()

        threads = [threading.Thread(target=act) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == ["proposed", "refused"]
        assert Adjustment.objects.count() == 1


def test_a_statement_kept_for_a_page_is_computed_anew_after_an_adjustment(stage: Stage) -> None:
    first = stage.snapshot("v1")
    proposed = propose(stage)
    second = take_snapshot(stage.project, "v2", by=stage.olga).snapshot
    before = statement_of(stage.project, first, second)
    accept_adjustment(proposed, by=stage.ravi)
    after = statement_of(stage.project, first, second)
    assert before is not None
    assert after is not None
    assert (before.unexplained, after.unexplained) == (1, 0)
    assert statement_of(stage.project, first, second) is after
    assert Annotation.objects.get(pk=stage.marks[0].pk).value == {"box": [5]}
