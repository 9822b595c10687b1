"""Stray permissions: those that no membership explains are found, and let nobody act."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import PermissionDenied
from guardian.models import GroupObjectPermission, UserObjectPermission
from guardian.shortcuts import assign_perm

from audit.acting import operation
from roles.matrix import Role
from roles.models import ProjectGroupPermission, ProjectUserPermission
from roles.selectors import stray_permissions
from roles.services import change_role, create_account, deactivate_account, expire_membership, grant_role, revoke_role
from tests.cast import Cast, person

from .test_memberships import mirrors, pass_the_time_of, permissions_in_the_matrix


def test_a_clean_project_has_no_stray_permissions(cast: Cast) -> None:
    change_role(cast.membership_of(cast.ravi), Role.OWNER, by=cast.olga, reason="Takes over")
    revoke_role(cast.membership_of(cast.ana), by=cast.olga, reason="Left the team")
    deactivate_account(cast.olga, by=cast.root, reason="Left the company")
    assert stray_permissions() == []


def permission(codename: str) -> Permission:
    return Permission.objects.get(content_type__app_label="labelop", codename=codename)


def give_a_project_permission(cast: Cast) -> None:
    assign_perm("labelop.manage_roles", cast.ana, cast.project)


def give_a_group_a_project_permission(cast: Cast) -> None:
    assign_perm("labelop.manage_roles", Group.objects.create(name="friends"), cast.project)


def give_a_generic_permission(cast: Cast) -> None:
    UserObjectPermission.objects.assign_perm("change_user", cast.ana, cast.olga)


def give_a_group_a_generic_permission(cast: Cast) -> None:
    group = Group.objects.create(name="friends")
    GroupObjectPermission.objects.assign_perm("change_user", group, cast.olga)


def give_a_permission_everywhere(cast: Cast) -> None:
    cast.ana.user_permissions.add(permission("manage_roles"))


def give_a_group_a_permission_everywhere(cast: Cast) -> None:
    Group.objects.create(name="friends").permissions.add(permission("manage_roles"))


@pytest.mark.parametrize(
    ("give", "holder", "codename", "on_the_project"),
    [
        (give_a_project_permission, "ana", "manage_roles", True),
        (give_a_group_a_project_permission, "friends", "manage_roles", True),
        (give_a_generic_permission, "ana", "change_user", False),
        (give_a_group_a_generic_permission, "friends", "change_user", False),
        (give_a_permission_everywhere, "ana", "manage_roles", False),
        (give_a_group_a_permission_everywhere, "friends", "manage_roles", False),
    ],
)
def test_every_kind_of_stray_permission_is_found(
    cast: Cast, give: Callable[[Cast], None], holder: str, codename: str, on_the_project: bool
) -> None:
    with operation():
        give(cast)
    (stray,) = stray_permissions()
    project_id = cast.project.pk if on_the_project else None
    assert (stray.holder, stray.permission, stray.project_id) == (holder, codename, project_id)


def test_permissions_of_an_expired_role_are_stray_until_it_is_ended(cast: Cast) -> None:
    membership = pass_the_time_of(cast.membership_of(cast.ravi))
    assert {stray.permission for stray in stray_permissions()} == permissions_in_the_matrix(Role.REVIEWER)
    expire_membership(membership)
    assert stray_permissions() == []


def test_permissions_of_another_project_are_not_explained_by_a_role_here(cast: Cast) -> None:
    with operation():
        ProjectUserPermission.objects.create(
            user=cast.olga, permission=permission("manage_roles"), content_object=cast.elsewhere
        )
    (stray,) = stray_permissions()
    assert (stray.holder, stray.project_id) == ("olga", cast.elsewhere.pk)
    assert not ProjectGroupPermission.objects.exists()


def test_a_stray_permission_lets_nobody_act(cast: Cast) -> None:
    with operation():
        give_a_project_permission(cast)
        give_a_permission_everywhere(cast)
    with pytest.raises(PermissionDenied):
        grant_role(cast.project, cast.uma, Role.OWNER, by=cast.ana, reason="I can")


def test_a_stray_permission_goes_when_the_role_changes(cast: Cast) -> None:
    with operation():
        give_a_project_permission(cast)
    change_role(cast.membership_of(cast.ana), Role.REVIEWER, by=cast.olga, reason="Learnt it")
    assert stray_permissions() == []
    assert mirrors(cast.ana, cast.project, Role.REVIEWER)


def test_a_new_account_holds_nothing(cast: Cast) -> None:
    newcomer = create_account("newcomer", "a long sentence nobody guesses", by=cast.root)
    assert mirrors(newcomer, cast.project, None)
    assert person("another").memberships.count() == 0
