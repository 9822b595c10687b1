"""What restoring asks: how much of it, and why."""

from __future__ import annotations

from typing import Any

from django import forms

from labelop.models import LabelClass, Project
from roles.forms import ReasonField
from roles.models import User
from roles.telling import pseudonyms_in

from ..scopes import EditsBetween, EditsOf, Everything, OneClass, Scope


class RestoreForm(forms.Form):
    """How much goes back; the reason is asked for once its preview has been seen."""

    required_css_class = "required"

    what = forms.ChoiceField(
        choices=[
            ("everything", "Everything"),
            ("class", "The marks of one class"),
            ("person", "One person’s edits since"),
            ("range", "What was done in a time range"),
        ]
    )
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
