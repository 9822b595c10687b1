"""Roles widened shortly before an approval, and one person in both seats: each story once, its honest twin never."""

from __future__ import annotations

import pytest

from audit.acting import Actor, operation
from audit.events import Event
from audit.services import record
from roles.matrix import Role
from roles.models import Membership, Rule, User
from roles.services import change_role, grant_role
from snapshots.models import Adjustment, Release, Step
from snapshots.services.releases import (
    approve_release,
    ask_for_reinstatement,
    begin_review,
    propose_release,
    reinstate_release,
    withdraw_release,
)
from tests.standing_out import ago, events_of, noted

from .release_stage import ReleaseStage, set_the_release_stage
from .stage import by_hand

pytestmark = pytest.mark.django_db


@pytest.fixture
def stage(db: None) -> ReleaseStage:
    """A team that has been there for a month, and a project whose snapshot could go out."""
    with ago(days=30):
        stage = set_the_release_stage(photos=1)
    # What was an act with the marks themselves approved none of them.
    stage.approve_everything()
    return stage


def membership_of(user: User, stage: ReleaseStage) -> Membership:
    return Membership.objects.get(project=stage.project, user=user, ended_at=None)


def requested(stage: ReleaseStage, by: User) -> Release:
    return begin_review(propose_release(stage.snapshot(), by=by, reason="The customer waits"), by=by)


# Role widened shortly before a release was approved


def test_a_role_widened_in_the_week_before_an_approval_stands_out(stage: ReleaseStage) -> None:
    change_role(membership_of(stage.rita, stage), Role.OWNER, by=stage.olga, reason="Takes over")
    stage.set(separation_of_duties=3)
    release = approve_release(requested(stage, stage.olga), by=stage.rita)
    approve_release(release, by=stage.ravi)
    assert release.steps.filter(kind=Step.Kind.APPROVED).count() == 2
    (anomaly,) = noted(Rule.BEFORE_APPROVAL)
    assert events_of(anomaly) == ["role.changed", "release.approved"]
    assert anomaly.people == sorted([stage.olga.pk, stage.rita.pk])
    assert anomaly.explanation == (
        "Somebody became an owner from a reviewer within seven days before a release was approved."
    )


def test_a_role_widened_past_the_services_stands_out_as_well(
    stage: ReleaseStage, unexplained_changes_are_recorded: None
) -> None:
    by_hand(membership_of(stage.ana, stage), role="owner")
    approve_release(requested(stage, stage.olga), by=stage.ana)
    (anomaly,) = noted(Rule.BEFORE_APPROVAL)
    assert events_of(anomaly) == ["change.unexplained", "release.approved"]


def test_what_gives_nothing_to_decide_long_ago_or_afterwards_does_not(stage: ReleaseStage) -> None:
    with ago(days=8):
        change_role(membership_of(stage.rita, stage), Role.OWNER, by=stage.olga, reason="Takes over")
    grant_role(stage.project, stage.uma, Role.ANNOTATOR, by=stage.olga, reason="More hands")
    approve_release(requested(stage, stage.olga), by=stage.rita)
    change_role(membership_of(stage.ana, stage), Role.OWNER, by=stage.olga, reason="Takes over next")
    assert noted(Rule.BEFORE_APPROVAL) == []


# Requested and approved by the same person


def test_a_release_approved_by_whoever_asked_for_it_stands_out(stage: ReleaseStage) -> None:
    stage.set(separation_of_duties=0)
    approve_release(requested(stage, stage.olga), by=stage.olga)
    (anomaly,) = noted(Rule.SAME_PERSON)
    assert events_of(anomaly) == ["release.proposed", "release.approved"]
    assert anomaly.people == [stage.olga.pk]
    assert anomaly.explanation == "Proposed and approved by the same person."


def test_a_release_approved_by_somebody_else_does_not(stage: ReleaseStage) -> None:
    approve_release(requested(stage, stage.ravi), by=stage.otto)
    assert noted(Rule.SAME_PERSON) == []


def test_a_return_granted_by_whoever_asked_for_it_stands_out(stage: ReleaseStage) -> None:
    """The services refuse it, so this step goes round them."""
    release = withdraw_release(stage.released(), Release.Withdrawal.DEFECT, by=stage.otto, reason="A wrong box")
    ask_for_reinstatement(release, by=stage.olga, reason="It was right")
    with operation(by=stage.olga):
        entry = record(Event.RELEASE_REINSTATED, release, Actor(stage.olga, "owner"), reason="It was right")
        Step.objects.create(
            project=stage.project,
            release=release,
            kind=Step.Kind.REINSTATED,
            actor=stage.olga,
            manifest_hash="0" * 64,
            entry=entry,
        )
    (anomaly,) = noted(Rule.SAME_PERSON)
    assert events_of(anomaly) == ["release.reinstatement_asked", "release.reinstated"]


def test_a_return_granted_by_somebody_else_does_not(stage: ReleaseStage) -> None:
    release = withdraw_release(stage.released(), Release.Withdrawal.DEFECT, by=stage.otto, reason="A wrong box")
    ask_for_reinstatement(release, by=stage.olga, reason="It was right")
    reinstate_release(release, by=stage.otto, reason="It was right indeed")
    assert noted(Rule.SAME_PERSON) == []


@pytest.mark.parametrize(("who", "cases"), [("olga", 1), ("ravi", 0)])
def test_an_adjustment_is_accepted_by_somebody_else(stage: ReleaseStage, who: str, cases: int) -> None:
    """The services refuse it to who proposed it, so this one goes round them."""
    with operation(by=stage.olga) as act:
        Adjustment.objects.create(
            project=stage.project,
            adjusts=act.operation,
            state=Adjustment.State.ACCEPTED,
            reason="A typing error",
            proposed_by=stage.olga,
            decided_by=getattr(stage, who),
        )
    assert len(noted(Rule.SAME_PERSON)) == cases
