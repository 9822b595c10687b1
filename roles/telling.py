"""How the trail is told: actors by role and a number that stays; by name only where it was revealed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypedDict

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone
from django.utils.timesince import timesince

from audit.events import Event, Impact
from audit.models import Entry

from .matrix import Can, Role
from .models import Membership, User
from .selectors import revealed_to
from .words import said_of

NOT_RECORDED = "not recorded"
HASH = re.compile(r"\b[0-9a-f]{64}\b")
# What entries call the annotator whom they name by id.
PEOPLE = frozenset({"annotator"})


@dataclass(frozen=True)
class Pseudonyms:
    """The number of each member within each project: the rank of their first membership."""

    numbers: dict[tuple[int | None, int | None], int]
    members: dict[int, tuple[int, int]]
    # The names that the viewer had revealed to them lately; of whole projects beside those of single members.
    names: dict[tuple[int | None, int | None], str] = field(default_factory=dict)
    revealed: frozenset[int] = frozenset()

    def of(self, project_id: int | None, user_id: int | None, role: str) -> str:
        number = self.numbers.get((project_id, user_id))
        label = Role(role).label if role in Role.values else "Member" if number else "Somebody without a role"
        pseudonym = f"{label} {number}" if number else label
        name = self.names.get((project_id, user_id))
        return f"{pseudonym} ({name})" if name else pseudonym

    def of_membership(self, membership_id: int | None) -> str:
        project_id, user_id = self.members.get(membership_id or 0, (None, None))
        return self.of(project_id, user_id, "")


def pseudonyms_in(project_ids: Iterable[int | None], viewer: User | AnonymousUser | None = None) -> Pseudonyms:
    """How to speak of the members of these projects; with the names that were revealed to this viewer, if any."""
    wanted_projects = {pk for pk in project_ids if pk}
    numbers: dict[tuple[int | None, int | None], int] = {}
    members: dict[int, tuple[int, int]] = {}
    counted: dict[int, int] = {}
    rows = Membership.objects.filter(project__in=wanted_projects).order_by("id")
    for pk, project_id, user_id in rows.values_list("id", "project_id", "user_id"):
        members[pk] = (project_id, user_id)
        if (project_id, user_id) not in numbers:
            counted[project_id] = counted.get(project_id, 0) + 1
            numbers[project_id, user_id] = counted[project_id]
    if viewer is None or not viewer.is_authenticated:
        return Pseudonyms(numbers, members)
    shown = list(revealed_to(viewer, wanted_projects)) if members else []
    alone = {members[pk] for kind, pk in shown if kind == Membership._meta.label_lower}
    wholly = frozenset(pk for kind, pk in shown if kind != Membership._meta.label_lower)
    wanted = {place for place in numbers if place in alone or place[0] in wholly}
    usernames = User.objects.in_bulk({user_id for _, user_id in wanted}) if wanted else {}
    names = {place: usernames[place[1]].username for place in wanted if place[1]}
    return Pseudonyms(numbers, members, names, wholly)


# How the source of an entry ends when whoever did it elsewhere is not told there.
UNATTRIBUTED = ", unattributed"


@dataclass(frozen=True)
class Told:
    """One entry in the words of a page."""

    entry: Entry
    actor: str
    subject: str
    before: str
    after: str

    @property
    def impact(self) -> str:
        return Impact(self.entry.impact).name.lower()

    @property
    def ago(self) -> str:
        return ago(self.entry.at)


def told(entries: Iterable[Entry], viewer: User | AnonymousUser, pseudonyms: Pseudonyms | None = None) -> list[Told]:
    """Tell these entries to this viewer, in the order given.

    A page that tells more than once asks for the pseudonyms of its project once and hands them on.
    """
    entries = list(entries)
    if pseudonyms is None:
        pseudonyms = pseudonyms_in((entry.project_id for entry in entries), viewer)
    return [
        Told(
            entry,
            _actor_or_you(entry, pseudonyms, viewer),
            subject_told(entry, pseudonyms),
            _said(entry.before, entry, pseudonyms),
            _said(entry.after, entry, pseudonyms),
        )
        for entry in entries
    ]


def change_told(entry: Entry, pseudonyms: Pseudonyms) -> str:
    """What was before and what after, on one line."""
    sides = (_said(side, entry, pseudonyms) for side in (entry.before, entry.after))
    return " → ".join(filter(None, sides))


def _said(value: Any, entry: Entry, pseudonyms: Pseudonyms) -> str:
    """What was before or after, in the words of a page: of a hash its first digits, as one compares them."""
    said = said_of(entry.subject_type, _with_people(value, entry, pseudonyms))
    return HASH.sub(lambda found: f"{found[0][:12]}…", said)


def ago(at: datetime) -> str:
    if timezone.now() - at < timedelta(minutes=1):
        return "just now"
    return f"{timesince(at, depth=1)} ago"


class EntryTold(TypedDict):
    """An entry as plain data."""

    id: int
    at: str
    recorded_at: str
    event: str
    impact: str
    role: str | None
    actor: str | None
    attributed_to: str | None
    channel: str | None
    subject: str | None
    records: int
    before: Any
    after: Any
    reason: str | None


def entry_as_dict(entry: Entry, names: Pseudonyms) -> EntryTold:
    """An entry as plain data; people are told as pages tell them."""
    person = actor_told(entry, names)
    return {
        "id": entry.pk,
        "at": entry.at.isoformat(),
        "recorded_at": entry.recorded_at.isoformat(),
        "event": entry.event,
        "impact": Impact(entry.impact).name.lower(),
        "role": entry.role or None,
        "actor": None if entry.actor_id is None else importer_told(entry, names),
        "attributed_to": person if entry.attributed_to_id else None,
        "channel": entry.channel or None,
        "subject": subject_told(entry, names) or None,
        "records": entry.records,
        "before": entry.before,
        "after": entry.after,
        "reason": entry.reason or None,
    }


def actor_told(entry: Entry, pseudonyms: Pseudonyms) -> str:
    """Who acted, in which role; by name only where it was revealed."""
    if entry.attributed_to_id:
        person = f"person {entry.attributed_to_id} of the imported history"
        return _named(person, str(entry.attributed_to), entry, pseudonyms)
    if entry.event == Event.CHANGE_UNEXPLAINED:
        return _writer(entry)
    if entry.source.endswith(UNATTRIBUTED):
        return "somebody whom the source does not name"
    if entry.actor_id is None:
        return "LabelOp itself"
    return importer_told(entry, pseudonyms)


def importer_told(entry: Entry, pseudonyms: Pseudonyms) -> str:
    """Whose act it was here, whomever an imported history names."""
    actor = pseudonyms.of(entry.project_id, entry.actor_id, entry.role)
    known = (entry.project_id, entry.actor_id) in pseudonyms.names
    return actor if known else _named(actor, entry.actor_name, entry, pseudonyms)


def subject_told(entry: Entry, pseudonyms: Pseudonyms) -> str:
    if entry.subject_type == Membership._meta.label_lower:
        return pseudonyms.of_membership(entry.subject_id)
    if entry.event == Event.ACCESS_DENIED:
        asked = entry.subject_name
        return str(Can(asked).label) if asked in Can.values else asked.replace("_", " ")
    return entry.subject_name


def _actor_or_you(entry: Entry, pseudonyms: Pseudonyms, viewer: User | AnonymousUser) -> str:
    actor = actor_told(entry, pseudonyms)
    return f"{actor} (you)" if viewer.pk and entry.actor_id == viewer.pk and not entry.attributed_to_id else actor


def _named(pseudonym: str, name: str, entry: Entry, pseudonyms: Pseudonyms) -> str:
    """With the name as well, where everybody in this project's trail was revealed."""
    return f"{pseudonym} ({name})" if entry.project_id in pseudonyms.revealed else pseudonym


def _writer(entry: Entry) -> str:
    """What the database knows of somebody who went round the services."""
    known = [f"database role {entry.database_role}" if entry.database_role else "", entry.application]
    return ", ".join(filter(None, known)) or "a writer the database could not name"


def _with_people(value: Any, entry: Entry, pseudonyms: Pseudonyms) -> Any:
    """What an entry says was before or after, with role and number for whoever it names by their id."""
    if not isinstance(value, dict) or not PEOPLE & value.keys():
        return value
    return {
        key: pseudonyms.of(entry.project_id, part, Role.ANNOTATOR) if key in PEOPLE and isinstance(part, int) else part
        for key, part in value.items()
    }
