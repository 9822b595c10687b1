from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from roles.admin import AuditedAdmin
from roles.models import User
from roles.pages import member_behind

from .forms.releases import STEPS, ProposeRelease
from .models import Release, Snapshot
from .pages.release import release_page
from .selectors import releases_visible_to, snapshots_visible_to


@admin.register(Snapshot)
class SnapshotAdmin(AuditedAdmin):
    list_display = ("name", "project", "number", "purpose", "taken_at", "hashed")
    list_filter = ("purpose",)
    acts = (ProposeRelease,)

    def visible_to(self, viewer: User | AnonymousUser) -> QuerySet[Snapshot]:
        return snapshots_visible_to(viewer).defer("states")

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        snapshot = self.get_object(request, object_id)
        if snapshot is None:
            raise Http404
        return redirect("snapshot", snapshot.project.slug, snapshot.number)

    def history_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.change_view(request, object_id)

    @admin.display(description="taken")
    def taken_at(self, snapshot: Snapshot) -> Any:
        return snapshot.entry.at

    @admin.display(description="content")
    def hashed(self, snapshot: Snapshot) -> str:
        return snapshot.content_hash[:12] if snapshot.content_hash else "being computed"


@admin.register(Release)
class ReleaseAdmin(AuditedAdmin):
    list_display = ("snapshot", "project", "state", "planned_on", "withdrawn_for")
    list_filter = ("state",)
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
