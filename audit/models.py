"""The trail itself. Nothing here is ever changed or deleted; the database refuses it."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from .acting import Channel
from .events import BY_CODE, Impact
from .fields import CanonicalJSONField, Folded
from .history import tracked

# Those whose entries are few enough for an index of their own; what roles there are is said in `roles.matrix`.
DECIDING_ROLES = ("owner", "reviewer")


class AppendOnly(models.Model):
    """A row that is written once. `filled_later` names columns that may go from NULL to a value, once."""

    filled_later: ClassVar[tuple[str, ...]] = ()

    class Meta:
        abstract = True


class Entry(AppendOnly):
    """One event written down: who, in which role, through which channel, to what, and why."""

    id = models.BigAutoField(primary_key=True)
    operation = models.UUIDField(editable=False)
    project = models.ForeignKey("labelop.Project", models.PROTECT, null=True, related_name="entries", db_index=False)
    event = models.CharField(max_length=64)
    impact = models.PositiveSmallIntegerField(choices=Impact.choices)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False)
    actor_name = models.CharField(max_length=200, blank=True)
    role = models.CharField(max_length=20, blank=True)
    # The person named by an imported history; the actor is who imported it.
    attributed_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    channel = models.CharField(max_length=20, choices=Channel.choices, blank=True)
    # Under which the server's log has the request of the act; empty where there was none.
    request_id = models.CharField(max_length=64, blank=True)
    # The name of the token that was shown, as it was then; empty where none was.
    token = models.CharField(max_length=100, blank=True)
    subject_type = models.CharField(max_length=100, blank=True)
    subject_id = models.BigIntegerField(null=True)
    subject_name = models.CharField(max_length=500, blank=True)
    records = models.PositiveIntegerField(default=1)
    before = CanonicalJSONField(null=True)
    after = CanonicalJSONField(null=True)
    reason = models.TextField(blank=True)
    # Where an imported act stands in its source: "labelhist/1 <digest> 1003-1026".
    source = models.CharField(max_length=200, blank=True)
    database_role = models.CharField(max_length=200, blank=True)
    application = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "entries"
        ordering = ("-id",)
        indexes: ClassVar = [
            models.Index(fields=["project", "-id"], name="entries_of_project"),
            models.Index(fields=["project", "impact", "-id"], name="entries_by_impact"),
            models.Index(fields=["project", "event", "-id"], name="entries_by_event"),
            models.Index(fields=["project", "actor", "-id"], name="entries_by_actor"),
            models.Index(
                fields=["project", "attributed_to", "-id"],
                condition=models.Q(attributed_to__isnull=False),
                name="entries_attributed",
            ),
            # Annotators' are all but all there are.
            models.Index(
                fields=["project", "role", "-id"],
                condition=models.Q(role__in=DECIDING_ROLES),
                name="entries_by_deciding_role",
            ),
            models.Index(fields=["project", "token", "-id"], condition=models.Q(token__gt=""), name="entries_by_token"),
            models.Index("project", Folded("subject_name"), models.F("id").desc(), name="entries_by_name"),
            # The id, too, since who asks for the newest entry of an act would read all of it.
            models.Index(fields=["operation", "id"], name="entries_of_act"),
            models.Index(fields=["subject_type", "subject_id", "-id"], name="entries_about"),
        ]

    def __str__(self) -> str:
        return f"{self.label} · {self.subject_name}" if self.subject_name else self.label

    @property
    def label(self) -> str:
        return str(BY_CODE[self.event].label)

    @property
    def theme(self) -> str:
        return str(BY_CODE[self.event].theme.label)

    @property
    def backdated(self) -> bool:
        """Whether LabelOp learned of it later than it happened."""
        return (self.recorded_at - self.at).total_seconds() > 60


class Webhook(models.Model):
    """An address outside that is told of a project's entries, as far as they pass its filters; ended, never deleted.

    Its secret is not stored: it follows from `salt` and the site's SECRET_KEY (`audit.webhooks.signing`).
    """

    project = models.ForeignKey("labelop.Project", models.PROTECT, related_name="webhooks")
    name = models.CharField(max_length=100)
    address = models.CharField(max_length=1000)
    least_impact = models.PositiveSmallIntegerField(choices=Impact.choices, default=Impact.MEDIUM)
    # Codes of events, and roles; of all of them when empty. The role "" is that of acts without one.
    events = CanonicalJSONField(default=list)
    roles = CanonicalJSONField(default=list)
    active = models.BooleanField(default=True)
    removed_at = models.DateTimeField(null=True, blank=True)
    salt = models.CharField(max_length=64, editable=False)
    # For a while after a secret was renewed, deliveries are signed with the earlier one as well.
    earlier_salt = models.CharField(max_length=64, blank=True, editable=False)
    earlier_until = models.DateTimeField(null=True, blank=True, editable=False)

    history = tracked(excluded_fields=["salt", "earlier_salt", "earlier_until"])

    class Meta:
        ordering = ("-id",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(removed_at=None) | models.Q(active=False), name="a_removed_webhook_is_switched_off"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Delivery(models.Model):
    """One entry on its way to one webhook; put down by the database in the transaction of the entry itself."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DELIVERED = "delivered", "Delivered"
        DEAD = "dead", "Given up"

    project = models.ForeignKey("labelop.Project", models.PROTECT, related_name="+")
    webhook = models.ForeignKey(Webhook, models.PROTECT, related_name="deliveries", db_index=False)
    entry = models.ForeignKey(Entry, models.PROTECT, related_name="+", db_index=False)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    # When it was first to be sent, or was asked to be sent again.
    since = models.DateTimeField()
    due_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True)
    # What the last try met with: a status, or why there was none.
    answer = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        ordering = ("-id",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["webhook", "entry"], name="an_entry_goes_to_a_webhook_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["webhook", "due_at"], condition=models.Q(state="waiting"), name="deliveries_waiting"),
            models.Index(fields=["delivered_at"], condition=models.Q(state="delivered"), name="deliveries_made"),
        ]

    def __str__(self) -> str:
        return f"Entry {self.entry_id} to {self.webhook}"
