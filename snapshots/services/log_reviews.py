"""Opening, signing and voiding log reviews."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Exists, OuterRef, QuerySet

from audit.acting import Actor, Refused, locked, moment_of_act, operation, take_gate_alone
from audit.events import PERMISSION_CHANGES, Event, Impact
from audit.models import Entry
from audit.services import record
from labelop.models import Project, QualitySignal
from roles.matrix import Can
from roles.models import User
from roles.services import authorize

from ..log_reviews import (
    Scope,
    act_of,
    brought_by,
    calls_for,
    changes_of_tier,
    checked_query,
    checklist_for,
    digest_of,
    due_days,
    entries_in_scope,
    has_acted_in,
    progress_of,
    record_digest_of,
    tier_at,
    what_preceded,
)
from ..models import LogReview, Occasion, Release, SignOff
from .gate import GATE_MILLISECONDS, until_the_gate_is_free

# A release that came to nothing needs no log review.
_ON_ITS_WAY = (Release.State.CANDIDATE, Release.State.IN_REVIEW, Release.State.APPROVED, Release.State.RELEASED)


def open_log_review(
    project: Project, scope: Scope, *, by: User, reason: str = "", at: datetime | None = None
) -> LogReview:
    """Begin to read a part of the trail.

    The gate is held alone, so that nothing in the scope is still under way: the same scope always yields the
    same entries. Joins no act under way; raises `GateBusy` when writers left no gap for a minute.
    """

    def open_it() -> LogReview:
        with operation(by=by, at=at):
            actor = authorize(by, Can.RUN_LOG_REVIEWS, project)
            log_review = _prepared(project, scope)
            with take_gate_alone(project.pk, milliseconds=GATE_MILLISECONDS):
                return _open(log_review, scope, actor, reason)

    return until_the_gate_is_free(open_it)


def open_due_log_reviews(project: Project) -> list[LogReview]:
    """Open what the project's risk asks for and nobody has opened: one for each release, permission change, signal.

    One that was voided counts as not opened.
    """
    opened = [until_the_gate_is_free(partial(_open_once, project, scope)) for scope in list(_called_for(project))]
    return [log_review for log_review in opened if log_review is not None]


@operation()
def sign_log_review(log_review: LogReview, *, by: User, meaning: str) -> SignOff:
    """Vouch for what was read and what was made of it; only somebody who did nothing in the scope can."""
    log_review = locked(log_review)
    actor = authorize(by, Can.RUN_LOG_REVIEWS, log_review.project)
    must_be_open(log_review)
    _must_be_independent(log_review, actor)
    if missing := progress_of(log_review).missing:
        raise ValidationError(f"It cannot be signed yet: {'; '.join(missing)}.", code="unfinished")
    if not meaning.strip():
        raise ValidationError({"meaning": "Say what your signature means."})
    entries, digest = digest_of(entries_in_scope(log_review))
    log_review.state = LogReview.State.SIGNED
    log_review.save()
    sign_off = SignOff.objects.create(
        project=log_review.project,
        log_review=log_review,
        signed_by=by,
        role=actor.role,
        meaning=meaning.strip(),
        entries=entries,
        digest=digest,
        record_digest=record_digest_of(log_review),
        signed_at=moment_of_act(),
    )
    after = {"entries": entries, "digest": digest, "record_digest": sign_off.record_digest}
    record(Event.LOG_REVIEW_SIGNED, log_review, actor, reason=meaning, after=after)
    return sign_off


@operation()
def void_log_review(log_review: LogReview, *, by: User, reason: str) -> LogReview:
    """Say that a log review no longer counts; what was written and signed stays readable."""
    log_review = locked(log_review)
    actor = authorize(by, Can.RUN_LOG_REVIEWS, log_review.project)
    if log_review.state == LogReview.State.VOIDED:
        raise ValidationError("This log review is voided already.")
    before = log_review.state
    log_review.state = LogReview.State.VOIDED
    log_review.save()
    record(Event.LOG_REVIEW_VOIDED, log_review, actor, reason=reason, before=before, after=log_review.state)
    return log_review


def must_be_open(log_review: LogReview) -> None:
    if log_review.state != LogReview.State.OPEN:
        raise ValidationError(f"This log review is {log_review.get_state_display().lower()}: it does not change.")


def _must_be_independent(log_review: LogReview, actor: Actor) -> None:
    if actor.user is not None and has_acted_in(log_review, actor.user):
        raise Refused(
            "You acted in what this log review reads: somebody else must sign it.",
            user=actor.user,
            role=actor.role,
            asked="independence",
            project_id=log_review.project_id,
        )


def _prepared(project: Project, scope: Scope) -> LogReview:
    """A log review before its scope is fixed: all that can be checked before the gate is."""
    moment = moment_of_act()
    began_at, ended_at = scope.window or (None, None)
    if began_at is not None and (ended_at or moment) < began_at:
        raise ValidationError({"ended_at": "It ends before it begins."})
    if ended_at is not None and ended_at > moment:
        raise ValidationError({"ended_at": "This has not happened yet: leave the end empty while it goes on."})
    log_review = LogReview(
        project=project,
        occasion=scope.occasion,
        title=scope.title.strip(),
        description=scope.description.strip(),
        release=scope.release,
        signal=scope.signal,
        about=scope.about,
        began_at=began_at,
        ended_at=ended_at,
        query=checked_query(scope.query),
        checklist=checklist_for(scope.occasion),
        opened_at=moment,
        due_on=moment.date() + timedelta(days=due_days(project.risk_tier, scope.occasion)),
    )
    log_review.clean_fields(exclude={"first_entry", "last_entry", "query", "checklist"})
    for pointed_at in (scope.release, scope.signal, scope.about):
        if pointed_at is not None and pointed_at.project_id != project.pk:
            raise ValidationError("A log review reads one project.")
    return log_review


def _open(log_review: LogReview, scope: Scope, actor: Actor, reason: str) -> LogReview:
    """Fix the scope and write it down; the gate is held alone."""
    log_review.first_entry, log_review.last_entry = _bounds(log_review, scope)
    if not entries_in_scope(log_review).exists():
        raise ValidationError("Nothing on the trail is in this scope.", code="empty_scope")
    log_review.opened_by = actor.user
    log_review.save()
    after = {
        "occasion": str(log_review.occasion),
        "entries": [log_review.first_entry, log_review.last_entry],
        "query": log_review.query,
        "due_on": log_review.due_on.isoformat(),
    }
    record(Event.LOG_REVIEW_OPENED, log_review, actor, reason=reason or log_review.description, after=after)
    return log_review


def _bounds(log_review: LogReview, scope: Scope) -> tuple[int, int]:
    trail = Entry.objects.filter(project=log_review.project_id).order_by()
    if log_review.began_at is not None:
        end = log_review.ended_at or moment_of_act()
        trail = trail.filter(at__gte=log_review.began_at, at__lte=end)
    ends = trail.aggregate(first=models.Min("id"), last=models.Max("id"))
    if ends["last"] is None:
        raise ValidationError("Nothing on the trail is in this scope.", code="empty_scope")
    if log_review.began_at is not None:
        return ends["first"], ends["last"]
    last = ends["last"] if scope.last is None else scope.last
    if not 0 < scope.first <= last:
        raise ValidationError({"last": "The range ends before it begins."})
    if last > ends["last"]:
        raise ValidationError({"last": f"The trail of this project ends at entry {ends['last']}."})
    return scope.first, last


def _open_once(project: Project, scope: Scope) -> LogReview | None:
    with operation():
        log_review = _prepared(project, scope)
        with take_gate_alone(project.pk, milliseconds=GATE_MILLISECONDS):
            # Asked again: somebody may have opened it meanwhile.
            held_for = {"release": scope.release, "signal": scope.signal, "about": scope.about}
            if _standing().filter(project=project, occasion=scope.occasion, **held_for).exists():
                return None
            try:
                return _open(log_review, scope, Actor(None), "")
            except ValidationError as error:
                # Nothing to read, as where a signal comes from an imported past.
                if error.code != "empty_scope":
                    raise
                return None


def _standing() -> QuerySet[LogReview]:
    return LogReview.objects.exclude(state=LogReview.State.VOIDED)


def _called_for(project: Project) -> Iterator[Scope]:
    """What nobody has opened, oldest first. What calls is the tier the project had when it happened."""
    if calls_for(project.risk_tier, Occasion.RELEASE):
        held = _standing().filter(release=OuterRef("pk"), occasion=Occasion.RELEASE)
        releases = Release.objects.filter(~Exists(held), project=project, state__in=_ON_ITS_WAY).order_by("id")
        yield from map(brought_by, releases.select_related("snapshot"))
    tiers = changes_of_tier(project)
    held = _standing().filter(about=OuterRef("pk"), occasion=Occasion.PERMISSION_CHANGE)
    changes = Entry.objects.filter(project=project, impact=Impact.HIGH, event__in=PERMISSION_CHANGES)
    # What was changed in one act is read in one log review, which its first entry calls for.
    earlier = changes.filter(operation=OuterRef("operation"), pk__lt=OuterRef("pk"))
    for change in changes.filter(~Exists(held), ~Exists(earlier)).order_by("id"):
        if calls_for(tier_at(project, change.at, tiers), Occasion.PERMISSION_CHANGE):
            yield act_of(change)
    held = _standing().filter(signal=OuterRef("pk"), occasion=Occasion.SIGNAL)
    for signal in QualitySignal.objects.filter(~Exists(held), project=project).order_by("id"):
        if calls_for(tier_at(project, signal.raised_at, tiers), Occasion.SIGNAL):
            yield what_preceded(signal)
