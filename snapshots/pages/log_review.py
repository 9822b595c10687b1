"""The page of one log review: its scope and checklist, what is made of each entry, findings, and the signature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods

from audit.models import Entry
from audit.query import asked_by
from roles.forms import take_errors
from roles.models import User
from roles.pages import member_behind
from roles.paging import newest_first
from roles.selectors import abilities_of, project_or_404
from roles.services import authorize
from roles.telling import Told, told

from ..forms.log_reviews import DisposeForm
from ..log_reviews import (
    Verified,
    decision_points,
    entries_in_scope,
    has_acted_in,
    progress_of,
    undecided,
    verify_sign_off,
)
from ..models import Disposition, LogReview, SignOff
from ..selectors import log_reviews_visible_to, who_could_sign
from .held import Names, when_of
from .tabs import tabs_of

PAGE = 50
# Entries of a scope beyond these are not counted.
COUNTED = 10_000
# A signature under more entries than this is verified when somebody asks.
VERIFIED_AT_ONCE = 1000


@dataclass(frozen=True)
class Point:
    """One entry of the scope, and what was made of it; `form` holds what was refused."""

    told: Told
    disposition: Disposition | None
    by: str
    form: DisposeForm | None = None

    @property
    def badge(self) -> str:
        return "ok" if self.disposition and self.disposition.verdict == Disposition.Verdict.EXPECTED else "no"


@require_http_methods(["GET", "HEAD", "POST"])
def read_log_review(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show one log review; `entries=all` shows the whole scope. A POST decides on one entry."""
    viewer = member_behind(request)
    project = project_or_404(viewer, slug)
    shown = get_object_or_404(log_reviews_visible_to(viewer), project=project, pk=pk)
    if request.method != "POST":
        return _show(request, shown, None)
    authorize(viewer, DisposeForm.can, project)
    form = DisposeForm(request.POST, subject=shown, viewer=viewer)
    if form.is_valid():
        try:
            form.act(**form.cleaned_data)
        except ValidationError as error:
            take_errors(form, error.error_dict if hasattr(error, "error_dict") else {"": error.messages})
        else:
            return redirect(_next_address(request, shown, form.cleaned_data["entry"]))
    return _show(request, shown, form)


def _next_address(request: HttpRequest, log_review: LogReview, decided: int) -> str:
    """Where to go on: at the next entry that waits for a disposition, below the one decided or else the newest."""
    left = undecided(log_review).order_by("-id")
    following = left.filter(pk__lt=decided).first() or left.first()
    here = request.GET.urlencode()
    if following is None:
        return f"{request.path}?{here}#signature"
    page = newest_first(_entries(log_review, request.GET), request.GET.get("before"), PAGE)
    if following.pk not in {entry.pk for entry in page.rows}:
        query = request.GET.copy()
        query["before"] = str(following.pk + 1)
        here = query.urlencode()
    return f"{request.path}?{here}#entry-{following.pk}"


def _entries(log_review: LogReview, asked: QueryDict) -> Any:
    everything = asked.get("entries") == "all"
    entries = entries_in_scope(log_review) if everything else decision_points(log_review)
    return entries.select_related("project")


def _show(request: HttpRequest, log_review: LogReview, form: DisposeForm | None) -> HttpResponse:
    viewer = member_behind(request)
    project = log_review.project
    context = {
        **admin.site.each_context(request),
        **page_of(log_review, viewer, request.GET, form),
        "title": log_review.title,
        "project": project,
        "tabs": tabs_of(project, abilities_of(viewer, project), "Log reviews"),
        **_acts(log_review, viewer),
    }
    status = 422 if form is not None else 200
    return TemplateResponse(request, "snapshots/log_review.html", context, status=status)


def _acts(log_review: LogReview, viewer: User) -> dict[str, Any]:
    """What the include of act buttons wants; the acts are those of the log review's place in the admin."""
    forms = getattr(admin.site.get_model_admin(LogReview), "acts", ())
    return {
        "acts": [form for form in forms if form.offered(log_review, viewer)],
        "opts": LogReview._meta,
        "original": log_review,
    }


def page_of(log_review: LogReview, viewer: User, asked: QueryDict, form: DisposeForm | None = None) -> dict[str, Any]:
    """Scope, checklist, entries with their dispositions, findings, progress, and the signature."""
    names = Names([log_review.project_id], viewer)
    page = newest_first(_entries(log_review, asked), asked.get("before"), PAGE)
    sign_off = SignOff.objects.filter(log_review=log_review).first()
    is_open = log_review.state == LogReview.State.OPEN
    return {
        "log_review": log_review,
        "when": when_of(log_review),
        "is_open": is_open,
        "verdicts": Disposition.Verdict.choices,
        "opened_by": names.of(log_review.project_id, log_review.opened_by_id),
        "asked": str(asked_by(log_review.query.items())),
        "size": min(found := entries_in_scope(log_review).order_by()[: COUNTED + 1].count(), COUNTED),
        "larger": found > COUNTED,
        "everything": asked.get("entries") == "all",
        "here": asked.urlencode(),
        "points": _points(log_review, page.rows, names, viewer, form),
        "older_than": page.older_than,
        "progress": progress_of(log_review),
        "findings": [
            (finding, names.of(finding.project_id, finding.owner_id)) for finding in log_review.findings.order_by("id")
        ],
        "sign_off": sign_off,
        "signed_by": names.signer(sign_off) if sign_off else "",
        "verified": _verified(log_review, sign_off, asked),
        "acted": is_open and has_acted_in(log_review, viewer),
        "nobody_could_sign": is_open and not who_could_sign(log_review).exists(),
    }


def _points(
    log_review: LogReview, entries: list[Entry], names: Names, viewer: User, form: DisposeForm | None
) -> list[Point]:
    given = {
        disposition.entry_id: disposition
        for disposition in Disposition.objects.filter(log_review=log_review, entry__in=entries)
    }
    refused = form.data.get("entry") if form is not None else None
    points = []
    for line in told(entries, viewer, names.pseudonyms):
        disposition = given.get(line.entry.pk)
        by = names.of(log_review.project_id, disposition.decided_by_id) if disposition else ""
        points.append(Point(line, disposition, by, form if refused == str(line.entry.pk) else None))
    return points


def _verified(log_review: LogReview, sign_off: SignOff | None, asked: QueryDict) -> Verified | None:
    if sign_off is None or (sign_off.entries > VERIFIED_AT_ONCE and "verify" not in asked):
        return None
    return verify_sign_off(log_review)
