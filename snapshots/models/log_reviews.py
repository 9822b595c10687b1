from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from audit.fields import CanonicalJSONField
from audit.history import tracked
from audit.models import AppendOnly, Entry
from labelop.models import Project, QualitySignal

from .releases import Release


class Occasion(models.TextChoices):
    """What a log review is held for."""

    RELEASE = "release", "Release"
    PERMISSION_CHANGE = "permission_change", "Permission change"
    SIGNAL = "signal", "Quality signal"
    INCIDENT = "incident", "Incident"
    BY_HAND = "by_hand", "Opened by hand"


class LogReview(models.Model):
    """A scoped reading of the trail: what was decided in the scope, was it expected, and who vouches for it.

    `first_entry` and `last_entry` bound the scope; `query` narrows it (`{"event": […], "impact": [...], …}`). Nothing
    on the trail below `last_entry` was still under way when the review was opened, so the same scope always yields
    the same entries.
    """

    class State(models.TextChoices):
        OPEN = "open", "Open"
        SIGNED = "signed", "Signed"
        VOIDED = "voided", "Voided"

    project = models.ForeignKey(Project, models.PROTECT, related_name="log_reviews")
    occasion = models.CharField(max_length=20, choices=Occasion)
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    release = models.ForeignKey(Release, models.PROTECT, null=True, blank=True, related_name="log_reviews")
    signal = models.ForeignKey(QualitySignal, models.PROTECT, null=True, blank=True, related_name="log_reviews")
    # The entry that called for it, such as the one that granted a role.
    about = models.ForeignKey(Entry, models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    # An incident's start and end.
    began_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    first_entry = models.BigIntegerField()
    last_entry = models.BigIntegerField()
    query = CanonicalJSONField(default=dict, blank=True)
    # [{"question": …, "answer": …}]; an empty answer is still owed.
    checklist = CanonicalJSONField(default=list, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    opened_at = models.DateTimeField(default=timezone.now)
    # None where LabelOp opened it because the project's risk asks for it.
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    due_on = models.DateField()
    reminded_on = models.DateField(null=True, blank=True)

    history = tracked()

    class Meta:
        ordering = ("-id",)
        indexes: ClassVar = [models.Index(fields=["project", "state", "due_on"], name="log_reviews_due")]

    def __str__(self) -> str:
        return self.title


class Disposition(models.Model):
    """What a reader of the trail makes of one decision point."""

    class Verdict(models.TextChoices):
        EXPECTED = "expected", "Expected and authorised"
        UNDOCUMENTED = "undocumented", "Expected but undocumented"
        UNEXPECTED = "unexpected", "Unexpected"
        FOLLOW_UP = "follow_up", "Needs follow-up"

    project = models.ForeignKey(Project, models.PROTECT, related_name="+")
    log_review = models.ForeignKey(LogReview, models.PROTECT, related_name="dispositions")
    entry = models.ForeignKey(Entry, models.PROTECT, related_name="+")
    verdict = models.CharField(max_length=12, choices=Verdict)
    note = models.TextField(blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    decided_at = models.DateTimeField(default=timezone.now)

    history = tracked()

    class Meta:
        ordering = ("id",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["log_review", "entry"], name="one_disposition_per_entry"),
        ]

    def __str__(self) -> str:
        return f"{self.get_verdict_display()}: entry {self.entry_id}"


class Finding(models.Model):
    """What a log review turned up: a contributing factor and an action, never a culprit."""

    class Factor(models.TextChoices):
        GUIDELINE = "guideline", "Guideline missing or unclear"
        SCHEMA = "schema", "Schema change"
        ACCESS = "access", "Access wider than needed"
        PROCESS = "process", "Step skipped or missing"
        TOOL = "tool", "Tool or integration"
        COMMUNICATION = "communication", "Decision not passed on"
        WORKLOAD = "workload", "Workload or deadline"
        OTHER = "other", "Something else"

    project = models.ForeignKey(Project, models.PROTECT, related_name="findings")
    log_review = models.ForeignKey(LogReview, models.PROTECT, related_name="findings")
    entry = models.ForeignKey(Entry, models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    factor = models.CharField(max_length=15, choices=Factor)
    description = models.TextField()
    action = models.TextField()
    # Who sees to the action.
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    due_on = models.DateField()
    opened_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True, blank=True)
    outcome = models.TextField(blank=True)

    history = tracked()

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.get_factor_display()}: {self.action[:80]}"


class SignOff(AppendOnly):
    """The signature under a log review: what was read, what was made of it, and what signing it means.

    `digest` is the SHA-256 of the canonical JSON of every entry in the scope; `record_digest` of the checklist,
    dispositions and findings as they were signed.
    """

    project = models.ForeignKey(Project, models.PROTECT, related_name="+")
    log_review = models.OneToOneField(LogReview, models.PROTECT, related_name="sign_off")
    signed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    role = models.CharField(max_length=20, blank=True)
    meaning = models.TextField()
    entries = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    record_digest = models.CharField(max_length=64)
    signed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"Sign-off of {self.log_review}"
