"""Rules about how somebody came to a role or to a permission."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from audit.events import BULK, Event, Impact
from audit.history import versions_of
from audit.models import Entry

from ..matrix import Role
from ..models import Membership, Rule
from ..selectors import StrayPermission, stray_permissions_of
from .sighting import GRANTING, RANKS, Grant, Sighting, a_role, actors_of, entries_by_operation, grants_in, sentence

BRIEF = timedelta(hours=24)
ACTS_SHOWN = 20
# Owners: held against the project's own past, and only where there is enough of both to speak of a share.
SHARE_OVER = timedelta(days=90)
MEMBERS_THEN, MEMBERS_NOW, MORE_OWNERS = 3, 4, 2


def self_grants(project_id: int | None, membership: Membership | None = None) -> Iterator[Sighting]:
    """Somebody gave a role to themselves; a project's very first member had nobody to ask."""
    by_themselves = [grant for grant in grants_in(project_id, membership) if _by_themselves(grant)]
    if not by_themselves:
        return
    first = Membership.objects.filter(project=project_id).order_by("id").values_list("id", flat=True).first()
    for grant in by_themselves:
        if grant.before is not None or grant.version.id != first:
            giver = a_role(grant.before.role) if grant.before else "somebody without a role"
            yield Sighting(
                Rule.SELF_GRANT,
                f"version {grant.version.history_id}",
                sentence(f"{giver} became {a_role(grant.version.role)} by their own act."),
                grant.entry_ids,
                grant.people,
            )


def _by_themselves(grant: Grant) -> bool:
    version, before = grant.version, grant.before
    newly_named = before is None or before.granted_by_id != version.granted_by_id
    return version.user_id in (version.history_user_id, version.granted_by_id if newly_named else None)


def grants_without_reason(project_id: int | None, membership: Membership | None = None) -> Iterator[Sighting]:
    """A role was given and no entry says why: services refuse that, so it went round them."""
    for grant in grants_in(project_id, membership):
        if not _says_why(grant):
            yield Sighting(
                Rule.NO_REASON,
                f"version {grant.version.history_id}",
                sentence(
                    f"{a_role(grant.before.role) if grant.before else 'somebody'} became "
                    f"{a_role(grant.version.role)}{_for_longer(grant)}, and no entry says why."
                ),
                grant.entry_ids,
                grant.people,
            )


def _says_why(grant: Grant) -> bool:
    if any(entry.event in GRANTING and entry.reason for entry in grant.entries):
        return True
    # A load brings whole tables, with the reasons that stand in them.
    return bool(grant.version.reason.strip()) and any(entry.event in BULK for entry in grant.entries)


def _for_longer(grant: Grant) -> str:
    return " for longer" if grant.before and grant.before.role == grant.version.role else ""


def brief_powers(project_id: int | None) -> Iterator[Sighting]:
    """A role was granted, used for something of high impact and ended again within a day."""
    label = Membership._meta.label_lower
    events = (*GRANTING, Event.ROLE_REVOKED, Event.ROLE_EXPIRED)
    of_membership: dict[int, list[Entry]] = {}
    for entry in Entry.objects.filter(project=project_id, event__in=events, subject_type=label).order_by("id"):
        of_membership.setdefault(entry.subject_id or 0, []).append(entry)
    memberships = Membership.objects.filter(project=project_id).in_bulk(list(of_membership))
    for pk, entries in of_membership.items():
        for place, given in enumerate(entries):
            ended = next((entry for entry in entries[place + 1 :] if _takes(entry)), None)
            if given.event in GRANTING and not _takes(given) and ended and pk in memberships:
                yield from _brief_power(memberships[pk], given, ended)


def _takes(entry: Entry) -> bool:
    """Whether an entry tells that a role ended or became narrower."""
    if entry.event != Event.ROLE_CHANGED:
        return entry.event != Event.ROLE_GRANTED
    return RANKS[Role(str(entry.after))] < RANKS[Role(str(entry.before))]


