"""What the steps of a release ask."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from django import forms

from roles.forms import ActForm, ReasonField
from roles.matrix import Can, Role
from roles.models import User
from roles.selectors import role_of

from ..gates import previous_release, window_beside_live_rows
from ..models import MOVES, Release, Snapshot, Step
from ..selectors import releases_visible_to
from ..separation import standing_of
from ..services.releases import (
    approve_release,
    ask_for_reinstatement,
    begin_review,
    cancel_release,
    deprecate_release,
    move_planned_date,
    propose_release,
    publish_release,
    reinstate_release,
    reject_release,
    waive_gate,
    withdraw_release,
)
from ..statement import statement_of
from ..versioning import suggested_version


class PlannedOn(forms.DateField):
    """The day on which a release is to go out."""

    def __init__(self, **options: Any) -> None:
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        super().__init__(label="Planned for", widget=widget, **options)


class ProposeRelease(ActForm):
    """When a snapshot is to go out, and why."""

    name, label, done = "propose", "Propose release", "The release is proposed."
    can = Can.PROPOSE_RELEASES
    planned_on = PlannedOn(required=False)
    reason = ReasonField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        previous = previous_release(self.subject)
        before = previous.snapshot if previous else None
        statement = statement_of(self.subject.project, before, self.subject)
        if statement is not None:
            suggestion = suggested_version(before, statement.differences)
            self.fields["planned_on"].help_text = f"May stay empty. Suggested version number: {suggestion}."

    @classmethod
    def fits(cls, subject: Snapshot) -> bool:
        over = (Release.State.REJECTED, Release.State.CANCELLED)
        return subject.manifest_hash is not None and not subject.releases.exclude(state__in=over).exists()

    def act(self, planned_on: date | None, reason: str) -> Release:
        return propose_release(self.subject, by=self.viewer, planned_on=planned_on, reason=reason)


class StepForm(ActForm):
    """One step of a release; offered where the release can take it."""

    kind: ClassVar[Step.Kind]

    @classmethod
    def fits(cls, subject: Release) -> bool:
        return subject.state in MOVES[cls.kind][0]


class BeginReview(StepForm):
    """Anything worth saying when a review begins."""

    name, label, done = "begin-review", "Begin review", "The release is in review."
    kind, can = Step.Kind.REVIEW_BEGUN, Can.PROPOSE_RELEASES
    reason = ReasonField(required=False)

    def act(self, reason: str) -> Release:
        return begin_review(self.subject, by=self.viewer, reason=reason)


class ApproveRelease(StepForm):
    """Anything worth saying with an approval."""

    name, label, done = "approve", "Approve", "Your approval is on record."
    kind, can = Step.Kind.APPROVED, Can.APPROVE_RELEASES
    reason = ReasonField(required=False)

    @classmethod
    def offered(cls, subject: Any, viewer: User) -> bool:
        """Not to whom the service would refuse it: an approval speaks for a role."""
        if not cls.fits(subject):
            return False
        role, asked = role_of(viewer, subject.project), subject.project.separation_of_duties
        if asked and viewer.pk == subject.requested_by_id:
            return False
        return role is Role.OWNER or (role is Role.REVIEWER and asked > 2)

    def act(self, reason: str) -> Release:
        return approve_release(self.subject, by=self.viewer, reason=reason)


class RejectRelease(StepForm):
    """Why a release is turned down."""

    name, label, done, ending = "reject", "Reject", "The release is rejected.", True
    kind, can = Step.Kind.REJECTED, Can.APPROVE_RELEASES
    reason = ReasonField()

    def act(self, reason: str) -> Release:
        return reject_release(self.subject, by=self.viewer, reason=reason)


class PublishRelease(StepForm):
    """Anything worth saying when a release goes out."""

    name, label, done = "release", "Release", "It is released."
    kind, can = Step.Kind.RELEASED, Can.MANAGE_RELEASES
    reason = ReasonField(required=False)

    def act(self, reason: str) -> Release:
        return publish_release(self.subject, by=self.viewer, reason=reason)


class CancelRelease(StepForm):
    """Why a release is called off."""

    name, label, done, ending = "cancel", "Cancel", "The release is cancelled.", True
    kind, can = Step.Kind.CANCELLED, Can.PROPOSE_RELEASES
    reason = ReasonField()

    @classmethod
    def offered(cls, subject: Any, viewer: User) -> bool:
        return super().offered(subject, viewer) and is_theirs(subject, viewer)

    def act(self, reason: str) -> Release:
        return cancel_release(self.subject, by=self.viewer, reason=reason)


class MovePlannedDate(StepForm):
    """The new day, and why."""

    name, label, done = "move-date", "Move planned date", "The planned date has moved."
    kind, can = Step.Kind.DATE_MOVED, Can.PROPOSE_RELEASES
    planned_on = PlannedOn()
    reason = ReasonField()

    @classmethod
    def offered(cls, subject: Any, viewer: User) -> bool:
        return super().offered(subject, viewer) and is_theirs(subject, viewer)

    def act(self, planned_on: date, reason: str) -> Release:
        return move_planned_date(self.subject, planned_on, by=self.viewer, reason=reason)


class WaiveGate(StepForm):
    """Which gate, and why it need not hold."""

    name, label, done, ending = "waive", "Waive a gate", "The gate is waived; the release shows it for ever.", True
    kind, can = Step.Kind.GATE_WAIVED, Can.MANAGE_RELEASES
    gate = forms.ChoiceField(label="Gate that is not passed")
    reason = ReasonField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        closed = standing_of(window_beside_live_rows(self.subject)).closed
        choices = [(gate.code, f"{gate.label}: {gate.sentence}") for gate in closed]
        self.fields["gate"] = forms.ChoiceField(label="Gate that is not passed", choices=choices)

    def act(self, gate: str, reason: str) -> Release:
        return waive_gate(self.subject, gate, by=self.viewer, reason=reason).release


class EndingForm(StepForm):
    """Why a release should not be used any more, and what to use instead."""

    ending = True
    can = Can.MANAGE_RELEASES
    replacement = forms.ModelChoiceField(queryset=Release.objects.none(), required=False)
    reason = ReasonField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = releases_visible_to(self.viewer).filter(project=self.subject.project).exclude(pk=self.subject.pk)
        self.fields["replacement"] = forms.ModelChoiceField(queryset=others, required=False)


class DeprecateRelease(EndingForm):
    """Why a release is not recommended any more."""

    name, label, done = "deprecate", "Deprecate", "The release is deprecated."
    kind = Step.Kind.DEPRECATED

    def act(self, replacement: Release | None, reason: str) -> Release:
        return deprecate_release(self.subject, by=self.viewer, reason=reason, replacement=replacement)


class WithdrawRelease(EndingForm):
    """For what kind of reason a release is taken back, and why."""

    name, label, done = "withdraw", "Withdraw", "The release is withdrawn; its recall list is below."
    kind = Step.Kind.WITHDRAWN
    field_order = ("withdrawn_for", "replacement", "reason")
    withdrawn_for = forms.ChoiceField(label="Withdrawn for", choices=Release.Withdrawal.choices)

    def act(self, withdrawn_for: str, replacement: Release | None, reason: str) -> Release:
        return withdraw_release(
            self.subject,
            Release.Withdrawal(withdrawn_for),
            by=self.viewer,
            reason=reason,
            replacement=replacement,
        )


class AskForReinstatement(StepForm):
    """Why a release should stand again."""

    name, label, done = "ask-for-reinstatement", "Ask for reinstatement", "Somebody else can reinstate it now."
    kind, can = Step.Kind.REINSTATEMENT_ASKED, Can.MANAGE_RELEASES
    reason = ReasonField()

    def act(self, reason: str) -> Release:
        return ask_for_reinstatement(self.subject, by=self.viewer, reason=reason).release


class ReinstateRelease(StepForm):
    """Why a release stands again."""

    name, label, done = "reinstate", "Reinstate", "The release stands again."
    kind, can = Step.Kind.REINSTATED, Can.MANAGE_RELEASES
    reason = ReasonField()

    def act(self, reason: str) -> Release:
        return reinstate_release(self.subject, by=self.viewer, reason=reason)


STEPS: tuple[type[StepForm], ...] = (
    BeginReview,
    ApproveRelease,
    PublishRelease,
    MovePlannedDate,
    WaiveGate,
    RejectRelease,
    CancelRelease,
    DeprecateRelease,
    WithdrawRelease,
    AskForReinstatement,
    ReinstateRelease,
)


def is_theirs(release: Release, viewer: User) -> bool:
    """Whether a proposal is the viewer's to move or call off."""
    return viewer.is_superuser or viewer.pk == release.requested_by_id or role_of(viewer, release.project) is Role.OWNER
