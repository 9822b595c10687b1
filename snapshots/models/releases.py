from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from audit.fields import CanonicalJSONField
from audit.history import tracked
from audit.models import AppendOnly, Entry
from labelop.models import Project

from .snapshots import Snapshot


class Release(models.Model):
    """A snapshot on its way out of the building."""

    class State(models.TextChoices):
        CANDIDATE = "candidate", "Candidate"
        IN_REVIEW = "in_review", "In review"
        APPROVED = "approved", "Approved"
        RELEASED = "released", "Released"
        DEPRECATED = "deprecated", "Deprecated"
        WITHDRAWN = "withdrawn", "Withdrawn"
        REJECTED = "rejected", "Rejected"
        CANCELLED = "cancelled", "Cancelled"

    class Withdrawal(models.TextChoices):
        """What kind of reason took a release back."""

        DEFECT = "defect", "Defect in the data"
        RIGHTS = "rights", "Rights or consent"
        PRIVACY = "privacy", "Privacy"
        SCHEMA = "schema", "Wrong schema"
        UNEXPLAINED = "unexplained", "Changes nobody can account for"
        OTHER = "other", "Something else"

    project = models.ForeignKey(Project, models.PROTECT, related_name="releases")
    snapshot = models.ForeignKey(Snapshot, models.PROTECT, related_name="releases")
    state = models.CharField(max_length=10, choices=State, default=State.CANDIDATE)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    planned_on = models.DateField(null=True, blank=True)
    withdrawn_for = models.CharField(max_length=12, choices=Withdrawal, blank=True)
    replacement = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="replaces")

    history = tracked()

    class Meta:
        ordering = ("-id",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["snapshot"],
                condition=~models.Q(state__in=["rejected", "cancelled"]),
                name="one_release_per_snapshot",
            ),
        ]

    def __str__(self) -> str:
        return self.snapshot.name


class Step(AppendOnly):
    """One step in the life of a release: who took it, in which role, why, and what the gates said then."""

    class Kind(models.TextChoices):
        PROPOSED = "proposed", "Proposed"
        REVIEW_BEGUN = "review_begun", "Review begun"
        APPROVED = "approved", "Approved"
        RELEASED = "released", "Released"
        DEPRECATED = "deprecated", "Deprecated"
        WITHDRAWN = "withdrawn", "Withdrawn"
        REJECTED = "rejected", "Rejected"
        CANCELLED = "cancelled", "Cancelled"
        REINSTATEMENT_ASKED = "reinstatement_asked", "Reinstatement asked for"
        REINSTATED = "reinstated", "Reinstated"
        DATE_MOVED = "date_moved", "Planned date moved"
        GATE_WAIVED = "gate_waived", "Gate waived"

    project = models.ForeignKey(Project, models.PROTECT, related_name="+")
    release = models.ForeignKey(Release, models.PROTECT, related_name="steps")
    kind = models.CharField(max_length=20, choices=Kind)
    # The gate that a waiver waives.
    gate = models.CharField(max_length=40, blank=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    role = models.CharField(max_length=20, blank=True)
    reason = models.TextField(blank=True)
    at = models.DateTimeField(default=timezone.now)
    manifest_hash = models.CharField(max_length=64)
    # What every gate said, with its evidence, when the step was taken; null where no gate is asked.
    gate_report = CanonicalJSONField(null=True)
    gate_digest = models.CharField(max_length=64, blank=True)
    # The separation of duties reached: 0 to 3.
    separation = models.PositiveSmallIntegerField(null=True)
    entry = models.OneToOneField(Entry, models.PROTECT, related_name="+")

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.release}: {self.get_kind_display().lower()}"


_STATE, _KIND = Release.State, Step.Kind

# Every move there is: from which states a step may be taken, and the state it leads to. None: the state stays, or,
# for an approval, is what the approvals that count have reached. All else is refused.
# fmt: off
MOVES: dict[Step.Kind, tuple[frozenset[Release.State], Release.State | None]] = {
    _KIND.PROPOSED:            (frozenset(),                                                        _STATE.CANDIDATE),
    _KIND.REVIEW_BEGUN:        (frozenset({_STATE.CANDIDATE}),                                      _STATE.IN_REVIEW),
    _KIND.APPROVED:            (frozenset({_STATE.IN_REVIEW, _STATE.APPROVED}),                     None),
    _KIND.REJECTED:            (frozenset({_STATE.IN_REVIEW, _STATE.APPROVED}),                     _STATE.REJECTED),
    _KIND.CANCELLED:           (frozenset({_STATE.CANDIDATE, _STATE.IN_REVIEW, _STATE.APPROVED}),   _STATE.CANCELLED),
    _KIND.RELEASED:            (frozenset({_STATE.APPROVED}),                                       _STATE.RELEASED),
    _KIND.DEPRECATED:          (frozenset({_STATE.RELEASED}),                                       _STATE.DEPRECATED),
    _KIND.WITHDRAWN:           (frozenset({_STATE.RELEASED, _STATE.DEPRECATED}),                    _STATE.WITHDRAWN),
    _KIND.REINSTATEMENT_ASKED: (frozenset({_STATE.DEPRECATED, _STATE.WITHDRAWN}),                   None),
    _KIND.REINSTATED:          (frozenset({_STATE.DEPRECATED, _STATE.WITHDRAWN}),                   _STATE.RELEASED),
    _KIND.DATE_MOVED:          (frozenset({_STATE.CANDIDATE, _STATE.IN_REVIEW, _STATE.APPROVED}),   None),
    _KIND.GATE_WAIVED:         (frozenset({_STATE.CANDIDATE, _STATE.IN_REVIEW, _STATE.APPROVED,
                                           _STATE.DEPRECATED, _STATE.WITHDRAWN}),                   None),
}
# fmt: on
