"""Items and annotations, with what became of them since their approval and since the last release."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from labelop.admin import AnnotationAdmin, ItemAdmin
from labelop.models import Annotation, Item
from roles.admin import AuditedAdmin

from ..standing import Standing, standings_of


class StandingAdmin(AuditedAdmin):
    """Rows of a section of the content: lists ask how all rows of a page stand at once."""

    section: str

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        standings: dict[int, Standing] = request.__dict__.setdefault("labelop_standings", {})

        def standing(row: Any) -> Any:
            return _badges(standings.get(row.pk))

        return [*super().get_list_display(request), admin.display(description="since")(standing)]

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        request.__dict__["labelop_standings"].update(self._standings(request, changelist.result_list))
        return changelist

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        standing = self._standings(request, [row]).get(row.pk) if row else None
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "standing": standing})

    def _standings(self, request: HttpRequest, rows: list[Any]) -> dict[int, Standing]:
        places = [(self.section, row.pk) for row in rows]
        return {pk: standing for (_, pk), standing in standings_of(request.user, places).items()}


def _badges(standing: Standing | None) -> Any:
    return render_to_string("snapshots/standing.html", {"standing": standing}) if standing else None


admin.site.unregister([Item, Annotation])


@admin.register(Item)
class ItemInTheDatasetAdmin(StandingAdmin, ItemAdmin):
    section = "items"


@admin.register(Annotation)
class AnnotationInTheDatasetAdmin(StandingAdmin, AnnotationAdmin):
    section = "annotations"
