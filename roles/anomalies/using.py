"""Rules about how a role, or the lack of one, was used."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterator
from datetime import timedelta

from audit.events import Event
from audit.models import Entry

from ..matrix import Role
from ..models import Membership, Rule
from .sighting import Sighting, a_role, actors_of, entries_by_operation, sentence, what_happened

DORMANT = timedelta(days=90)
BURST, BURST_WITHIN = 5, timedelta(minutes=10)


def acts_without_membership(project_id: int | None, operation: uuid.UUID | None = None) -> Iterator[Sighting]:
    """Superuser rights stood in for a role; all acts, or those of one operation."""
    overrides = Entry.objects.filter(project=project_id, event=Event.ACCESS_OVERRIDDEN)
    if operation is not None:
        overrides = overrides.filter(operation=operation)
    found = {entry.operation: entry for entry in overrides.order_by("id")}
    acts = entries_by_operation(project_id, found)
    for act, override in found.items():
        shown = acts[act]
        done = next((entry for entry in shown if entry.event != Event.ACCESS_OVERRIDDEN), override)
        yield Sighting(
            Rule.NO_MEMBERSHIP,
            f"operation {act}",
            sentence(f"{a_role(override.role)} acted by superuser rights: {what_happened(done)}."),
            tuple(entry.pk for entry in shown),
            actors_of(shown),
        )


def dormant_roles_used(project_id: int | None) -> Iterator[Sighting]:
    """An owner or reviewer did the first thing in that role after 90 days.

    Measured by when LabelOp learned of it, so that the long years of an imported history are no silence.
    """
    acts = Entry.objects.filter(project=project_id, role__in=(Role.OWNER, Role.REVIEWER), actor__isnull=False)
    acts = acts.exclude(event=Event.ACCESS_DENIED)
    latest: dict[int, tuple[int, datetime.datetime]] = {}
    for pk, actor, at, role in acts.order_by("id").values_list("id", "actor_id", "recorded_at", "role").iterator():
        earlier, since = latest.get(actor, (None, None))
        latest[actor] = (pk, at)
        if (since is None or at - since >= DORMANT) and _held_unchanged(project_id, actor, at):
            yield Sighting(
                Rule.DORMANT,
                f"entry {pk}",
                f"The role of {Role(role).label.lower()} was used for the first time in at least {DORMANT.days} days.",
                (earlier, pk) if earlier else (pk,),
                frozenset({actor}),
            )


def _held_unchanged(project_id: int | None, user_id: int, at: datetime.datetime) -> bool:
    """Whether the role was older than the silence: a role that was just given has not slept."""
    versions = Membership.history.filter(project_id=project_id, user_id=user_id, history_date__lte=at)
    newest = versions.order_by("-history_id").values_list("history_date", flat=True).first()
    return newest is not None and at - newest >= DORMANT


def bursts_of_refusals(project_id: int | None) -> Iterator[Sighting]:
    """Five attempts or more by one person, refused within ten minutes."""
    refusals: dict[int, list[Entry]] = {}
    refused = Entry.objects.filter(project=project_id, event=Event.ACCESS_DENIED, actor__isnull=False)
    for entry in refused.order_by("id"):
        refusals.setdefault(entry.actor_id or 0, []).append(entry)
    for actor, entries in refusals.items():
        for burst in _bursts(entries):
            yield Sighting(
                Rule.DENIALS,
                f"entry {burst[0].pk}",
                sentence(f"{a_role(burst[0].role)} was refused {BURST} times or more within ten minutes."),
                tuple(entry.pk for entry in burst),
                frozenset({actor}),
            )


def _bursts(entries: list[Entry]) -> Iterator[list[Entry]]:
    """Stretches in which any five neighbours lie within ten minutes; the first of one stays its first."""
    burst: list[Entry] = []
    for place in range(len(entries) - BURST + 1):
        window = entries[place : place + BURST]
        if window[-1].at - window[0].at > BURST_WITHIN:
            continue
        if burst and window[0].pk <= burst[-1].pk:
            burst.append(window[-1])
            continue
        if burst:
            yield burst
        burst = window
    if burst:
        yield burst


def expired_roles_used(project_id: int | None) -> Iterator[Sighting]:
    """Somebody whose role had ended tried to act; one case for each membership and day."""
    refused = Entry.objects.filter(project=project_id, event=Event.ACCESS_DENIED, role="", actor__isnull=False)
    attempts: dict[tuple[int, datetime.date], list[Entry]] = {}
    ended: dict[int, Membership] = {}
    for entry in refused.order_by("id"):
        membership = _ended_before(entry)
        if membership is not None:
            ended[membership.pk] = membership
            attempts.setdefault((membership.pk, entry.at.date()), []).append(entry)
    for (pk, day), entries in attempts.items():
        ending = Entry.objects.filter(
            subject_type=Membership._meta.label_lower,
            subject_id=pk,
            event__in=(Event.ROLE_REVOKED, Event.ROLE_EXPIRED),
            id__lt=entries[0].pk,
        )
        yield Sighting(
            Rule.EXPIRED_USED,
            f"membership {pk}, {day}",
            f"Somebody whose role of {ended[pk].get_role_display().lower()} had ended tried to act.",
            (*ending.values_list("id", flat=True), *(entry.pk for entry in entries)),
            frozenset({ended[pk].user_id}),
        )


def _ended_before(attempt: Entry) -> Membership | None:
    """The newest membership of whoever tried, if its time was over by then."""
    held = Membership.objects.filter(project=attempt.project_id, user=attempt.actor_id, granted_at__lte=attempt.at)
    membership = held.order_by("-id").first()
    ends = [] if membership is None else [at for at in (membership.ended_at, membership.valid_until) if at]
    return membership if ends and min(ends) <= attempt.at else None
