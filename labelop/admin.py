from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from roles.admin import AuditedAdmin
from roles.models import User

from .forms import ExcludeItemForm, ReinstateItemForm
from .models import Annotation, Item, LabelClass, Project
from .selectors.projects import projects_visible_to
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
