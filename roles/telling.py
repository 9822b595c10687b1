"""How the trail is told: actors by role and a number that stays, never by name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone
from django.utils.timesince import timesince

from audit.events import Event, Impact
from audit.models import Entry

from .matrix import Can, Role
from .models import Membership, User

NOT_RECORDED = "not recorded"


@dataclass(frozen=True)
class Pseudonyms:
    """The number of each member within each project: the rank of their first membership."""

    numbers: dict[tuple[int | None, int | None], int]
    members: dict[int, tuple[int, int]]

    def of(self, project_id: int | None, user_id: int | None, role: str) -> str:
        number = self.numbers.get((project_id, user_id))
        label = Role(role).label if role in Role.values else "Member" if number else "Somebody without a role"
        return f"{label} {number}" if number else label

    def of_membership(self, membership_id: int | None) -> str:
        project_id, user_id = self.members.get(membership_id or 0, (None, None))
        return self.of(project_id, user_id, "")


def pseudonyms_in(project_ids: Iterable[int | None]) -> Pseudonyms:
    numbers: dict[tuple[int | None, int | None], int] = {}
    members: dict[int, tuple[int, int]] = {}
    counted: dict[int, int] = {}
    rows = Membership.objects.filter(project__in={pk for pk in project_ids if pk}).order_by("id")
    for pk, project_id, user_id in rows.values_list("id", "project_id", "user_id"):
        members[pk] = (project_id, user_id)
        if (project_id, user_id) not in numbers:
            counted[project_id] = counted.get(project_id, 0) + 1
            numbers[project_id, user_id] = counted[project_id]
    return Pseudonyms(numbers, members)


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


def told(entries: Iterable[Entry], viewer: User | AnonymousUser) -> list[Told]:
    """Tell these entries to this viewer, in the order given."""
    entries = list(entries)
    pseudonyms = pseudonyms_in(entry.project_id for entry in entries)
    return [
        Told(
            entry,
            _actor(entry, pseudonyms, viewer),
            _subject(entry, pseudonyms),
            plainly(_role_or(_with_pseudonym(entry.before, entry, pseudonyms))),
            plainly(_role_or(_with_pseudonym(entry.after, entry, pseudonyms))),
        )
        for entry in entries
    ]


def ago(at: datetime) -> str:
    if timezone.now() - at < timedelta(minutes=1):
        return "just now"
    return f"{timesince(at, depth=1)} ago"


def plainly(value: Any) -> str:
    """A JSON value as a reader of a page would say it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{key.replace('_', ' ')}: {plainly(part)}" for key, part in value.items())
    if isinstance(value, list):
        return ", ".join(plainly(part) for part in value)
    return str(value)


def _actor(entry: Entry, pseudonyms: Pseudonyms, viewer: User | AnonymousUser) -> str:
    if entry.attributed_to_id:
        return f"person {entry.attributed_to_id} of the imported history"
    if entry.event == Event.CHANGE_UNEXPLAINED:
        return _writer(entry)
    if entry.actor_id is None:
        return "LabelOp itself"
    actor = pseudonyms.of(entry.project_id, entry.actor_id, entry.role)
    return f"{actor} (you)" if entry.actor_id == viewer.pk else actor


def _writer(entry: Entry) -> str:
    """What the database knows of somebody who went round the services."""
    known = [f"database role {entry.database_role}" if entry.database_role else "", entry.application]
    return ", ".join(filter(None, known)) or "a writer the database could not name"


def _subject(entry: Entry, pseudonyms: Pseudonyms) -> str:
    if entry.subject_type == "roles.membership":
        return pseudonyms.of_membership(entry.subject_id)
    if entry.event == Event.ACCESS_DENIED and entry.subject_name in Can.values:
        return str(Can(entry.subject_name).label)
    return entry.subject_name


def _with_pseudonym(value: Any, entry: Entry, pseudonyms: Pseudonyms) -> Any:
    """Entries about assignments keep the id of an annotator; pages say their role and number."""
    if not isinstance(value, dict) or "annotator" not in value:
        return value
    return {**value, "annotator": pseudonyms.of(entry.project_id, value["annotator"], "")}


def _role_or(value: Any) -> Any:
    return Role(value).label if isinstance(value, str) and value in Role.values else value
