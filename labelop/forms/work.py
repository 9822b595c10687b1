"""What the acts on assignments, reviews and disputes ask in the admin."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms

from roles.forms import ActForm, ListActForm, ReasonField
from roles.matrix import Can
from roles.models import User

from ..models import APPROVALS, Assignment, Dispute, Item, Priority, Project, ReasonCode, Review, Verdict
from ..moves import MOVES, WITH_ITS_ANNOTATOR, Mover
from ..services.assignments import (
    assign_work,
    cancel_work,
    complete_work,
    move_due_date,
    reassign_work,
    reopen_work,
    start_work,
)
from ..services.disputes import contest_review, overturn_decision, uphold_decision
from ..services.reviews import decide_review

State = Assignment.State


class AnnotatorField(forms.CharField):
    """An exact username; a list of users would tell who works here."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("label", "Annotator’s username")
        options.setdefault("help_text", "Exactly as the account is named; no list is offered.")
        super().__init__(max_length=150, **options)

    def clean(self, value: Any) -> User:
        # SECURITY: one text for an account that does not exist and for one without the role.
        found = User.objects.filter(username=super().clean(value), is_active=True).first()
        if found is None:
            raise forms.ValidationError("Only an annotator of this project can be given its work.", code="unusable")
        return found


class DueField(forms.DateField):
    """A day, or none."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, label="Due on", widget=forms.DateInput(attrs={"type": "date"}), **options)


class AssignItemForm(ActForm):
    """Whom an item is given to, and how soon it is wanted."""

    name, label, done, can = "assign", "Assign", "The work is assigned.", Can.ASSIGN_WORK
    annotator = AnnotatorField()
    priority = forms.TypedChoiceField(choices=Priority.choices, coerce=int, initial=Priority.NORMAL)
    due_on = DueField()
    instructions = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 3}))
    reason = ReasonField(required=False)

    @classmethod
    def fits(cls, subject: Item) -> bool:
        at_work = Assignment.objects.filter(item=subject).exclude(state=State.CANCELLED)
        return not subject.excluded and not at_work.exists()

    def act(self, *, annotator: User, priority: int, **answers: Any) -> Assignment:
        (made,) = assign_work([self.subject], annotator, by=self.viewer, priority=Priority(priority), **answers)
        return made


class AssignItemsForm(ListActForm):
    """Several items of one project for one annotator."""

    name, label, done, can = "assign", "Assign items", "The work is assigned.", Can.ASSIGN_WORK
    items = forms.CharField(widget=forms.Textarea(attrs={"rows": 6}), help_text="The keys of the items, one a line.")
    annotator = AnnotatorField()
    priority = forms.TypedChoiceField(choices=Priority.choices, coerce=int, initial=Priority.NORMAL)
    due_on = DueField()
    instructions = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 3}))
    reason = ReasonField(required=False)

    def clean_items(self) -> list[str]:
        return list(dict.fromkeys(filter(None, (line.strip() for line in self.cleaned_data["items"].splitlines()))))

    def act(self, *, project: Project, items: list[str], annotator: User, priority: int, **answers: Any) -> Assignment:
        found = list(Item.objects.filter(project=project, key__in=items))
        if missing := sorted(set(items) - {item.key for item in found}):
            raise forms.ValidationError({"items": f"This project has no item {', '.join(missing[:5])}."})
        answers["priority"] = Priority(priority)
        return assign_work(found, annotator, by=self.viewer, **answers)[0]


class OwnWorkForm(ActForm):
    """An act of the annotator whose work it is."""

    can = Can.ANNOTATE
    reason = ReasonField(required=False)

    @classmethod
    def offered(cls, subject: Any, viewer: User) -> bool:
        return super().offered(subject, viewer) and subject.annotator_id == viewer.pk


class StartWorkForm(OwnWorkForm):
    name, label, done = "start", "Start", "You are at work."

    @classmethod
    def fits(cls, subject: Assignment) -> bool:
        return (State(subject.state), State.IN_PROGRESS, Mover.ANNOTATOR) in MOVES

    def act(self, **answers: Any) -> Assignment:
        return start_work(self.subject, by=self.viewer, **answers)


class CompleteWorkForm(OwnWorkForm):
    name, label, done = "complete", "Complete", "The work is handed in."

    @classmethod
    def fits(cls, subject: Assignment) -> bool:
        return (State(subject.state), State.COMPLETED, Mover.ANNOTATOR) in MOVES

    def act(self, **answers: Any) -> Assignment:
        return complete_work(self.subject, by=self.viewer, **answers)


class CancelWorkForm(ActForm):
    name, label, done, can, ending = "cancel", "Cancel", "The work is cancelled.", Can.ASSIGN_WORK, True
    reason = ReasonField()

    @classmethod
    def fits(cls, subject: Assignment) -> bool:
        return (State(subject.state), State.CANCELLED, Mover.OWNER) in MOVES

    def act(self, **answers: Any) -> Assignment:
        return cancel_work(self.subject, by=self.viewer, **answers)


class ReopenWorkForm(ActForm):
    name, label, done, can = "reopen", "Open again", "The work is open for another round.", Can.ASSIGN_WORK
    reason = ReasonField()

    @classmethod
    def fits(cls, subject: Assignment) -> bool:
        return (State(subject.state), State.IN_PROGRESS, Mover.OWNER) in MOVES

    def act(self, **answers: Any) -> Assignment:
        return reopen_work(self.subject, by=self.viewer, **answers)


class ReassignWorkForm(ActForm):
    name, label, done, can = "reassign", "Give to somebody else", "The work is reassigned.", Can.ASSIGN_WORK
    annotator = AnnotatorField()
    reason = ReasonField(required=False)

    @classmethod
    def fits(cls, subject: Assignment) -> bool:
        return subject.state in WITH_ITS_ANNOTATOR

    def act(self, *, annotator: User, **answers: Any) -> Assignment:
        return reassign_work(self.subject, annotator, by=self.viewer, **answers)


class MoveDueDateForm(ActForm):
    name, label, done, can = "due", "Move due date", "The due date is moved.", Can.ASSIGN_WORK
    due_on = DueField()
    reason = ReasonField(required=False)

    @classmethod
    def fits(cls, subject: Assignment) -> bool:
        return subject.state not in (State.APPROVED, State.REJECTED, State.CANCELLED)

    def act(self, *, due_on: date | None, **answers: Any) -> Assignment:
        return move_due_date(self.subject, due_on, by=self.viewer, **answers)


class VerdictForm(ActForm):
    """A verdict, and what was found wanting where it does not approve."""

    verdict = forms.TypedChoiceField(choices=[("", "Choose a verdict"), *Verdict.choices], coerce=Verdict)
    reason_code = forms.ChoiceField(
        required=False,
        label="What was found wanting",
        choices=[("", "Nothing"), *ReasonCode.choices],
        help_text="Needed when a revision is requested or the work is rejected.",
    )


class DecideReviewForm(VerdictForm):
    name, label, done, can = "decide", "Decide", "The decision is recorded.", Can.DECIDE_REVIEWS
    reason = ReasonField(required=False)

    @classmethod
    def fits(cls, subject: Assignment) -> bool:
        return bool(subject.state == State.IN_REVIEW)

    def act(self, *, verdict: Verdict, **answers: Any) -> Review:
        return decide_review(self.subject, verdict, by=self.viewer, **answers)


class ContestReviewForm(ActForm):
    name, label, done, can = "contest", "Contest", "The decision is contested.", Can.CONTEST_REVIEWS
    reason = ReasonField()

    @classmethod
    def fits(cls, subject: Review) -> bool:
        superseded = Review.objects.filter(supersedes=subject).exists()
        return (
            subject.verdict not in APPROVALS and not superseded and not Dispute.objects.filter(review=subject).exists()
        )

    def act(self, **answers: Any) -> Dispute:
        return contest_review(self.subject, by=self.viewer, **answers)


class UpholdDecisionForm(ActForm):
    name, label, done, can = "uphold", "Uphold", "The decision stands.", Can.ADJUDICATE
    reason = ReasonField()

    @classmethod
    def fits(cls, subject: Dispute) -> bool:
        return bool(subject.state == Dispute.State.OPEN)

    def act(self, **answers: Any) -> Dispute:
        return uphold_decision(self.subject, by=self.viewer, **answers)


class OverturnDecisionForm(VerdictForm):
    name, label, done, can = "overturn", "Overturn", "Another decision stands in its place.", Can.ADJUDICATE
    reason = ReasonField()

    @classmethod
    def fits(cls, subject: Dispute) -> bool:
        return bool(subject.state == Dispute.State.OPEN)

    def act(self, *, verdict: Verdict, **answers: Any) -> Review:
        return overturn_decision(self.subject, verdict, by=self.viewer, **answers)


ASSIGNMENT_ACTS = (
    *(StartWorkForm, CompleteWorkForm, DecideReviewForm, ReopenWorkForm),
    *(ReassignWorkForm, MoveDueDateForm, CancelWorkForm),
)
DISPUTE_ACTS = (UpholdDecisionForm, OverturnDecisionForm)
