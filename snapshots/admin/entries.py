from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from audit.models import Entry
from labelop.selectors.trail import work_entries_visible_to
from roles.admin import AuditedAdmin
from roles.models import User
from roles.telling import told

from ..models import Snapshot
from ..selectors import snapshots_visible_to

# So many entries of the same act stand beside one; all of them are a question to the trail.
BESIDE = 50


@admin.register(Entry)
class EntryAdmin(AuditedAdmin):
    """One entry by itself, beside the others of its act; the list of entries is the trail."""

    def visible_to(self, viewer: User | AnonymousUser) -> QuerySet[Entry]:
        return work_entries_visible_to(viewer)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        asked = request.GET.copy()
        if asked.get("impact") == "all":
            del asked["impact"]
            asked["q"] = ""
        return redirect(f"{reverse('trail_of_all')}?{asked.urlencode()}")

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        entry = self.get_object(request, object_id)
        if entry is None:
            raise Http404
        beside = self.visible_to(request.user).filter(operation=entry.operation).exclude(pk=entry.pk)
        where = reverse("trail", args=[entry.project.slug]) if entry.project else reverse("trail_of_all")
        context = {
            **self.admin_site.each_context(request),
            "title": entry.label,
            "opts": self.opts,
            "told": told([entry], request.user)[0],
            "beside": told(beside[:BESIDE], request.user),
            "act": f"{where}?q=operation:{entry.operation}",
            "led_to": _led_to(entry, request.user),
        }
        return TemplateResponse(request, "admin/audit/entry/change_form.html", context)

    def history_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        raise Http404


def _led_to(entry: Entry, viewer: User | AnonymousUser) -> Snapshot | None:
    """The snapshot whose chapter an entry is in."""
    later = snapshots_visible_to(viewer).filter(project=entry.project_id, entry_id__gte=entry.pk)
    return later.defer("states").order_by("entry_id").first() if entry.project_id else None
