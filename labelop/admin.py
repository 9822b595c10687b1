from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.http import HttpRequest

from roles.admin import AuditedAdmin
from roles.models import User

from .forms import items, projects, schema
from .models import Annotation, Item, LabelClass, Project
from .selectors.projects import projects_visible_to
from .selectors.schema import classes_visible_to, outdated_among, with_outdated_marks
from .selectors.work import annotations_visible_to, items_visible_to


@admin.register(Project)
class ProjectAdmin(AuditedAdmin):
    list_display = ("name", "slug", "state", "risk_tier", "customer_facing", "review_policy", "schema_frozen")
    list_filter = ("state", "risk_tier")
    acts = (*projects.ACTS, *schema.OF_A_PROJECT)

    def visible_to(self, viewer: User | AnonymousUser) -> QuerySet[Project]:
        return projects_visible_to(viewer)


@admin.register(LabelClass)
class LabelClassAdmin(AuditedAdmin):
    list_display = ("name", "key", "project", "geometry", "high_risk", "deprecated", "edition", "outdated_marks")
    list_filter = ("high_risk", "deprecated")
    search_fields = ("^key", "^name")
    readonly_fields = ("outdated_marks",)
    acts = schema.ACTS

    def visible_to(self, viewer: User | AnonymousUser) -> QuerySet[LabelClass]:
        return classes_visible_to(viewer)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return with_outdated_marks(super().get_queryset(request))

    @admin.display(description="outdated marks")
    def outdated_marks(self, label_class: Any) -> int:
        return int(label_class.outdated_marks)


@admin.register(Item)
class ItemAdmin(AuditedAdmin):
    list_display = ("key", "project", "split", "excluded")
    list_filter = ("excluded",)
    search_fields = ("^key",)
    acts = items.ACTS

    def visible_to(self, viewer: User | AnonymousUser) -> QuerySet[Item]:
        return items_visible_to(viewer)


class OutdatedFilter(admin.SimpleListFilter):
    """What is to be marked anew: its class was redefined since."""

    title = parameter_name = "outdated"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Class redefined since")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        # Of the rows already narrowed to what this viewer may see.
        return outdated_among(queryset) if self.value() == "yes" else queryset


@admin.register(Annotation)
class AnnotationAdmin(AuditedAdmin):
    list_display = ("__str__", "label_class", "project", "origin", "withdrawn", "up_to_date")
    list_filter = ("origin", "withdrawn", OutdatedFilter)
    fields = ("project", "item", "key", "label_class", "value", "origin", "edition", "withdrawn", "up_to_date")
    readonly_fields = ("up_to_date",)
    search_fields = ("^key",)

    def visible_to(self, viewer: User | AnonymousUser) -> QuerySet[Annotation]:
        return annotations_visible_to(viewer)

    @admin.display(description="up to date", boolean=True)
    def up_to_date(self, annotation: Annotation) -> bool:
        return not annotation.outdated
