"""What entries and versions hold, in the words of a page; files and the API give the values themselves.

The words of a choice are those of the model's field, so a new choice needs nothing here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any

from django.apps import apps
from django.db.models import Field, Model
from django.utils import timezone
from django.utils.dateformat import format as formatted

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00")


def plainly(value: Any) -> str:
    """A value as a reader of a page would say it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return moment_told(value)
    if isinstance(value, dict):
        return _listed({key: plainly(part) for key, part in value.items()})
    if isinstance(value, list):
        return ", ".join(plainly(part) for part in value)
    return str(value)


def moment_told(moment: datetime) -> str:
    """A moment with its zone, as all pages tell it."""
    return formatted(timezone.localtime(moment), "j M Y, H:i e")


def in_words(field: Field, value: Any) -> str:
    """What a field holds: of a choice its label."""
    return _label(field, value) or plainly(value)


def said_of(subject_type: str, value: Any) -> str:
    """What an entry about a row of this model says was before or after."""
    model = _model(subject_type)
    if isinstance(value, dict):
        return _listed({key: _part(model, key, part) for key, part in value.items()})
    # What has a name of its own is given names, which may read like choices; the bare values of all else are choices.
    if model is None or any(field.name == "name" for field in model._meta.concrete_fields):
        return plainly(value)
    return _first_label(_choices_about(model), value)


def _part(model: type[Model] | None, name: str, value: Any) -> str:
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        return moment_told(datetime.fromisoformat(value))
    own = [field for field in _choices_about(model) if field.name == name] if model else []
    # A part that its row has no field for is told as whichever row has one: the purpose of a snapshot, on its project.
    return _first_label([*own, *_choices_by_name().get(name, ())], value)


def _model(subject_type: str) -> type[Model] | None:
    try:
        return apps.get_model(subject_type) if subject_type else None
    except LookupError:
        # Entries outlive the models that they speak of.
        return None


@cache
def _choices_about(model: type[Model]) -> list[Field]:
    """The choices of a model, then those of what it points to: a dispute tells the verdict of its review."""
    models = [model, *filter(None, (field.related_model for field in model._meta.concrete_fields))]
    return [field for each in models for field in each._meta.concrete_fields if field.flatchoices]


@cache
def _choices_by_name() -> dict[str, list[Field]]:
    found: dict[str, list[Field]] = {}
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if field.flatchoices:
                found.setdefault(field.name, []).append(field)
    return found


def _first_label(fields: Iterable[Field], value: Any) -> str:
    return next(filter(None, (_label(field, value) for field in fields)), plainly(value))


def _label(field: Field, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(dict(field.flatchoices).get(value, ""))


def _listed(parts: dict[str, str]) -> str:
    return ", ".join(f"{name.replace('_', ' ')}: {said or 'none'}" for name, said in parts.items())
