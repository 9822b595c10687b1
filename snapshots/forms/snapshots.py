"""What taking a snapshot asks, and bringing a project back to one."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms

from audit.acting import GateBusy
from labelop.models import LabelClass, Project
from roles.forms import ActForm, ListActForm, ReasonField
from roles.matrix import Can
from roles.models import Membership

from ..models import Purpose, Snapshot
from ..scopes import EditsBetween, EditsOf, Everything, OneClass, Scope
from ..services.restore import restore
from ..services.snapshots import take_snapshot

WHAT = [
    ("everything", "Everything"),
    ("class", "The marks of one class"),
    ("person", "One person’s edits since"),
    ("range", "What was done in a time range"),
]


class TakeSnapshotForm(ListActForm):
    """The name of a cut, and what it is for."""

    name, label, done, can = "create", "Take a snapshot", "The snapshot is taken.", Can.TAKE_SNAPSHOTS
    alone = True
    title = forms.CharField(label="Name", max_length=255)
    purpose = forms.ChoiceField(choices=Purpose.choices, required=False, initial=Purpose.ROUTINE)
    note = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 2}))
    reason = ReasonField(required=False)

    def act(self, project: Project, title: str, purpose: str, note: str, reason: str) -> Snapshot:
        try:
            taken = take_snapshot(project, title, by=self.viewer, purpose=Purpose(purpose), note=note, reason=reason)
        except GateBusy:
            raise forms.ValidationError("Somebody is at work without a pause; try again in a moment.") from None
        return taken.snapshot

    @staticmethod
    def operation_of(made: Any) -> uuid.UUID | None:
        operation: uuid.UUID = made.entry.operation
        return operation


class ScopeForm(forms.Form):
    """How much goes back to a snapshot."""

    what = forms.ChoiceField(choices=WHAT)
    label_class = forms.CharField(required=False, max_length=255, help_text="The key of the class.")
    member = forms.IntegerField(required=False, min_value=1, help_text="The id of the membership.")
    start = forms.DateTimeField(required=False)
    end = forms.DateTimeField(required=False)

    def scope_in(self, project: Project) -> Scope:
        """The scope that was asked for; raises `ValidationError`."""
        answers = self.cleaned_data
        if answers["what"] == "class":
            found = LabelClass.objects.filter(project=project, key=answers["label_class"]).first()
            if found is None:
                raise forms.ValidationError({"label_class": "This project has no such class."})
            return OneClass(found)
        if answers["what"] == "person":
            member = Membership.objects.filter(project=project, pk=answers["member"] or 0).first()
            if member is None:
                raise forms.ValidationError({"member": "This project has no such member."})
            return EditsOf(member.user, project)
        if answers["what"] == "range":
            if not (answers["start"] or answers["end"]):
                raise forms.ValidationError({"start": "Give a beginning or an end."})
            return EditsBetween(answers["start"], answers["end"])
        return Everything()


class RestoreAct(ActForm, ScopeForm):
    """How much goes back, why, and the digest of the preview that was agreed to."""

    name, label, done, can = "restore", "Restore", "The project is back there.", Can.RESTORE_DATA
    field_order = ("what", "label_class", "member", "start", "end", "seen", "reason")
    seen = forms.CharField(max_length=64, help_text="The digest of the preview that was agreed to.")
    reason = ReasonField()

    def act(self, reason: str, seen: str, **answers: Any) -> Snapshot:
        snapshot: Snapshot = self.subject
        project = snapshot.project
        restore(project, snapshot, self.scope_in(project), by=self.viewer, reason=reason, seen=seen)
        return snapshot
