"""The schema: a project's label classes, and whether they may change."""

from __future__ import annotations

import re
from typing import Any

from django.core.exceptions import ValidationError

from audit.acting import Actor, locked, operation
from audit.canonical import canonical_json
from audit.events import Event
from audit.services import record
from roles.matrix import Can
from roles.models import User
from roles.services import authorize

from ..models import Geometry, LabelClass, Project
from .project_state import must_not_be_archived, must_take_classes

# What says what a mark of a class means: when one of these changes, earlier marks are outdated.
MEANING = frozenset({"definition", "geometry", "attributes"})

_COLOUR = re.compile(r"#[0-9a-f]{6}", re.IGNORECASE | re.ASCII)


@operation()
def add_class(
    project: Project,
    key: str,
    name: str,
    *,
    by: User,
    reason: str = "",
    definition: str = "",
    colour: str = "",
    geometry: Geometry = Geometry.ANY,
    high_risk: bool = False,
    attributes: dict[str, Any] | None = None,
) -> LabelClass:
    """Add a class to the schema; its key never changes."""
    project = locked(project)
    actor = authorize(by, Can.EDIT_SCHEMA, project)
    must_take_classes(project)
    label_class = LabelClass(
        project=project,
        key=key,
        name=name,
        definition=definition,
        colour=colour,
        geometry=geometry,
        high_risk=high_risk,
        attributes=attributes or {},
    )
    _must_be_valid(label_class)
    _name_must_be_free(label_class)
    label_class.save()
    record(Event.CLASS_ADDED, label_class, actor, reason=reason, after=name)
    return label_class


@operation()
def rename_class(label_class: LabelClass, name: str, *, by: User, reason: str = "") -> LabelClass:
    """Call a class by another name; its key, and with it every mark, stays."""
    label_class, actor = _class_to_change(label_class, by)
    before = label_class.name
    if name == before:
        raise ValidationError({"name": "That is its name already."})
    label_class.name = name
    _must_be_valid(label_class)
    _name_must_be_free(label_class)
    label_class.save()
    record(Event.CLASS_RENAMED, label_class, actor, reason=reason, before=before, after=name)
    return label_class


@operation()
def redefine_class(label_class: LabelClass, *, by: User, reason: str, **meaning: Any) -> LabelClass:
    """Change what a mark of this class means (any of `MEANING`): every mark made until now is outdated.

    The marks themselves are not touched; the class counts its editions, and each mark knows under which it was made.
    """
    label_class, actor = _class_to_change(label_class, by)
    if unknown := meaning.keys() - MEANING:
        raise ValidationError(f"{', '.join(sorted(unknown))} does not define a class.")
    before = {name: getattr(label_class, name) for name in sorted(meaning)}
    for name, value in meaning.items():
        setattr(label_class, name, value)
    label_class.edition += 1
    _must_be_valid(label_class)
    after = {name: getattr(label_class, name) for name in before}
    changed = [name for name in before if canonical_json(before[name]) != canonical_json(after[name])]
    if not changed:
        raise ValidationError("That is its definition already.")
    label_class.save()
    record(
        Event.CLASS_REDEFINED,
        label_class,
        actor,
        reason=reason,
        before={name: before[name] for name in changed},
        after={name: after[name] for name in changed},
    )
    return label_class


@operation()
def change_class_risk(label_class: LabelClass, high_risk: bool, *, by: User, reason: str = "") -> LabelClass:
    """Say whether mistakes in this class are dear, and its marks so reviewed; what they mean stays."""
    label_class, actor, before = _changed(label_class, "high_risk", high_risk, by)
    record(
        Event.CLASS_RISK_CHANGED,
        label_class,
        actor,
        reason=reason,
        before={"high_risk": before},
        after={"high_risk": high_risk},
    )
    return label_class


