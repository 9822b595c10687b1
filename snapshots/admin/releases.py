from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse

from roles.admin import AuditedAdmin
from roles.models import User
from roles.pages import member_behind

from ..filters import ReleaseFilters
from ..forms.releases import STEPS
from ..models import Release
from ..pages.release import release_page
from ..selectors import releases_visible_to


@admin.register(Release)
class ReleaseAdmin(AuditedAdmin):
    list_display = ("snapshot", "project", "state", "planned_on", "withdrawn_for")
    filters = ReleaseFilters
    empty = "A release begins as a snapshot that somebody proposes."
    fields = ("project", "snapshot", "state", "planned_on", "withdrawn_for", "replacement")
    acts = STEPS
    change_form_template = "admin/snapshots/release/change_form.html"

    def visible_to(self, viewer: User | AnonymousUser) -> QuerySet[Release]:
        return releases_visible_to(viewer)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        release = self.get_object(request, object_id)
        if release is None:
            raise Http404
        page = release_page(release, member_behind(request))
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "page": page})
