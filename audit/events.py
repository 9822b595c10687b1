"""What can happen, as one table.

To add an event, add one line to `Event` and record it from a service; no migration is needed. Codes
never change meaning, labels may. A test fails when a code is recorded that stands not here, or stands
here and is recorded by no service.
"""

from __future__ import annotations

from typing import Self

from django.db import models


class Impact(models.IntegerChoices):
    """How much an event weighs; pages show HIGH first."""

    # HIGH can change who may decide, what counts as accepted, what the data means, or what leaves the building.
    HIGH = 3, "High"
    MEDIUM = 2, "Medium"
    ROUTINE = 1, "Routine"


class Theme(models.TextChoices):
    """What an event is about."""

    ACCESS = "access", "Access"
    PROJECT = "project", "Project"
    SCHEMA = "schema", "Schema"
    WORK = "work", "Work"
    REVIEW = "review", "Review"
    SNAPSHOT = "snapshot", "Snapshot"
    RELEASE = "release", "Release"
    EXPORT = "export", "Export"
    TRAIL = "trail", "Trail"


class Reason(models.TextChoices):
    """Whether an event must say why."""

    REQUIRED = "required", "Required"
    OPTIONAL = "optional", "Optional"


HIGH, MEDIUM, ROUTINE = Impact.HIGH, Impact.MEDIUM, Impact.ROUTINE
REQUIRED, OPTIONAL = Reason.REQUIRED, Reason.OPTIONAL


