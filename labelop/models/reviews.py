from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from audit.history import tracked

from .projects import Project
from .work import Annotation, Item


class Verdict(models.TextChoices):
    """What a reviewer decided."""

    APPROVED = "approved", "Approved"
    APPROVED_WITH_FIXES = "approved_with_fixes", "Approved with fixes"
    REVISION_REQUESTED = "revision_requested", "Revision requested"
    REJECTED = "rejected", "Rejected"


APPROVALS = frozenset({Verdict.APPROVED, Verdict.APPROVED_WITH_FIXES})


class Review(models.Model):
    """A decision on an annotation, or on an item with all its annotations. A changed decision is a new row."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="reviews", db_index=False)
    item = models.ForeignKey(Item, models.PROTECT, related_name="reviews")
    annotation = models.ForeignKey(Annotation, models.PROTECT, null=True, blank=True, related_name="reviews")
    verdict = models.CharField(max_length=20, choices=Verdict)
    note = models.TextField(blank=True)
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    supersedes = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="superseded_by")
    decided_at = models.DateTimeField(default=timezone.now)

    history = tracked()

    class Meta:
        ordering = ("-id",)
        indexes: ClassVar = [models.Index(fields=["project", "-id"], name="reviews_of_project")]

    def __str__(self) -> str:
        return f"{self.get_verdict_display()}: {self.annotation or self.item}"
