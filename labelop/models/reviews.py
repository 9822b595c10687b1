from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from audit.history import tracked

from .assignments import Assignment
from .projects import Project
from .work import Annotation, Item


class Verdict(models.TextChoices):
    """What a reviewer decided."""

    APPROVED = "approved", "Approved"
    APPROVED_WITH_FIXES = "approved_with_fixes", "Approved with fixes"
    REVISION_REQUESTED = "revision_requested", "Revision requested"
    REJECTED = "rejected", "Rejected"


APPROVALS = frozenset({Verdict.APPROVED, Verdict.APPROVED_WITH_FIXES})


class ReasonCode(models.TextChoices):
    """What was found wanting; said with every decision that does not approve."""

    WRONG_CLASS = "wrong_class", "Wrong class"
    BOUNDARY = "boundary", "Wrong place or extent"
    MISSED = "missed", "Something was missed"
    SURPLUS = "surplus", "Something is marked that is not there"
    ATTRIBUTE = "attribute", "Wrong attribute"
    GUIDELINE = "guideline", "Guideline not applied"
    UNCLEAR_GUIDELINE = "unclear_guideline", "Guideline is unclear"
    UNUSABLE_ITEM = "unusable_item", "The item cannot be judged"
    OTHER = "other", "Something else"


class Review(models.Model):
    """A decision on an assignment, or on a mark or an item that nobody was assigned. A changed one is a new row."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="reviews", db_index=False)
    item = models.ForeignKey(Item, models.PROTECT, related_name="reviews")
    annotation = models.ForeignKey(Annotation, models.PROTECT, null=True, blank=True, related_name="reviews")
    assignment = models.ForeignKey(Assignment, models.PROTECT, null=True, blank=True, related_name="reviews")
    round = models.PositiveSmallIntegerField(default=1)
    verdict = models.CharField(max_length=20, choices=Verdict)
    reason_code = models.CharField(max_length=20, choices=ReasonCode, blank=True)
    note = models.TextField(blank=True)
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    supersedes = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="superseded_by")
    decided_at = models.DateTimeField(default=timezone.now)

    history = tracked(indexed="item")

    class Meta:
        ordering = ("-id",)
        indexes: ClassVar = [models.Index(fields=["project", "-id"], name="reviews_of_project")]

    def __str__(self) -> str:
        return f"{self.get_verdict_display()}: {self.annotation or self.item}"


class Dispute(models.Model):
    """A decision that the annotator contests, until somebody who is neither party rules on it."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        UPHELD = "upheld", "Decision upheld"
        OVERTURNED = "overturned", "Decision overturned"

    project = models.ForeignKey(Project, models.PROTECT, related_name="disputes")
    review = models.OneToOneField(Review, models.PROTECT, related_name="dispute")
    contested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    reason = models.TextField()
    opened_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    adjudicated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    ruling = models.TextField(blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    history = tracked()

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"Dispute of {self.review}"