class Event(models.TextChoices):
    """A kind of thing worth remembering: code, impact, theme, whether it needs a reason, neutral label."""

    impact: Impact
    theme: Theme
    reason: Reason

    def __new__(cls, code: str, impact: Impact, theme: Theme, reason: Reason) -> Self:
        event = str.__new__(cls, code)
        event._value_ = code
        event.impact, event.theme, event.reason = impact, theme, reason
        return event

    # fmt: off
    ROLE_GRANTED = "role.granted", HIGH, Theme.ACCESS, REQUIRED, "Role granted"
    ROLE_CHANGED = "role.changed", HIGH, Theme.ACCESS, REQUIRED, "Role changed"
    ROLE_REVOKED = "role.revoked", HIGH, Theme.ACCESS, REQUIRED, "Role ended"
    ROLE_EXPIRED = "role.expired", MEDIUM, Theme.ACCESS, OPTIONAL, "Role expired"
    ACCESS_OVERRIDDEN = "access.overridden", HIGH, Theme.ACCESS, REQUIRED, "Acted without a membership"
    ACCESS_DENIED = "access.denied", MEDIUM, Theme.ACCESS, OPTIONAL, "Attempt refused"
    ACCESS_DENIED_REPEATEDLY = "access.denied_repeatedly", HIGH, Theme.ACCESS, OPTIONAL, "Many attempts refused at once"
    LOGIN_LOCKED_OUT = "login.locked_out", HIGH, Theme.ACCESS, OPTIONAL, "Logins locked after many failures"
    ANOMALY_NOTED = "anomaly.noted", MEDIUM, Theme.ACCESS, OPTIONAL, "Anomaly noted"
    ANOMALY_ACKNOWLEDGED = "anomaly.acknowledged", MEDIUM, Theme.ACCESS, REQUIRED, "Anomaly acknowledged"
    ANOMALY_RESOLVED = "anomaly.resolved", MEDIUM, Theme.ACCESS, REQUIRED, "Anomaly resolved"
    IDENTITY_REVEALED = "identity.revealed", MEDIUM, Theme.ACCESS, REQUIRED, "Identity revealed"
    ACCOUNT_CREATED = "account.created", MEDIUM, Theme.ACCESS, OPTIONAL, "Account created"
    ACCOUNT_SUPERUSER_GRANTED = "account.superuser_granted", HIGH, Theme.ACCESS, REQUIRED, "Superuser rights granted"
    ACCOUNT_SUPERUSER_REVOKED = "account.superuser_revoked", HIGH, Theme.ACCESS, REQUIRED, "Superuser rights ended"
    ACCOUNT_DEACTIVATED = "account.deactivated", HIGH, Theme.ACCESS, REQUIRED, "Account deactivated"
    ACCOUNT_PASSWORD_CHANGED = "account.password_changed", MEDIUM, Theme.ACCESS, OPTIONAL, "Password changed"
    TOKEN_ISSUED = "token.issued", HIGH, Theme.ACCESS, REQUIRED, "Token issued"
    TOKEN_REVOKED = "token.revoked", HIGH, Theme.ACCESS, REQUIRED, "Token revoked"
    WEBHOOK_ADDED = "webhook.added", HIGH, Theme.ACCESS, REQUIRED, "Webhook added"
    WEBHOOK_CHANGED = "webhook.changed", HIGH, Theme.ACCESS, REQUIRED, "Webhook changed"
    WEBHOOK_SECRET_RENEWED = "webhook.secret_renewed", HIGH, Theme.ACCESS, OPTIONAL, "Secret of a webhook renewed"
    WEBHOOK_SWITCHED_OFF = "webhook.switched_off", HIGH, Theme.ACCESS, OPTIONAL, "Webhook switched off"
    WEBHOOK_SWITCHED_ON = "webhook.switched_on", HIGH, Theme.ACCESS, OPTIONAL, "Webhook switched on"
    WEBHOOK_REMOVED = "webhook.removed", HIGH, Theme.ACCESS, REQUIRED, "Webhook removed"
    DELIVERY_RESENT = "delivery.resent", MEDIUM, Theme.ACCESS, OPTIONAL, "Delivery to a webhook asked for again"
    CONNECTION_ADDED = "connection.added", HIGH, Theme.ACCESS, REQUIRED, "Label Studio connected"
    CONNECTION_SECRET_RENEWED = (
        *("connection.secret_renewed", HIGH, Theme.ACCESS, OPTIONAL),
        "Secret of a connection renewed",
    )
    CONNECTION_REMOVED = "connection.removed", HIGH, Theme.ACCESS, REQUIRED, "Label Studio disconnected"
    CHANGE_UNEXPLAINED = "change.unexplained", HIGH, Theme.ACCESS, OPTIONAL, "Change without an explanation"

    PROJECT_CREATED = "project.created", MEDIUM, Theme.PROJECT, OPTIONAL, "Project created"
    PROJECT_DESCRIBED = "project.described", MEDIUM, Theme.PROJECT, OPTIONAL, "Project described anew"
    SETTING_CHANGED = "setting.changed", HIGH, Theme.PROJECT, OPTIONAL, "Setting changed"
    PROJECT_ARCHIVED = "project.archived", HIGH, Theme.PROJECT, REQUIRED, "Project archived"

    CLASS_ADDED = "class.added", MEDIUM, Theme.SCHEMA, OPTIONAL, "Label class added"
    CLASS_RENAMED = "class.renamed", HIGH, Theme.SCHEMA, OPTIONAL, "Label class renamed"
    CLASS_REDEFINED = "class.redefined", HIGH, Theme.SCHEMA, REQUIRED, "Label class redefined"
    CLASS_RISK_CHANGED = "class.risk_changed", HIGH, Theme.SCHEMA, OPTIONAL, "Risk of a label class changed"
    CLASS_RECOLOURED = "class.recoloured", MEDIUM, Theme.SCHEMA, OPTIONAL, "Label class recoloured"
    CLASS_DEPRECATED = "class.deprecated", HIGH, Theme.SCHEMA, REQUIRED, "Label class deprecated"
    CLASS_REINSTATED = "class.reinstated", HIGH, Theme.SCHEMA, REQUIRED, "Label class reinstated"
    SCHEMA_FROZEN = "schema.frozen", HIGH, Theme.SCHEMA, OPTIONAL, "Schema frozen"
    SCHEMA_UNFROZEN = "schema.unfrozen", HIGH, Theme.SCHEMA, REQUIRED, "Schema unfrozen"

    ITEMS_IMPORTED = "items.imported", MEDIUM, Theme.WORK, OPTIONAL, "Items imported"
    ITEMS_ADDED = "items.added", MEDIUM, Theme.WORK, OPTIONAL, "Items added"
    ITEMS_CHANGED = "items.changed", ROUTINE, Theme.WORK, OPTIONAL, "Items changed"
    ITEMS_EXCLUDED = "items.excluded", HIGH, Theme.WORK, OPTIONAL, "Items excluded"
    ITEMS_REINSTATED = "items.reinstated", MEDIUM, Theme.WORK, OPTIONAL, "Items reinstated"
    ANNOTATION_SAVED = "annotation.saved", ROUTINE, Theme.WORK, OPTIONAL, "Annotation saved"
    ANNOTATION_WITHDRAWN = "annotation.withdrawn", MEDIUM, Theme.WORK, OPTIONAL, "Annotation withdrawn"
    ANNOTATIONS_BULK_CHANGED = "annotations.bulk_changed", HIGH, Theme.WORK, OPTIONAL, "Annotations changed in bulk"
    DATA_RESTORED = "data.restored", HIGH, Theme.WORK, REQUIRED, "Earlier state restored"
    ANNOTATION_CHANGED_AFTER_APPROVAL = (
        "annotation.changed_after_approval", HIGH, Theme.WORK, OPTIONAL, "Annotation changed after its approval"
    )
    WORK_ASSIGNED = "work.assigned", MEDIUM, Theme.WORK, OPTIONAL, "Work assigned"
    WORK_REASSIGNED = "work.reassigned", MEDIUM, Theme.WORK, OPTIONAL, "Work given to somebody else"
    WORK_STARTED = "work.started", ROUTINE, Theme.WORK, OPTIONAL, "Work started"
    # Told of a step of work in another tool: it moves nothing here.
    WORK_IMPORTED = "work.imported", ROUTINE, Theme.WORK, OPTIONAL, "Step of work imported"
    WORK_COMPLETED = "work.completed", ROUTINE, Theme.WORK, OPTIONAL, "Work completed"
    WORK_CANCELLED = "work.cancelled", MEDIUM, Theme.WORK, REQUIRED, "Work cancelled"
    WORK_REOPENED = "work.reopened", HIGH, Theme.WORK, REQUIRED, "Decided work opened again"
    DUE_MOVED = "due.moved", MEDIUM, Theme.WORK, OPTIONAL, "Due date moved"

    REVIEW_DECIDED = "review.decided", MEDIUM, Theme.REVIEW, OPTIONAL, "Review decided"
    REVIEW_BY_OWNER = "review.by_owner", HIGH, Theme.REVIEW, REQUIRED, "Review decided by an owner"
    DECISION_CHANGED = "decision.changed", HIGH, Theme.REVIEW, REQUIRED, "Review decision changed"
    # ROUTINE though it accepts work: what decided was the review policy, and setting that is HIGH.
    REVIEW_LEFT_OUT = "review.left_out", ROUTINE, Theme.REVIEW, OPTIONAL, "Left out of review by the policy"
    # Told of another tool's review: it decides nothing here.
    REVIEW_IMPORTED = "review.imported", MEDIUM, Theme.REVIEW, OPTIONAL, "Review imported"
    REVIEW_DISPUTED = "review.disputed", MEDIUM, Theme.REVIEW, REQUIRED, "Review decision contested"
    DECISION_UPHELD = "decision.upheld", MEDIUM, Theme.REVIEW, REQUIRED, "Contested decision upheld"
    DECISION_OVERTURNED = "decision.overturned", HIGH, Theme.REVIEW, REQUIRED, "Contested decision overturned"

    SNAPSHOT_TAKEN = "snapshot.taken", HIGH, Theme.SNAPSHOT, OPTIONAL, "Snapshot taken"
    SNAPSHOT_SEALED = "snapshot.sealed", ROUTINE, Theme.SNAPSHOT, OPTIONAL, "Snapshot sealed"
    ADJUSTMENT_PROPOSED = "adjustment.proposed", MEDIUM, Theme.SNAPSHOT, REQUIRED, "Adjustment proposed"
    ADJUSTMENT_ACCEPTED = "adjustment.accepted", HIGH, Theme.SNAPSHOT, OPTIONAL, "Adjustment accepted"
    ADJUSTMENT_REJECTED = "adjustment.rejected", MEDIUM, Theme.SNAPSHOT, REQUIRED, "Adjustment rejected"

    RELEASE_PROPOSED = "release.proposed", MEDIUM, Theme.RELEASE, REQUIRED, "Release proposed"
    RELEASE_REVIEW_BEGUN = "release.review_begun", MEDIUM, Theme.RELEASE, OPTIONAL, "Review of a release begun"
    RELEASE_APPROVED = "release.approved", HIGH, Theme.RELEASE, OPTIONAL, "Release approved"
    RELEASE_RELEASED = "release.released", HIGH, Theme.RELEASE, OPTIONAL, "Released"
    RELEASE_DEPRECATED = "release.deprecated", HIGH, Theme.RELEASE, REQUIRED, "Release deprecated"
    RELEASE_WITHDRAWN = "release.withdrawn", HIGH, Theme.RELEASE, REQUIRED, "Release withdrawn"
    RELEASE_REJECTED = "release.rejected", MEDIUM, Theme.RELEASE, REQUIRED, "Release rejected"
    RELEASE_CANCELLED = "release.cancelled", MEDIUM, Theme.RELEASE, REQUIRED, "Release cancelled"
    # Asked by one person, granted by another: the asking alone changes nothing yet.
    RELEASE_REINSTATEMENT_ASKED = (
        "release.reinstatement_asked", MEDIUM, Theme.RELEASE, REQUIRED, "Reinstatement of a release asked for"
    )
    RELEASE_REINSTATED = "release.reinstated", HIGH, Theme.RELEASE, REQUIRED, "Release reinstated"
    RELEASE_DATE_MOVED = "release.date_moved", MEDIUM, Theme.RELEASE, REQUIRED, "Planned date of a release moved"
    # A code of its own, since an impact belongs to a code: a date that moves within a week of it hurries somebody.
    RELEASE_DATE_MOVED_LATE = (
        "release.date_moved_late", HIGH, Theme.RELEASE, REQUIRED, "Planned date of a release moved within a week of it"
    )
    GATE_WAIVED = "gate.waived", HIGH, Theme.RELEASE, REQUIRED, "Gate waived"

    EXPORT_MADE = "export.made", HIGH, Theme.EXPORT, OPTIONAL, "Snapshot exported"
    EXPORT_REVIEW_MADE = "export.review_made", HIGH, Theme.EXPORT, REQUIRED, "Review of a snapshot exported"
    TRAIL_EXPORTED = "trail.exported", HIGH, Theme.EXPORT, REQUIRED, "Trail exported"

    LOG_REVIEW_OPENED = "log_review.opened", MEDIUM, Theme.TRAIL, OPTIONAL, "Log review opened"
    LOG_REVIEW_ANSWERED = "log_review.answered", ROUTINE, Theme.TRAIL, OPTIONAL, "Question of a log review answered"
    LOG_REVIEW_REMINDED = "log_review.reminded", ROUTINE, Theme.TRAIL, OPTIONAL, "Reminded of an overdue log review"
    LOG_REVIEW_SIGNED = "log_review.signed", HIGH, Theme.TRAIL, REQUIRED, "Log review signed"
    LOG_REVIEW_VOIDED = "log_review.voided", HIGH, Theme.TRAIL, REQUIRED, "Log review voided"
    ENTRY_DISPOSITIONED = "entry.dispositioned", ROUTINE, Theme.TRAIL, OPTIONAL, "Disposition given"
    FINDING_OPENED = "finding.opened", MEDIUM, Theme.TRAIL, OPTIONAL, "Finding opened"
    FINDING_CLOSED = "finding.closed", MEDIUM, Theme.TRAIL, OPTIONAL, "Finding closed"
    VIEW_SAVED = "view.saved", ROUTINE, Theme.TRAIL, OPTIONAL, "View of the trail saved"
    VIEW_RENAMED = "view.renamed", ROUTINE, Theme.TRAIL, OPTIONAL, "View of the trail renamed"
    VIEW_REMOVED = "view.removed", ROUTINE, Theme.TRAIL, OPTIONAL, "View of the trail removed"
    QUALITY_SIGNALLED = "quality.signalled", MEDIUM, Theme.TRAIL, OPTIONAL, "Quality signal raised"
    DATA_LOADED = "data.loaded", HIGH, Theme.TRAIL, OPTIONAL, "Data loaded by a command"
    DATA_MIGRATED = "data.migrated", HIGH, Theme.TRAIL, OPTIONAL, "Data changed by a migration"
    # fmt: on


