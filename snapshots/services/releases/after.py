"""What becomes of a release once it went out."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from audit.acting import Actor, operation
from audit.events import Event
from audit.services import record
from roles.matrix import Can
from roles.models import User
from roles.services import authorize

from ...models import Release, Step
from ...selectors import exports_of
from .steps import held, keep_step, must_be_a_move, must_be_open, read_for_a_decision, refused

# A release that cannot stand in for another.
_OVER = frozenset({Release.State.WITHDRAWN, Release.State.REJECTED, Release.State.CANCELLED})


@operation()
def deprecate_release(release: Release, *, by: User, reason: str, replacement: Release | None = None) -> Release:
    """Advise against further use of a release."""
    release = held(release)
    actor = authorize(by, Can.MANAGE_RELEASES, release.project)
    must_be_a_move(release, Step.Kind.DEPRECATED)
    _must_be_able_to_replace(replacement, release)
    release.state, release.replacement = Release.State.DEPRECATED, replacement
    release.save()
    entry = record(
        Event.RELEASE_DEPRECATED,
        release,
        actor,
        reason=reason,
        before=Release.State.RELEASED.value,
        after={"state": release.state, "replacement": _named(replacement)},
    )
    keep_step(Step.Kind.DEPRECATED, entry, release)
    return release


@operation()
def withdraw_release(
    release: Release,
    withdrawn_for: Release.Withdrawal,
    *,
    by: User,
    reason: str,
    replacement: Release | None = None,
) -> Release:
    """Take a release back. The entry keeps the recall list: every export that was made of its snapshot."""
    release = held(release)
    actor = authorize(by, Can.MANAGE_RELEASES, release.project)
    must_be_a_move(release, Step.Kind.WITHDRAWN)
    _must_be_able_to_replace(replacement, release)
    before = release.state
    release.state, release.replacement = Release.State.WITHDRAWN, replacement
    release.withdrawn_for = Release.Withdrawal(withdrawn_for)
    release.save()
    exports = list(exports_of(release).order_by("id").values_list("id", flat=True))
    after = {
        "state": release.state,
        "withdrawn_for": release.withdrawn_for,
        "replacement": _named(replacement),
        "exports": len(exports),
        "export_entries": exports,
    }
    entry = record(Event.RELEASE_WITHDRAWN, release, actor, reason=reason, before=before, after=after)
    keep_step(Step.Kind.WITHDRAWN, entry, release)
    return release


@operation()
def ask_for_reinstatement(release: Release, *, by: User, reason: str) -> Step:
    """Ask that a release stands again; somebody else has to grant it."""
    release = held(release)
    actor = authorize(by, Can.MANAGE_RELEASES, release.project)
    must_be_a_move(release, Step.Kind.REINSTATEMENT_ASKED)
    if pending_request(release) is not None:
        raise ValidationError("Somebody asked for that already; another person can grant it.")
    entry = record(Event.RELEASE_REINSTATEMENT_ASKED, release, actor, reason=reason)
    return keep_step(Step.Kind.REINSTATEMENT_ASKED, entry, release)


@operation()
def reinstate_release(release: Release, *, by: User, reason: str) -> Release:
    """Let a release stand again, as somebody else asked; every gate must be open once more."""
    release = held(release)
    actor = authorize(by, Can.MANAGE_RELEASES, release.project)
    must_be_a_move(release, Step.Kind.REINSTATED)
    _must_be_anothers_request(release, actor)
    standing = read_for_a_decision(release)
    must_be_open(standing)
    before = {"state": release.state, "withdrawn_for": release.withdrawn_for}
    release.state, release.withdrawn_for, release.replacement = Release.State.RELEASED, "", None
    release.save()
    entry = record(
        Event.RELEASE_REINSTATED, release, actor, reason=reason, before=before, after={"state": release.state}
    )
    keep_step(Step.Kind.REINSTATED, entry, release, standing)
    return release


def pending_request(release: Release) -> Step | None:
    """The request for reinstatement that nobody granted yet."""
    last = (
        Step.objects.filter(
            release=release,
            kind__in=(Step.Kind.REINSTATEMENT_ASKED, Step.Kind.DEPRECATED, Step.Kind.WITHDRAWN, Step.Kind.REINSTATED),
        )
        .order_by("-id")
        .first()
    )
    return last if last is not None and last.kind == Step.Kind.REINSTATEMENT_ASKED else None


def _must_be_anothers_request(release: Release, actor: Actor) -> None:
    request = pending_request(release)
    if request is None:
        raise ValidationError("Nobody has asked for its reinstatement: one person asks, another grants it.")
    if actor.user is not None and actor.user.pk == request.actor_id:
        raise refused(release, actor, "Whoever asked for a reinstatement does not grant it.", asked="own_request")


def _must_be_able_to_replace(replacement: Release | None, release: Release) -> None:
    if replacement is None:
        return
    if replacement.project_id != release.project_id:
        # SECURITY: the same words for a release elsewhere and for none at all.
        raise ValidationError({"replacement": "That is no release of this project."})
    if replacement.pk == release.pk or replacement.state in _OVER:
        raise ValidationError({"replacement": f"{replacement} cannot stand in for {release}."})


def _named(replacement: Release | None) -> str | None:
    return str(replacement) if replacement else None
