"""Going back to a snapshot: first what that would change, then, once it was seen, the act itself."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods

from labelop.models import Project
from labelop.selectors.projects import projects_visible_to
from roles.forms import take_errors
from roles.matrix import Can
from roles.models import User
from roles.pages import member_behind
from roles.selectors import abilities_of
from roles.services import authorize

from ..forms.restore import RestoreForm
from ..models import Snapshot
from ..restore import Preview, preview_restore, states_of
from ..scenes import drawings_of
from ..selectors import snapshots_visible_to
from ..services.restore import restore as restore_snapshot
from ..standing import standings_of
from .differences import CALLED, gist, named
from .tabs import tabs_of

SHOWN = 50


@require_http_methods(["GET", "HEAD", "POST"])
def restore(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Ask how much goes back; a POST shows the preview, and one with the preview's `seen` does it."""
    viewer = member_behind(request)
    project = get_object_or_404(projects_visible_to(viewer), slug=slug)
    snapshot = get_object_or_404(snapshots_visible_to(viewer), project=project, number=number)
    authorize(viewer, Can.RESTORE_DATA, project)
    form = RestoreForm(request.POST if request.method == "POST" else None, project=project)
    preview = None
    if form.is_valid():
        try:
            if request.POST.get("seen"):
                return _restore(request, project, snapshot, form)
            preview = preview_restore(project, snapshot, form.scope)
        except ValidationError as error:
            take_errors(form, error.error_dict if hasattr(error, "error_dict") else {"": error.messages})
            preview = _preview_again(project, snapshot, form)
    context = _context(request, project, snapshot, form, preview)
    status = 422 if form.is_bound and form.errors else 200
    return TemplateResponse(request, "snapshots/restore.html", context, status=status)


def _restore(request: HttpRequest, project: Project, snapshot: Snapshot, form: RestoreForm) -> HttpResponse:
    done = restore_snapshot(
        project,
        snapshot,
        form.scope,
        by=member_behind(request),
        reason=form.cleaned_data["reason"],
        seen=request.POST["seen"],
    )
    messages.success(request, f"{done.preview.records:,} records are back; what was newer stays in their history.")
    return redirect("admin:audit_entry_change", done.entry.pk)


def _preview_again(project: Project, snapshot: Snapshot, form: RestoreForm) -> Preview | None:
    """What an act that was turned down would do now."""
    try:
        return preview_restore(project, snapshot, form.scope)
    except ValidationError:
        return None


def _context(
    request: HttpRequest, project: Project, snapshot: Snapshot, form: RestoreForm, preview: Preview | None
) -> dict[str, Any]:
    return {
        **admin.site.each_context(request),
        "title": f"Restore {snapshot}",
        "project": project,
        "tabs": tabs_of(project, abilities_of(member_behind(request), project)),
        "snapshot": snapshot,
        "form": form,
        "preview": preview,
        "scope": form.scope.told(project) if preview else "",
        "lines": _lines(project, preview, request.user) if preview else [],
        "more": max(0, len(preview.differences) - SHOWN) if preview else 0,
        "left_alone": preview.left_alone[:SHOWN] if preview else [],
    }


def _lines(project: Project, preview: Preview, viewer: User | AnonymousUser) -> list[dict[str, Any]]:
    """The first records that would go back, each drawn from how it stands to how it would."""
    shown = preview.differences[:SHOWN]
    drawings = drawings_of(shown, project, *states_of(preview))
    standings = standings_of(viewer, [(one.section, one.record_id) for one in shown])
    return [
        {
            "name": named(one),
            "section": CALLED[one.section],
            "kind": one.kind,
            "gist": gist(one, drawing),
            "drawing": drawing,
            "standing": standings.get((one.section, one.record_id)),
        }
        for one, drawing in zip(shown, drawings, strict=True)
    ]