BY_CODE = {event.value: event for event in Event}

# Entries that account for many records at once, without a decision on each of them.
BULK = frozenset({Event.ITEMS_IMPORTED, Event.DATA_RESTORED, Event.DATA_LOADED, Event.DATA_MIGRATED})

# Entries that say that something happened, never why a record differs: they explain no change.
EXPLAINS_NOTHING = frozenset({Event.CHANGE_UNEXPLAINED, Event.ACCESS_DENIED})

# Changes of who may do what on a project; a risk tier may ask for a log review of each.
PERMISSION_CHANGES = frozenset({Event.ROLE_GRANTED, Event.ROLE_CHANGED, Event.ROLE_REVOKED})

# What reading the trail itself leaves: whoever reads it has not thereby acted in what is read. Voiding is an act.
BOOKKEEPING = frozenset(
    {
        Event.LOG_REVIEW_OPENED,
        Event.LOG_REVIEW_ANSWERED,
        Event.LOG_REVIEW_REMINDED,
        Event.LOG_REVIEW_SIGNED,
        Event.ENTRY_DISPOSITIONED,
        Event.FINDING_OPENED,
        Event.FINDING_CLOSED,
        Event.VIEW_SAVED,
        Event.VIEW_RENAMED,
        Event.VIEW_REMOVED,
    }
)
