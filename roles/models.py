"""People, the roles they hold on projects, and the permission rows that mirror those roles."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

from django.conf import settings
from django.contrib.auth.models import AbstractUser, Group
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from guardian.models import (
    GroupObjectPermission,
    GroupObjectPermissionBase,
    UserObjectPermission,
    UserObjectPermissionBase,
)
from knox.models import AbstractAuthToken
from simple_history import register

from audit.fields import CanonicalJSONField
from audit.history import Tracked, tracked

from .matrix import Bounds, Role, Scope


class Kind(models.TextChoices):
    """What stands behind an account."""

    PERSON = "person", "Person"
    SERVICE = "service", "Service account"
    # Somebody named by an imported history: cannot log in, only be pointed at.
    ATTRIBUTED = "attributed", "Person in an imported history"


class User(AbstractUser):
    """Somebody who can act, or to whom an imported act is attributed."""

    username = models.CharField(
        max_length=150,
        unique=True,
        # "/" stands in the names of people from imported histories: project/name.
        validators=[RegexValidator(r"^[\w.@+/-]+\Z", "Use letters, digits and @ . + - _ / only.")],
        error_messages={"unique": "A user with that username already exists."},
    )
    kind = models.CharField(max_length=12, choices=Kind, default=Kind.PERSON)

    history = tracked(project=None, excluded_fields=["password", "last_login"])

    # Within what the token of this request lets the account act; None where no token was shown.
    bounds: Bounds | None = None


class MembershipQuerySet(models.QuerySet["Membership"]):
    def in_force(self, at: datetime | None = None) -> Self:
        """Neither ended nor expired at this moment (now, unless said otherwise)."""
        now = at or timezone.now()
        return self.filter(ended_at=None).filter(Q(valid_until=None) | Q(valid_until__gt=now))


class Membership(models.Model):
    """The role of one user on one project; ended, never deleted."""

    project = models.ForeignKey("labelop.Project", models.PROTECT, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=12, choices=Role)
    granted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    granted_at = models.DateTimeField(default=timezone.now)
    reason = models.TextField()
    valid_until = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = MembershipQuerySet.as_manager()
    history = tracked()

    class Meta:
        ordering = ("project", "role", "user")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["project", "user"], condition=Q(ended_at=None), name="one_role_per_user_and_project"
            ),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="a_role_is_one_of_the_matrix"),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_role_display()}"


class ProjectUserPermission(UserObjectPermissionBase):
    """One permission of one user on one project, mirrored from their membership."""

    content_object = models.ForeignKey("labelop.Project", models.CASCADE)

    history = tracked(project="content_object")


class ProjectGroupPermission(GroupObjectPermissionBase):
    """One permission of a group on one project. Roles never use it; a row here is always a stray one."""

    content_object = models.ForeignKey("labelop.Project", models.CASCADE)

    history = tracked(project="content_object")


class Rule(models.TextChoices):
    """What makes a permission, or the use of one, stand out."""

    SELF_GRANT = "self_grant", "Role granted to oneself"
    NO_REASON = "no_reason", "Role granted without a reason"
    BEFORE_APPROVAL = "before_approval", "Role widened shortly before a release was approved"
    BRIEF_POWER = "brief_power", "Role granted, used for a decision and ended within a day"
    OWN_WORK = "own_work", "Own work reviewed, or an attempt at it"
    SAME_PERSON = "same_person", "Requested and approved by the same person"
    NO_MEMBERSHIP = "no_membership", "Act without a membership"
    SCHEMA_BY_OTHERS = "schema_by_others", "Schema changed by somebody who is no owner"
    MORE_OWNERS = "more_owners", "Growing share of owners"
    DORMANT = "dormant", "Long unused role used"
    DENIALS = "denials", "Burst of refusals"
    EXPIRED_USED = "expired_used", "Expired role used"
    STRAY = "stray", "Permission that no membership explains"


class Anomaly(models.Model):
    """A permission, or its use, that stands out; shown with the entries that tell of it until somebody explains it."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        ACKNOWLEDGED = "acknowledged", "Acknowledged"
        RESOLVED = "resolved", "Resolved"

    # None for what belongs to the site.
    project = models.ForeignKey("labelop.Project", models.PROTECT, null=True, related_name="anomalies")
    rule = models.CharField(max_length=20, choices=Rule)
    # What tells one case of a rule from another, so that the same case is noted once.
    case = models.CharField(max_length=200)
    explanation = models.TextField()
    # The ids of the entries that show it.
    entries = CanonicalJSONField(default=list)
    # The ids of the users whose acts or roles it shows: none of them resolves it. Written once, so no version tells it.
    people = CanonicalJSONField(default=list, editable=False)
    state = models.CharField(max_length=12, choices=State, default=State.OPEN)
    noted_at = models.DateTimeField(default=timezone.now)

    history = tracked(excluded_fields=["people"])

    class Meta:
        verbose_name_plural = "anomalies"
        ordering = ("-id",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "rule", "case"], name="one_anomaly_per_case"),
            models.UniqueConstraint(
                fields=["rule", "case"], condition=Q(project=None), name="one_anomaly_per_case_on_the_site"
            ),
        ]

    def __str__(self) -> str:
        return str(self.get_rule_display())


class TokenQuerySet(models.QuerySet["Token"]):
    def in_force(self) -> Self:
        """Neither revoked nor expired, of an account in use."""
        return self.filter(revoked_at=None, expiry__gt=timezone.now(), user__is_active=True)


class Token(AbstractAuthToken, models.Model):
    """What a tool shows to act as an account, within some scopes and until a day; only its hash is kept."""

    # The key of a row is a number, as everywhere on the trail.
    digest = models.CharField(max_length=128, unique=True, editable=False)
    token_key = models.CharField(max_length=25, db_index=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="tokens")
    # None where it is good for all projects of its account, or for the several below.
    project = models.ForeignKey("labelop.Project", models.PROTECT, null=True, blank=True, related_name="tokens")
    # Their ids, where it is good for more than one and not for all.
    projects = CanonicalJSONField(default=list, blank=True)
    name = models.CharField(max_length=100)
    scopes = CanonicalJSONField(default=list)
    issued_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    # To the day: when exactly a tool comes by is nobody's business.
    last_used_on = models.DateField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = TokenQuerySet.as_manager()
    history = tracked(excluded_fields=["digest", "token_key", "last_used_on"])

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.name

    @property
    def bounds(self) -> Bounds:
        only = self.projects or [pk for pk in (self.project_id,) if pk]
        return Bounds(frozenset(only) or None, frozenset(Scope(scope) for scope in self.scopes))

    @property
    def state(self) -> str:
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expiry is None or self.expiry <= timezone.now() else "in force"


class KeptAnswer(models.Model):
    """What an account was answered to a request with a key of its own, so that the same request is not done twice."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    # Who is at it: changes when a request that came to nothing is taken over.
    claim = models.UUIDField()
    claimed_at = models.DateTimeField()
    # None while it is being done.
    status = models.PositiveSmallIntegerField(null=True)
    body = models.TextField(blank=True)
    location = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "key"], name="one_answer_per_key")]

    def __str__(self) -> str:
        return self.key


# Access that Django and guardian can store without us must not pass unseen either.
for untracked in (
    Group,
    Group.permissions.through,
    User.groups.through,
    User.user_permissions.through,
    UserObjectPermission,
    GroupObjectPermission,
):
    register(untracked, app="roles", records_class=Tracked, project=None)