def _brief_power(membership: Membership, given: Entry, ended: Entry) -> Iterator[Sighting]:
    # An expiry is written down when the daily command runs; the role had ended before.
    expired_at = membership.ended_at if ended.event == Event.ROLE_EXPIRED else None
    if (expired_at or ended.at) - given.at > BRIEF:
        return
    between = Entry.objects.filter(project=given.project_id, id__gt=given.pk, id__lt=ended.pk, impact=Impact.HIGH)
    acts = list(between.filter(actor=membership.user_id).order_by("id")[:ACTS_SHOWN])
    if acts:
        role = given.after["role"] if isinstance(given.after, dict) else given.after
        shown = (given, *acts, ended)
        yield Sighting(
            Rule.BRIEF_POWER,
            f"entry {given.pk}",
            f"The role of {Role(str(role)).label.lower()} was granted, used for a decision of high impact and ended "
            "again within 24 hours.",
            tuple(entry.pk for entry in shown),
            actors_of(shown) | {membership.user_id},
        )


def growing_shares_of_owners(project_id: int | None, now: datetime | None = None) -> Iterator[Sighting]:
    """Within 90 days at least two more owners, and now more than half of the team; judged from a past of three on."""
    now = now or timezone.now()
    then = now - SHARE_OVER
    held_then, held_now = _roles_at(project_id, then), _roles_at(project_id, now)
    owners_then, owners_now = held_then.count(Role.OWNER), held_now.count(Role.OWNER)
    if len(held_then) < MEMBERS_THEN or len(held_now) < MEMBERS_NOW or owners_now - owners_then < MORE_OWNERS:
        return
    if 2 * owners_now <= len(held_now) or owners_now * len(held_then) <= owners_then * len(held_now):
        return
    made = [
        grant
        for grant in grants_in(project_id)
        if grant.version.role == Role.OWNER and grant.widens and then < grant.version.history_date <= now
    ]
    if made:
        yield Sighting(
            Rule.MORE_OWNERS,
            f"version {made[-1].version.history_id}",
            f"{owners_now} of {len(held_now)} members are owners; 90 days earlier {owners_then} of {len(held_then)} "
            "were.",
            tuple(sorted({pk for grant in made for pk in grant.entry_ids})),
            frozenset[int]().union(*(grant.people for grant in made)),
        )


def _roles_at(project_id: int | None, at: datetime) -> list[str]:
    versions = Membership.history.filter(project_id=project_id, history_date__lte=at)
    return [
        version.role
        for version in versions.latest_of_each().exclude(history_type="-")
        if version.ended_at is None and (version.valid_until is None or version.valid_until > at)
    ]


def strays(project_id: int | None) -> Iterator[Sighting]:
    """Permission rows that no membership explains; those of one holder are one case, until another comes."""
    held: dict[tuple[str, str], list[StrayPermission]] = {}
    for stray in stray_permissions_of(project_id):
        holder = f"user {stray.user_id}" if stray.user_id else f"group {stray.holder}"
        held.setdefault((stray.row._meta.label_lower, holder), []).append(stray)
    for (table, holder), rows in held.items():
        versions = [version for version in map(_newest_version, rows) if version]
        found = entries_by_operation(project_id, [version.operation for version in versions])
        shown = [entry for entries in found.values() for entry in entries]
        codes = ", ".join(sorted(stray.permission for stray in rows))
        yield Sighting(
            Rule.STRAY,
            f"{table}, {holder}, up to {max(stray.row.pk for stray in rows)}"[:200],
            f"{'Somebody' if rows[0].user_id else 'A group'} holds what no membership explains: {codes}.",
            tuple(sorted(entry.pk for entry in shown)),
            actors_of(shown) | {stray.user_id for stray in rows if stray.user_id},
        )


def _newest_version(stray: StrayPermission) -> Any:
    versions = versions_of(type(stray.row))._base_manager.filter(**{stray.row._meta.pk.attname: stray.row.pk})
    return versions.order_by("-history_id").first()
