from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from audit.history import tracked
from labelop.models import Project


class Adjustment(models.Model):
    """A change that no act explains, accounted for afterwards by two people; it stays visible as adjusted."""

    class State(models.TextChoices):
        PROPOSED = "proposed", "Proposed"
        ACCEPTED = "accepted", "Accepted"
        REJECTED = "rejected", "Rejected"

    project = models.ForeignKey(Project, models.PROTECT, related_name="adjustments")
    # The operation of the versions that it accounts for.
    operation = models.UUIDField()
    state = models.CharField(max_length=10, choices=State, default=State.PROPOSED)
    reason = models.TextField()
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    proposed_at = models.DateTimeField(default=timezone.now)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    decided_at = models.DateTimeField(null=True, blank=True)

    history = tracked()

    class Meta:
        ordering = ("-id",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["project", "operation"],
                condition=~models.Q(state="rejected"),
                name="one_adjustment_per_operation",
            ),
        ]

    def __str__(self) -> str:
        return f"Adjustment {self.pk}"
