"""The team page of a project."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from audit.events import Event

from .forms import ChangeRoleForm, GrantRoleForm, ReasonForm, take_errors
from .matrix import MATRIX, Can, Role
from .models import Anomaly, Membership, User
from .selectors import anomalies_visible_to, can, entries_visible_to, memberships_visible_to, project_or_404, role_of
from .services import authorize, change_role, grant_role, revoke_role
from .telling import Pseudonyms, pseudonyms_in, told

ABOUT_ACCESS = (
    Event.ROLE_GRANTED,
    Event.ROLE_CHANGED,
    Event.ROLE_REVOKED,
    Event.ROLE_EXPIRED,
    Event.ACCESS_OVERRIDDEN,
    Event.ACCESS_DENIED,
    Event.IDENTITY_REVEALED,
    Event.ANOMALY_NOTED,
    Event.ANOMALY_RESOLVED,
)
ANOMALIES = 10


@dataclass(frozen=True)
class Member:
    """One line of the team, with the forms its viewer may use."""

    membership: Membership
    pseudonym: str
    username: str
    you: bool
    expired: bool
    change_form: ChangeRoleForm | None
    end_form: ReasonForm | None
    open: bool


@require_http_methods(["GET", "HEAD", "POST"])
def team(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the team; a POST grants a role."""
    project = project_or_404(member_behind(request), slug)
    if request.method != "POST":
        return _show(request, project)
    authorize(member_behind(request), Can.MANAGE_ROLES, project)
    form = GrantRoleForm(request.POST)

    def grant(user: Any, role: Role, reason: str, valid_until: Any) -> Membership:
        return grant_role(project, user, role, by=member_behind(request), reason=reason, valid_until=valid_until)

    return _try(request, project, form, grant, "The role is granted.") or _show(request, project, grant=form)


@require_POST
def change(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Give a member another role."""
    project, membership = _member_or_404(request, slug, pk)
    authorize(member_behind(request), Can.MANAGE_ROLES, project)
    form = ChangeRoleForm(request.POST, prefix=f"change-{pk}")

    def act(role: Role, reason: str) -> Membership:
        return change_role(membership, role, by=member_behind(request), reason=reason)

    return _try(request, project, form, act, "The role is changed.") or _show(request, project, changes={pk: form})


@require_POST
def end(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """End a member's role."""
    project, membership = _member_or_404(request, slug, pk)
    authorize(member_behind(request), Can.MANAGE_ROLES, project)
    form = ReasonForm(request.POST, prefix=f"end-{pk}")

    def act(reason: str) -> Membership:
        return revoke_role(membership, by=member_behind(request), reason=reason)

    return _try(request, project, form, act, "The role has ended.") or _show(request, project, ends={pk: form})


def member_behind(request: HttpRequest) -> User:
    """Who asks; the admin lets nobody else through to its views."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def _member_or_404(request: HttpRequest, slug: str, pk: int) -> tuple[Any, Membership]:
    project = project_or_404(member_behind(request), slug)
    return project, get_object_or_404(memberships_visible_to(member_behind(request)), project=project, pk=pk)


def _try(
    request: HttpRequest, project: Any, form: Any, act: Callable[..., Membership], done: str
) -> HttpResponse | None:
    if not form.is_valid():
        return None
    try:
        act(**form.cleaned_data)
    except ValidationError as error:
        take_errors(form, error.error_dict if hasattr(error, "error_dict") else {"": error.messages})
        return None
    messages.success(request, f"{done} It is the first line of the trail below.")
    return redirect("team", project.slug)


def _show(
    request: HttpRequest,
    project: Any,
    *,
    grant: GrantRoleForm | None = None,
    changes: dict[int, ChangeRoleForm] | None = None,
    ends: dict[int, ReasonForm] | None = None,
) -> HttpResponse:
    viewer = member_behind(request)
    manages = can(viewer, Can.MANAGE_ROLES, project)
    pseudonyms = pseudonyms_in([project.pk])
    anomalies = anomalies_visible_to(viewer).filter(project=project).exclude(state=Anomaly.State.RESOLVED)
    members = [
        _member(request, membership, pseudonyms, manages, changes or {}, ends or {})
        for membership in memberships_visible_to(viewer).filter(project=project).order_by("ended_at", "id")
    ]
    entries = entries_visible_to(viewer).filter(project=project, event__in=ABOUT_ACCESS)[:12]
    context = {
        **admin.site.each_context(request),
        "title": "Team",
        "project": project,
        "members": [member for member in members if not member.membership.ended_at],
        "ended": [member for member in members if member.membership.ended_at],
        "matrix": [(ability.label, [role in roles for role in Role]) for ability, roles in MATRIX.items()],
        "roles": list(Role),
        "your_role": role_of(viewer, project),
        "manages": manages,
        "inspects": can(viewer, Can.INSPECT_TRAIL, project),
        "grant_form": (grant or GrantRoleForm()) if manages else None,
        "entries": told(entries, viewer),
        "anomalies": anomalies[:ANOMALIES],
    }
    refused = any(form is not None for form in (grant, changes, ends))
    return TemplateResponse(request, "roles/team.html", context, status=422 if refused else 200)


def _member(
    request: HttpRequest,
    membership: Membership,
    pseudonyms: Pseudonyms,
    manages: bool,
    changes: dict[int, ChangeRoleForm],
    ends: dict[int, ReasonForm],
) -> Member:
    pk = membership.pk
    editable = manages and membership.ended_at is None
    change_form = changes.get(pk) or ChangeRoleForm(prefix=f"change-{pk}", initial={"role": membership.role})
    end_form = ends.get(pk) or ReasonForm(prefix=f"end-{pk}")
    return Member(
        membership,
        pseudonyms.of(membership.project_id, membership.user_id, membership.role),
        membership.user.username if manages else "",
        membership.user_id == request.user.pk,
        membership.valid_until is not None and membership.valid_until <= timezone.now(),
        change_form if editable else None,
        end_form if editable else None,
        pk in changes or pk in ends,
    )
