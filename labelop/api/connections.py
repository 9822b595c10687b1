"""From which Label Studio a project is brought in, and each pull from it. A secret is told once."""

from __future__ import annotations

from typing import ClassVar

from rest_framework import serializers

from roles.api.collections import Collection
from roles.api.rows import Row

from ..filters import ConnectionFilters, PullFilters
from ..forms import connections
from ..models import Connection, Pull
from ..selectors.connections import connections_visible_to, pulls_visible_to


class ConnectionRow(Row):
    class Meta:
        model = Connection
        fields: ClassVar = ("id", "url", "page", "project", "address", "number", "receiver", "removed_at")


class PullRow(Row):
    labels = serializers.ListField(child=serializers.CharField(), help_text="Those of the label config.")

    class Meta:
        model = Pull
        fields: ClassVar = (
            *("id", "url", "page", "project", "connection", "begun_at", "ended_at", "added", "changed", "removed"),
            *("explained", "labels"),
        )


COLLECTIONS = (
    Collection(
        "connections",
        "Projects of Label Studio from which projects here are brought in.",
        ConnectionRow,
        connections_visible_to,
        connections.ACTS,
        (connections.ConnectForm,),
        filters=ConnectionFilters,
    ),
    Collection("pulls", "What each pull came to.", PullRow, pulls_visible_to, filters=PullFilters, versions=False),
)
