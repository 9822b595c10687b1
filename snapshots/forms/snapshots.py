"""What the acts on snapshots ask."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from audit.acting import GateBusy
from labelop.models import Project
from roles.forms import ListActForm, ReasonField
from roles.matrix import Can

from ..content import State, newest_cut
from ..differences import Comparison
from ..models import Purpose, Snapshot
from ..services.snapshots import take_snapshot
from ..statement import is_long
from ..versioning import suggested_version


class TakeSnapshot(ListActForm):
    """How a snapshot is called, what it is for, and why it is taken."""

    name, label, done = "take", "Take a snapshot", "The snapshot is taken."
    can, alone = Can.TAKE_SNAPSHOTS, True
    called = forms.CharField(label="Name", max_length=255)
    purpose = forms.ChoiceField(choices=Purpose.choices, initial=Purpose.ROUTINE)
    note = ReasonField(label="Note", required=False)
    field_order = ("project", "called", "purpose", "note")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        project = self._project_named()
        if project is not None and (suggestion := _suggested(project)):
            self.fields["called"].help_text = f"Suggested version number: {suggestion}."

    def _project_named(self) -> Project | None:
        """The project that the link which led here has filled in, if it is one of the viewer's."""
        try:
            found = self.fields["project"].clean(self.initial.get("project"))
        except ValidationError:
            return None
        return found if isinstance(found, Project) else None

    def act(self, project: Project, called: str, purpose: str, note: str) -> Snapshot:
        try:
            return take_snapshot(project, called, by=self.viewer, purpose=Purpose(purpose), note=note).snapshot
        except GateBusy:
            raise ValidationError("Somebody is at work without a pause; try again in a moment.") from None
        except ValidationError as error:
            raise _at_the_field(error) from None

    def operation_of(self, made: Any) -> uuid.UUID | None:
        operation: uuid.UUID = made.entry.operation
        return operation


def _suggested(project: Project) -> str:
    """From what differs between the latest snapshot and now; empty where that takes longer than a form may."""
    latest = Snapshot.objects.filter(project=project).defer("states").order_by("-number").first()
    if latest is None:
        return str(suggested_version(None, []))
    now = State(project.pk, newest_cut(project.pk))
    return (
        ""
        if is_long(project, latest, now)
        else str(suggested_version(latest, Comparison(project, latest, now).differences))
    )


def _at_the_field(error: ValidationError) -> ValidationError:
    """What is wrong, beside what was asked."""
    if not hasattr(error, "error_dict"):
        return error
    asked_as = {"name": "called", "reason": "note"}
    return ValidationError({asked_as.get(name, name): wrong for name, wrong in error.error_dict.items()})
