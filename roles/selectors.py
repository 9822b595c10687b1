"""Who holds which role, and what that lets them see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser, Group
from django.db import models
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from guardian.models import GroupObjectPermission, UserObjectPermission

from audit.history import versions_of
from audit.models import Entry

from .matrix import MATRIX, Can, Role, permissions_of
from .models import Membership, ProjectGroupPermission, ProjectUserPermission, User


def role_of(user: User, project: models.Model) -> Role | None:
    """The role this user holds on this project now."""
    if not user.is_active:
        return None
    role = Membership.objects.in_force().filter(user=user, project_id=project.pk).values_list("role", flat=True).first()
    return Role(role) if role else None


def projects_where(viewer: User | AnonymousUser, can: Can) -> QuerySet[Any, Any]:
    """The ids of the projects on which this viewer can do this; for `filter(project__in=…)`."""
    if viewer.is_active and viewer.is_superuser:
        return Membership._meta.get_field("project").related_model._base_manager.values_list("pk", flat=True)
    if not viewer.is_active or viewer.is_anonymous:
        return Membership.objects.none().values_list("project_id", flat=True)
    return (
        Membership.objects.in_force()
        .filter(user_id=viewer.pk, role__in=MATRIX[can])
        .values_list("project_id", flat=True)
    )


def is_member_of_any_project(user: User | AnonymousUser) -> bool:
    if not user.is_active or user.is_anonymous:
        return False
    return user.is_superuser or Membership.objects.in_force().filter(user_id=user.pk).exists()


def can(user: User, ability: Can, project: models.Model) -> bool:
    """Whether to show something. What may be done is decided by `roles.services.authorize` alone."""
    if user.is_active and user.is_superuser:
        return True
    return role_of(user, project) in MATRIX[ability]


def memberships_visible_to(viewer: User | AnonymousUser) -> QuerySet[Membership]:
    return Membership.objects.filter(project__in=projects_where(viewer, Can.SEE_PROJECT)).select_related(
        "user", "granted_by", "project"
    )


def project_or_404(viewer: User | AnonymousUser, slug: str) -> Any:
    """The project of this address, when this viewer may see it; anybody else learns nothing."""
    projects = Membership._meta.get_field("project").related_model._base_manager
    return get_object_or_404(projects.filter(pk__in=projects_where(viewer, Can.SEE_PROJECT)), slug=slug)


def entries_visible_to(viewer: User | AnonymousUser) -> QuerySet[Entry]:
    """The trail of the projects this viewer may inspect; a superuser also sees what belongs to the site."""
    if viewer.is_active and viewer.is_superuser:
        return Entry.objects.all()
    return Entry.objects.filter(project__in=projects_where(viewer, Can.INSPECT_TRAIL))


def owners_of(project: models.Model) -> QuerySet[Membership]:
    return Membership.objects.in_force().filter(project_id=project.pk, role=Role.OWNER, user__is_active=True)


def opening_names(user_ids: Iterable[int]) -> dict[int, str]:
    """The name under which each of these accounts was opened, which no renaming changes.

    Told from the first version of the account. Where a later account was opened under a name that had become
    free, it is `ana#2`, then `ana#3`: no username has a `#`.
    """
    opened = versions_of(User)._default_manager.filter(history_type="+").order_by("history_id")
    names = set(opened.filter(id__in=set(user_ids)).values_list("username", flat=True))
    found: dict[int, str] = {}
    times: Counter[str] = Counter()
    for user_id, name in opened.filter(username__in=names).values_list("id", "username"):
        times[name] += 1
        found.setdefault(user_id, name if times[name] == 1 else f"{name}#{times[name]}")
    return found


def latest_roles_in(project_ids: Iterable[int | None]) -> dict[tuple[int, int], str]:
    """The role that each member of these projects holds, or held last, by project and user."""
    rows = Membership.objects.filter(project__in={pk for pk in project_ids if pk}).order_by("id")
    return {(project, user): role for project, user, role in rows.values_list("project_id", "user_id", "role")}


@dataclass(frozen=True)
class StrayPermission:
    """A permission row that no membership explains. `holder` is a user's or a group's name."""

    row: models.Model
    holder: str
    permission: str
    project_id: int | None


def stray_permissions() -> list[StrayPermission]:
    """Every permission row, guardian's and Django's own, that the memberships do not account for."""
    held = {
        (membership.user_id, membership.project_id): {can.value for can in permissions_of(Role(membership.role))}
        for membership in Membership.objects.in_force().filter(user__is_active=True)
    }
    strays = [
        StrayPermission(row, str(row.user), row.permission.codename, row.content_object_id)
        for row in ProjectUserPermission.objects.select_related("user", "permission")
        if row.permission.codename not in held.get((row.user_id, row.content_object_id), set())
    ]
    for grouped in ProjectGroupPermission.objects.select_related("group", "permission"):
        strays.append(
            StrayPermission(grouped, str(grouped.group), grouped.permission.codename, grouped.content_object_id)
        )
    for generic in UserObjectPermission.objects.select_related("user", "permission"):
        strays.append(StrayPermission(generic, str(generic.user), generic.permission.codename, None))
    for shared in GroupObjectPermission.objects.select_related("group", "permission"):
        strays.append(StrayPermission(shared, str(shared.group), shared.permission.codename, None))
    for direct in User.user_permissions.through.objects.select_related("user", "permission"):
        strays.append(StrayPermission(direct, str(direct.user), direct.permission.codename, None))
    for everywhere in Group.permissions.through.objects.select_related("group", "permission"):
        strays.append(StrayPermission(everywhere, str(everywhere.group), everywhere.permission.codename, None))
    return strays
