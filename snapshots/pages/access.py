"""The page of access: who holds which role, now and at any past moment, and what stands out of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from audit.events import Event
from labelop.models import Project
from roles.forms import AcknowledgeForm, ActForm, ChangeRoleForm, GrantRoleForm, ReasonForm, ResolveForm, take_errors
from roles.matrix import MATRIX, Can, Role
from roles.models import Anomaly, Membership, User
from roles.pages import member_behind
from roles.selectors import (
    abilities_of,
    anomalies_visible_to,
    entries_visible_to,
    memberships_visible_to,
    project_or_404,
    role_of,
    stray_permissions_of,
)
from roles.services import authorize, change_role, grant_role, revoke_role
from roles.telling import Pseudonyms, Told, pseudonyms_in, told

from ..selectors import snapshots_visible_to
from .tabs import tabs_of
from .then import NoSuchMoment, then_of

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
ANOMALIES, ENTRIES_OF_AN_ANOMALY, STRAYS, SNAPSHOTS = 10, 5, 20, 12


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


@dataclass(frozen=True)
class StandsOut:
    """An anomaly with the entries that show it, and the acts its viewer is offered."""

    anomaly: Anomaly
    entries: list[Told]
    acts: list[type[ActForm]]


@dataclass(frozen=True)
class Stray:
    """A permission row that no membership explains, in the words of the page."""

    holder: str
    permission: str


@require_http_methods(["GET", "HEAD", "POST"])
def access(request: HttpRequest, slug: str) -> HttpResponse:
    """Show who may do what; `at` asks for a past moment. A POST grants a role."""
    project = project_or_404(member_behind(request), slug)
    if request.method != "POST":
        return _show(request, project)
    authorize(member_behind(request), Can.MANAGE_ROLES, project)
    form = GrantRoleForm(request.POST)

    def grant(user: Any, role: Role, reason: str, valid_until: Any) -> Membership:
        return grant_role(project, user, role, by=member_behind(request), reason=reason, valid_until=valid_until)

    return _try(request, project, form, grant, "The role is granted.") or _show(request, project, grant=form)


@require_POST
def change_member(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Give a member another role."""
    project, membership = _member_or_404(request, slug, pk)
    authorize(member_behind(request), Can.MANAGE_ROLES, project)
    form = ChangeRoleForm(request.POST, prefix=f"change-{pk}")

    def act(role: Role, reason: str) -> Membership:
        return change_role(membership, role, by=member_behind(request), reason=reason)

    return _try(request, project, form, act, "The role is changed.") or _show(request, project, changes={pk: form})


