"""What the acts on a schema ask: of a project's classes as a whole, and of one class."""

from __future__ import annotations

from typing import Any

from django import forms

from roles.forms import ActForm, ReasonField
from roles.matrix import Can

from ..models import Geometry, LabelClass, Project
from ..services.schema import (
    add_class,
    change_class_risk,
    deprecate_class,
    freeze_schema,
    recolour_class,
    redefine_class,
    reinstate_class,
    rename_class,
    unfreeze_schema,
)


class ColourInput(forms.TextInput):
    """The browser's own choice of a colour."""

    input_type = "color"


def _definition() -> forms.CharField:
    return forms.CharField(required=False, show_hidden_initial=True, widget=forms.Textarea(attrs={"rows": 5}))


def _attributes() -> forms.JSONField:
    return forms.JSONField(
        required=False,
        initial=dict,
        show_hidden_initial=True,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="A JSON object: the name of each attribute and what it may be.",
    )


class OfASchema(ActForm):
    """An act on a project's schema."""

    can = Can.EDIT_SCHEMA
    reason = ReasonField(required=False)

    @classmethod
    def fits(cls, subject: Project) -> bool:
        return subject.state != Project.State.ARCHIVED and not subject.schema_frozen


class AddClassForm(OfASchema):
    """A new class."""

    name, label, done = "add-class", "Add a label class", "The class is added."
    field_order = ("key", "title", "definition", "geometry", "high_risk", "attributes", "reason")
    key = forms.CharField(max_length=255, help_text="Never changes: marks and connectors know the class by it.")
    title = forms.CharField(label="Name", max_length=255)
    definition = _definition()
    geometry = forms.ChoiceField(choices=Geometry)
    high_risk = forms.BooleanField(required=False)
    attributes = _attributes()

    def act(self, key: str, title: str, reason: str, **answers: Any) -> LabelClass:
        return add_class(self.subject, key, title, by=self.viewer, reason=reason, **answers)


class FreezeSchemaForm(OfASchema):
    """Let no class change any more."""

    name, label, done = "freeze-schema", "Freeze the schema", "The schema is frozen: no class changes."

    def act(self, reason: str) -> Project:
        return freeze_schema(self.subject, by=self.viewer, reason=reason)


class UnfreezeSchemaForm(OfASchema):
    """Let classes change again."""

    name, label, done = "unfreeze-schema", "Unfreeze the schema", "Classes can change again."
    reason = ReasonField()

    @classmethod
    def fits(cls, subject: Project) -> bool:
        return subject.state != Project.State.ARCHIVED and subject.schema_frozen

    def act(self, reason: str) -> Project:
        return unfreeze_schema(self.subject, by=self.viewer, reason=reason)


class OfAClass(ActForm):
    """An act on one class, while the schema may change."""

    can = Can.EDIT_SCHEMA
    done = "The class is changed."
    reason = ReasonField(required=False)

    @classmethod
    def fits(cls, subject: LabelClass) -> bool:
        return OfASchema.fits(subject.project)


class RenameClassForm(OfAClass):
    """Another name."""

    name, label = "rename", "Rename"
    field_order = ("title", "reason")
    title = forms.CharField(label="Name", max_length=255, help_text="The key stays, and no mark is touched.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {"title": self.subject.name}

    def act(self, title: str, reason: str) -> LabelClass:
        return rename_class(self.subject, title, by=self.viewer, reason=reason)


class RedefineClassForm(OfAClass):
    """Another meaning; only what was changed here is handed on, lest it undo what somebody else changed meanwhile."""

    name, label = "redefine", "Redefine"
    field_order = ("definition", "geometry", "attributes", "reason")
    definition = _definition()
    geometry = forms.ChoiceField(choices=Geometry, show_hidden_initial=True)
    attributes = _attributes()
    reason = ReasonField(help_text="Every mark made until now is outdated by it. The reason stays on the trail.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {name: getattr(self.subject, name) for name in ("definition", "geometry", "attributes")}

    def act(self, reason: str, **answers: Any) -> LabelClass:
        changed = {name: value for name, value in answers.items() if name in self.changed_data}
        return redefine_class(self.subject, by=self.viewer, reason=reason, **changed)


class ClassRiskForm(OfAClass):
    """Whether mistakes in this class are dear."""

    name, label = "risk", "Change its risk"
    field_order = ("high_risk", "reason")
    high_risk = forms.BooleanField(required=False, help_text="What the review policy “high-risk classes” looks at.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {"high_risk": self.subject.high_risk}

    def act(self, high_risk: bool, reason: str) -> LabelClass:
        return change_class_risk(self.subject, high_risk, by=self.viewer, reason=reason)


class RecolourClassForm(OfAClass):
    """Another colour."""

    name, label = "recolour", "Recolour"
    field_order = ("colour", "reason")
    colour = forms.CharField(widget=ColourInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {"colour": self.subject.colour}

    def act(self, colour: str, reason: str) -> LabelClass:
        return recolour_class(self.subject, colour, by=self.viewer, reason=reason)


class DeprecateClassForm(OfAClass):
    """Nothing new is marked with it."""

    name, label, done = "deprecate", "Deprecate", "The class is deprecated."
    ending = True
    reason = ReasonField()

    @classmethod
    def fits(cls, subject: LabelClass) -> bool:
        return super().fits(subject) and not subject.deprecated

    def act(self, reason: str) -> LabelClass:
        return deprecate_class(self.subject, by=self.viewer, reason=reason)


class ReinstateClassForm(OfAClass):
    """A deprecated class comes back."""

    name, label, done = "reinstate", "Reinstate", "The class is back."
    reason = ReasonField()

    @classmethod
    def fits(cls, subject: LabelClass) -> bool:
        return super().fits(subject) and subject.deprecated

    def act(self, reason: str) -> LabelClass:
        return reinstate_class(self.subject, by=self.viewer, reason=reason)


OF_A_PROJECT: tuple[type[ActForm], ...] = (AddClassForm, FreezeSchemaForm, UnfreezeSchemaForm)
ACTS: tuple[type[ActForm], ...] = (
    RenameClassForm,
    RedefineClassForm,
    ClassRiskForm,
    RecolourClassForm,
    DeprecateClassForm,
    ReinstateClassForm,
)
