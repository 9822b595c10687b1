from __future__ import annotations

from typing import ClassVar
from uuid import uuid4

from django.db import models
from django.utils import timezone

from audit.fields import CanonicalJSONField
from audit.history import tracked

from .projects import Project


class Connection(models.Model):
    """A project of a Label Studio from which a project here is brought in; ended, never deleted.

    Neither its secret nor the token it is read with is stored: the one follows from `salt` and the site's
    SECRET_KEY (`labelop.label_studio.secrets`), the other is given to each pull.
    """

    project = models.ForeignKey(Project, models.PROTECT, related_name="connections")
    address = models.CharField(max_length=1000)
    # The number of the project there.
    number = models.PositiveBigIntegerField("number there")
    # The end of the address to which Label Studio posts what happens.
    receiver = models.UUIDField(default=uuid4, unique=True, editable=False)
    salt = models.CharField(max_length=64, editable=False)
    removed_at = models.DateTimeField(null=True, blank=True)

    history = tracked(excluded_fields=["salt", "receiver"])

    class Meta:
        ordering = ("-id",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["project"], condition=models.Q(removed_at=None), name="one_connection_per_project"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.address}/projects/{self.number}"


class Hint(models.Model):
    """What a webhook of Label Studio told of: ids, times and numbers of people, never what it carried beside them.

    It changes nothing. The pull after it settles it: by finding the change it tells of, or by telling of a saving
    that another has replaced since.
    """

    connection = models.ForeignKey(Connection, models.PROTECT, related_name="hints", db_index=False)
    digest = models.CharField(max_length=64)
    action = models.CharField(max_length=60)
    said = CanonicalJSONField(default=dict)
    received_at = models.DateTimeField(default=timezone.now)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-id",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["connection", "digest"], condition=models.Q(settled_at=None), name="a_hint_waits_once"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["connection", "id"], condition=models.Q(settled_at=None), name="hints_waiting"),
            models.Index(fields=["settled_at"], condition=~models.Q(settled_at=None), name="hints_settled"),
        ]

    def __str__(self) -> str:
        return self.action


class Pull(models.Model):
    """One comparison of a project with what it is brought in from, and what came of it.

    `added`, `changed` and `removed` count tasks, annotations and labels; a webhook told of `explained` of them.
    """

    project = models.ForeignKey(Project, models.PROTECT, related_name="+")
    connection = models.ForeignKey(Connection, models.PROTECT, related_name="pulls")
    begun_at = models.DateTimeField(default=timezone.now)
    # None where it was interrupted; what it had done until then is kept.
    ended_at = models.DateTimeField(null=True)
    # The labels that the label config had.
    labels = CanonicalJSONField(default=list)
    added = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    removed = models.PositiveIntegerField(default=0)
    explained = models.PositiveIntegerField("told of by webhooks", default=0)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"Pull of {self.begun_at:%Y-%m-%d %H:%M}"
