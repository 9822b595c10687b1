"""Each gate, red and green; waivers cover what they were given for; approvals are bound to what the gates said."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.acting import Actor, operation
from audit.events import Event
from audit.services import record
from labelop.models import Annotation, Assignment, Dispute, Item, LabelClass, Review, Verdict
from labelop.services.reviews import decide_review
from roles.models import Anomaly, Rule
from snapshots.gates import Gate, GateState, gates_of, window_beside_live_rows, window_of
from snapshots.models import Disposition, Finding, LogReview, Release, Snapshot, Step
from snapshots.services.releases import (
    approve_release,
    begin_review,
    move_planned_date,
    propose_release,
    publish_release,
    waive_gate,
    withdraw_release,
)
from tests.cast import what_is_left
from tests.conftest import triggers_laid_aside

from .release_stage import ReleaseStage, set_the_release_stage
from .stage import by_hand

pytestmark = [pytest.mark.django_db, pytest.mark.stage(set_by=set_the_release_stage)]

TODAY = timezone.now().date()
DEFECT = Release.Withdrawal.DEFECT


@pytest.fixture
def stage(standing: ReleaseStage) -> ReleaseStage:
    return standing


def read(release: Release) -> dict[str, Gate]:
    return {gate.code: gate for gate in gates_of(window_beside_live_rows(Release.objects.get(pk=release.pk)))}


def states(release: Release) -> dict[str, str]:
    return {code: gate.state.value for code, gate in read(release).items()}


def test_all_are_green_for_a_release_that_is_ready(stage: ReleaseStage) -> None:
    assert states(stage.proposed()) == dict.fromkeys(
        (
            "identity",
            "explained",
            "in_step",
            "reviewed",
            "disputes",
            "findings",
            "anomalies",
            "schema_frozen",
        ),
        "passed",
    )


def test_a_gate_without_evidence_is_absent(stage: ReleaseStage) -> None:
    release = stage.proposed()
    absent = {"ledger", "bulk", "assignments", "log_review", "planned_date"}
    assert not absent & set(states(release))
    cheap = {gate.code for gate in gates_of(window_of(release))}
    assert "in_step" not in cheap, "nobody looked at the live rows"


def test_a_page_and_a_decision_read_with_few_queries(stage: ReleaseStage) -> None:
    release = Release.objects.select_related("project", "snapshot__entry").get(pk=stage.proposed().pk)
    with CaptureQueriesContext(connection) as queries:
        gates_of(window_of(release))
    assert len(queries) <= 55
    more = set_the_release_stage_with(stage, items=30)
    with CaptureQueriesContext(connection) as many:
        gates_of(window_of(more))
    assert len(many) <= len(queries) + 5, "they do not grow with the records"
    with CaptureQueriesContext(connection) as deciding:
        gates_of(window_beside_live_rows(more))
    assert len(deciding) <= 91


def set_the_release_stage_with(stage: ReleaseStage, items: int) -> Release:
    with operation(by=stage.olga):
        for number in range(items):
            item = Item.objects.create(project=stage.project, key=f"more-{number}")
            record(Event.ITEMS_ADDED, item, Actor(stage.olga, "owner"))
    release = stage.proposed(stage.snapshot("v2"))
    return Release.objects.select_related("project", "snapshot__entry").get(pk=release.pk)


class TestTheIdentity:
    def test_is_read_from_what_came_and_went(self, stage: ReleaseStage) -> None:
        stage.released()
        stage.stage.relabel(0, stage.stage.tern)
        gate = read(stage.proposed(stage.snapshot("v2")))["identity"]
        assert gate.state is GateState.PASSED
        assert gate.evidence == {"count": 0, "opening": 2, "added": 0, "removed": 0, "closing": 2}
        assert gate.sentence == "2 + 0 − 0 = 2 items, and every class adds up."

    def test_is_red_when_a_kept_count_is_another(self, stage: ReleaseStage) -> None:
        release = stage.proposed()
        with triggers_laid_aside(connection):
            counts = {**release.snapshot.sealed("counts"), "annotations": {"gull": 3}}
            by_hand(Snapshot.objects.get(pk=release.snapshot_id), counts=counts)
        gate = read(release)["identity"]
        assert gate.state is GateState.FAILED
        assert "annotations do not add up" in gate.sentence


class TestExplainedAndInStep:
    def test_a_change_by_hand_is_unexplained(self, stage: ReleaseStage, unexplained_changes_are_recorded: None) -> None:
        by_hand(stage.stage.marks[0], value={"box": [5]})
        gate = read(stage.proposed())["explained"]
        assert (gate.state, gate.evidence["count"]) == (GateState.FAILED, 1)
        assert gate.sentence == "1 of 6 differences is unexplained."
        assert gate.evidence["records"] == ["annotation/photo-0/1"]

    def test_a_change_past_the_triggers_is_out_of_step(self, stage: ReleaseStage) -> None:
        release = stage.proposed()
        with triggers_laid_aside(connection):
            by_hand(stage.stage.marks[0], value={"box": [5]})
        assert states(release)["in_step"] == "failed"


class TestReviewCoverage:
    def test_full_asks_for_every_mark_and_item(self, stage: ReleaseStage) -> None:
        stage.stage.relabel(0, stage.stage.tern)
        gate = read(stage.proposed())["reviewed"]
        assert (gate.state, gate.evidence["count"]) == (GateState.FAILED, 1)
        decide_review(stage.stage.items[0], Verdict.APPROVED, by=stage.ravi)
        assert states(stage.proposed(stage.snapshot("v2")))["reviewed"] == "passed"

    def test_targeted_asks_for_the_high_risk_classes_old_or_new(self, stage: ReleaseStage) -> None:
        stage.set(review_policy="targeted")
        stage.released()
        stage.stage.relabel(0, stage.stage.tern)
        release = stage.proposed(stage.snapshot("v2"))
        assert states(release)["reviewed"] == "passed"
        with operation(by=stage.olga):
            LabelClass.objects.filter(pk=stage.stage.gull.pk).update(high_risk=True)
        assert states(release)["reviewed"] == "failed", "it was a gull"

    def test_a_sample_asks_for_all_but_what_the_policy_left_out(self, stage: ReleaseStage) -> None:
        stage.set(review_policy="sample", sample_percent=10)
        stage.stage.relabel(0, stage.stage.tern)
        release = stage.proposed()
        assert states(release)["reviewed"] == "failed"
        assigned(stage, 0, Assignment.State.APPROVED)
        assert states(release)["reviewed"] == "passed"


def assigned(stage: ReleaseStage, place: int, state: str, **columns: Any) -> Assignment:
    """An assignment of one of the items, as it would have been before the snapshots of today."""
    item = stage.stage.items[place]
    with operation(by=stage.olga):
        Assignment.objects.filter(item=item).exclude(state="cancelled").update(state="cancelled")
        return Assignment.objects.create(
            project=stage.project,
            item=item,
            annotator=stage.ana,
            state=state,
            **{"assigned_at": timezone.now() - timedelta(days=1), **columns},
        )


class TestAssignments:
    @pytest.mark.parametrize(
        ("state", "says"),
        [
            ("pending", "failed"),
            ("in_progress", "failed"),
            ("completed", "failed"),
            ("in_review", "failed"),
            ("revision_requested", "failed"),
            ("approved", "passed"),
            ("rejected", "passed"),
            ("cancelled", "passed"),
        ],
    )
    def test_are_done_when_nobody_owes_anything(self, stage: ReleaseStage, state: str, says: str) -> None:
        assigned(stage, 0, state)
        assert states(stage.proposed())["assignments"] == says

    def test_given_out_after_the_snapshot_are_no_part_of_it(self, stage: ReleaseStage) -> None:
        release = stage.proposed()
        before = states(release).get("assignments")
        assigned(stage, 0, "pending", assigned_at=timezone.now())
        assert states(release).get("assignments") in (before, "passed")


class TestWhatIsOpen:
    def test_a_dispute(self, stage: ReleaseStage) -> None:
        release, dispute = stage.proposed(), stage.open_dispute()
        gate = read(release)["disputes"]
        assert (gate.state, gate.evidence) == (GateState.FAILED, {"count": 1, "ids": [dispute.pk]})
        with operation(by=stage.rita):
            Dispute.objects.filter(pk=dispute.pk).update(state=Dispute.State.UPHELD)
        assert states(release)["disputes"] == "passed"

    def test_a_finding(self, stage: ReleaseStage) -> None:
        release = stage.proposed()
        finding = a_finding(stage, release)
        assert states(release)["findings"] == "failed"
        with operation(by=stage.rita):
            Finding.objects.filter(pk=finding.pk).update(closed_at=timezone.now(), outcome="Done")
        assert states(release)["findings"] == "passed"

    def test_an_anomaly(self, stage: ReleaseStage) -> None:
        release = stage.proposed()
        with operation(by=stage.olga):
            anomaly = Anomaly.objects.create(
                project=stage.project, rule=Rule.SELF_GRANT, case="1", explanation="A role granted to oneself"
            )
        assert states(release)["anomalies"] == "failed"
        with operation(by=stage.olga):
            Anomaly.objects.filter(pk=anomaly.pk).update(state=Anomaly.State.ACKNOWLEDGED)
        assert states(release)["anomalies"] == "passed"

    def test_the_schema(self, stage: ReleaseStage) -> None:
        release = stage.proposed()
        stage.set(schema_frozen=False)
        assert states(release)["schema_frozen"] == "failed"


def a_finding(stage: ReleaseStage, release: Release) -> Finding:
    with operation(by=stage.rita):
        return Finding.objects.create(
            project=stage.project,
            log_review=release.log_reviews.first() or stage.log_review(release),
            factor=Finding.Factor.PROCESS,
            description="No one looked",
            action="Look",
            owner=stage.olga,
            due_on=TODAY,
        )


class TestTheLogReview:
    @pytest.mark.parametrize(("risk", "says"), [("low", None), ("standard", "failed"), ("high", "failed")])
    def test_is_owed_unless_the_risk_is_low(self, stage: ReleaseStage, risk: str, says: str | None) -> None:
        stage.set(risk_tier=risk)
        assert states(stage.proposed()).get("log_review") == says

    @pytest.mark.parametrize(("state", "says"), [("open", "failed"), ("signed", "passed"), ("voided", "failed")])
    def test_is_green_when_it_was_signed(self, stage: ReleaseStage, state: str, says: str) -> None:
        release = stage.proposed()
        stage.log_review(release, state=state)
        assert states(release)["log_review"] == says


class TestActsInBulk:
    def test_pass_once_each_is_settled_in_a_log_review(self, stage: ReleaseStage) -> None:
        with operation(by=stage.olga):
            mark = Annotation.objects.get(pk=stage.stage.marks[0].pk)
            Annotation.objects.filter(pk=mark.pk).update(value={"box": [8]})
            entry = record(Event.ITEMS_IMPORTED, stage.project, Actor(stage.olga, "owner"), reason="Import")
        release = stage.proposed()
        gate = read(release)["bulk"]
        assert (gate.state, gate.evidence) == (GateState.FAILED, {"count": 1, "ids": [entry.pk], "records": 1})
        review = stage.log_review(release)
        for verdict, says in (("follow_up", "failed"), ("unexpected", "failed"), ("expected", "passed")):
            with operation(by=stage.rita):
                Disposition.objects.filter(log_review=review).delete()
                Disposition.objects.create(
                    project=stage.project, log_review=review, entry=entry, verdict=verdict, decided_by=stage.rita
                )
            assert states(release)["bulk"] == says
        with operation(by=stage.rita):
            LogReview.objects.filter(pk=review.pk).update(state="voided")
        assert states(release)["bulk"] == "failed"


class TestThePlannedDate:
    def test_is_kept_until_it_is_past(self, stage: ReleaseStage) -> None:
        release = propose_release(stage.snapshot(), by=stage.olga, planned_on=TODAY, reason="Go")
        assert states(release)["planned_date"] == "passed"
        move_planned_date(release, TODAY + timedelta(3), by=stage.olga, reason="The press is late")
        gate = read(release)["planned_date"]
        assert gate.sentence == f"Planned for {TODAY + timedelta(3)}, after 1 move with its reason."
        assert gate.state is GateState.PASSED
        assert len(gate.evidence["moves"]) == 1
        with operation(by=stage.olga):
            Release.objects.filter(pk=release.pk).update(planned_on=TODAY - timedelta(1))
        assert states(release)["planned_date"] == "failed"

    def test_is_red_when_it_moved_and_no_step_says_so(self, stage: ReleaseStage) -> None:
        release = propose_release(stage.snapshot(), by=stage.olga, planned_on=TODAY, reason="Go")
        with operation(by=stage.olga):
            Release.objects.filter(pk=release.pk).update(planned_on=TODAY + timedelta(9))
        gate = read(release)["planned_date"]
        assert gate.state is GateState.FAILED
        assert gate.sentence.endswith("and no step says so.")


class TestWaivers:
    def test_let_one_gate_pass_by_name_and_show_for_ever(self, stage: ReleaseStage) -> None:
        release = stage.in_review()
        dispute = stage.open_dispute()
        with pytest.raises(ValidationError, match="No dispute is open"):
            approve_release(release, by=stage.otto)
        with what_is_left() as left:
            step = waive_gate(release, "disputes", by=stage.olga, reason="About another matter")
        assert left.entry.event == "gate.waived"
        assert (left.entry.after or {})["evidence"] == {"count": 1, "ids": [dispute.pk]}
        assert (step.gate, step.reason) == ("disputes", "About another matter")
        assert states(release)["disputes"] == "waived"
        publish_release(approve_release(release, by=stage.otto), by=stage.olga)
        report = {gate["code"]: gate["state"] for gate in release.steps.get(kind="released").gate_report or ()}
        assert report["disputes"] == "waived"
        with operation(by=stage.rita):
            Dispute.objects.update(state=Dispute.State.UPHELD)
        assert release.steps.filter(kind=Step.Kind.GATE_WAIVED).count() == 1

    @pytest.mark.parametrize("gate", ["findings", "ledger", "log_review", "", "nonsense"])
    def test_are_refused_for_a_gate_that_is_green_or_not_on_the_list(self, stage: ReleaseStage, gate: str) -> None:
        release = stage.in_review()
        with pytest.raises(ValidationError, match="nothing to waive"):
            waive_gate(release, gate, by=stage.olga, reason="To be safe")
        assert not release.steps.filter(kind=Step.Kind.GATE_WAIVED).exists()

    def test_need_a_reason_and_an_owner(self, stage: ReleaseStage) -> None:
        release = stage.in_review()
        stage.open_dispute()
        with pytest.raises(ValidationError, match="say why"):
            waive_gate(release, "disputes", by=stage.olga, reason="")
        with pytest.raises(PermissionDenied):
            waive_gate(release, "disputes", by=stage.rita, reason="Known")

    def test_cover_what_they_were_given_for_and_no_more(self, stage: ReleaseStage) -> None:
        release = stage.in_review()
        stage.open_dispute()
        waive_gate(release, "disputes", by=stage.olga, reason="Known")
        second = stage.open_dispute()
        assert states(release)["disputes"] == "failed"
        waive_gate(release, "disputes", by=stage.olga, reason="Known too")
        with operation(by=stage.rita):
            Dispute.objects.filter(pk=second.pk).update(state=Dispute.State.UPHELD)
        assert states(release)["disputes"] == "waived", "it may shrink"
        assert Review.objects.count() == 2


class TestApprovals:
    def test_count_no_more_once_a_gate_turned_worse_and_again_when_it_healed(self, stage: ReleaseStage) -> None:
        release = stage.approved()
        stage.set(schema_frozen=False)
        with pytest.raises(ValidationError, match="The schema is frozen: The schema is not frozen"):
            publish_release(release, by=stage.olga)
        stage.set(schema_frozen=True)
        assert publish_release(release, by=stage.olga).state == Release.State.RELEASED

    def test_count_no_more_once_a_gate_is_open_by_a_waiver_they_did_not_know(self, stage: ReleaseStage) -> None:
        release = stage.approved()
        stage.open_dispute()
        waive_gate(release, "disputes", by=stage.olga, reason="Known")
        with pytest.raises(ValidationError, match=r"since an approval a gate turned worse \(No dispute is open\)"):
            publish_release(release, by=stage.olga)
        again = approve_release(release, by=stage.otto, reason="Knowing of the dispute")
        assert publish_release(again, by=stage.olga).state == Release.State.RELEASED

    def test_are_not_given_twice_while_they_count(self, stage: ReleaseStage) -> None:
        release = stage.approved()
        with pytest.raises(ValidationError, match="it counts"):
            approve_release(release, by=stage.otto)
        assert release.steps.filter(kind=Step.Kind.APPROVED).count() == 1

    def test_an_earlier_release_that_is_withdrawn_changes_what_this_one_brings(self, stage: ReleaseStage) -> None:
        stage.set(separation_of_duties=2)
        first = stage.released()
        stage.stage.relabel(0, stage.stage.tern)
        decide_review(stage.stage.items[0], Verdict.APPROVED, by=stage.ravi)
        second = begin_review(propose_release(stage.snapshot("v2"), by=stage.ravi, reason="Go"), by=stage.ravi)
        assert window_of(second).previous == first
        withdraw_release(first, DEFECT, by=stage.olga, reason="Wrong")
        assert window_of(second).previous is None
