from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from roles.admin import AuditedAdmin
from roles.models import User

from ..filters import DispositionFilters, FindingFilters, LogReviewFilters, SignOffFilters
from ..forms.log_reviews import (
    AnswerForm,
    CloseFindingForm,
    DisposeForm,
    OpenChapterForm,
    OpenFindingForm,
    OpenIncidentForm,
    OpenQueryForm,
    OpenRangeForm,
    OpenReleaseForm,
    SignForm,
    VoidForm,
)
from ..models import Disposition, Finding, LogReview, SignOff
from ..pages.places import place_of_log_review
from ..selectors import dispositions_visible_to, findings_visible_to, log_reviews_visible_to, sign_offs_visible_to


@admin.register(LogReview)
class LogReviewAdmin(AuditedAdmin):
    list_display = ("title", "project", "occasion", "state", "due_on", "opened_at")
    filters = LogReviewFilters
    empty = "Log reviews open with a release or a permission change where the risk asks for it, or by hand."
    fields = ("title",)
    acts = (AnswerForm, DisposeForm, OpenFindingForm, SignForm, VoidForm)
    list_acts = (OpenReleaseForm, OpenChapterForm, OpenRangeForm, OpenQueryForm, OpenIncidentForm)

    def visible_to(self, viewer: User | AnonymousUser) -> QuerySet[LogReview]:
        return log_reviews_visible_to(viewer)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        log_review = self.get_object(request, object_id)
        if log_review is None:
            raise Http404
        return redirect(place_of_log_review(log_review))

    def address_after(self, made: Model) -> str:
        return place_of_log_review(made) if isinstance(made, LogReview) else super().address_after(made)


@admin.register(Disposition)
class DispositionAdmin(AuditedAdmin):
    list_display = ("entry_number", "verdict", "log_review", "project", "decided_by", "decided_at")
    filters = DispositionFilters
    empty = "What readers make of an entry is kept here, once a log review is being read."
    fields = ("project", "log_review", "entry_number", "verdict", "note", "decided_by", "decided_at")
    readonly_fields = ("entry_number",)

    def visible_to(self, viewer: User | AnonymousUser) -> QuerySet[Disposition]:
        return dispositions_visible_to(viewer)

    @admin.display(description="entry")
    def entry_number(self, disposition: Disposition) -> str:
        return f"Entry {disposition.entry_id}"


@admin.register(Finding)
class FindingAdmin(AuditedAdmin):
    list_display = ("factor", "action", "log_review", "project", "owner", "due_on", "closed_at")
    filters = FindingFilters
    empty = "Findings are opened from the log review that turned them up."
    # An owner is somebody else here.
    called: ClassVar = {"owner": "seen to by"}
    fields = (
        "project",
        "log_review",
        "entry_number",
        "factor",
        "description",
        "action",
        "owner",
        "due_on",
        "opened_at",
        "closed_at",
        "outcome",
    )
    readonly_fields = ("entry_number",)
    acts = (CloseFindingForm,)

    def visible_to(self, viewer: User | AnonymousUser) -> QuerySet[Finding]:
        return findings_visible_to(viewer)

    @admin.display(description="about")
    def entry_number(self, finding: Finding) -> str:
        return f"Entry {finding.entry_id}" if finding.entry_id else "no single entry"


@admin.register(SignOff)
class SignOffAdmin(AuditedAdmin):
    list_display = ("log_review", "project", "signed_by", "entries", "signed_at")
    filters = SignOffFilters
    empty = "A log review is signed by somebody who did nothing in its scope; none is yet."
    fields = ("project", "log_review", "signed_by", "meaning", "entries", "digest", "record_digest", "signed_at")

    def visible_to(self, viewer: User | AnonymousUser) -> QuerySet[SignOff]:
        return sign_offs_visible_to(viewer)

    def history_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        # It is written once, so its entry is all its history.
        raise Http404
