"""Roles widened shortly before an approval, and one person in both seats: each story once, its honest twin never."""

from __future__ import annotations

import pytest
from django.utils import timezone

from audit.acting import operation
from audit.models import Entry
from roles.matrix import Role
from roles.models import Rule, User
from roles.services import change_role, grant_role
from snapshots.models import Adjustment, Release, Snapshot, Step
from snapshots.services.snapshots import take_snapshot
from tests.cast import Cast, assemble
from tests.snapshots.stage import by_hand
from tests.standing_out import ago, events_of, noted

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(db: None) -> Cast:
    """A team that has been there for a month."""
    with ago(days=30):
        return assemble()


@pytest.fixture
def snapshot(cast: Cast) -> Snapshot:
    return take_snapshot(cast.project, "v1", by=cast.olga).snapshot


def requested(snapshot: Snapshot, by: User) -> Release:
    with operation(by=by):
        release = Release.objects.create(project=snapshot.project, snapshot=snapshot, requested_by=by)
        stepped(release, Step.Kind.PROPOSED, by)
    return release


def stepped(release: Release, kind: Step.Kind, by: User) -> Step:
    """A step and its entry, as the services leave them."""
    with operation(by=by) as act:
        entry = Entry.objects.create(
            operation=act.operation,
            project=release.project,
            event=f"release.{kind.value}",
            impact=3,
            actor=by,
            role="owner",
            subject_type="snapshots.release",
            subject_id=release.pk,
            at=timezone.now(),
        )
        return Step.objects.create(
            project=release.project, release=release, kind=kind, actor=by, manifest_hash="0" * 64, entry=entry
        )


# Role widened shortly before a release was approved


def test_a_role_widened_in_the_week_before_an_approval_stands_out(cast: Cast, snapshot: Snapshot) -> None:
    change_role(cast.membership_of(cast.ravi), Role.OWNER, by=cast.olga, reason="Takes over")
    release = requested(snapshot, cast.olga)
    for _ in range(2):
        stepped(release, Step.Kind.APPROVED, cast.ravi)
    (anomaly,) = noted(Rule.BEFORE_APPROVAL)
    assert events_of(anomaly) == ["role.changed", "release.approved"]
    assert anomaly.people == sorted([cast.olga.pk, cast.ravi.pk])
    assert anomaly.explanation == (
        "Somebody became an owner from a reviewer within seven days before a release was approved."
    )


def test_a_role_widened_past_the_services_stands_out_as_well(
    cast: Cast, snapshot: Snapshot, unexplained_changes_are_recorded: None
) -> None:
    by_hand(cast.membership_of(cast.ana), role="owner")
    stepped(requested(snapshot, cast.olga), Step.Kind.APPROVED, cast.ana)
    (anomaly,) = noted(Rule.BEFORE_APPROVAL)
    assert events_of(anomaly) == ["change.unexplained", "release.approved"]


def test_what_gives_nothing_to_decide_long_ago_or_afterwards_does_not(cast: Cast) -> None:
    with ago(days=8):
        change_role(cast.membership_of(cast.ravi), Role.OWNER, by=cast.olga, reason="Takes over")
    grant_role(cast.project, cast.uma, Role.ANNOTATOR, by=cast.olga, reason="More hands")
    release = requested(take_snapshot(cast.project, "v1", by=cast.olga).snapshot, cast.olga)
    stepped(release, Step.Kind.APPROVED, cast.ravi)
    change_role(cast.membership_of(cast.ana), Role.OWNER, by=cast.olga, reason="Takes over next")
    assert noted(Rule.BEFORE_APPROVAL) == []


# Requested and approved by the same person


def test_a_release_approved_by_whoever_asked_for_it_stands_out(cast: Cast, snapshot: Snapshot) -> None:
    stepped(requested(snapshot, cast.olga), Step.Kind.APPROVED, cast.olga)
    (anomaly,) = noted(Rule.SAME_PERSON)
    assert events_of(anomaly) == ["release.proposed", "release.approved"]
    assert anomaly.people == [cast.olga.pk]
    assert anomaly.explanation == "Proposed and approved by the same person."


def test_a_release_approved_by_somebody_else_does_not(cast: Cast, snapshot: Snapshot) -> None:
    stepped(requested(snapshot, cast.ravi), Step.Kind.APPROVED, cast.olga)
    assert noted(Rule.SAME_PERSON) == []


def test_a_return_granted_by_whoever_asked_for_it_stands_out(cast: Cast, snapshot: Snapshot) -> None:
    release = requested(snapshot, cast.ravi)
    stepped(release, Step.Kind.REINSTATEMENT_ASKED, cast.olga)
    stepped(release, Step.Kind.REINSTATED, cast.olga)
    (anomaly,) = noted(Rule.SAME_PERSON)
    assert events_of(anomaly) == ["release.reinstatement_asked", "release.reinstated"]


@pytest.mark.parametrize(("who", "cases"), [("olga", 1), ("ravi", 0)])
def test_an_adjustment_is_accepted_by_somebody_else(cast: Cast, snapshot: Snapshot, who: str, cases: int) -> None:
    with operation(by=cast.olga):
        Adjustment.objects.create(
            project=cast.project,
            adjusts=snapshot.entry.operation,
            state=Adjustment.State.ACCEPTED,
            reason="A typing error",
            proposed_by=cast.olga,
            decided_by=getattr(cast, who),
        )
    assert len(noted(Rule.SAME_PERSON)) == cases
