from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from roles.admin import AuditedAdmin
from roles.models import User

from .forms import ExcludeItemForm, ReinstateItemForm
from .models import Annotation, Item, LabelClass, Project, QualitySignal
from .pages.quality import signal_page
from .quality import iso_week, share
from .selectors.projects import projects_visible_to
from .selectors.quality import quality_signals_visible_to
from .selectors.work import annotations_visible_to, classes_visible_to, items_visible_to


@admin.register(Project)
class ProjectAdmin(AuditedAdmin):
    list_display = ("name", "slug", "state", "risk_tier", "customer_facing", "review_policy", "schema_frozen")
    list_filter = ("state", "risk_tier")

    def visible_to(self, viewer: User | AnonymousUser) -> QuerySet[Project]:
        return projects_visible_to(viewer)


@admin.register(LabelClass)
class LabelClassAdmin(AuditedAdmin):
    list_display = ("name", "key", "project", "geometry", "high_risk", "deprecated")
    list_filter = ("high_risk", "deprecated")
    search_fields = ("^key", "^name")

    def visible_to(self, viewer: User | AnonymousUser) -> QuerySet[LabelClass]:
        return classes_visible_to(viewer)


@admin.register(Item)
class ItemAdmin(AuditedAdmin):
    list_display = ("key", "project", "split", "excluded")
    list_filter = ("excluded",)
    search_fields = ("^key",)
    acts = (ExcludeItemForm, ReinstateItemForm)

    def visible_to(self, viewer: User | AnonymousUser) -> QuerySet[Item]:
        return items_visible_to(viewer)


@admin.register(Annotation)
class AnnotationAdmin(AuditedAdmin):
    list_display = ("__str__", "label_class", "project", "origin", "withdrawn")
    list_filter = ("origin", "withdrawn")
    fields = ("project", "item", "key", "label_class", "value", "origin", "withdrawn")
    search_fields = ("^key",)

    def visible_to(self, viewer: User | AnonymousUser) -> QuerySet[Annotation]:
        return annotations_visible_to(viewer)


@admin.register(QualitySignal)
class QualitySignalAdmin(AuditedAdmin):
    list_display = ("iso_week", "metric", "about", "project", "value", "before", "p_corrected")
    list_filter = ("metric",)
    ordering = ("-week",)

    def visible_to(self, viewer: User | AnonymousUser) -> QuerySet[QualitySignal]:
        return quality_signals_visible_to(viewer)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        signal = self.get_object(request, object_id)
        if signal is None:
            raise Http404
        context = {**self.admin_site.each_context(request), "title": str(signal), "opts": self.opts}
        page = signal_page(signal, request.user)
        return TemplateResponse(request, "admin/labelop/qualitysignal/change_form.html", {**context, **page})

    def history_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        # It is written once, so its entry is all its history.
        raise Http404

    @admin.display(description="week", ordering="week")
    def iso_week(self, signal: QualitySignal) -> str:
        return iso_week(signal.week)

    @admin.display(description="of")
    def about(self, signal: QualitySignal) -> str:
        return str(signal.label_class or "the whole project")

    @admin.display(description="value")
    def value(self, signal: QualitySignal) -> str:
        return share(signal.count, signal.n)

    @admin.display(description="before")
    def before(self, signal: QualitySignal) -> str:
        return share(signal.past_count, signal.past_n)
