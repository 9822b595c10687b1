"""What the acts on marks ask: one's own, a reviewer's fixes, and decisions on a mark or item by itself."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms

from roles.forms import ActForm, ReasonField
from roles.matrix import Can

from ..models import Annotation, Item, LabelClass, Review, Verdict
from ..services.fixes import fix_annotation, withdraw_as_fix
from ..services.reviews import decide_review
from ..services.work import save_annotation, withdraw_annotation
from .work import VerdictForm


class ClassField(forms.CharField):
    """The key of a class of the project."""

    def __init__(self) -> None:
        super().__init__(label="Class", max_length=255, help_text="The key of its class.")


class MarkForm(ActForm):
    """A mark on an item: its class and its value."""

    put: ClassVar[Any]
    label_class = ClassField()
    value = forms.JSONField(help_text="What is marked: a box, a span, a tag, … as a JSON object.")
    key = forms.CharField(required=False, max_length=255, help_text="Of the mark to change; without it one is added.")
    reason = ReasonField(required=False)

    def clean_label_class(self) -> LabelClass:
        classes = LabelClass.objects.filter(project=self.subject.project_id, key=self.cleaned_data["label_class"])
        found = classes.first()
        if found is None:
            raise forms.ValidationError("This project has no such class.")
        return found

    def act(self, label_class: LabelClass, value: dict[str, Any], **answers: Any) -> Annotation:
        saved: Annotation = type(self).put(self.subject, label_class, value, by=self.viewer, **answers)
        return saved


class SaveAnnotationForm(MarkForm):
    name, label, done, can = "mark", "Mark", "The mark is saved.", Can.ANNOTATE
    put = staticmethod(save_annotation)


class FixAnnotationForm(MarkForm):
    name, label, done, can = "fix", "Fix a mark", "The mark is put right.", Can.FIX_IN_REVIEW
    put = staticmethod(fix_annotation)


class WithdrawAnnotationForm(ActForm):
    name, label, done, ending = "withdraw", "Withdraw", "The mark is withdrawn; its past stays.", True
    can = Can.ANNOTATE
    reason = ReasonField(required=False)

    @classmethod
    def fits(cls, subject: Annotation) -> bool:
        return not subject.withdrawn

    def act(self, reason: str) -> Annotation:
        return withdraw_annotation(self.subject, by=self.viewer, reason=reason)


class WithdrawAsFixForm(WithdrawAnnotationForm):
    name, label = "withdraw-as-fix", "Withdraw as a fix"
    can = Can.FIX_IN_REVIEW

    def act(self, reason: str) -> Annotation:
        return withdraw_as_fix(self.subject, by=self.viewer, reason=reason)


class DecideAloneForm(VerdictForm):
    """A decision on an item that nobody was assigned to, or on one mark."""

    name, label, done, can = "decide", "Decide", "The decision is recorded.", Can.DECIDE_REVIEWS
    reason = ReasonField(required=False)

    def act(self, *, verdict: Verdict, **answers: Any) -> Review:
        subject: Item | Annotation = self.subject
        return decide_review(subject, verdict, by=self.viewer, **answers)


OF_AN_ITEM: tuple[type[ActForm], ...] = (SaveAnnotationForm, FixAnnotationForm, DecideAloneForm)
OF_A_MARK: tuple[type[ActForm], ...] = (WithdrawAnnotationForm, WithdrawAsFixForm, DecideAloneForm)
