"""Acts counted by the day, kept for charts."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from labelop.models import Project


class DayKind(models.TextChoices):
    """What an act counts as on its day; an act can be of several kinds. Stored, so a new kind wants a new count."""

    ACT = "act", "Acts"
    HIGH = "high", "High impact"
    SCHEMA = "schema", "Schema"
    ROLE = "role", "Roles"
    POLICY = "policy", "Policy"
    RELEASE = "release", "Releases"


class CountedDays(models.Model):
    """How far the trail of a project is counted: every entry up to this id, and none beyond it."""

    project = models.OneToOneField(Project, models.PROTECT, related_name="+")
    counted_to = models.BigIntegerField(default=0)

    class Meta:
        verbose_name_plural = "counted days"

    def __str__(self) -> str:
        return f"{self.project} up to entry {self.counted_to}"


class DayCount(models.Model):
    """How many acts of a kind one day (UTC) holds, by when they happened, and between which entries all its acts lie.

    Told by the trail alone: may be deleted together with its `CountedDays`, and is counted again.
    """

    counted = models.ForeignKey(CountedDays, models.CASCADE, related_name="days", db_index=False)
    day = models.DateField()
    kind = models.CharField(max_length=12, choices=DayKind)
    acts = models.PositiveIntegerField()
    first_entry = models.BigIntegerField()
    last_entry = models.BigIntegerField()

    class Meta:
        ordering = ("counted", "day", "kind")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["counted", "day", "kind"], name="one_count_per_day_and_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.day}: {self.acts} {self.get_kind_display().lower()}"
