"""Who holds which role, and what that lets them see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser, Group
from django.db import models
from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from guardian.models import GroupObjectPermission, UserObjectPermission

from audit.events import Event
from audit.history import versions_of
from audit.models import Delivery, Entry, Webhook

from .matrix import MATRIX, Bounds, Can, Role, permissions_of
from .models import Anomaly, Kind, Membership, ProjectGroupPermission, ProjectUserPermission, Token, User

# How long a revealed name is told to whoever revealed it.
REVEALED_FOR = timedelta(hours=8)


def role_of(user: User, project: models.Model) -> Role | None:
    """The role this user holds on this project now."""
    if not user.is_active or (user.bounds and not user.bounds.hold(project.pk)):
        return None
    held = Membership.objects.in_force().filter(user=user, project_id=project.pk)
    # Unordered, since there is one at most: its order would join the project.
    role = held.order_by().values_list("role", flat=True).first()
    return Role(role) if role else None


def projects_where(viewer: User | AnonymousUser, can: Can) -> QuerySet[Any, Any]:
    """The ids of the projects on which this viewer can do this; for `filter(project__in=…)`."""
    only = bounds_of(viewer)
    if viewer.is_active and viewer.is_superuser:
        projects = Membership._meta.get_field("project").related_model._base_manager.values_list("pk", flat=True)
        return projects.filter(pk__in=only.project_ids) if only and only.project_ids is not None else projects
    if not viewer.is_active or viewer.is_anonymous:
        return Membership.objects.none().values_list("project_id", flat=True)
    held = Membership.objects.in_force().filter(user_id=viewer.pk, role__in=MATRIX[can])
    if only and only.project_ids is not None:
        held = held.filter(project__in=only.project_ids)
    return held.values_list("project_id", flat=True)


def bounds_of(viewer: User | AnonymousUser) -> Bounds | None:
    """Within what the token of this request lets its account act; None without a token."""
    return viewer.bounds if isinstance(viewer, User) else None


def sees_the_site(viewer: User | AnonymousUser) -> bool:
    """Whether this viewer reads what belongs to no project: accounts, and who stands above the projects."""
    only = bounds_of(viewer)
    return viewer.is_active and viewer.is_superuser and (only is None or only.hold(None))


def projects_by_slug(viewer: User | AnonymousUser) -> dict[str, int]:
    """The projects that can be named to this viewer, each by the word for it in addresses."""
    projects = Membership._meta.get_field("project").related_model._base_manager
    return dict(projects.filter(pk__in=projects_where(viewer, Can.SEE_PROJECT)).values_list("slug", "pk"))


def is_member_of_any_project(user: User | AnonymousUser) -> bool:
    if not user.is_active or user.is_anonymous:
        return False
    return user.is_superuser or Membership.objects.in_force().filter(user_id=user.pk).exists()


def can(user: User, ability: Can, project: models.Model) -> bool:
    """Whether to show something. What may be done is decided by `roles.services.authorize` alone."""
    if _stands_above(user, project):
        return True
    return role_of(user, project) in MATRIX[ability]


def abilities_of(user: User, project: models.Model) -> frozenset[Can]:
    """All that may be shown to somebody on a project, asked at once; see `can`."""
    if _stands_above(user, project):
        return frozenset(Can)
    role = role_of(user, project)
    return permissions_of(role) if role else frozenset()


def _stands_above(user: User, project: models.Model) -> bool:
    within = user.bounds is None or user.bounds.hold(project.pk)
    return user.is_active and user.is_superuser and within


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
    if sees_the_site(viewer):
        return Entry.objects.all()
    return Entry.objects.filter(project__in=projects_where(viewer, Can.INSPECT_TRAIL))


def revealed_to(viewer: User | AnonymousUser, project_ids: Iterable[int]) -> QuerySet:
    """The subjects, as (type, id), whose names this viewer had told lately: memberships, or whole projects.

    Somebody who may reveal no more is told no more. Asked by project and event, since about a project there is much.
    """
    allowed = projects_where(viewer, Can.REVEAL_IDENTITIES)
    lately = Entry.objects.filter(
        project__in=set(project_ids), event=Event.IDENTITY_REVEALED, recorded_at__gt=timezone.now() - REVEALED_FOR
    )
    return lately.filter(actor=viewer.pk, project__in=allowed).order_by().values_list("subject_type", "subject_id")


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


def anomalies_visible_to(viewer: User | AnonymousUser) -> QuerySet[Anomaly]:
    """What stands out on the projects where this viewer may resolve it; a superuser also sees the site's."""
    if sees_the_site(viewer):
        return Anomaly.objects.select_related("project")
    return Anomaly.objects.filter(project__in=projects_where(viewer, Can.RESOLVE_FINDINGS)).select_related("project")


