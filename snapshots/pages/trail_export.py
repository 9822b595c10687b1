"""Downloading what a query finds on the trail of one project, or of all the viewer's, once it is said why."""

from __future__ import annotations

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from audit.models import Entry
from audit.query import Query, Wrong
from labelop.models import Project
from roles.forms import take_errors
from roles.pages import member_behind
from roles.telling import pseudonyms_in

from ..forms.trail import ExportForm
from ..services.trail import export_trail as record_export
from ..trail_files import as_csv, as_ndjson
from .asking import Place, place_of, query_of
from .trail import refusal_of

FILES = {"csv": (as_csv, "text/csv; charset=utf-8"), "ndjson": (as_ndjson, "application/x-ndjson")}


@require_http_methods(["GET", "HEAD", "POST"])
def export_trail(request: HttpRequest, slug: str | None = None) -> HttpResponseBase:
    """Ask for the format and the reason; a POST records the export and streams the file."""
    place = place_of(request, member_behind(request), slug)
    if not place.inspected:
        raise Http404
    form = ExportForm(request.POST if request.method == "POST" else None)
    context = {**admin.site.each_context(request), "title": "Export the trail", "place": place, "form": form}
    context["trail"] = reverse("trail", args=[place.project.slug]) if place.project else reverse("trail_of_all")
    try:
        query = query_of(request, place)
        place.narrowed(query)
    except Wrong as wrong:
        context |= refusal_of(wrong, request.GET.get("q", ""))
        return TemplateResponse(request, "snapshots/trail_export.html", context, status=400)
    context |= {"text": str(query), "back": place.address(query)}
    return _file(place, query, form) or _form(request, context, form)


def _form(request: HttpRequest, context: dict[str, object], form: ExportForm) -> HttpResponse:
    status = 422 if form.is_bound else 200
    return TemplateResponse(request, "snapshots/trail_export.html", context, status=status)


def _file(place: Place, query: Query, form: ExportForm) -> StreamingHttpResponse | None:
    if not form.is_valid():
        return None
    chosen = form.cleaned_data["form"]
    entries, projects = _found(place, query)
    try:
        last = record_export(projects, query, form=chosen, by=place.viewer, reason=form.cleaned_data["reason"])
    except ValidationError as error:
        take_errors(form, error.error_dict if hasattr(error, "error_dict") else {"": error.messages})
        return None
    write, content_type = FILES[chosen]
    # It leaves the building: people are told as role and number, whatever was revealed to whoever takes it.
    lines = write(entries.filter(pk__lte=last.pk), pseudonyms_in(project.pk for project in projects))
    response = StreamingHttpResponse(lines, content_type=content_type)
    name = place.project.slug if place.project else "labelop"
    response["Content-Disposition"] = f'attachment; filename="{name}-trail-{last.pk}.{chosen}"'
    return response


def _found(place: Place, query: Query) -> tuple[QuerySet[Entry], list[Project]]:
    """What there is to take, and the projects it is of."""
    (entries,) = [source.entries for source in place.narrowed(query) if source.whole]
    found = [pk for pk in place.inspected if entries.filter(project=pk).exists()]
    return entries.filter(project__in=found), list(Project.objects.filter(pk__in=found))
