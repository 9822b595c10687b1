"""Models that change in every way Django knows, also those that LabelOp itself avoids."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase
from simple_history import register
from simple_history.models import HistoricalRecords

from audit.history import Tracked, tracked


class Tag(models.Model):
    project = models.ForeignKey("labelop.Project", models.CASCADE, related_name="+")
    name = models.CharField(max_length=50)

    history = tracked()

    def __str__(self) -> str:
        return self.name


class Thing(models.Model):
    """Stock columns of every kind, a parent, and two ways of many-to-many."""

    project = models.ForeignKey("labelop.Project", models.CASCADE, related_name="things")
    key = models.CharField(max_length=50)
    state = models.CharField(max_length=20, default="new")
    count = models.IntegerField(default=0)
    facts = models.JSONField(default=dict)
    score = models.FloatField(null=True)
    price = models.DecimalField(max_digits=8, decimal_places=2, null=True)
    due = models.DateTimeField(null=True)
    day = models.DateField(null=True)
    parent = models.ForeignKey("self", models.SET_NULL, null=True, related_name="children")
    tags = models.ManyToManyField(Tag, related_name="things")
    labels = models.ManyToManyField(Tag, through="Labelling", related_name="labelled")

    history = tracked()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["project", "key"], name="one_thing_per_key")]

    def __str__(self) -> str:
        return self.key


class Labelling(models.Model):
    project = models.ForeignKey("labelop.Project", models.CASCADE, null=True, related_name="+")
    thing = models.ForeignKey(Thing, models.CASCADE)
    tag = models.ForeignKey(Tag, models.CASCADE)

    history = tracked()

    def __str__(self) -> str:
        return f"{self.thing}: {self.tag}"


class Remark(models.Model):
    project = models.ForeignKey("labelop.Project", models.CASCADE, related_name="+")
    thing = models.ForeignKey(Thing, models.CASCADE, null=True, related_name="remarks")
    body = models.JSONField(default=dict)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    history = tracked()

    def __str__(self) -> str:
        return f"remark on {self.thing}"


class ThingUserPermission(UserObjectPermissionBase):
    content_object = models.ForeignKey(Thing, models.CASCADE)

    history = tracked(project=("content_object", "project"))


class ThingGroupPermission(GroupObjectPermissionBase):
    content_object = models.ForeignKey(Thing, models.CASCADE)

    history = tracked(project=("content_object", "project"))


register(Thing.tags.through, records_class=Tracked, project=("thing", "project"))


class Part(models.Model):
    """What the benchmark writes: without a history, with simple-history's recorder, and with ours."""

    project = models.ForeignKey("labelop.Project", models.CASCADE, related_name="+")
    key = models.CharField(max_length=50)
    state = models.CharField(max_length=20, default="new")
    count = models.IntegerField(default=0)
    facts = models.JSONField(default=dict)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.key


class BarePart(Part):
    pass


class StockPart(Part):
    history = HistoricalRecords(history_id_field=models.BigAutoField())


class TrackedPart(Part):
    history = tracked()
