"""How values are stored and compared alike on both engines.

JSON that is hashed is stored as canonical text, because `jsonb` reorders and rounds.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from .canonical import NotCanonical, canonical_json, parse_canonical


class CanonicalJSONField(models.TextField):
    """A JSON value kept as the text of `audit.canonical`; equal values are equal text."""

    # What type checkers are told that such a column takes and gives: JSON, not its text.
    _pyi_private_set_type: Any
    _pyi_private_get_type: Any

    def from_db_value(self, text: str | None, expression: Any, connection: BaseDatabaseWrapper) -> Any:
        return None if text is None else parse_canonical(text)

    def get_prep_value(self, value: Any) -> str | None:
        if value is None or hasattr(value, "resolve_expression"):
            return value  # type: ignore[no-any-return]
        return canonical_json(value)

    def to_python(self, value: Any) -> Any:
        return value

    def validate(self, value: Any, model_instance: models.Model | None) -> None:
        super().validate(value, model_instance)
        try:
            canonical_json(value)
        except NotCanonical as error:
            raise ValidationError(str(error), code="not_canonical") from error

    def value_to_string(self, obj: models.Model) -> Any:
        return self.value_from_object(obj)

    def formfield(self, **kwargs: Any) -> forms.Field | None:
        return models.Field.formfield(self, **{"form_class": forms.JSONField, **kwargs})


class Folded(models.Func):
    """A text without regard to case, in the order of its bytes: one index finds whole texts and how they begin."""

    function = "UPPER"
    output_field = models.TextField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template='(UPPER(%(expressions)s) COLLATE "C")', **context)
