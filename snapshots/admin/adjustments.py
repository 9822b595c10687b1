from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from roles.admin import AuditedAdmin
from roles.models import User

from ..filters import AdjustmentFilters
from ..forms.adjustments import AcceptAdjustment, ProposeAdjustment, RejectAdjustment
from ..models import Adjustment
from ..selectors import adjustments_visible_to


@admin.register(Adjustment)
class AdjustmentAdmin(AuditedAdmin):
    list_display = ("__str__", "project", "state", "adjusts", "proposed_by", "decided_by", "reason")
    filters = AdjustmentFilters
    empty = "No change that went round the services has been accounted for afterwards."
    fields = ("project", "adjusts", "state", "reason", "proposed_by", "proposed_at", "decided_by", "decided_at")
    acts = (AcceptAdjustment, RejectAdjustment)
    list_acts = (ProposeAdjustment,)

    def visible_to(self, viewer: User | AnonymousUser) -> QuerySet[Adjustment]:
        return adjustments_visible_to(viewer)
