"""What the acts on adjustments ask."""

from __future__ import annotations

from typing import Any

from django import forms

from audit.events import Event
from audit.models import Entry
from roles.forms import ActForm, ReasonField
from roles.matrix import Can
from roles.selectors import can, projects_where

from ..models import Adjustment
from ..services.adjustments import accept_adjustment, propose_adjustment, reject_adjustment


class ProposeAdjustment(ActForm):
    """Which change, and why it is right."""

    name, label, done = "propose", "Propose an adjustment", "The adjustment is proposed; somebody else decides on it."
    can = Can.PROPOSE_ADJUSTMENTS

    entry = forms.IntegerField(
        min_value=1, help_text="The number of the entry “Change without an explanation”, as the trail gives it."
    )
    reason = ReasonField()

    def clean_entry(self) -> Entry:
        # SECURITY: one text for an entry that does not exist, is another kind of entry, or belongs elsewhere.
        entries = Entry.objects.filter(
            event=Event.CHANGE_UNEXPLAINED, project__in=projects_where(self.viewer, self.can)
        )
        entry = entries.filter(pk=self.cleaned_data["entry"]).select_related("project").first()
        if entry is None:
            raise forms.ValidationError("No change without an explanation in your projects has this number.")
        return entry

    def act(self, **answers: Any) -> Adjustment:
        entry = answers["entry"]
        return propose_adjustment(entry.project, entry.operation, by=self.viewer, reason=answers["reason"])


class _Decide(ActForm):
    """A decision on a proposed adjustment."""

    can = Can.ACCEPT_ADJUSTMENTS

    @classmethod
    def fits(cls, subject: Any) -> bool:
        return bool(subject.state == Adjustment.State.PROPOSED)


class AcceptAdjustment(_Decide):
    """Somebody else than who proposed it agrees."""

    name, label, done = "accept", "Accept", "The adjustment is accepted: its change is accounted for."

    reason = ReasonField(required=False)

    @classmethod
    def offered(cls, subject: Any, viewer: Any) -> bool:
        return cls.fits(subject) and subject.proposed_by_id != viewer.pk and can(viewer, cls.can, subject.project)

    def act(self, **answers: Any) -> Adjustment:
        return accept_adjustment(self.subject, by=self.viewer, **answers)


class RejectAdjustment(_Decide):
    """The change stays unexplained."""

    name, label, done = "reject", "Reject", "The adjustment is rejected: its change stays unexplained."
    ending = True

    reason = ReasonField()

    def act(self, **answers: Any) -> Adjustment:
        return reject_adjustment(self.subject, by=self.viewer, **answers)
