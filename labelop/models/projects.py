from __future__ import annotations

from typing import ClassVar

from django.core.validators import MaxValueValidator
from django.db import models

from audit.history import tracked
from roles.matrix import Can


class RiskTier(models.TextChoices):
    """How much a project's mistakes would cost; decides how often its trail is reviewed."""

    LOW = "low", "Low"
    STANDARD = "standard", "Standard"
    HIGH = "high", "High"


class ReviewPolicy(models.TextChoices):
    """Which completed work enters review."""

    FULL = "full", "All work"
    TARGETED = "targeted", "High-risk classes"
    SAMPLE = "sample", "A sample"


class ProjectState(models.TextChoices):
    """Where a project stands: draft → active ⇄ frozen → archived."""

    DRAFT = "draft", "Draft"
    ACTIVE = "active", "Active"
    FROZEN = "frozen", "Frozen"
    ARCHIVED = "archived", "Archived"


# Every move there is, from where to where, by the verb of its service; whoever may edit the settings makes it.
MOVES: dict[str, tuple[ProjectState, ProjectState]] = {
    "activate": (ProjectState.DRAFT, ProjectState.ACTIVE),
    "freeze": (ProjectState.ACTIVE, ProjectState.FROZEN),
    "unfreeze": (ProjectState.FROZEN, ProjectState.ACTIVE),
    "archive": (ProjectState.FROZEN, ProjectState.ARCHIVED),
}


class Project(models.Model):
    """A body of work to label, with its team, its rules and its past."""

    State = ProjectState

    slug = models.SlugField(max_length=100, unique=True)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.ACTIVE)
    risk_tier = models.CharField(max_length=10, choices=RiskTier, default=RiskTier.STANDARD)
    customer_facing = models.BooleanField(default=False)
    review_policy = models.CharField(max_length=10, choices=ReviewPolicy, default=ReviewPolicy.FULL)
    sample_percent = models.PositiveSmallIntegerField(default=100, validators=[MaxValueValidator(100)])
    separation_of_duties = models.PositiveSmallIntegerField(default=1, validators=[MaxValueValidator(3)])
    schema_frozen = models.BooleanField(default=False)

    history = tracked(project="self")

    class Meta:
        ordering = ("slug",)
        default_permissions = ()
        permissions: ClassVar = [(can.value, f"Can {can.label}") for can in Can]
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(sample_percent__lte=100), name="a_sample_is_at_most_everything"),
            models.CheckConstraint(
                condition=models.Q(separation_of_duties__lte=3), name="separation_of_duties_has_four_levels"
            ),
        ]

    def __str__(self) -> str:
        return self.name
