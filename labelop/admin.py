from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from audit.models import Delivery, Entry, Webhook
from roles.admin import AuditedAdmin, SecretAdmin
from roles.forms.tokens import OpenServiceAccount
from roles.models import User
from roles.past import DrawnVersion, PastVersion
from roles.selectors import deliveries_visible_to, webhooks_visible_to

from .filters import (
    AnnotationFilters,
    AssignmentFilters,
    ConnectionFilters,
    DeliveryFilters,
    DisputeFilters,
    ItemFilters,
    LabelClassFilters,
    ProjectFilters,
    PullFilters,
    QualitySignalFilters,
    ReviewFilters,
    WebhookFilters,
)
from .forms import connections, items, projects, schema, webhooks, work
from .forms.imports import ImportFileForm
from .models import Annotation, Assignment, Connection, Dispute, Item, LabelClass, Project, Pull, QualitySignal, Review
from .pages.past import drawn_classes, drawn_items, drawn_marks
from .quality import iso_week, share
from .selectors.connections import connections_visible_to, pulls_visible_to
from .selectors.projects import projects_visible_to
from .selectors.quality import quality_signals_visible_to
from .selectors.schema import classes_visible_to, with_outdated_marks
from .selectors.trail import work_entries_visible_to
from .selectors.work import (
    annotations_visible_to,
    assignments_visible_to,
    disputes_visible_to,
    items_visible_to,
    reviews_visible_to,
)


@admin.register(Project)
class ProjectAdmin(AuditedAdmin):
    list_display = ("name", "slug", "state", "risk_tier", "customer_facing", "review_policy", "schema_frozen")
    filters = ProjectFilters
    empty = "Projects are made by whoever runs the site, who names the first owner."
    acts = (ImportFileForm, *projects.ACTS, *schema.OF_A_PROJECT, OpenServiceAccount)

    def visible_to(self, viewer: User | AnonymousUser) -> QuerySet[Project]:
        return projects_visible_to(viewer)


@admin.register(Webhook)
class WebhookAdmin(SecretAdmin):
    told_in = "admin/audit/webhook/secret.html"
    list_display = ("name", "project", "address", "least_impact", "active", "removed_at")
    filters = WebhookFilters
    empty = "Nobody outside is told of your projects: an owner adds a webhook."
    fields = ("project", "name", "address", "least_impact", "told_events", "told_roles", "active", "removed_at")
    readonly_fields = ("told_events", "told_roles")
    acts = webhooks.ACTS
    list_acts = (webhooks.AddWebhookForm,)

    def visible_to(self, viewer: User | AnonymousUser) -> QuerySet[Webhook]:
        return webhooks_visible_to(viewer)

    @admin.display(description="events")
    def told_events(self, webhook: Webhook) -> str:
        return ", ".join(webhook.events) or "all"

    @admin.display(description="roles")
    def told_roles(self, webhook: Webhook) -> str:
        return ", ".join(webhooks.ROLES[role] for role in webhook.roles) or "all"


@admin.register(Delivery)
class DeliveryAdmin(AuditedAdmin):
    list_display = ("event", "webhook", "project", "state", "tries", "answer", "due_at")
    filters = DeliveryFilters
    empty = "Nothing has been put down for a webhook yet."
    fields = ("project", "webhook", "event", "state", "tries", "answer", "since", "due_at", "delivered_at")
    readonly_fields = ("event",)
    acts = (webhooks.ResendForm,)

    def visible_to(self, viewer: User | AnonymousUser) -> QuerySet[Delivery]:
        return deliveries_visible_to(viewer)

    @admin.display(description="entry")
    def event(self, delivery: Delivery) -> str:
        # What an entry is about may be somebody's name.
        return f"{delivery.entry.label} ({delivery.entry_id})"

    def history_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        raise Http404


@admin.register(Connection)
class ConnectionAdmin(SecretAdmin):
    told_in = "admin/labelop/connection/secret.html"
    list_display = ("project", "address", "number", "removed_at")
    filters = ConnectionFilters
    empty = "None of your projects is brought in from Label Studio: an owner connects one."
    fields = ("project", "address", "number", "posted_to", "removed_at")
    readonly_fields = ("posted_to",)
    acts = connections.ACTS
    list_acts = (connections.ConnectForm,)

    def visible_to(self, viewer: User | AnonymousUser) -> QuerySet[Connection]:
        return connections_visible_to(viewer)

    @admin.display(description="webhooks are posted to")
    def posted_to(self, connection: Connection) -> str:
        return reverse("label_studio", args=[connection.receiver])


@admin.register(Pull)
class PullAdmin(AuditedAdmin):
    list_display = ("begun_at", "project", "ended_at", "added", "changed", "removed", "explained")
    filters = PullFilters
    empty = "Nothing has been pulled from Label Studio yet."
    fields = (
        "project",
        "connection",
        "begun_at",
        "ended_at",
        "added",
        "changed",
        "removed",
        "explained",
        "told_labels",
    )
    readonly_fields = ("told_labels",)

    def visible_to(self, viewer: User | AnonymousUser) -> QuerySet[Pull]:
        return pulls_visible_to(viewer)

    @admin.display(description="labels")
    def told_labels(self, pull: Pull) -> str:
        return ", ".join(pull.labels)

    def history_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        raise Http404


