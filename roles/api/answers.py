"""What an act is told: derived from what its form asks, with JSON's own types and no field that it does not know."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from rest_framework import serializers

from ..forms import ActForm, ProjectField
from ..uploads import is_too_large
from .problems import Malformed, TooLarge

LARGEST = 2**63 - 1


class Text(serializers.CharField):
    """A JSON string; a number is none."""

    def __init__(self, **options: Any) -> None:
        super().__init__(trim_whitespace=False, **options)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class Whole(serializers.IntegerField):
    """A JSON number without a fraction; a string or a truth value is none."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"min_value": -LARGEST, "max_value": LARGEST, **options})

    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("invalid")
        return int(data)


class Truth(serializers.BooleanField):
    """true or false, and nothing that looks like it."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return bool(data)


class Choice(serializers.ChoiceField):
    """One of a vocabulary, in the type in which it is written."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, (str, int)) or isinstance(data, bool) or data not in self.choices:
            self.fail("invalid_choice", input=data)
        return data


class Day(serializers.DateField):
    """A day, such as 2026-10-01."""

    def to_internal_value(self, value: Any) -> Any:
        if not isinstance(value, str) or len(value) != len("2026-10-01"):
            self.fail("invalid", format="YYYY-MM-DD")
        return super().to_internal_value(value)


class Moment(serializers.DateTimeField):
    """A moment with its zone (RFC 3339), such as 2026-10-01T12:00:00Z."""

    default_error_messages = {"zone": "Say in which zone, such as 2026-10-01T12:00:00Z."}

    def to_internal_value(self, value: Any) -> Any:
        if not isinstance(value, str):
            self.fail("invalid", format="RFC 3339")
        return super().to_internal_value(value)

    def enforce_timezone(self, value: datetime) -> datetime:
        if timezone.is_naive(value):
            self.fail("zone")
        return value


class AnyJSON(serializers.JSONField):
    """Any JSON object."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, dict):
            self.fail("invalid")
        return data


class SpelledTruth(Truth):
    """true or false, as a form has to spell them."""

    def to_internal_value(self, data: Any) -> bool:
        return super().to_internal_value({"true": True, "false": False}.get(data, data))


class Sent(serializers.FileField):
    """A file that is sent; one that is too large is a problem of its own."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, UploadedFile) and is_too_large(data.size or 0):
            raise TooLarge
        return super().to_internal_value(data)


class Answers(serializers.Serializer):
    """The answers to what a form asks; describes them, and does nothing."""

    def checked(self) -> dict[str, Any]:
        """The answers, or `Malformed` with a pointer to each that is wrong."""
        unknown = sorted(set(self.initial_data) - set(self.fields))
        errors = [{"pointer": f"/{name}", "detail": "There is no such field."} for name in unknown]
        if not self.is_valid():
            errors += _pointed(self.errors, "")
        if errors:
            raise Malformed("The body does not fit what this act asks.", errors)
        return dict(self.validated_data)


def _pointed(errors: Any, pointer: str) -> Iterator[dict[str, str]]:
    if isinstance(errors, dict):
        for name, wrong in errors.items():
            escaped = str(name).replace("~", "~0").replace("/", "~1")
            yield from _pointed(wrong, pointer if name == "non_field_errors" else f"{pointer}/{escaped}")
    elif isinstance(errors, list):
        for wrong in errors:
            yield from _pointed(wrong, pointer)
    else:
        yield {"pointer": pointer, "detail": str(errors)}


@cache
def answers_to(form_class: type[ActForm]) -> type[Answers]:
    """The serializer of what a form asks."""
    order = [name for name in (form_class.field_order or ()) if name in form_class.base_fields]
    names = [*order, *(name for name in form_class.base_fields if name not in order)]
    as_a_form = takes_files(form_class)
    fields = {name: _field_of(form_class.base_fields[name], as_a_form=as_a_form) for name in names}
    return type(form_class.__name__.removesuffix("Form"), (Answers,), fields)


def takes_files(form_class: type[ActForm]) -> bool:
    """Whether the answers come as a form and not as JSON: then nothing is null in them."""
    return any(isinstance(field, forms.FileField) for field in form_class.base_fields.values())


