"""Asking for permission: the question with which every service begins."""

from __future__ import annotations

from functools import partial

from django.db import models

from audit.acting import Actor, Refused, act_under_way, after_the_act

from ..matrix import MATRIX, Can
from ..models import User
from ..selectors import role_of, sees_the_site
from .noting import note_act_without_membership


def authorize(by: User, can: Can, project: models.Model) -> Actor:
    """Let somebody act on a project, or raise `Refused` (a `PermissionDenied`), which is recorded."""
    by = _as_stored(by)
    role = role_of(by, project)
    if by.bounds and not by.bounds.let(can):
        raise Refused(
            f"This token lets nobody {can.label}.",
            user=by,
            role=role or "",
            asked=can.value,
            project_id=project.pk,
        )
    if role is not None and role in MATRIX[can]:
        return Actor(by, role)
    if by.is_active and by.is_superuser and (by.bounds is None or by.bounds.hold(project.pk)):
        if act := act_under_way():
            after_the_act(partial(note_act_without_membership, project.pk, act.operation))
        return Actor(by, role or "", overriding=True)
    holder = f"As {role.label.lower()} of {project}" if role else f"Without a role on {project}"
    raise Refused(f"{holder} you cannot {can.label}.", user=by, role=role or "", asked=can.value, project_id=project.pk)


def authorize_on_site(by: User | None, asked: str) -> Actor:
    """Let a superuser act on what belongs to no project; `None` is the command line, which needs no leave."""
    if by is None:
        return Actor(None)
    by = _as_stored(by)
    if sees_the_site(by):
        return Actor(by)
    raise Refused("Only a superuser can do this.", user=by, role="", asked=asked, project_id=None)


def _as_stored(user: User) -> User:
    """The account as it is now: a session or a command may hold one from before it was closed."""
    stored = User.objects.get(pk=user.pk)
    stored.bounds = user.bounds
    return stored
