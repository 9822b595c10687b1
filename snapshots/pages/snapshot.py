"""The snapshot page: a snapshot between what led to it and what followed, and whether it adds up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from audit.events import Impact
from audit.models import Entry
from labelop.models import Project
from labelop.selectors.projects import projects_visible_to
from roles.matrix import Can, Role
from roles.pages import member_behind
from roles.selectors import abilities_of
from roles.telling import Pseudonyms, pseudonyms_in, told

from ..chapters import followed, led_to
from ..charts import class_bars, heat_table
from ..models import Snapshot
from ..roles_then import members_at
from ..selectors import snapshots_visible_to
from ..statement import Statement, statement_of
from .chips import impact_chips
from .days import days_around
from .differences import difference_page
from .release import badge_of
from .tabs import tabs_of

SHOWN = 20


@require_safe
def snapshot(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Show one snapshot; `from` compares it with another, `impact` and `kind` narrow, `after` turns the page."""
    project = get_object_or_404(projects_visible_to(request.user), slug=slug)
    snapshots = snapshots_visible_to(request.user).filter(project=project).defer("states")
    snapshot = get_object_or_404(snapshots, number=number)
    before = _compared_with(request, snapshots, snapshot)
    following = snapshots.filter(parent=snapshot).first()
    later = _without_its_end(followed(snapshot), following)
    earlier = _without_its_end(led_to(snapshot), snapshot)
    statement = _statement(project, before, snapshot)
    pseudonyms = pseudonyms_in([project.pk], request.user)
    abilities = abilities_of(member_behind(request), project)
    context = {
        **admin.site.each_context(request),
        "title": snapshot.name,
        "project": project,
        "tabs": tabs_of(project, abilities),
        "snapshot": snapshot,
        "taken": told([snapshot.entry], request.user)[0],
        "release": badge_of(snapshot),
        **_acts(request, snapshot),
        "before": before,
        "previous": snapshot.parent,
        "next": following,
        "others": [other for other in snapshots.order_by("-number")[:50] if other.pk != snapshot.pk],
        "statement": statement,
        "bars": class_bars(statement.opening_and_closing) if statement else None,
        "heat": heat_table(statement.moves) if statement else None,
        "computing": _is_computing(before) or _is_computing(snapshot),
        "differences": difference_page(statement, before, snapshot, request) if statement else None,
        "days": days_around(snapshot, following),
        "chips": impact_chips(_either(earlier, later), request.GET, default="high"),
        "later": told(_narrowed(later, request)[:SHOWN], request.user),
        "earlier": told(_narrowed(earlier, request)[:SHOWN], request.user),
        "restores": Can.RESTORE_DATA in abilities,
        "roles": _roles(project, before, snapshot, pseudonyms),
    }
    return TemplateResponse(request, "snapshots/snapshot.html", context)


def _compared_with(request: HttpRequest, snapshots: QuerySet[Snapshot], snapshot: Snapshot) -> Snapshot | None:
    asked = request.GET.get("from", "")
    if not asked:
        return snapshots.filter(pk=snapshot.parent_id).first() if snapshot.parent_id else None
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else 0
    return get_object_or_404(snapshots.exclude(pk=snapshot.pk), number=number)


def _statement(project: Project, before: Snapshot | None, snapshot: Snapshot) -> Statement | None:
    """None while one of the two is being computed, and for a window too long to wait for."""
    if _is_computing(before) or _is_computing(snapshot):
        return None
    return statement_of(project, before, snapshot)


def _without_its_end(entries: QuerySet[Entry], snapshot: Snapshot | None) -> QuerySet[Entry]:
    """A chapter's entries but the one that ended it, which the page draws as a line across."""
    if snapshot is not None:
        entries = entries.exclude(pk=snapshot.entry_id)
    return entries.select_related("project")


def _either(earlier: QuerySet[Entry], later: QuerySet[Entry]) -> QuerySet[Entry]:
    return earlier.order_by() | later.order_by()


def _narrowed(entries: QuerySet[Entry], request: HttpRequest) -> QuerySet[Entry]:
    chosen = request.GET.get("impact", "high").upper()
    return entries.filter(impact=Impact[chosen] if chosen in Impact.__members__ else Impact.HIGH)


def _acts(request: HttpRequest, snapshot: Snapshot) -> dict[str, Any]:
    """What the include of act buttons wants; the acts are those of the snapshot's place in the admin."""
    on_snapshots = admin.site.get_model_admin(Snapshot)
    viewer = member_behind(request)
    acts = [form for form in getattr(on_snapshots, "acts", ()) if form.offered(snapshot, viewer)]
    return {"acts": acts, "opts": Snapshot._meta, "original": snapshot}


def _is_computing(snapshot: Snapshot | None) -> bool:
    return snapshot is not None and snapshot.content_hash is None


@dataclass(frozen=True)
class RoleLine:
    """How many held a role at two cuts, and who at the later one."""

    role: str
    before: int | None
    after: int
    who: str


def _roles(project: Project, before: Snapshot | None, snapshot: Snapshot, pseudonyms: Pseudonyms) -> dict[str, Any]:
    now = members_at(snapshot)
    then = members_at(before) if before else None
    lines = [
        RoleLine(
            role.label,
            None if then is None else sum(held == role for held in then.values()),
            sum(held == role for held in now.values()),
            ", ".join(sorted(pseudonyms.of(project.pk, user, held) for user, held in now.items() if held == role)),
        )
        for role in Role
    ]
    return {"lines": lines, "before": None if then is None else len(then), "after": len(now)}