@require_POST
def end_member(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """End a member's role."""
    project, membership = _member_or_404(request, slug, pk)
    authorize(member_behind(request), Can.MANAGE_ROLES, project)
    form = ReasonForm(request.POST, prefix=f"end-{pk}")

    def act(reason: str) -> Membership:
        return revoke_role(membership, by=member_behind(request), reason=reason)

    return _try(request, project, form, act, "The role has ended.") or _show(request, project, ends={pk: form})


def _member_or_404(request: HttpRequest, slug: str, pk: int) -> tuple[Project, Membership]:
    project = project_or_404(member_behind(request), slug)
    return project, get_object_or_404(memberships_visible_to(member_behind(request)), project=project, pk=pk)


def _try(
    request: HttpRequest, project: Project, form: Any, act: Callable[..., Membership], done: str
) -> HttpResponse | None:
    if not form.is_valid():
        return None
    try:
        act(**form.cleaned_data)
    except ValidationError as error:
        take_errors(form, error.error_dict if hasattr(error, "error_dict") else {"": error.messages})
        return None
    messages.success(request, f"{done} It is the first line of the trail below.")
    return redirect("access", project.slug)


def _show(
    request: HttpRequest,
    project: Project,
    *,
    grant: GrantRoleForm | None = None,
    changes: dict[int, ChangeRoleForm] | None = None,
    ends: dict[int, ReasonForm] | None = None,
) -> HttpResponse:
    viewer = member_behind(request)
    abilities = abilities_of(viewer, project)
    manages = Can.MANAGE_ROLES in abilities
    pseudonyms = pseudonyms_in([project.pk])
    members = [
        _member(request, membership, pseudonyms, manages, changes or {}, ends or {})
        for membership in memberships_visible_to(viewer).filter(project=project).order_by("ended_at", "id")
    ]
    entries = entries_visible_to(viewer).filter(project=project, event__in=ABOUT_ACCESS)[:12]
    past = _past(request, project, pseudonyms) if Can.INSPECT_TRAIL in abilities else {}
    context = {
        **admin.site.each_context(request),
        "title": "Access",
        "project": project,
        "tabs": tabs_of(project, abilities, "Access"),
        "members": [member for member in members if not member.membership.ended_at],
        "ended": [member for member in members if member.membership.ended_at],
        "matrix": [(ability.label, [role in roles for role in Role]) for ability, roles in MATRIX.items()],
        "roles": list(Role),
        "your_role": role_of(viewer, project),
        "manages": manages,
        "inspects": Can.INSPECT_TRAIL in abilities,
        "grant_form": (grant or GrantRoleForm()) if manages else None,
        "entries": told(entries, viewer),
        **past,
    }
    if Can.RESOLVE_FINDINGS in abilities:
        context |= {"resolves": True, "anomalies": _anomalies(viewer, project), **_strays(project, pseudonyms)}
    refused = any(form is not None for form in (grant, changes, ends)) or "no_moment" in past
    return TemplateResponse(request, "snapshots/access.html", context, status=422 if refused else 200)


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


def _anomalies(viewer: User, project: Project) -> list[StandsOut]:
    """What nobody has explained yet; only whoever may resolve anomalies is shown any."""
    open_ones = anomalies_visible_to(viewer).filter(project=project).exclude(state=Anomaly.State.RESOLVED)
    anomalies = list(open_ones[:ANOMALIES])
    shown = {anomaly.pk: anomaly.entries[-ENTRIES_OF_AN_ANOMALY:] for anomaly in anomalies}
    wanted = [pk for entries in shown.values() for pk in entries]
    found = {line.entry.pk: line for line in told(entries_visible_to(viewer).filter(pk__in=wanted), viewer)}
    return [
        StandsOut(anomaly, [found[pk] for pk in reversed(shown[anomaly.pk]) if pk in found], _acts_on(anomaly, viewer))
        for anomaly in anomalies
    ]


def _acts_on(anomaly: Anomaly, viewer: User) -> list[type[ActForm]]:
    """As the forms offer them, without asking again for the viewer's role."""
    acts: list[type[ActForm]] = [AcknowledgeForm] if AcknowledgeForm.fits(anomaly) else []
    return acts if viewer.pk in anomaly.people else [*acts, ResolveForm]


def _strays(project: Project, pseudonyms: Pseudonyms) -> dict[str, Any]:
    rows = stray_permissions_of(project.pk)
    return {
        "strays": [
            Stray(
                "A group" if row.user_id is None else pseudonyms.of(project.pk, row.user_id, ""),
                str(Can(row.permission).label) if row.permission in Can.values else row.permission.replace("_", " "),
            )
            for row in rows[:STRAYS]
        ],
        "more_strays": len(rows[STRAYS:]),
    }


def _past(request: HttpRequest, project: Project, pseudonyms: Pseudonyms) -> dict[str, Any]:
    """The past moment that is asked for, and the snapshots one may ask for."""
    asked = request.GET.get("at", "").strip()
    recent = snapshots_visible_to(request.user).filter(project=project).defer("states").order_by("-number")[:SNAPSHOTS]
    context: dict[str, Any] = {"snapshots": list(recent), "today": timezone.now().date()}
    if asked:
        try:
            context["then"] = then_of(project, asked, request.user, pseudonyms)
        except NoSuchMoment as error:
            context["no_moment"] = str(error)
    return context
