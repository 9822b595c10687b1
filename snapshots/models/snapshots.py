"""Named cuts through a project's history."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from audit.fields import CanonicalJSONField
from audit.models import AppendOnly, Entry
from labelop.models import Project


class Purpose(models.TextChoices):
    """Why a snapshot was taken."""

    PILOT = "pilot", "Pilot complete"
    REVIEW_CYCLE = "review_cycle", "Review cycle closed"
    SCHEMA = "schema", "Schema finalised"
    TRAINING = "training", "Before training"
    CANDIDATE = "candidate", "Release candidate"
    BASELINE = "baseline", "Approved baseline"
    ROUTINE = "routine", "Routine"


class Snapshot(AppendOnly):
    """A named, immutable version of a project's dataset: a cut, never a copy.

    `cut` maps the label of each tracked model (`labelop.annotation`) to the highest version id of this project
    at the cut; the entry is the cut through the trail. What is computed after the gate is let go (`sections`:
    `{name: {count, hash}}`, the states behind the hashes, counts and hashes) goes from NULL to its value once.
    """

    filled_later: ClassVar[tuple[str, ...]] = ("sections", "states", "counts", "content_hash", "manifest_hash")

    project = models.ForeignKey(Project, models.PROTECT, related_name="snapshots", db_index=False)
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=255)
    purpose = models.CharField(max_length=12, choices=Purpose, default=Purpose.ROUTINE)
    note = models.TextField(blank=True)
    parent = models.OneToOneField("self", models.PROTECT, null=True, related_name="next")
    entry = models.OneToOneField(Entry, models.PROTECT, related_name="+")
    cut = CanonicalJSONField()
    sections = CanonicalJSONField(null=True)
    # {section: 2,048 bytes} joined in the order of the sections' names.
    states = models.BinaryField(null=True)
    counts = CanonicalJSONField(null=True)
    content_hash = models.CharField(max_length=64, null=True)  # noqa: DJ001 - NULL says "being computed"
    manifest_hash = models.CharField(max_length=64, null=True)  # noqa: DJ001 - NULL says "being computed"

    class Meta:
        ordering = ("project", "-number")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "name"], name="one_snapshot_per_name"),
            models.UniqueConstraint(fields=["project", "number"], name="one_snapshot_per_number"),
        ]

    def __str__(self) -> str:
        return self.name

    def sealed(self, column: str) -> Any:
        """What sealing filled in; raises `ValueError` while it is still being computed."""
        value = getattr(self, column)
        if value is None:
            raise ValueError(f"{self} is still being computed.")
        return value
