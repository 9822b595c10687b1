"""Giving, changing and ending roles."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from audit.acting import Actor, locked, moment_of_act, operation
from audit.events import Event
from audit.services import record

from ..anomalies import self_grants
from ..matrix import Can, Role, permissions_of
from ..models import Kind, Membership, ProjectUserPermission, User
from ..selectors import owners_of
from .noting import note_anomalies
from .permission import authorize


@operation()
def appoint_first_owner(project: models.Model, owner: User, *, by: User, reason: str) -> Membership:
    """Give a project that never had a team its first owner."""
    if Membership.objects.filter(project_id=project.pk).exists():
        raise ValidationError("This project has had a team already: an owner grants its roles.")
    _must_be_in_use(owner)
    return _appoint(project, owner, Role.OWNER, Actor(by), reason, None)


@operation()
def grant_role(
    project: models.Model, user: User, role: Role, *, by: User, reason: str, valid_until: datetime | None = None
) -> Membership:
    """Give somebody a role on a project."""
    project = locked(project)
    actor = authorize(by, Can.MANAGE_ROLES, project)
    _must_be_in_use(user)
    if valid_until is not None and valid_until <= timezone.now():
        raise ValidationError({"valid_until": "This moment has passed already."})
    running = Membership.objects.filter(project_id=project.pk, user=user, ended_at=None).first()
    if running is not None:
        if Membership.objects.in_force().filter(pk=running.pk).exists():
            raise ValidationError({"user": f"{user} is {running.get_role_display()} already: change that role."})
        _end(running, Actor(None), Event.ROLE_EXPIRED, "", running.valid_until)
    membership = _appoint(project, user, role, actor, reason, valid_until)
    note_anomalies(project.pk, self_grants(project.pk, membership))
    return membership


@operation()
def change_role(membership: Membership, role: Role, *, by: User, reason: str) -> Membership:
    """Give a member another role."""
    project = locked(membership.project)
    membership = locked(membership)
    actor = authorize(by, Can.MANAGE_ROLES, project)
    _must_be_in_force(membership)
    if membership.role == role:
        raise ValidationError({"role": f"{membership.user} is {role.label} already."})
    before = Role(membership.role)
    membership.role = role
    membership.granted_by = by
    membership.reason = reason.strip()
    membership.save()
    _keep_an_owner(project)
    _mirror(membership)
    record(Event.ROLE_CHANGED, membership, actor, reason=reason, before=before.value, after=role.value)
    note_anomalies(project.pk, self_grants(project.pk, membership))
    return membership


@operation()
def revoke_role(membership: Membership, *, by: User, reason: str) -> Membership:
    """End a member's role."""
    project = locked(membership.project)
    membership = locked(membership)
    actor = authorize(by, Can.MANAGE_ROLES, project)
    _must_run(membership)
    _end(membership, actor, Event.ROLE_REVOKED, reason, moment_of_act())
    _keep_an_owner(project)
    return membership


@operation()
def expire_membership(membership: Membership) -> Membership:
    """End a membership whose time is over; it has given no rights since then."""
    membership = locked(membership)
    _must_run(membership)
    if membership.valid_until is None or membership.valid_until > timezone.now():
        raise ValidationError("This membership has not expired.")
    _end(membership, Actor(None), Event.ROLE_EXPIRED, "", membership.valid_until)
    return membership


def _appoint(
    project: models.Model, user: User, role: Role, actor: Actor, reason: str, valid_until: datetime | None
) -> Membership:
    membership = Membership.objects.create(
        project_id=project.pk,
        user=user,
        role=role,
        granted_by=actor.user,
        granted_at=moment_of_act(),
        reason=reason.strip(),
        valid_until=valid_until,
    )
    _mirror(membership)
    after = {"role": role.value, "valid_until": valid_until} if valid_until else role.value
    record(Event.ROLE_GRANTED, membership, actor, reason=reason, after=after)
    return membership


def _end(membership: Membership, actor: Actor, event: Event, reason: str, ended_at: datetime | None) -> None:
    membership.ended_at = ended_at
    membership.save()
    _mirror(membership)
    record(event, membership, actor, reason=reason, before=membership.role)


def _must_be_in_use(user: User) -> None:
    if not User.objects.filter(pk=user.pk, is_active=True).exclude(kind=Kind.ATTRIBUTED).exists():
        raise ValidationError({"user": f"{user} cannot hold a role: the account is not in use."})


def _must_be_in_force(membership: Membership) -> None:
    if not Membership.objects.in_force().filter(pk=membership.pk).exists():
        raise ValidationError("This membership has ended already.")


def _must_run(membership: Membership) -> None:
    if membership.ended_at is not None:
        raise ValidationError("This membership has ended already.")


def _keep_an_owner(project: models.Model) -> None:
    # Nobody is asked when an owner's time is over, so one for a time is not the one it keeps.
    if not owners_of(project).filter(valid_until=None).exists():
        raise ValidationError("A project keeps an owner: make somebody else owner first.", code="last_owner")


def _mirror(membership: Membership) -> None:
    """Make guardian's rows say what the membership says."""
    wanted = set() if membership.ended_at else {can.value for can in permissions_of(Role(membership.role))}
    rows = ProjectUserPermission.objects.filter(user=membership.user, content_object=membership.project_id)
    held = set(rows.values_list("permission__codename", flat=True))
    rows.filter(permission__codename__in=held - wanted).delete()
    permissions = Permission.objects.filter(
        content_type__app_label="labelop", content_type__model="project", codename__in=wanted - held
    )
    ProjectUserPermission.objects.bulk_create(
        ProjectUserPermission(user=membership.user, permission=permission, content_object_id=membership.project_id)
        for permission in permissions
    )
