"""The log reviews of one project: what is overdue and due first, then what was signed."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from roles.matrix import Can
from roles.pages import member_behind
from roles.paging import newest_first
from roles.selectors import abilities_of, project_or_404

from ..log_reviews import calls_for, due_days
from ..models import Finding, LogReview, Occasion
from ..selectors import findings_visible_to, log_reviews_visible_to
from .held import Names, held
from .tabs import hidden_without, tabs_of

OPEN, CLOSED, FINDINGS = 20, 20, 20


@require_safe
def list_log_reviews(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what is open, the most urgent first, and what is closed, newest first; `after` and `before` turn pages."""
    viewer = member_behind(request)
    project = project_or_404(viewer, slug)
    abilities = abilities_of(viewer, project)
    hidden_without(Can.RUN_LOG_REVIEWS, abilities)
    visible = log_reviews_visible_to(viewer).filter(project=project)
    owed, later = _most_urgent(visible.filter(state=LogReview.State.OPEN), request.GET.get("after", ""))
    closed = newest_first(visible.exclude(state=LogReview.State.OPEN), request.GET.get("before"), CLOSED)
    names = Names([project.pk], viewer)
    told = held([*owed, *closed.rows], names)
    findings = findings_visible_to(viewer).filter(project=project, closed_at=None).order_by("due_on", "id")
    context = {
        **admin.site.each_context(request),
        "title": "Log reviews",
        "project": project,
        "tabs": tabs_of(project, abilities, "Log reviews"),
        "open": told[: len(owed)],
        "later": later,
        "closed": told[len(owed) :],
        "older_than": closed.older_than,
        "first_page": not (request.GET.get("after") or request.GET.get("before")),
        "findings": [(one, names.of(project.pk, one.owner_id)) for one in _few(findings)],
        "routine": _routine(project.risk_tier),
        **_acts(viewer),
    }
    return TemplateResponse(request, "snapshots/log_reviews.html", context)


def _most_urgent(rows: QuerySet[LogReview], after: str) -> tuple[list[LogReview], str]:
    """The open ones by their day, from a place "2026-11-30.7" on, and the place of the next ones."""
    day, _, pk = after.partition(".")
    if pk.isascii() and pk.isdigit():
        try:
            reached = date.fromisoformat(day)
        except ValueError:
            reached = date.min
        rows = rows.filter(Q(due_on__gt=reached) | Q(due_on=reached, pk__gt=int(pk[:18])))
    found = list(rows.order_by("due_on", "id")[: OPEN + 1])
    last = found[OPEN - 1] if len(found) > OPEN else None
    return found[:OPEN], f"{last.due_on.isoformat()}.{last.pk}" if last else ""


def _few(findings: QuerySet[Finding]) -> list[Finding]:
    return list(findings[:FINDINGS])


def _routine(tier: str) -> list[tuple[str, int, bool]]:
    """Each occasion, how many days there are, and whether the project's risk asks for it by itself."""
    return [(str(occasion.label), due_days(tier, occasion), calls_for(tier, occasion)) for occasion in Occasion]


def _acts(viewer: Any) -> dict[str, Any]:
    forms = getattr(admin.site.get_model_admin(LogReview), "list_acts", ())
    return {"acts": [form for form in forms if form.offered(None, viewer)], "opts": LogReview._meta}
