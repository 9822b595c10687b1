"""Who outside is told of what, and each entry on its way there. A secret is told once."""

from __future__ import annotations

from typing import ClassVar

from rest_framework import serializers

from audit.models import Delivery, Webhook
from roles.api.collections import Collection
from roles.api.rows import Row
from roles.selectors import deliveries_visible_to, webhooks_visible_to

from ..filters import DeliveryFilters, WebhookFilters
from ..forms import webhooks


class WebhookRow(Row):
    events = serializers.ListField(child=serializers.CharField(), help_text="All of them when empty.")
    roles = serializers.ListField(child=serializers.CharField(), help_text="All of them when empty.")

    class Meta:
        model = Webhook
        fields: ClassVar = (
            *("id", "url", "page", "project", "name", "address", "least_impact", "events", "roles"),
            *("active", "removed_at"),
        )


class DeliveryRow(Row):
    class Meta:
        model = Delivery
        fields: ClassVar = (
            *("id", "url", "page", "project", "webhook", "entry", "state", "tries", "since", "due_at"),
            *("delivered_at", "answer"),
        )


COLLECTIONS = (
    Collection(
        "webhooks",
        "Addresses outside that are told of a project’s entries.",
        WebhookRow,
        webhooks_visible_to,
        webhooks.ACTS,
        (webhooks.AddWebhookForm,),
        filters=WebhookFilters,
    ),
    Collection(
        "deliveries",
        "Entries on their way to webhooks.",
        DeliveryRow,
        deliveries_visible_to,
        (webhooks.ResendForm,),
        filters=DeliveryFilters,
        versions=False,
    ),
)