def webhooks_visible_to(viewer: User | AnonymousUser) -> QuerySet[Webhook]:
    return Webhook.objects.filter(project__in=projects_where(viewer, Can.CONNECT_TOOLS)).select_related("project")


def deliveries_visible_to(viewer: User | AnonymousUser) -> QuerySet[Delivery]:
    visible = Delivery.objects.filter(project__in=projects_where(viewer, Can.CONNECT_TOOLS))
    return visible.select_related("project", "webhook", "entry")


@dataclass(frozen=True)
class StrayPermission:
    """A permission row that no membership explains. `holder` is a user's or a group's name."""

    row: models.Model
    holder: str
    user_id: int | None
    permission: str
    project_id: int | None


def stray_permissions() -> list[StrayPermission]:
    """Every permission row, guardian's and Django's own, that the memberships do not account for."""
    users, groups = ProjectUserPermission.objects.all(), ProjectGroupPermission.objects.all()
    return [*_strays_on_projects(users, groups), *_strays_of_the_site()]


def stray_permissions_of(project_id: int | None) -> list[StrayPermission]:
    """Those of one project, or of the site."""
    if project_id is None:
        return list(_strays_of_the_site())
    users = ProjectUserPermission.objects.filter(content_object=project_id)
    return list(_strays_on_projects(users, ProjectGroupPermission.objects.filter(content_object=project_id)))


def _strays_on_projects(
    users: QuerySet[ProjectUserPermission], groups: QuerySet[ProjectGroupPermission]
) -> Iterator[StrayPermission]:
    held = {
        (membership.user_id, membership.project_id): {can.value for can in permissions_of(Role(membership.role))}
        for membership in Membership.objects.in_force().filter(user__is_active=True)
    }
    for row in users.select_related("user", "permission"):
        if row.permission.codename not in held.get((row.user_id, row.content_object_id), set()):
            yield _of_user(row, row.content_object_id)
    for grouped in groups.select_related("group", "permission"):
        yield _of_group(grouped, grouped.content_object_id)


def _strays_of_the_site() -> Iterator[StrayPermission]:
    for generic in UserObjectPermission.objects.select_related("user", "permission"):
        yield _of_user(generic, None)
    for shared in GroupObjectPermission.objects.select_related("group", "permission"):
        yield _of_group(shared, None)
    for direct in User.user_permissions.through.objects.select_related("user", "permission"):
        yield _of_user(direct, None)
    for everywhere in Group.permissions.through.objects.select_related("group", "permission"):
        yield _of_group(everywhere, None)


def _of_user(row: Any, project_id: int | None) -> StrayPermission:
    return StrayPermission(row, str(row.user), row.user_id, row.permission.codename, project_id)


def _of_group(row: Any, project_id: int | None) -> StrayPermission:
    return StrayPermission(row, str(row.group), None, row.permission.codename, project_id)


def tokens_visible_to(viewer: User | AnonymousUser) -> QuerySet[Token]:
    """One's own, and those bound to a project whose connections one manages; to who sees the site all."""
    tokens = Token.objects.select_related("user", "project", "issued_by")
    if sees_the_site(viewer):
        return tokens
    managed = Q(project__in=projects_where(viewer, Can.CONNECT_TOOLS))
    seen = Q(project=None) | Q(project__in=projects_where(viewer, Can.SEE_PROJECT))
    return tokens.filter(managed | (Q(user=viewer.pk) & seen))


def projects_of(token: Token, viewer: User) -> list[str]:
    """Those of a token that is good for several projects, as far as this viewer sees them, each as in its address."""
    seen = projects_by_slug(viewer) if token.projects else {}
    return sorted(slug for slug, pk in seen.items() if pk in token.projects)


def accounts_visible_to(viewer: User | AnonymousUser) -> QuerySet[User]:
    """Accounts by name, to who sees the site and to nobody else."""
    return User.objects.exclude(kind=Kind.ATTRIBUTED) if sees_the_site(viewer) else User.objects.none()
