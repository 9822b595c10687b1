from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from audit.models import AppendOnly

from .projects import Project
from .schema import LabelClass


class Metric(models.TextChoices):
    """A measure of the work's quality, as PRODUCT's table of metrics defines it."""

    REJECTION_RATE = "rejection_rate", "Rejection rate"
    CHURN = "churn", "Churn"
    FIRST_PASS_YIELD = "first_pass_yield", "First-pass yield"


class QualitySignal(AppendOnly):
    """A metric of a project, or of one of its classes, that left its usual range in a week.

    `count` of `n` in that week (in the `weeks` that end with it) are held against `past_count` of `past_n` in the
    weeks before. `p` is the exact test's, `p_corrected` counts in everything that is ever looked at in the project.
    """

    project = models.ForeignKey(Project, models.PROTECT, related_name="quality_signals")
    # None where the metric is the whole project's.
    label_class = models.ForeignKey(LabelClass, models.PROTECT, null=True, related_name="quality_signals")
    metric = models.CharField(max_length=20, choices=Metric)
    # The Monday with which the week begins.
    week = models.DateField()
    weeks = models.PositiveSmallIntegerField(default=1)
    count = models.PositiveIntegerField()
    n = models.PositiveIntegerField()
    past_count = models.PositiveIntegerField()
    past_n = models.PositiveIntegerField()
    p = models.FloatField()
    p_corrected = models.FloatField()
    raised_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-week", "-id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["project", "label_class", "metric", "week"], name="one_signal_per_class_metric_and_week"
            ),
            models.UniqueConstraint(
                fields=["project", "metric", "week"],
                condition=models.Q(label_class=None),
                name="one_signal_per_project_metric_and_week",
            ),
        ]

    def __str__(self) -> str:
        about = str(self.label_class) if self.label_class else str(self.project)
        return f"{self.get_metric_display()} of {about}, week of {self.week}"


class CountedWeeks(models.Model):
    """How far a project's decisions are counted: every review up to this id, by the versions up to these, none beyond.

    Told by reviews and versions alone: may be deleted together with its weeks, and is counted again.
    """

    project = models.OneToOneField(Project, models.PROTECT, related_name="+")
    reviews_to = models.BigIntegerField(default=0)
    review_versions_to = models.BigIntegerField(default=0)
    mark_versions_to = models.BigIntegerField(default=0)
    assignment_versions_to = models.BigIntegerField(default=0)
    # When the latest of these decisions was made.
    latest = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "counted weeks"

    def __str__(self) -> str:
        return f"{self.project} up to review {self.reviews_to}"


class WeekCount(models.Model):
    """What one week of a project or of one of its classes holds of the decisions counted; see `quality.Tally`."""

    counted = models.ForeignKey(CountedWeeks, models.CASCADE, related_name="weeks", db_index=False)
    # The Monday with which the week begins.
    week = models.DateField()
    # The id of the class; 0 for the whole project.
    about = models.BigIntegerField()
    decisions = models.PositiveIntegerField()
    rejected = models.PositiveIntegerField()
    changes = models.PositiveIntegerField()
    extra_rounds = models.PositiveIntegerField()
    approvals = models.PositiveIntegerField()
    first_pass = models.PositiveIntegerField()
    approved_marks = models.PositiveIntegerField()
    # In microseconds.
    waits = models.JSONField(default=list)

    class Meta:
        ordering = ("counted", "week", "about")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["counted", "week", "about"], name="one_count_per_week_and_class"),
        ]

    def __str__(self) -> str:
        return f"Week of {self.week}: {self.decisions} decisions"
