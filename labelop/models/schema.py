from __future__ import annotations

from typing import ClassVar

from django.db import models

from audit.fields import CanonicalJSONField
from audit.history import tracked

from .projects import Project


class Geometry(models.TextChoices):
    """What a mark of a class looks like."""

    ANY = "any", "Any"
    BOX = "box", "Box"
    POLYGON = "polygon", "Polygon"
    SPAN = "span", "Span of text"
    TOKEN = "token", "Token"
    TAG = "tag", "Tag"


class LabelClass(models.Model):
    """One class of a project's schema; deprecated, never deleted."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="classes", db_index=False)
    key = models.CharField(max_length=255)
    name = models.CharField(max_length=255)
    definition = models.TextField(blank=True)
    colour = models.CharField(max_length=7, blank=True)
    geometry = models.CharField(max_length=10, choices=Geometry, default=Geometry.ANY)
    high_risk = models.BooleanField(default=False)
    attributes = CanonicalJSONField(default=dict, blank=True)
    deprecated = models.BooleanField(default=False)
    # Counts its definitions: what was marked under an earlier one is outdated.
    edition = models.PositiveIntegerField(default=1)

    history = tracked()

    class Meta:
        verbose_name_plural = "label classes"
        ordering = ("project", "key")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "key"], name="one_class_per_key"),
        ]

    def __str__(self) -> str:
        return self.name
