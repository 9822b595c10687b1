"""The life of a release: each step does its thing, is refused to who may not, leaves one entry and one step."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from audit.acting import operation
from audit.canonical import canonical_json, sha256_hex
from audit.events import Impact
from roles.models import User
from roles.services import revoke_role
from snapshots.models import Release, Snapshot, Step
from snapshots.services.releases import (
    approve_release,
    ask_for_reinstatement,
    begin_review,
    cancel_release,
    deprecate_release,
    move_planned_date,
    propose_release,
    publish_release,
    reinstate_release,
    reject_release,
    waive_gate,
    withdraw_release,
)
from tests.cast import what_is_left

from .release_stage import ReleaseStage, set_the_release_stage

pytestmark = [pytest.mark.django_db, pytest.mark.stage(set_by=set_the_release_stage)]

State, Kind = Release.State, Step.Kind
TODAY = timezone.now().date()
DEFECT = Release.Withdrawal.DEFECT

Act = Callable[[Release, User], Any]

# Each step of a release that is there already, as somebody would take it.
ACTS: dict[str, Act] = {
    "review_begun": lambda release, by: begin_review(release, by=by, reason="Go on"),
    "approved": lambda release, by: approve_release(release, by=by, reason="Go on"),
    "rejected": lambda release, by: reject_release(release, by=by, reason="Go on"),
    "cancelled": lambda release, by: cancel_release(release, by=by, reason="Go on"),
    "released": lambda release, by: publish_release(release, by=by, reason="Go on"),
    "deprecated": lambda release, by: deprecate_release(release, by=by, reason="Go on"),
    "withdrawn": lambda release, by: withdraw_release(release, DEFECT, by=by, reason="Go on"),
    "reinstatement_asked": lambda release, by: ask_for_reinstatement(release, by=by, reason="Go on"),
    "reinstated": lambda release, by: reinstate_release(release, by=by, reason="Go on"),
    "date_moved": lambda release, by: move_planned_date(release, TODAY + timedelta(40), by=by, reason="Go on"),
    "gate_waived": lambda release, by: waive_gate(release, "disputes", by=by, reason="Go on"),
}

# Written out by hand, not read from the services: from each state the steps that lead on, and to what.
MOVES: dict[str, dict[str, str]] = {
    "candidate": {
        "review_begun": "in_review",
        "cancelled": "cancelled",
        "date_moved": "candidate",
        "gate_waived": "candidate",
    },
    "in_review": {
        "approved": "approved",
        "rejected": "rejected",
        "cancelled": "cancelled",
        "date_moved": "in_review",
        "gate_waived": "in_review",
    },
    "approved": {
        "approved": "approved",
        "rejected": "rejected",
        "cancelled": "cancelled",
        "released": "released",
        "date_moved": "approved",
        "gate_waived": "approved",
    },
    "released": {"deprecated": "deprecated", "withdrawn": "withdrawn"},
    "deprecated": {
        "withdrawn": "withdrawn",
        "reinstatement_asked": "deprecated",
        "reinstated": "released",
        "gate_waived": "deprecated",
    },
    "withdrawn": {"reinstatement_asked": "withdrawn", "reinstated": "released", "gate_waived": "withdrawn"},
    "rejected": {},
    "cancelled": {},
}
# Who may take which step at level 1; Otto requested nothing, Olga did, Rita is the other reviewer.
# fmt: off
TAKEN_BY: dict[str, set[str]] = {
    "review_begun":        {"olga", "otto", "ravi", "rita", "root"},
    "approved":            {"otto"},
    "rejected":            {"olga", "otto", "ravi", "rita", "root"},
    "cancelled":           {"olga", "otto", "root"},
    "released":            {"olga", "otto", "root"},
    "deprecated":          {"olga", "otto", "root"},
    "withdrawn":           {"olga", "otto", "root"},
    "reinstatement_asked": {"olga", "otto", "root"},
    "reinstated":          {"olga", "root"},
    "date_moved":          {"olga", "otto", "root"},
    "gate_waived":         {"olga", "otto", "root"},
}
# fmt: on
EVERYBODY = ("olga", "otto", "ravi", "rita", "ana", "uma", "root")


@pytest.fixture
def stage(standing: ReleaseStage) -> ReleaseStage:
    return standing


def in_state(stage: ReleaseStage, state: str) -> Release:
    """A release that came to this state step by step."""
    release = stage.proposed()
    if state == "cancelled":
        release = cancel_release(release, by=stage.olga, reason="Called off")
    if state in {"in_review", "approved", "rejected", "released", "deprecated", "withdrawn"}:
        release = begin_review(release, by=stage.olga)
    if state == "rejected":
        release = reject_release(release, by=stage.otto, reason="Not yet")
    if state in {"approved", "released", "deprecated", "withdrawn"}:
        release = approve_release(release, by=stage.otto)
    if state in {"released", "deprecated", "withdrawn"}:
        release = publish_release(release, by=stage.olga)
    if state == "deprecated":
        release = deprecate_release(release, by=stage.olga, reason="Old")
    if state == "withdrawn":
        release = withdraw_release(release, DEFECT, by=stage.olga, reason="Wrong")
    assert release.state == state
    return release


def make_ready(stage: ReleaseStage, release: Release, kind: str) -> None:
    """Bring about what a step needs beside the state of the release."""
    if kind == "reinstated" and release.state in {"deprecated", "withdrawn"}:
        ask_for_reinstatement(release, by=stage.otto, reason="Was right after all")
    if kind == "gate_waived" or (kind == "approved" and release.state == "approved"):
        stage.open_dispute()
    if kind == "approved" and release.state == "approved":
        # An approval that counts already is not given twice; one that a waiver made void is.
        waive_gate(release, "disputes", by=stage.olga, reason="Known")


@pytest.mark.parametrize("state", MOVES)
def test_a_step_leads_where_the_table_says_and_nowhere_else(stage: ReleaseStage, state: str) -> None:
    release = in_state(stage, state)
    for kind, act in ACTS.items():
        point = transaction.savepoint()
        make_ready(stage, release, kind)
        by = stage.otto if kind == "approved" else stage.olga
        if kind in MOVES[state]:
            act(release, by)
            assert Release.objects.get(pk=release.pk).state == MOVES[state][kind], kind
        else:
            with what_is_left() as left, pytest.raises(ValidationError):
                act(release, by)
            assert (left.events, left.versions) == ([], [])
        transaction.savepoint_rollback(point)


@pytest.mark.parametrize("kind", ACTS)
def test_a_step_is_taken_by_whom_the_table_names_and_by_nobody_else(stage: ReleaseStage, kind: str) -> None:
    state = next(state for state, moves in MOVES.items() if kind in moves)
    release = in_state(stage, state)
    make_ready(stage, release, kind)
    for name in EVERYBODY:
        by = getattr(stage, name)
        point = transaction.savepoint()
        if name in TAKEN_BY[kind]:
            with what_is_left() as left:
                ACTS[kind](release, by)
            # An act without a membership says so, and stands out.
            own = [entry for entry in left.entries if entry.event not in ("access.overridden", "anomaly.noted")]
            assert len(own) == 1, "one entry"
            step = Step.objects.get(entry=own[0])
            assert (step.kind, step.actor, step.reason, step.project) == (kind, by, "Go on", stage.project)
            assert (step.role, step.manifest_hash) == (own[0].role, release.snapshot.manifest_hash)
            changed = {version.operation for version in left.versions_of(Release)}
            assert changed <= {own[0].operation}, "what it changed is explained by its entry"
            assert ("access.overridden" in left.events) == (name == "root")
        else:
            with what_is_left() as left, pytest.raises(PermissionDenied):
                ACTS[kind](release, by)
            assert left.events == ["access.denied"]
            assert left.versions == []
        transaction.savepoint_rollback(point)


class TestProposing:
    def test_brings_a_snapshot_on_its_way(self, stage: ReleaseStage) -> None:
        snapshot = stage.snapshot()
        with what_is_left() as left:
            release = propose_release(
                snapshot, by=stage.ravi, planned_on=TODAY + timedelta(30), reason="The customer waits"
            )
        assert (release.state, release.requested_by, str(release)) == (State.CANDIDATE, stage.ravi, "v1")
        assert left.entry.event == "release.proposed"
        assert left.entry.after == {"planned_on": (TODAY + timedelta(30)).isoformat()}
        assert [version.instance_type for version in left.versions] == [Release]
        assert len(left.operations) == 1

    def test_is_refused_to_who_may_not_and_leaves_nothing(self, stage: ReleaseStage) -> None:
        snapshot = stage.snapshot()
        for somebody in (stage.ana, stage.uma):
            with what_is_left() as left, pytest.raises(PermissionDenied):
                propose_release(snapshot, by=somebody, reason="Mine")
            assert (left.events, left.versions) == (["access.denied"], [])
        assert not Release.objects.exists()

    def test_is_refused_twice_for_one_snapshot_until_the_first_is_over(self, stage: ReleaseStage) -> None:
        release = stage.proposed()
        with pytest.raises(ValidationError, match="has a release already"):
            stage.proposed(release.snapshot)
        cancel_release(release, by=stage.olga, reason="Wrong purpose")
        assert stage.proposed(release.snapshot).state == State.CANDIDATE

    def test_waits_until_the_snapshot_is_computed(self, stage: ReleaseStage) -> None:
        snapshot = stage.snapshot()
        unsealed = Snapshot.objects.get(pk=snapshot.pk)
        unsealed.manifest_hash = None
        with pytest.raises(ValidationError, match="being computed"):
            propose_release(unsealed, by=stage.olga, reason="Quick")

    def test_needs_a_reason_and_a_day_that_is_not_past(self, stage: ReleaseStage) -> None:
        snapshot = stage.snapshot()
        with pytest.raises(ValidationError, match="say why"):
            propose_release(snapshot, by=stage.olga, reason=" ")
        with pytest.raises(ValidationError, match="not past"):
            propose_release(snapshot, by=stage.olga, planned_on=TODAY - timedelta(1), reason="Late")
        assert not Release.objects.exists()


class TestStepsKeepWhatTheGatesSaid:
    def test_with_a_digest_that_anybody_can_compute_again(self, stage: ReleaseStage) -> None:
        release = stage.released()
        with_report = [step for step in release.steps.all() if step.gate_report is not None]
        assert [step.kind for step in with_report] == ["review_begun", "approved", "released"]
        for step in with_report:
            assert step.gate_digest == sha256_hex(canonical_json(step.gate_report))
            assert {gate["state"] for gate in step.gate_report or ()} == {"passed"}
        assert [step.separation for step in with_report] == [None, 2, 2]

    def test_and_are_never_changed(self, stage: ReleaseStage) -> None:
        step = stage.proposed().steps.get()
        for change in (lambda: Step.objects.filter(pk=step.pk).update(reason="Else"), lambda: step.delete()):
            with pytest.raises(Exception, match=r"append-only|never|written once"), transaction.atomic():
                change()
        assert Step.objects.get(pk=step.pk).reason == "The customer waits"


class TestThePlannedDate:
    @pytest.mark.parametrize(
        ("before", "after", "event"),
        [
            (30, 40, "release.date_moved"),
            (30, 8, "release.date_moved"),
            (8, 30, "release.date_moved"),
            (7, 30, "release.date_moved_late"),
            (30, 7, "release.date_moved_late"),
            (0, 1, "release.date_moved_late"),
            (None, 30, "release.date_moved"),
            (None, 2, "release.date_moved_late"),
        ],
    )
    def test_weighs_most_within_a_week_of_either_day(
        self, stage: ReleaseStage, before: int | None, after: int, event: str
    ) -> None:
        planned = None if before is None else TODAY + timedelta(before)
        release = propose_release(stage.snapshot(), by=stage.olga, planned_on=planned, reason="Go")
        with what_is_left() as left:
            moved = move_planned_date(release, TODAY + timedelta(after), by=stage.olga, reason="The press is late")
        assert moved.planned_on == TODAY + timedelta(after)
        assert left.entry.event == event
        assert left.entry.impact == (Impact.HIGH if event.endswith("late") else Impact.MEDIUM)
        assert left.entry.before == {"planned_on": planned.isoformat() if planned else None}
        assert left.entry.after == {"planned_on": (TODAY + timedelta(after)).isoformat()}

    def test_moves_for_a_reason_to_another_day_that_is_not_past(self, stage: ReleaseStage) -> None:
        day = TODAY + timedelta(30)
        release = propose_release(stage.snapshot(), by=stage.olga, planned_on=day, reason="Go")
        for wanted, reason in ((day, "Same"), (TODAY - timedelta(1), "Past"), (TODAY + timedelta(31), "")):
            with pytest.raises(ValidationError):
                move_planned_date(release, wanted, by=stage.olga, reason=reason)
        release.refresh_from_db()
        assert release.planned_on == day

    def test_is_the_proposers_to_move_and_an_owners(self, stage: ReleaseStage) -> None:
        release = propose_release(stage.snapshot(), by=stage.ravi, reason="Go")
        with pytest.raises(PermissionDenied, match="Only who proposed"):
            move_planned_date(release, date(2999, 1, 1), by=stage.rita, reason="Later")
        assert move_planned_date(release, date(2999, 1, 1), by=stage.ravi, reason="Later").planned_on
        assert cancel_release(release, by=stage.ravi, reason="Never").state == State.CANCELLED


def test_an_approvers_ended_role_takes_the_approval_with_it(stage: ReleaseStage) -> None:
    release = stage.approved()
    membership = stage.otto.memberships.get(project=stage.project, ended_at=None)
    revoke_role(membership, by=stage.olga, reason="Left the team")
    with pytest.raises(ValidationError, match="role of owner in which an approval was given has ended"):
        publish_release(release, by=stage.olga)
    with operation(by=stage.olga):
        assert Release.objects.get(pk=release.pk).state == State.APPROVED
