"""Rows as JSON: what a page shows of them, people as role and number, and where they are found."""

from __future__ import annotations

from functools import cache
from typing import Any, ClassVar

from django.urls import get_script_prefix, reverse
from rest_framework import serializers

from audit.fields import CanonicalJSONField
from audit.history import project_id_of

from ..admin import member_told
from ..models import User


class ProjectSlug(serializers.SlugRelatedField):
    """The project of a row, by the name in its address."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"slug_field": "slug", "help_text": "The slug of the project.", **options})


class Person(serializers.CharField):
    """Somebody as pages tell them: "Reviewer 3", and by name only where it was revealed."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"read_only": True, "source": "*", **options})

    def to_representation(self, row: Any) -> str | None:
        user_id = getattr(row, f"{self.field_name}_id")
        request = self.context["request"]._request
        return None if user_id is None else member_told(request, project_id_of(row), user_id)


class Row(serializers.ModelSerializer):
    """A row. A subclass names its model and its fields, one by one; nothing else is ever told."""

    serializer_field_mapping: ClassVar = {
        **serializers.ModelSerializer.serializer_field_mapping,
        CanonicalJSONField: serializers.JSONField,
    }
    url = serializers.SerializerMethodField(help_text="Where this row is found.")
    page = serializers.SerializerMethodField(help_text="Where people read of it.")

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        for field in fields.values():
            field.read_only = True
        return fields

    def get_uniqueness_extra_kwargs(self, *args: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        # Nothing is written here, so nothing need be unique.
        return {}, {}

    def build_relational_field(self, field_name: str, relation_info: Any) -> Any:
        if relation_info.related_model is User:
            return Person, {"read_only": True, "allow_null": relation_info.model_field.null}
        if relation_info.related_model._meta.label_lower == "labelop.project":
            return ProjectSlug, {"read_only": True, "allow_null": relation_info.model_field.null}
        return super().build_relational_field(field_name, relation_info)

    def get_url(self, row: Any) -> str:
        return address_of(row)

    def get_page(self, row: Any) -> str:
        return numbered(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", row.pk)


def address_of(row: Any) -> str:
    if row._meta.model_name == "project":
        return reverse(f"api:{row._meta.label_lower}", args=[row.slug])
    return numbered(f"api:{row._meta.label_lower}", row.pk)


def numbered(name: str, number: int) -> str:
    """The address of a row that is found by its number; Django looks for it once, not for every row of a page."""
    before, after = _around_the_number(name, get_script_prefix())
    return f"{before}{number}{after}"


@cache
def _around_the_number(name: str, prefix: str) -> tuple[str, str]:
    some = 10**17
    before, _, after = reverse(name, args=[some]).partition(str(some))
    return before, after
