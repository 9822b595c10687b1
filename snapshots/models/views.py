from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from audit.history import tracked
from labelop.models import Project


class SavedView(models.Model):
    """A question to the trail of a project, kept under a name; its maker's own, or shared with all who inspect it."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="saved_views")
    name = models.CharField(max_length=80)
    query = models.TextField(blank=True)
    shared = models.BooleanField(default=False)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    made_at = models.DateTimeField(default=timezone.now)

    history = tracked()

    class Meta:
        ordering = ("name", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["project", "made_by", "name"],
                name="one_view_per_maker_and_name",
                violation_error_message="You have a view of this name already.",
            ),
            models.UniqueConstraint(
                fields=["project", "name"],
                condition=models.Q(shared=True),
                name="one_shared_view_per_name",
                violation_error_message="The project shares a view of this name already.",
            ),
        ]

    def __str__(self) -> str:
        return self.name
