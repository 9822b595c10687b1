from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse

from roles.admin import AuditedAdmin
from roles.models import User
from roles.pages import member_behind
from roles.selectors import latest_roles_in
from roles.telling import pseudonyms_in

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
from ..pages.log_review import page_of
from ..selectors import dispositions_visible_to, findings_visible_to, log_reviews_visible_to, sign_offs_visible_to


@admin.register(LogReview)
class LogReviewAdmin(AuditedAdmin):
    list_display = ("title", "project", "occasion", "state", "due_on", "opened_at")
    list_filter = ("state", "occasion")
    fields = ("title",)
    acts = (AnswerForm, DisposeForm, OpenFindingForm, SignForm, VoidForm)
    list_acts = (OpenReleaseForm, OpenChapterForm, OpenRangeForm, OpenQueryForm, OpenIncidentForm)
    change_form_template = "admin/snapshots/logreview/change_form.html"

    def visible_to(self, viewer: User | AnonymousUser) -> QuerySet[LogReview]:
        return log_reviews_visible_to(viewer)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        log_review = self.get_object(request, object_id)
        page = page_of(log_review, member_behind(request), request.GET) if log_review is not None else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **page})


class ToldByPseudonym(AuditedAdmin):
    """Rows that name a person, shown by role and number; `person` is the name of the column."""

    person: str

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        self._name(changelist.result_list)
        return changelist

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        row = super().get_object(request, object_id, from_field)
        if row is not None:
            self._name([row])
        return row

    def _name(self, rows: Any) -> None:
        projects = {row.project_id for row in rows}
        pseudonyms, roles = pseudonyms_in(projects), latest_roles_in(projects)
        for row in rows:
            user_id = getattr(row, f"{self.person}_id")
            row.pseudonym = pseudonyms.of(row.project_id, user_id, roles.get((row.project_id, user_id), ""))


@admin.register(Disposition)
class DispositionAdmin(ToldByPseudonym):
    person = "decided_by"
    list_display = ("entry_number", "verdict", "log_review", "project", "who", "decided_at")
    list_filter = ("verdict",)
    fields = ("project", "log_review", "entry_number", "verdict", "note", "who", "decided_at")
    readonly_fields = ("entry_number", "who")

    def visible_to(self, viewer: User | AnonymousUser) -> QuerySet[Disposition]:
        return dispositions_visible_to(viewer)

    @admin.display(description="entry")
    def entry_number(self, disposition: Disposition) -> str:
        return f"Entry {disposition.entry_id}"

    @admin.display(description="decided by")
    def who(self, disposition: Disposition) -> str:
        return disposition.pseudonym  # type: ignore[attr-defined, no-any-return]


@admin.register(Finding)
class FindingAdmin(ToldByPseudonym):
    person = "owner"
    list_display = ("factor", "action", "log_review", "project", "who", "due_on", "closed_at")
    list_filter = ("factor",)
    fields = (
        "project",
        "log_review",
        "entry_number",
        "factor",
        "description",
        "action",
        "who",
        "due_on",
        "opened_at",
        "closed_at",
        "outcome",
    )
    readonly_fields = ("entry_number", "who")
    acts = (CloseFindingForm,)

    def visible_to(self, viewer: User | AnonymousUser) -> QuerySet[Finding]:
        return findings_visible_to(viewer)

    @admin.display(description="about")
    def entry_number(self, finding: Finding) -> str:
        return f"Entry {finding.entry_id}" if finding.entry_id else "no single entry"

    @admin.display(description="seen to by")
    def who(self, finding: Finding) -> str:
        return finding.pseudonym  # type: ignore[attr-defined, no-any-return]


@admin.register(SignOff)
class SignOffAdmin(ToldByPseudonym):
    person = "signed_by"
    list_display = ("log_review", "project", "who", "entries", "signed_at")
    fields = ("project", "log_review", "who", "meaning", "entries", "digest", "record_digest", "signed_at")
    readonly_fields = ("who",)

    def visible_to(self, viewer: User | AnonymousUser) -> QuerySet[SignOff]:
        return sign_offs_visible_to(viewer)

    def history_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        # It is written once, so its entry is all its history.
        raise Http404

    @admin.display(description="signed by")
    def who(self, sign_off: SignOff) -> str:
        return sign_off.pseudonym  # type: ignore[attr-defined, no-any-return]
