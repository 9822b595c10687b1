"""Accounts: opening and closing them, and who stands above the projects."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError
from django.utils import timezone

from audit.acting import operation
from audit.history import versions_of
from roles.matrix import Role
from roles.models import Kind, Membership, User
from roles.selectors import owners_of, role_of, stray_permissions
from roles.services import (
    change_role,
    create_account,
    deactivate_account,
    grant_role,
    grant_superuser,
    operator_account,
    revoke_superuser,
    service_account,
    stand_in_for,
)
from tests.cast import PASSWORD, Cast, what_is_left

# Creating


def test_a_superuser_opens_an_account(cast: Cast) -> None:
    with what_is_left() as left:
        user = create_account("nina", PASSWORD, by=cast.root)
    assert user.check_password(PASSWORD)
    assert (user.is_active, user.is_superuser, user.kind) == (True, False, Kind.PERSON)
    assert left.events == ["account.created"]
    assert (left.entry.actor, left.entry.after, left.entry.project_id) == (cast.root, "person", None)
    (version,) = left.versions
    assert (version.instance_type, version.username) == (User, "nina")
    assert len(left.operations) == 1


def test_an_account_that_cannot_be_is_refused(cast: Cast) -> None:
    for username in ("olga", "two words", ""):
        with what_is_left() as left, pytest.raises(ValidationError):
            create_account(username, PASSWORD, by=cast.root)
        assert (left.events, left.versions) == ([], [])


def test_a_version_never_holds_a_password(cast: Cast) -> None:
    assert not {"password", "last_login"} & {field.name for field in versions_of(User)._meta.get_fields()}


def test_a_service_account_is_made_once_and_cannot_log_in(db: None) -> None:
    with what_is_left() as left:
        account = service_account("connector")
        assert service_account("connector") == account
    assert (account.kind, account.has_usable_password()) == (Kind.SERVICE, False)
    assert left.events == ["account.created"]
    assert len(left.operations) == 1


def test_a_service_account_is_never_somebody(cast: Cast) -> None:
    with pytest.raises(ValidationError, match="somebody's account"):
        service_account("olga")


def test_who_runs_commands_is_a_superuser_and_said_to_be(db: None) -> None:
    with what_is_left() as left:
        operator = operator_account()
        assert operator_account() == operator
    assert operator.is_superuser
    assert left.events == ["account.created", "account.superuser_granted"]


def test_people_of_an_imported_history_have_accounts_without_login(db: None) -> None:
    with what_is_left() as left:
        grace = stand_in_for("Grace Hopper", slug="birds")
        assert stand_in_for("Grace Hopper", slug="birds") == grace
        assert stand_in_for("Grace Hopper", slug="ships") != grace
    assert (grace.username, grace.kind, grace.has_usable_password()) == (
        "birds/Grace_Hopper-b2278a96",  # what does not fit is told apart by its digest
        Kind.ATTRIBUTED,
        False,
    )
    assert left.events == ["account.created"] * 2


# Superusers


def test_superuser_rights_are_granted_and_taken_back(cast: Cast) -> None:
    with what_is_left() as left:
        grant_superuser(cast.olga, by=cast.root, reason="Runs the site too")
    assert User.objects.get(pk=cast.olga.pk).is_superuser
    assert (left.events, left.entry.reason) == (["account.superuser_granted"], "Runs the site too")
    assert (len(left.versions), len(left.operations)) == (1, 1)
    with what_is_left() as left:
        revoke_superuser(cast.olga, by=cast.root, reason="No longer")
    assert not User.objects.get(pk=cast.olga.pk).is_superuser
    assert (left.events, left.entry.reason) == (["account.superuser_revoked"], "No longer")
    assert (len(left.versions), len(left.operations)) == (1, 1)


def test_only_superusers_make_superusers(cast: Cast) -> None:
    for user in (cast.olga, cast.ravi, cast.ana, cast.uma):
        with what_is_left() as left, pytest.raises(PermissionDenied):
            grant_superuser(user, by=user, reason="I want to")
        assert (left.events, left.versions) == (["access.denied"], [])
    with what_is_left() as left, pytest.raises(PermissionDenied):
        revoke_superuser(cast.root, by=cast.olga, reason="Too many")
    assert (left.events, left.versions) == (["access.denied"], [])


def test_superuser_rights_say_why_and_change_something(cast: Cast) -> None:
    with what_is_left() as left:
        with pytest.raises(ValidationError, match="say why"):
            grant_superuser(cast.olga, by=cast.root, reason=" ")
        with pytest.raises(ValidationError, match="say why"):
            revoke_superuser(cast.root, by=cast.root, reason="")
        with pytest.raises(ValidationError, match="superuser already"):
            grant_superuser(cast.root, by=cast.root, reason="Again")
        with pytest.raises(ValidationError, match="no superuser"):
            revoke_superuser(cast.olga, by=cast.root, reason="Again")
    assert (left.events, left.versions) == ([], [])


def test_who_cannot_act_gets_no_superuser_rights(cast: Cast) -> None:
    closed = deactivate_account(cast.ana, by=cast.root, reason="Left the company")
    for user in (closed, stand_in_for("Grace", slug="birds")):
        with what_is_left() as left, pytest.raises(ValidationError, match="not in use"):
            grant_superuser(user, by=cast.root, reason="Trust")
        assert (left.events, left.versions) == ([], [])


# Closing


def test_closing_an_account_ends_its_roles(cast: Cast) -> None:
    grant_role(cast.elsewhere, cast.ravi, Role.ANNOTATOR, by=cast.uma, reason="Helps out")
    with what_is_left() as left:
        deactivate_account(cast.ravi, by=cast.root, reason="Left the company")
    assert not User.objects.get(pk=cast.ravi.pk).is_active
    assert not Membership.objects.filter(user=cast.ravi, ended_at=None).exists()
    done = [entry for entry in left.entries if entry.event != "anomaly.noted"]
    assert sorted(entry.event for entry in done) == sorted(
        ["access.overridden", "role.revoked"] * 2 + ["account.deactivated"]
    )
    assert left.events.count("anomaly.noted") == 2, "one for each project without a role on it"
    assert {entry.reason for entry in done} == {"Left the company"}
    assert {entry.project_id for entry in done} == {cast.project.pk, cast.elsewhere.pk, None}
    assert len({entry.operation for entry in done}) == 1
    assert stray_permissions() == []


def test_closing_an_account_without_roles_leaves_one_entry(cast: Cast) -> None:
    nina = create_account("nina", PASSWORD, by=cast.root)
    with what_is_left() as left:
        deactivate_account(nina, by=cast.root, reason="Never came")
    assert left.events == ["account.deactivated"]
    assert (len(left.versions), len(left.operations)) == (1, 1)


def test_closing_an_account_keeps_an_owner(cast: Cast) -> None:
    with what_is_left() as left, pytest.raises(ValidationError, match="keeps an owner"):
        deactivate_account(cast.olga, by=cast.root, reason="Left the company")
    assert (left.events, left.versions) == ([], [])
    assert role_of(cast.olga, cast.project) == Role.OWNER
    change_role(cast.membership_of(cast.ravi), Role.OWNER, by=cast.olga, reason="Takes over")
    deactivate_account(cast.olga, by=cast.root, reason="Left the company")
    assert [membership.user for membership in owners_of(cast.project)] == [cast.ravi]


def test_closing_an_account_ends_roles_whose_time_is_over_too(cast: Cast) -> None:
    membership = cast.membership_of(cast.ravi)
    with operation():
        membership.valid_until = timezone.now() - timedelta(days=1)
        membership.save()
    deactivate_account(cast.ravi, by=cast.root, reason="Left the company")
    assert not Membership.objects.filter(user=cast.ravi, ended_at=None).exists()
    assert stray_permissions() == []


def test_only_superusers_close_accounts(cast: Cast) -> None:
    for user in (cast.olga, cast.ravi, cast.ana, cast.uma):
        with what_is_left() as left, pytest.raises(PermissionDenied):
            deactivate_account(cast.ana, by=user, reason="Unfriendly")
        assert (left.events, left.versions) == (["access.denied"], [])


def test_closing_says_why_and_comes_once(cast: Cast) -> None:
    with what_is_left() as left, pytest.raises(ValidationError, match="say why"):
        deactivate_account(cast.ana, by=cast.root, reason="")
    assert (left.events, left.versions) == ([], [])
    closed = deactivate_account(cast.ana, by=cast.root, reason="Left the company")
    with what_is_left() as left, pytest.raises(ValidationError, match="deactivated already"):
        deactivate_account(closed, by=cast.root, reason="Left the company")
    assert (left.events, left.versions) == ([], [])


def test_an_account_is_never_deleted_from_under_its_acts(cast: Cast) -> None:
    with operation(), pytest.raises(IntegrityError):
        User.objects.filter(pk=cast.uma.pk).delete()
