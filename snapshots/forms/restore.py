"""What restoring asks: how much of it, and why; on its page, and where the answers are written down."""

from __future__ import annotations

from typing import Any

from django import forms

from labelop.models import LabelClass, Project
from roles.forms import ActForm, ReasonField
from roles.matrix import Can
from roles.models import Membership, User
from roles.telling import pseudonyms_in

from ..models import Snapshot
from ..scopes import EditsBetween, EditsOf, Everything, OneClass, Scope
from ..services.restore import restore

WHAT = [
    ("everything", "Everything"),
    ("class", "The marks of one class"),
    ("person", "One person’s edits since"),
    ("range", "What was done in a time range"),
]


class RestoreForm(forms.Form):
    """How much goes back; the reason is asked for once its preview has been seen."""

    required_css_class = "required"

    what = forms.ChoiceField(choices=WHAT)
    label_class = forms.ModelChoiceField(queryset=LabelClass.objects.none(), required=False, label="Class")
    person = forms.TypedChoiceField(coerce=int, empty_value=None, required=False)
    start = forms.DateTimeField(
        required=False, label="From (UTC)", widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )
    end = forms.DateTimeField(
        required=False, label="Until (UTC)", widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )
    reason = ReasonField(required=False)

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.project = project
        classes, person = self.fields["label_class"], self.fields["person"]
        if isinstance(classes, forms.ModelChoiceField):
            classes.queryset = LabelClass.objects.filter(project=project).order_by("name")
        if isinstance(person, forms.ChoiceField):
            numbers = pseudonyms_in([project.pk]).numbers
            person.choices = [
                ("", "Choose a member"),
                *((pk, f"Member {number}") for (_, pk), number in numbers.items()),
            ]

    def clean(self) -> dict[str, Any]:
        answers = self.cleaned_data
        if answers.get("what") == "class" and not answers.get("label_class"):
            self.add_error("label_class", "Choose the class.")
        if answers.get("what") == "person" and not answers.get("person"):
            self.add_error("person", "Choose the member.")
        if answers.get("what") == "range" and not (answers.get("start") or answers.get("end")):
            self.add_error("start", "Give a beginning or an end.")
        return answers

    @property
    def scope(self) -> Scope:
        answers = self.cleaned_data
        if answers["what"] == "class":
            return OneClass(answers["label_class"])
        if answers["what"] == "person":
            return EditsOf(User.objects.get(pk=answers["person"]), self.project)
        if answers["what"] == "range":
            return EditsBetween(answers["start"], answers["end"])
        return Everything()


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