@operation()
def recolour_class(label_class: LabelClass, colour: str, *, by: User, reason: str = "") -> LabelClass:
    """Draw a class in another colour."""
    label_class, actor, before = _changed(label_class, "colour", colour, by)
    record(Event.CLASS_RECOLOURED, label_class, actor, reason=reason, before=before, after=colour)
    return label_class


@operation()
def deprecate_class(label_class: LabelClass, *, by: User, reason: str) -> LabelClass:
    """Let nothing new be marked with a class; what is marked with it stays."""
    label_class, actor = _class_to_change(label_class, by)
    if label_class.deprecated:
        raise ValidationError("This class is deprecated already.")
    label_class.deprecated = True
    label_class.save()
    record(Event.CLASS_DEPRECATED, label_class, actor, reason=reason)
    return label_class


@operation()
def reinstate_class(label_class: LabelClass, *, by: User, reason: str) -> LabelClass:
    """Bring a deprecated class back: its key is taken for ever, so no other class can stand in for it."""
    label_class, actor = _class_to_change(label_class, by)
    if not label_class.deprecated:
        raise ValidationError("This class is not deprecated.")
    label_class.deprecated = False
    label_class.save()
    record(Event.CLASS_REINSTATED, label_class, actor, reason=reason)
    return label_class


@operation()
def freeze_schema(project: Project, *, by: User, reason: str = "") -> Project:
    """Let no class change any more, until the schema is unfrozen."""
    project = locked(project)
    actor = authorize(by, Can.EDIT_SCHEMA, project)
    must_not_be_archived(project)
    if project.schema_frozen:
        raise ValidationError("The schema is frozen already.")
    project.schema_frozen = True
    project.save()
    record(Event.SCHEMA_FROZEN, project, actor, reason=reason)
    return project


@operation()
def unfreeze_schema(project: Project, *, by: User, reason: str) -> Project:
    """Let classes change again."""
    project = locked(project)
    actor = authorize(by, Can.EDIT_SCHEMA, project)
    must_not_be_archived(project)
    if not project.schema_frozen:
        raise ValidationError("The schema is not frozen.")
    project.schema_frozen = False
    project.save()
    record(Event.SCHEMA_UNFROZEN, project, actor, reason=reason)
    return project


def _changed(label_class: LabelClass, name: str, value: Any, by: User) -> tuple[LabelClass, Actor, Any]:
    """The class with another value of what does not say what its marks mean, and the value before."""
    label_class, actor = _class_to_change(label_class, by)
    before = getattr(label_class, name)
    if value == before:
        raise ValidationError({name: "It is so already."})
    setattr(label_class, name, value)
    _must_be_valid(label_class)
    label_class.save()
    return label_class, actor, before


def _class_to_change(label_class: LabelClass, by: User) -> tuple[LabelClass, Actor]:
    """The class as it is now. The project is locked first: whoever freezes its schema holds that lock."""
    project = locked(label_class.project)
    label_class = locked(label_class)
    actor = authorize(by, Can.EDIT_SCHEMA, project)
    must_take_classes(project)
    return label_class, actor


def _must_be_valid(label_class: LabelClass) -> None:
    # Django does not look at None where a field may be left empty.
    if nothing := [name for name in (*MEANING, "colour") if getattr(label_class, name) is None]:
        raise ValidationError(dict.fromkeys(nothing, "Leave it empty, or say what it is."))
    label_class.full_clean()
    if label_class.colour and not _COLOUR.fullmatch(label_class.colour):
        raise ValidationError({"colour": "A colour is # and six hexadecimal digits, such as #2f6f4f."})
    if not isinstance(label_class.attributes, dict):
        raise ValidationError({"attributes": "Attributes are a JSON object: their names and what each may be."})


def _name_must_be_free(label_class: LabelClass) -> None:
    """Pages and statements tell the classes of a project apart by their names."""
    others = LabelClass.objects.filter(project=label_class.project_id, name=label_class.name)
    if others.exclude(pk=label_class.pk).exists():
        raise ValidationError({"name": f"Another class of this project is called {label_class.name}."})
