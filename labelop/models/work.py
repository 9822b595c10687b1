from __future__ import annotations

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from audit.fields import CanonicalJSONField
from audit.history import tracked

from .projects import Project
from .schema import LabelClass


class Origin(models.TextChoices):
    """Where a mark came from."""

    HUMAN = "human", "Human"
    IMPORT = "import", "Import"
    MODEL = "model", "Model"
    REVIEWER_FIX = "reviewer_fix", "Reviewer's fix"


class Item(models.Model):
    """One thing to label; excluded with a reason and reinstated, never deleted."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="items", db_index=False)
    key = models.CharField(max_length=500)
    data = CanonicalJSONField(default=dict, blank=True)
    split = models.CharField(max_length=255, blank=True)
    metadata = CanonicalJSONField(default=dict, blank=True)
    excluded = models.BooleanField(default=False)

    history = tracked()

    class Meta:
        ordering = ("project", "key")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "key"], name="one_item_per_key"),
        ]
        indexes: ClassVar = [models.Index(fields=["project", "-id"], name="items_of_project")]

    def __str__(self) -> str:
        return self.key


# In the dataset: neither withdrawn nor out with their item; outdated: their class was redefined since.
IN_THE_DATASET = Q(withdrawn=False, item__excluded=False)
OUTDATED = Q(edition__lt=F("label_class__edition"))


class AnnotationQuerySet(models.QuerySet["Annotation"]):
    def in_the_dataset(self) -> Self:
        return self.filter(IN_THE_DATASET)

    def outdated(self) -> Self:
        return self.filter(OUTDATED)


class Annotation(models.Model):
    """One mark on an item; withdrawn, never deleted. The same key coming back revives the same annotation."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="annotations", db_index=False)
    item = models.ForeignKey(Item, models.PROTECT, related_name="annotations", db_index=False)
    key = models.CharField(max_length=255)
    label_class = models.ForeignKey(LabelClass, models.PROTECT, related_name="annotations")
    value = CanonicalJSONField(default=dict, blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False)
    origin = models.CharField(max_length=12, choices=Origin, default=Origin.HUMAN)
    # The edition of its class under which it was last marked.
    edition = models.PositiveIntegerField(default=1)
    withdrawn = models.BooleanField(default=False)

    objects = AnnotationQuerySet.as_manager()
    history = tracked(deleted_from="item")

    class Meta:
        ordering = ("item", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["item", "key"], name="one_annotation_per_item_and_key"),
        ]
        indexes: ClassVar = [models.Index(fields=["project", "-id"], name="annotations_of_project")]

    def __str__(self) -> str:
        return f"{self.item.key}/{self.key}"

    @property
    def outdated(self) -> bool:
        """Whether its class was redefined since it was marked."""
        return self.edition < self.label_class.edition