def _field_of(field: Any, *, as_a_form: bool) -> serializers.Field:
    # Where a form shows what is there already, only what is to change need be said.
    required = field.required and not field.show_hidden_initial
    options: dict[str, Any] = {
        "required": required,
        "help_text": str(field.help_text or field.label or "") or None,
    }
    if as_a_form and isinstance(field, forms.BooleanField):
        return SpelledTruth(**options)
    if not required and not as_a_form and not isinstance(field, forms.BooleanField):
        options["allow_null"] = True
    return _typed(field, options)


def _typed(field: Any, options: dict[str, Any]) -> serializers.Field:
    for kind, typed in TYPES.items():
        if isinstance(field, kind):
            return typed(field, options)
    raise TypeError(f"No JSON type is known for {type(field).__name__}.")


def _choice(field: Any, options: dict[str, Any]) -> serializers.Field:
    choices = [(value, label) for value, label in field.choices if value != ""]
    if not choices:
        # What may be chosen depends on the row, and is told by the form.
        return Whole(**options) if getattr(field, "coerce", None) is int else Text(**options)
    return Choice(choices=choices, **options)


def _bounds(field: Any) -> dict[str, int]:
    bounds = {"min_value": field.min_value, "max_value": field.max_value}
    return {name: value for name, value in bounds.items() if value is not None}


def _text(field: Any, options: dict[str, Any]) -> serializers.Field:
    return Text(max_length=field.max_length, allow_blank=not field.required, **options)


# How what a form asks is said in JSON; the first kind that fits.
TYPES: dict[type[forms.Field], Callable[[Any, dict[str, Any]], serializers.Field]] = {
    forms.MultipleChoiceField: lambda field, options: serializers.ListField(
        child=Choice(choices=list(field.choices)), **options
    ),
    ProjectField: lambda field, options: Text(**{**options, "help_text": "The slug of a project."}),
    forms.ModelChoiceField: lambda field, options: Whole(
        **{**options, "min_value": 1, "help_text": "The id of the row."}
    ),
    forms.ChoiceField: _choice,
    forms.BooleanField: lambda field, options: Truth(**options),
    forms.IntegerField: lambda field, options: Whole(**{**options, **_bounds(field)}),
    forms.DateTimeField: lambda field, options: Moment(**options),
    forms.DateField: lambda field, options: Day(**options),
    forms.UUIDField: lambda field, options: serializers.UUIDField(**options),
    forms.JSONField: lambda field, options: AnyJSON(**options),
    forms.FileField: lambda field, options: Sent(**options),
    forms.CharField: _text,
}


def bind(form: ActForm, answers: dict[str, Any]) -> None:
    """Give a form its answers. What is left out stays as it is: as the form would have shown it."""
    data: dict[str, Any] = {}
    form.files = MultiValueDict({name: [given] for name, given in answers.items() if isinstance(given, UploadedFile)})
    for name, field in form.fields.items():
        shown = form.get_initial_for_field(field, name)
        given = answers.get(name)
        data[name] = shown if given is None else _as_asked(field, given)
        if field.show_hidden_initial:
            data[f"initial-{name}"] = shown
    form.data, form.is_bound = data, True


def _as_asked(field: Any, given: Any) -> Any:
    if isinstance(field, ProjectField):
        found = field.queryset.filter(slug=given).first() if field.queryset is not None else None
        return found.pk if found else 0
    return given


EXAMPLES: dict[str, Any] = {
    "reason": "Blurred beyond use; agreed in review 12.",
    "title": "gull",
    "key": "photo-1",
    "project": "birds",
    "items": "photo-1\nphoto-2",
    "file": '{"item": "photo-7", "data": {"uri": "photo-7.jpg"}, "annotations": []}\n',
}


def example_of(answers: type[Answers]) -> dict[str, Any]:
    """Answers that fit: what is wanted, and the reason."""
    return {
        name: EXAMPLES.get(name, _example(field))
        for name, field in answers().fields.items()
        if field.required or name == "reason"
    }


def _example(field: serializers.Field) -> Any:
    match field:
        case serializers.ChoiceField():
            return next(iter(field.choices))
        case serializers.ListField():
            return []
        case serializers.IntegerField():
            return max(1, field.min_value or 1)
        case serializers.BooleanField():
            return True
        case serializers.DateTimeField():
            return "2027-10-01T12:00:00Z"
        case serializers.DateField():
            return "2027-10-01"
        case serializers.UUIDField():
            return "0199a3c2-7b1e-7c40-9a57-3f5d8e2b6c10"
        case serializers.JSONField():
            return {"box": [10, 20, 30, 40]}
    return "photo-1"
