from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from roles.admin import AuditedAdmin
from roles.models import User

from ..filters import SnapshotFilters
from ..forms.releases import ProposeRelease
from ..forms.snapshots import TakeSnapshot
from ..models import Release, Snapshot
from ..pages.places import place_of_release, place_of_snapshot
from ..selectors import snapshots_visible_to


@admin.register(Snapshot)
class SnapshotAdmin(AuditedAdmin):
    list_display = ("name", "project", "number", "purpose", "taken_at", "hashed")
    filters = SnapshotFilters
    empty = "An owner takes a snapshot to name what the dataset is at that moment."
    acts = (ProposeRelease,)
    list_acts = (TakeSnapshot,)

    def visible_to(self, viewer: User | AnonymousUser) -> QuerySet[Snapshot]:
        return snapshots_visible_to(viewer).defer("states")

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        snapshot = self.get_object(request, object_id)
        if snapshot is None:
            raise Http404
        return redirect(place_of_snapshot(snapshot))

    def history_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.change_view(request, object_id)

    def address_after(self, made: Model) -> str:
        return f"{place_of_release(made)}#release" if isinstance(made, Release) else super().address_after(made)

    @admin.display(description="taken")
    def taken_at(self, snapshot: Snapshot) -> Any:
        return snapshot.entry.at

    @admin.display(description="content")
    def hashed(self, snapshot: Snapshot) -> str:
        return snapshot.content_hash[:12] if snapshot.content_hash else "being computed"
