"""Giving, changing and ending roles, and the permission rows that mirror them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, connections, transaction
from django.utils import timezone

from audit.acting import operation
from audit.models import Entry
from labelop.models import Project
from roles.matrix import MATRIX, Can, Role
from roles.models import Membership, ProjectUserPermission, User
from roles.selectors import owners_of, role_of
from roles.services import (
    appoint_first_owner,
    change_role,
    deactivate_account,
    expire_membership,
    grant_role,
    revoke_role,
    stand_in_for,
)
from tests.cast import Cast, Left, assemble, what_is_left


def permissions_held(user: User, project: Project) -> set[str]:
    rows = ProjectUserPermission.objects.filter(user=user, content_object=project)
    return set(rows.values_list("permission__codename", flat=True))


def permissions_seen_by_django(user: User, project: Project) -> set[str]:
    fresh = User.objects.get(pk=user.pk)
    return {can.value for can in Can if fresh.has_perm(f"labelop.{can.value}", project)}


def permissions_in_the_matrix(role: Role) -> set[str]:
    return {can.value for can, roles in MATRIX.items() if role in roles}


def mirrors(user: User, project: Project, role: Role | None) -> bool:
    wanted = permissions_in_the_matrix(role) if role else set()
    return permissions_held(user, project) == permissions_seen_by_django(user, project) == wanted


def is_one_act(left: Left) -> bool:
    """Whether all versions and entries belong to one and the same operation."""
    return len(left.operations) == 1 and all(entry.operation in left.operations for entry in left.entries)


def pass_the_time_of(membership: Membership) -> Membership:
    """Move the end of a membership into the past, as if its time had gone by."""
    with operation():
        membership.valid_until = timezone.now() - timedelta(minutes=1)
        membership.save()
    return membership


# Granting


def test_an_owner_grants_a_role(cast: Cast) -> None:
    with what_is_left() as left:
        membership = grant_role(cast.project, cast.uma, Role.REVIEWER, by=cast.olga, reason=" Helps out ")
    assert role_of(cast.uma, cast.project) == Role.REVIEWER
    assert (membership.granted_by, membership.reason, membership.ended_at) == (cast.olga, "Helps out", None)
    assert left.events == ["role.granted"]
    entry = left.entry
    assert (entry.actor, entry.role, entry.reason) == (cast.olga, "owner", "Helps out")
    assert (entry.subject_name, entry.after, entry.project_id) == ("uma: Reviewer", "reviewer", cast.project.pk)
    assert len(left.versions_of(Membership)) == 1
    assert is_one_act(left)


@pytest.mark.parametrize("role", list(Role))
def test_a_grant_is_mirrored_exactly(cast: Cast, role: Role) -> None:
    with what_is_left() as left:
        grant_role(cast.project, cast.uma, role, by=cast.olga, reason="Helps out")
    assert mirrors(cast.uma, cast.project, role)
    assert len(left.versions_of(ProjectUserPermission)) == len(permissions_in_the_matrix(role))
    assert permissions_held(cast.uma, cast.elsewhere) == permissions_in_the_matrix(Role.OWNER)


def test_a_grant_for_a_time_says_until_when(cast: Cast) -> None:
    until = timezone.now() + timedelta(days=7)
    with what_is_left() as left:
        membership = grant_role(
            cast.project, cast.uma, Role.REVIEWER, by=cast.olga, reason="For a week", valid_until=until
        )
    assert membership.valid_until == until
    assert left.entry.after == {"role": "reviewer", "valid_until": until.isoformat().replace("+00:00", "Z")}


def test_a_grant_into_the_past_is_refused(cast: Cast) -> None:
    with what_is_left() as left, pytest.raises(ValidationError, match="passed already"):
        grant_role(cast.project, cast.uma, Role.REVIEWER, by=cast.olga, reason="Late", valid_until=timezone.now())
    assert (left.events, left.versions) == ([], [])


@pytest.mark.parametrize("who", ["ravi", "ana", "uma"])
def test_only_owners_grant(cast: Cast, who: str) -> None:
    with what_is_left() as left, pytest.raises(PermissionDenied):
        grant_role(cast.project, cast.uma, Role.OWNER, by=getattr(cast, who), reason="I want to")
    assert (left.events, left.versions) == (["access.denied"], [])
    assert role_of(cast.uma, cast.project) is None


@pytest.mark.parametrize("reason", ["", " \n "])
def test_a_grant_says_why(cast: Cast, reason: str) -> None:
    with what_is_left() as left, pytest.raises(ValidationError, match="say why"):
        grant_role(cast.project, cast.uma, Role.REVIEWER, by=cast.olga, reason=reason)
    assert (left.events, left.versions) == ([], [])


def test_nobody_holds_two_roles_on_one_project(cast: Cast) -> None:
    with what_is_left() as left, pytest.raises(ValidationError, match="already"):
        grant_role(cast.project, cast.ravi, Role.ANNOTATOR, by=cast.olga, reason="Both")
    assert (left.events, left.versions) == ([], [])
    with operation(), pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.create(project=cast.project, user=cast.ravi, role=Role.OWNER, reason="Both")


def test_people_of_an_imported_history_hold_no_role(cast: Cast) -> None:
    ghost = stand_in_for("Grace", slug="birds")
    ways: list[Callable[[], object]] = [
        lambda: grant_role(cast.project, ghost, Role.ANNOTATOR, by=cast.olga, reason="Was here"),
        lambda: appoint_first_owner(project_without_a_team(), ghost, by=cast.root, reason="Was here"),
    ]
    for give in ways:
        with what_is_left() as left, pytest.raises(ValidationError, match="not in use"):
            give()
        assert not left.versions_of(Membership)
        assert not left.entries


def test_a_closed_account_holds_no_role(cast: Cast) -> None:
    deactivate_account(cast.ana, by=cast.root, reason="Left the company")
    closed = User.objects.get(pk=cast.ana.pk)
    for account in (closed, cast.ana):  # the second still says active, like a row read before
        with pytest.raises(ValidationError, match="not in use"):
            grant_role(cast.project, account, Role.ANNOTATOR, by=cast.olga, reason="Back again")
        with pytest.raises(ValidationError, match="not in use"):
            appoint_first_owner(project_without_a_team(), account, by=cast.root, reason="Back again")


def project_without_a_team() -> Project:
    with operation():
        return Project.objects.get_or_create(slug="empty", defaults={"name": "Empty"})[0]


def test_a_first_owner_is_appointed_once(cast: Cast) -> None:
    project = project_without_a_team()
    with what_is_left() as left:
        appoint_first_owner(project, cast.uma, by=cast.root, reason="Begins it")
    assert left.events == ["role.granted"]
    assert is_one_act(left)
    assert mirrors(cast.uma, project, Role.OWNER)
    with what_is_left() as left, pytest.raises(ValidationError, match="team already"):
        appoint_first_owner(project, cast.ana, by=cast.root, reason="Me too")
    assert (left.events, left.versions) == ([], [])


# Changing


def test_an_owner_changes_a_role(cast: Cast) -> None:
    with what_is_left() as left:
        change_role(cast.membership_of(cast.ana), Role.REVIEWER, by=cast.olga, reason="Learnt it")
    assert role_of(cast.ana, cast.project) == Role.REVIEWER
    assert mirrors(cast.ana, cast.project, Role.REVIEWER)
    assert left.events == ["role.changed"]
    assert (left.entry.before, left.entry.after, left.entry.reason) == ("annotator", "reviewer", "Learnt it")
    (version,) = left.versions_of(Membership)
    assert (version.role, version.reason, version.history_type) == ("reviewer", "Learnt it", "~")
    gained = permissions_in_the_matrix(Role.REVIEWER) - permissions_in_the_matrix(Role.ANNOTATOR)
    lost = permissions_in_the_matrix(Role.ANNOTATOR) - permissions_in_the_matrix(Role.REVIEWER)
    types = [version.history_type for version in left.versions_of(ProjectUserPermission)]
    assert (types.count("+"), types.count("-")) == (len(gained), len(lost))
    assert is_one_act(left)


@pytest.mark.parametrize("who", ["ravi", "ana", "uma"])
def test_only_owners_change_roles(cast: Cast, who: str) -> None:
    with what_is_left() as left, pytest.raises(PermissionDenied):
        change_role(cast.membership_of(cast.ana), Role.OWNER, by=getattr(cast, who), reason="I want to")
    assert (left.events, left.versions) == (["access.denied"], [])
    assert mirrors(cast.ana, cast.project, Role.ANNOTATOR)


def test_a_change_says_why_and_changes_something(cast: Cast) -> None:
    with what_is_left() as left:
        with pytest.raises(ValidationError, match="say why"):
            change_role(cast.membership_of(cast.ana), Role.REVIEWER, by=cast.olga, reason="")
        with pytest.raises(ValidationError, match="is Annotator already"):
            change_role(cast.membership_of(cast.ana), Role.ANNOTATOR, by=cast.olga, reason="Again")
    assert (left.events, left.versions) == ([], [])


def test_a_role_that_is_over_is_not_changed(cast: Cast) -> None:
    ended = revoke_role(cast.membership_of(cast.ana), by=cast.olga, reason="Left the team")
    expired = pass_the_time_of(cast.membership_of(cast.ravi))
    for membership in (ended, expired):
        with what_is_left() as left, pytest.raises(ValidationError, match="ended already"):
            change_role(membership, Role.OWNER, by=cast.olga, reason="Once more")
        assert (left.events, left.versions) == ([], [])


# Ending


def test_an_owner_ends_a_role(cast: Cast) -> None:
    with what_is_left() as left:
        membership = revoke_role(cast.membership_of(cast.ravi), by=cast.olga, reason="Left the team")
    assert role_of(cast.ravi, cast.project) is None
    assert membership.ended_at is not None
    assert mirrors(cast.ravi, cast.project, None)
    assert left.events == ["role.revoked"]
    assert (left.entry.before, left.entry.reason) == ("reviewer", "Left the team")
    types = [version.history_type for version in left.versions_of(ProjectUserPermission)]
    assert types == ["-"] * len(permissions_in_the_matrix(Role.REVIEWER))
    assert is_one_act(left)


@pytest.mark.parametrize("who", ["ravi", "ana", "uma"])
def test_only_owners_end_roles(cast: Cast, who: str) -> None:
    with what_is_left() as left, pytest.raises(PermissionDenied):
        revoke_role(cast.membership_of(cast.ana), by=getattr(cast, who), reason="I want to")
    assert (left.events, left.versions) == (["access.denied"], [])
    assert mirrors(cast.ana, cast.project, Role.ANNOTATOR)


def test_an_end_says_why_and_comes_once(cast: Cast) -> None:
    membership = cast.membership_of(cast.ana)
    with what_is_left() as left, pytest.raises(ValidationError, match="say why"):
        revoke_role(membership, by=cast.olga, reason=" ")
    assert (left.events, left.versions) == ([], [])
    revoke_role(membership, by=cast.olga, reason="Left the team")
    with what_is_left() as left, pytest.raises(ValidationError, match="ended already"):
        revoke_role(membership, by=cast.olga, reason="Left the team")
    assert (left.events, left.versions) == ([], [])


def test_somebody_who_left_may_come_back(cast: Cast) -> None:
    revoke_role(cast.membership_of(cast.ana), by=cast.olga, reason="Left the team")
    grant_role(cast.project, cast.ana, Role.REVIEWER, by=cast.olga, reason="Came back")
    assert mirrors(cast.ana, cast.project, Role.REVIEWER)
    assert Membership.objects.filter(project=cast.project, user=cast.ana).count() == 2


# Expiring


def test_a_role_whose_time_is_over_expires(cast: Cast) -> None:
    membership = pass_the_time_of(cast.membership_of(cast.ravi))
    with what_is_left() as left:
        expire_membership(membership)
    assert Membership.objects.get(pk=membership.pk).ended_at == membership.valid_until
    assert mirrors(cast.ravi, cast.project, None)
    assert left.events == ["role.expired"]
    assert (left.entry.actor, left.entry.before) == (None, "reviewer")
    assert is_one_act(left)


def test_a_role_does_not_expire_before_its_time(cast: Cast) -> None:
    guest = grant_role(
        cast.project,
        cast.uma,
        Role.REVIEWER,
        by=cast.olga,
        reason="For a week",
        valid_until=timezone.now() + timedelta(days=7),
    )
    ended = revoke_role(cast.membership_of(cast.ana), by=cast.olga, reason="Left the team")
    for membership in (guest, cast.membership_of(cast.ravi), ended):
        with what_is_left() as left, pytest.raises(ValidationError):
            expire_membership(membership)
        assert (left.events, left.versions) == ([], [])


def test_a_role_that_expired_can_be_granted_again(cast: Cast) -> None:
    earlier = pass_the_time_of(cast.membership_of(cast.ravi))
    with what_is_left() as left:
        grant_role(cast.project, cast.ravi, Role.ANNOTATOR, by=cast.olga, reason="Once more")
    assert left.events == ["role.expired", "role.granted"]
    assert is_one_act(left)
    assert Membership.objects.get(pk=earlier.pk).ended_at == earlier.valid_until
    assert mirrors(cast.ravi, cast.project, Role.ANNOTATOR)


# A project keeps an owner


def test_a_project_keeps_an_owner(cast: Cast) -> None:
    last = cast.membership_of(cast.olga)
    ways: list[Callable[[], object]] = [
        lambda: revoke_role(last, by=cast.olga, reason="Tired"),
        lambda: change_role(last, Role.REVIEWER, by=cast.olga, reason="Tired"),
        lambda: revoke_role(last, by=cast.root, reason="Must go"),
    ]
    for leave in ways:
        with what_is_left() as left, pytest.raises(ValidationError, match="keeps an owner"):
            leave()
        assert (left.events, left.versions) == ([], [])
    assert mirrors(cast.olga, cast.project, Role.OWNER)


def test_an_owner_leaves_after_making_another(cast: Cast) -> None:
    change_role(cast.membership_of(cast.ravi), Role.OWNER, by=cast.olga, reason="Takes over")
    revoke_role(cast.membership_of(cast.olga), by=cast.olga, reason="Goes on leave")
    assert [membership.user for membership in owners_of(cast.project)] == [cast.ravi]


def test_an_owner_for_a_time_is_not_the_one_a_project_keeps(cast: Cast) -> None:
    """When the time is over nobody is asked, so the project would be left alone."""
    tomorrow = timezone.now() + timedelta(days=1)
    grant_role(cast.project, cast.uma, Role.OWNER, by=cast.olga, reason="Stands in", valid_until=tomorrow)
    with pytest.raises(ValidationError, match="keeps an owner"):
        revoke_role(cast.membership_of(cast.olga), by=cast.olga, reason="Goes on leave")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("step", ["revoke", "demote"])
def test_two_owners_who_show_each_other_the_door_leave_one(step: str) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("On SQLite one writes at a time.")
    cast = assemble()
    change_role(cast.membership_of(cast.ravi), Role.OWNER, by=cast.olga, reason="Takes part")
    for _ in range(5):
        refused = both_at_once(step, cast)
        assert refused == 1
        (owner,) = owners_of(cast.project)
        other = cast.ravi if owner.user == cast.olga else cast.olga
        bring_back(other, cast, by=owner.user)
    assert not Entry.objects.filter(event="change.unexplained").exists()


def both_at_once(step: str, cast: Cast) -> int:
    """Let Olga and Ravi act on each other at the same moment; how many of them were refused."""
    start = threading.Barrier(2)
    refused: list[Exception] = []

    def act(by: User, on: Membership) -> None:
        try:
            start.wait(timeout=10)
            if step == "revoke":
                revoke_role(on, by=by, reason="Disagrees")
            else:
                change_role(on, Role.ANNOTATOR, by=by, reason="Disagrees")
        except (PermissionDenied, ValidationError) as error:
            refused.append(error)
        finally:
            connections.close_all()

    olgas, ravis = cast.membership_of(cast.olga), cast.membership_of(cast.ravi)
    threads = [threading.Thread(target=act, args=pair) for pair in ((cast.olga, ravis), (cast.ravi, olgas))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert not any(thread.is_alive() for thread in threads)
    return len(refused)


def bring_back(user: User, cast: Cast, *, by: User) -> None:
    held = Membership.objects.filter(project=cast.project, user=user, ended_at=None).first()
    if held:
        change_role(held, Role.OWNER, by=by, reason="Made up")
    else:
        grant_role(cast.project, user, Role.OWNER, by=by, reason="Made up")
