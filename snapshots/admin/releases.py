from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from roles.admin import AuditedAdmin
from roles.models import User

from ..filters import ReleaseFilters
from ..forms.releases import STEPS
from ..models import Release
from ..pages.places import place_of_release
from ..selectors import releases_visible_to


@admin.register(Release)
class ReleaseAdmin(AuditedAdmin):
    list_display = ("snapshot", "project", "state", "planned_on", "withdrawn_for")
    filters = ReleaseFilters
    empty = "A release begins as a snapshot that somebody proposes."
    fields = ("project", "snapshot", "state", "planned_on", "withdrawn_for", "replacement")
    acts = STEPS

    def visible_to(self, viewer: User | AnonymousUser) -> QuerySet[Release]:
        return releases_visible_to(viewer)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        release = self.get_object(request, object_id)
        if release is None:
            raise Http404
        return redirect(place_of_release(release))

    def address_after(self, made: Model) -> str:
        return f"{place_of_release(made)}#release" if isinstance(made, Release) else super().address_after(made)
