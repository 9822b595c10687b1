from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from audit.history import tracked

from .projects import Project
from .work import Item


class Priority(models.IntegerChoices):
    """How soon an assignment is wanted."""

    LOW = 1, "Low"
    NORMAL = 2, "Normal"
    HIGH = 3, "High"


class Assignment(models.Model):
    """An item given to an annotator, from the first look to the accepted work."""

    class State(models.TextChoices):
        PENDING = "pending", "Pending"
        IN_PROGRESS = "in_progress", "In progress"
        COMPLETED = "completed", "Completed"
        IN_REVIEW = "in_review", "In review"
        REVISION_REQUESTED = "revision_requested", "Revision requested"
        APPROVED = "approved", "Approved"
        REJECTED = "rejected", "Rejected"
        CANCELLED = "cancelled", "Cancelled"

    project = models.ForeignKey(Project, models.PROTECT, related_name="assignments", db_index=False)
    item = models.ForeignKey(Item, models.PROTECT, related_name="assignments")
    annotator = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="assignments")
    state = models.CharField(max_length=20, choices=State, default=State.PENDING)
    round = models.PositiveSmallIntegerField(default=1)
    priority = models.PositiveSmallIntegerField(choices=Priority, default=Priority.NORMAL)
    due_on = models.DateField(null=True, blank=True)
    instructions = models.TextField(blank=True)
    assigned_at = models.DateTimeField(default=timezone.now)
    completed_at = models.DateTimeField(null=True, blank=True)
    # Empty also where the review policy left the work out of review: then nobody approved it.
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )

    history = tracked(indexed="item")

    class Meta:
        ordering = ("-id",)
        indexes: ClassVar = [
            models.Index(fields=["project", "-id"], name="assignments_of_project"),
            models.Index(fields=["project", "state", "-id"], name="assignments_by_state"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["item"], condition=~models.Q(state="cancelled"), name="one_assignment_at_work_per_item"
            ),
        ]

    def __str__(self) -> str:
        return self.item.key
