from __future__ import annotations

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from audit.events import Event
from audit.history import tracked
from audit.models import Entry
from labelop.models import Project


class AdjustmentQuerySet(models.QuerySet["Adjustment"]):
    def accepted(self) -> Self:
        """Those that account for a change: accepted, and by an entry on the trail, which a column alone cannot say."""
        entries = Entry.objects.filter(
            event=Event.ADJUSTMENT_ACCEPTED,
            subject_type=self.model._meta.label_lower,
            subject_id=models.OuterRef("pk"),
            project_id=models.OuterRef("project_id"),
        )
        return self.filter(models.Exists(entries), state=Adjustment.State.ACCEPTED)


class Adjustment(models.Model):
    """A change that no act explains, accounted for afterwards by two people; it stays visible as adjusted."""

    class State(models.TextChoices):
        PROPOSED = "proposed", "Proposed"
        ACCEPTED = "accepted", "Accepted"
        REJECTED = "rejected", "Rejected"

    project = models.ForeignKey(Project, models.PROTECT, related_name="adjustments")
    # The operation that it accounts for; a version's own `operation` is the one that wrote it.
    adjusts = models.UUIDField()
    state = models.CharField(max_length=10, choices=State, default=State.PROPOSED)
    reason = models.TextField()
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    proposed_at = models.DateTimeField(default=timezone.now)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    decided_at = models.DateTimeField(null=True, blank=True)

    objects = AdjustmentQuerySet.as_manager()
    history = tracked()

    class Meta:
        ordering = ("-id",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["project", "adjusts"],
                condition=~models.Q(state="rejected"),
                name="one_adjustment_per_act",
            ),
        ]

    def __str__(self) -> str:
        return f"Adjustment {self.pk}"
