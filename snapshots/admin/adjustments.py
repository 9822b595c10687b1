from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.http import HttpRequest

from roles.admin import AuditedAdmin
from roles.models import User
from roles.telling import pseudonyms_in

from ..forms.adjustments import AcceptAdjustment, ProposeAdjustment, RejectAdjustment
from ..models import Adjustment
from ..selectors import adjustments_visible_to


@admin.register(Adjustment)
class AdjustmentAdmin(AuditedAdmin):
    list_display = ("__str__", "project", "state", "adjusts", "proposed", "decided", "reason")
    list_filter = ("state",)
    fields = ("project", "adjusts", "state", "reason", "proposed", "proposed_at", "decided", "decided_at")
    acts = (AcceptAdjustment, RejectAdjustment)
    list_acts = (ProposeAdjustment,)

    def visible_to(self, viewer: User | AnonymousUser) -> QuerySet[Adjustment]:
        return adjustments_visible_to(viewer)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields

    @admin.display(description="proposed by")
    def proposed(self, adjustment: Adjustment) -> str:
        return _member(adjustment, adjustment.proposed_by_id)

    @admin.display(description="decided by")
    def decided(self, adjustment: Adjustment) -> str:
        return _member(adjustment, adjustment.decided_by_id) if adjustment.decided_by_id else ""


def _member(row: Adjustment, user_id: int) -> str:
    return pseudonyms_in([row.project_id]).of(row.project_id, user_id, "")