class WorkAdmin(AuditedAdmin):
    """Rows of which annotators see their own, with what the trail says of them."""

    def entries_visible_to(self, viewer: User | AnonymousUser) -> QuerySet[Entry]:
        return work_entries_visible_to(viewer)


@admin.register(LabelClass)
class LabelClassAdmin(AuditedAdmin):
    list_display = ("name", "key", "project", "geometry", "high_risk", "deprecated", "edition", "outdated_marks")
    filters = LabelClassFilters
    empty = "The classes of a project are added by its owners, or come with an imported history."
    readonly_fields = ("outdated_marks",)
    acts = schema.ACTS

    def visible_to(self, viewer: User | AnonymousUser) -> QuerySet[LabelClass]:
        return classes_visible_to(viewer)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return with_outdated_marks(super().get_queryset(request))

    @admin.display(description="outdated marks")
    def outdated_marks(self, label_class: Any) -> int:
        return int(label_class.outdated_marks)

    def drawn(self, row: Any, versions: list[PastVersion]) -> list[DrawnVersion]:
        return drawn_classes(versions)


@admin.register(Item)
class ItemAdmin(WorkAdmin):
    list_display = ("key", "project", "split", "excluded")
    filters = ItemFilters
    empty = "Items come with an import or through the API. Annotators find here what is assigned to them."
    acts = (work.AssignItemForm, *items.ACTS)

    def visible_to(self, viewer: User | AnonymousUser) -> QuerySet[Item]:
        return items_visible_to(viewer)

    def drawn(self, row: Any, versions: list[PastVersion]) -> list[DrawnVersion]:
        return drawn_items(versions)


@admin.register(Annotation)
class AnnotationAdmin(WorkAdmin):
    list_display = ("__str__", "label_class", "project", "origin", "withdrawn", "up_to_date")
    filters = AnnotationFilters
    empty = "Marks come from labelling tools, imports and reviewers’ fixes, once there are items and classes."
    fields = ("project", "item", "key", "label_class", "value", "origin", "edition", "withdrawn", "up_to_date")
    readonly_fields = ("up_to_date",)

    def visible_to(self, viewer: User | AnonymousUser) -> QuerySet[Annotation]:
        return annotations_visible_to(viewer)

    @admin.display(description="up to date")
    def up_to_date(self, annotation: Annotation) -> str:
        return "No: class redefined since" if annotation.outdated else "Yes"

    def drawn(self, row: Any, versions: list[PastVersion]) -> list[DrawnVersion]:
        return drawn_marks(row, versions)


@admin.register(Assignment)
class AssignmentAdmin(WorkAdmin):
    list_display = ("item", "state", "round", "annotator", "priority", "due_on", "project")
    filters = AssignmentFilters
    empty = "Work appears here once an owner assigns items to an annotator."
    fields = (
        *("project", "item", "state", "round", "annotator", "approved_by"),
        *("priority", "due_on", "instructions", "assigned_at", "completed_at"),
    )
    acts = work.ASSIGNMENT_ACTS
    list_acts = (work.AssignItemsForm,)

    def visible_to(self, viewer: User | AnonymousUser) -> QuerySet[Assignment]:
        return assignments_visible_to(viewer)


@admin.register(Review)
class ReviewAdmin(WorkAdmin):
    list_display = ("__str__", "verdict", "reason_code", "round", "reviewer", "decided_at", "project")
    filters = ReviewFilters
    empty = "Decisions appear here once completed work is reviewed."
    fields = (
        *("project", "item", "annotation", "assignment", "round"),
        *("verdict", "reason_code", "note", "reviewer", "decided_at", "supersedes"),
    )
    acts = (work.ContestReviewForm,)

    def visible_to(self, viewer: User | AnonymousUser) -> QuerySet[Review]:
        return reviews_visible_to(viewer)


@admin.register(Dispute)
class DisputeAdmin(WorkAdmin):
    list_display = ("__str__", "state", "opened_at", "closed_at", "project")
    filters = DisputeFilters
    empty = "No decision is contested: an annotator contests one on the page of the review."
    fields = (
        "project",
        "review",
        "state",
        "contested_by",
        "reason",
        "opened_at",
        "adjudicated_by",
        "ruling",
        "closed_at",
    )
    acts = work.DISPUTE_ACTS

    def visible_to(self, viewer: User | AnonymousUser) -> QuerySet[Dispute]:
        return disputes_visible_to(viewer)


@admin.register(QualitySignal)
class QualitySignalAdmin(AuditedAdmin):
    list_display = ("iso_week", "metric", "about", "project", "value", "before", "p_corrected")
    filters = QualitySignalFilters
    empty = "No measure of the work has left its usual range, or there is too little past to tell."

    def visible_to(self, viewer: User | AnonymousUser) -> QuerySet[QualitySignal]:
        return quality_signals_visible_to(viewer)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        signal = self.get_object(request, object_id)
        if signal is None:
            raise Http404
        return redirect("quality_signal", signal.project.slug, signal.pk)

    def history_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        # It is written once, so its entry is all its history.
        raise Http404

    @admin.display(description="week")
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
