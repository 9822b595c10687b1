from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from ..filters import AnomalyFilters, MembershipFilters
from ..forms import AcknowledgeForm, ResolveForm, RevealForm
from ..models import Anomaly, Membership, User
from ..selectors import anomalies_visible_to, entries_visible_to, memberships_visible_to
from ..telling import pseudonyms_in, told
from .audited import AuditedAdmin


@admin.register(Membership)
class MembershipAdmin(AuditedAdmin):
    list_display = ("member", "role", "project", "granted_at", "valid_until", "ended_at")
    filters = MembershipFilters
    empty = "Nobody holds a role in your projects yet."
    acts = (RevealForm,)

    def visible_to(self, viewer: User | AnonymousUser) -> QuerySet[Membership]:
        return memberships_visible_to(viewer)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        projects = (membership.project_id for membership in changelist.result_list)
        pseudonyms = pseudonyms_in(projects, request.user)
        for membership in changelist.result_list:
            membership.pseudonym = pseudonyms.of_membership(membership.pk)
        return changelist

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        membership = self.get_object(request, object_id)
        if membership is None:
            raise Http404
        return redirect("access", membership.project.slug)

    def name_of(self, row: Membership) -> str:
        return pseudonyms_in([row.project_id]).of_membership(row.pk)

    @admin.display(description="member")
    def member(self, membership: Membership) -> str:
        return membership.pseudonym  # type: ignore[attr-defined, no-any-return]


@admin.register(Anomaly)
class AnomalyAdmin(AuditedAdmin):
    list_display = ("__str__", "explanation", "project", "state", "noted_at")
    filters = AnomalyFilters
    empty = "Nothing stands out: no role and no use of one has called for an explanation yet."
    fields = ("rule", "explanation", "project", "state", "noted_at")
    acts = (AcknowledgeForm, ResolveForm)
    change_form_template = "admin/roles/anomaly/change_form.html"

    def visible_to(self, viewer: User | AnonymousUser) -> QuerySet[Anomaly]:
        return anomalies_visible_to(viewer)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        anomaly = self.get_object(request, object_id)
        if anomaly is None:
            raise Http404
        entries = entries_visible_to(request.user).filter(pk__in=anomaly.entries)
        return super().change_view(request, object_id, form_url, {"shown": told(entries, request.user)})
