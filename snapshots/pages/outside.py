"""The review of a snapshot for people without an account: as one file, and as a text to paste into a ticket."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.contrib.staticfiles import finders
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_http_methods, require_safe

from audit.events import Impact
from audit.models import Entry
from roles.forms import ReasonForm, take_errors
from roles.matrix import Can
from roles.pages import member_behind
from roles.services import authorize
from roles.telling import pseudonyms_in

from ..acts import acts_of, as_markdown, span
from ..services.exports import export_review
from .chips import chip
from .review import Reviewed, review_of, reviewed
from .standalone import alone
from .tabs import tabs_of

# So many differences are told one by one in a file, and so many entries in a text.
DIFFERENCES, ENTRIES = 200, 500
STYLES = ("labelop/skin.css", "labelop/file.css", "labelop/print.css")


@require_http_methods(["GET", "HEAD", "POST"])
def review_file(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Ask for the reason; a POST records that the review leaves the building, and answers with the file."""
    one = reviewed(request, slug, number)
    authorize(member_behind(request), Can.EXPORT_SNAPSHOTS, one.project)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            entry = export_review(one.snapshot, by=member_behind(request), reason=form.cleaned_data["reason"])
        except ValidationError as error:
            take_errors(form, {"": error.messages})
        else:
            return as_file(request, one, entry)
    context = {**_frame(request, one), "title": "Review as one file", "form": form, "limit": DIFFERENCES}
    return TemplateResponse(request, "snapshots/review_export.html", context, status=422 if form.is_bound else 200)


@require_safe
def review_markdown(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Show what `who --markdown` prints of what led to a snapshot; `impact` widens it."""
    one = reviewed(request, slug, number)
    chosen = request.GET.get("impact", "high").upper()
    least = Impact[chosen] if chosen in Impact.__members__ else Impact.HIGH
    entries = span(one.project, one.since, one.snapshot).filter(impact__gte=least).order_by("id")
    read = list(entries[: ENTRIES + 1])
    since = f"since {one.since}" if one.since else "since the beginning"
    # It is made to be passed on: people are told as role and number, whatever was revealed to whoever copies it.
    text = as_markdown(
        one.project.slug,
        f"what led to {one.snapshot}, {since}",
        acts_of(read[:ENTRIES]),
        pseudonyms_in([one.project.pk]),
    )
    chips = [
        chip("Decision points" if each is Impact.HIGH else f"{each.label} and above", "", request.GET, "impact",
             each.name.lower(), each is least)
        for each in Impact
    ]  # fmt: skip
    context = {**_frame(request, one), "title": "As Markdown", "text": text, "chips": chips}
    context["cut_off"] = ENTRIES if len(read) > ENTRIES else 0
    return TemplateResponse(request, "snapshots/review_markdown.html", context)


def _frame(request: HttpRequest, one: Reviewed) -> dict[str, Any]:
    return {
        **admin.site.each_context(request),
        "project": one.project,
        "snapshot": one.snapshot,
        "since": one.since,
        "tabs": tabs_of(one.project, one.abilities, "Releases"),
    }


def as_file(request: HttpRequest, one: Reviewed, entry: Entry) -> HttpResponse:
    """The review as one file, which an entry lets out."""
    slug = one.project.slug
    # It leaves the building: people are told as role and number, whatever was revealed to whoever takes it.
    review = review_of(one, QueryDict(), AnonymousUser(), DIFFERENCES)
    context = {
        **review,
        "head": alone(render_to_string("snapshots/review_head.html", review)),
        "body": alone(render_to_string("snapshots/review.html", review)),
        "style": _style(),
        "made_at": timezone.now(),
        "permalink": request.build_absolute_uri(reverse("snapshot", args=[slug, one.snapshot.number])),
    }
    response = HttpResponse(render_to_string("snapshots/review_file.html", context))
    name = f"{slug}-{slugify(one.snapshot.name)}-review-{entry.pk}.html"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@lru_cache(maxsize=1)
def _style() -> str:
    """The page's own styles, as text."""
    found = []
    for name in STYLES:
        path = finders.find(name)
        if path is None:
            raise FileNotFoundError(name)
        with open(path, encoding="utf-8") as file:
            found.append(file.read())
    return "\n".join(found)
