"""Downloading a snapshot in a format that other tools read, once it is said why."""

from __future__ import annotations

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.utils.text import slugify
from django.views.decorators.http import require_http_methods

from roles.forms import take_errors
from roles.matrix import Can
from roles.pages import member_behind
from roles.services import authorize

from ..archive import Archive
from ..formats.outlook import outlooks_of
from ..forms.streams import ExportSnapshot
from .review import reviewed
from .tabs import tabs_of

ZIP = "application/zip"


@require_http_methods(["GET", "HEAD", "POST"])
def export_snapshot(request: HttpRequest, slug: str, number: int) -> HttpResponseBase:
    """Ask for the format and the reason; a POST records the export and streams the archive."""
    one, viewer = reviewed(request, slug, number), member_behind(request)
    authorize(viewer, Can.EXPORT_SNAPSHOTS, one.project)
    form = ExportSnapshot(request.POST if request.method == "POST" else None, subject=one.snapshot, viewer=viewer)
    if form.is_valid():
        try:
            return as_zip(form.act(**form.cleaned_data), form)
        except ValidationError as error:
            take_errors(form, {"": error.messages})
    context = {
        **admin.site.each_context(request),
        "title": "Export the snapshot",
        "project": one.project,
        "snapshot": one.snapshot,
        "outlooks": outlooks_of(one.snapshot) if one.snapshot.manifest_hash else [],
        "tabs": tabs_of(one.project, one.abilities, "Releases"),
        "form": form,
    }
    return TemplateResponse(request, "snapshots/snapshot_export.html", context, status=422 if form.is_bound else 200)


def as_zip(archive: Archive, form: ExportSnapshot) -> StreamingHttpResponse:
    """An archive as an answer, under a name that says what is in it."""
    snapshot, chosen = form.subject, form.cleaned_data["form"]
    response = StreamingHttpResponse(archive, content_type=ZIP)
    name = f"{snapshot.project.slug}-{slugify(snapshot.name)}-{chosen}.zip"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
