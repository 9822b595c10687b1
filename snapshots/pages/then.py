"""Who could do what at a past moment, held against now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.contrib.auth.models import AnonymousUser
from django.shortcuts import get_object_or_404
from django.utils import timezone

from labelop.models import Project
from roles.matrix import MATRIX, Role
from roles.models import Membership, User
from roles.telling import Pseudonyms

from ..models import Snapshot
from ..roles_then import deactivated_at, members_at, members_on
from ..selectors import snapshots_visible_to

NONE = "no role"
DEACTIVATED = "account deactivated"


@dataclass(frozen=True)
class MemberThen:
    """One person's role at the moment and now; `told` says how they differ, and is empty where they do not."""

    pseudonym: str
    then: str
    now: str
    told: str


@dataclass(frozen=True)
class Then:
    """A past moment, a day's end or a snapshot: its members, how many held each role, and who could do what."""

    day: date | None
    snapshot: Snapshot | None
    members: list[MemberThen]
    roles: list[tuple[str, int, int]]
    abilities: list[tuple[str, str]]

    @property
    def differing(self) -> int:
        return sum(bool(member.told) for member in self.members)


class NoSuchMoment(ValueError):
    """What was asked for is no day of the past; the message is for the page."""


def then_of(project: Project, asked: str, viewer: User | AnonymousUser, pseudonyms: Pseudonyms) -> Then:
    """The moment of a snapshot, by its number, or the end of a day (UTC), as "2026-10-01".

    Raises `NoSuchMoment` for what is neither, and `Http404` for a snapshot this viewer is not shown.
    """
    if asked.isascii() and asked.isdigit() and len(asked) < 8:
        visible = snapshots_visible_to(viewer).defer("states")
        snapshot = get_object_or_404(visible, project=project, number=int(asked))
        return _then(project, members_at(snapshot), snapshot.entry.at, None, snapshot, pseudonyms)
    day = _day(asked)
    moment = datetime.combine(day + timedelta(days=1), time.min, UTC)
    return _then(project, members_on(project, moment), moment, day, None, pseudonyms)


def _day(asked: str) -> date:
    try:
        day = date.fromisoformat(asked)
    except ValueError:
        raise NoSuchMoment("Write a day as 2026-10-01, or the number of a snapshot.") from None
    if day > timezone.now().date():
        raise NoSuchMoment("That day lies ahead.")
    return day


def _then(
    project: Project,
    held: dict[int, str],
    moment: datetime,
    day: date | None,
    snapshot: Snapshot | None,
    pseudonyms: Pseudonyms,
) -> Then:
    now = _members_now(project)
    idle = deactivated_at(held, moment)
    people = sorted(held.keys() | now.keys(), key=lambda user: pseudonyms.numbers.get((project.pk, user), 0))
    able = {user: role for user, role in held.items() if user not in idle}
    names = {user: pseudonyms.of(project.pk, user, held.get(user, now.get(user, ""))) for user in people}
    members = [_member(names[user], _role(user, held, idle), _role(user, now, set())) for user in people]
    return Then(
        day,
        snapshot,
        members,
        [(role.label, list(able.values()).count(role), list(now.values()).count(role)) for role in Role],
        [
            (ability.label, ", ".join(names[user] for user in people if able.get(user) in roles))
            for ability, roles in MATRIX.items()
        ],
    )


def _members_now(project: Project) -> dict[int, str]:
    in_force = Membership.objects.in_force().filter(project=project, user__is_active=True)
    return dict(in_force.values_list("user_id", "role"))


def _role(user: int, held: dict[int, str], idle: set[int]) -> str:
    if user not in held:
        return NONE
    label = str(Role(held[user]).label)
    return f"{label}, {DEACTIVATED}" if user in idle else label


def _member(pseudonym: str, then: str, now: str) -> MemberThen:
    if then == now:
        told = ""
    elif then == NONE:
        told = "came later"
    elif now == NONE:
        told = "holds no role now"
    else:
        told = "changed since"
    return MemberThen(pseudonym, then, now, told)
