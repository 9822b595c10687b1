"""The review of a snapshot: whether everything is accounted for, who decided what and why, and what it was bound to.

Read once for the page, and for the file that leaves the building.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q
from django.http import HttpRequest, QueryDict
from django.shortcuts import get_object_or_404

from labelop.models import Project
from roles.matrix import Can, Role
from roles.models import User
from roles.pages import member_behind
from roles.selectors import abilities_of, project_or_404
from roles.telling import Pseudonyms, told

from ..charts import class_bars, heat_table
from ..gates import previous_release
from ..models import LogReview, Release, Snapshot
from ..roles_then import members_at
from ..selectors import snapshots_visible_to
from ..statement import Statement, statement_of
from ..versioning import suggested_version
from .days import days_around
from .differences import difference_page
from .held import Held, Names, held
from .release import release_of, release_page
from .timeline import Stretch, timeline_of

LOG_REVIEWS = 5


@dataclass(frozen=True)
class Reviewed:
    """A snapshot, the one it is held against (None: the beginning), and the one that followed."""

    project: Project
    abilities: frozenset[Can]
    snapshot: Snapshot
    before: Snapshot | None
    following: Snapshot | None
    release: Release | None

    @property
    def since(self) -> Snapshot | None:
        """Where what led here begins: held against a later snapshot, it is the chapter."""
        if self.before is not None and self.before.number > self.snapshot.number:
            return self.snapshot.parent
        return self.before


@dataclass(frozen=True)
class RoleLine:
    """How many held a role at two cuts, and who at the later one."""

    role: str
    before: int | None
    after: int
    who: str

    @property
    def changed(self) -> bool:
        return self.before is not None and self.before != self.after


def reviewed(request: HttpRequest, slug: str, number: int) -> Reviewed:
    """Find what an address speaks of, or raise 404; `from` says what the snapshot is held against."""
    viewer = member_behind(request)
    project = project_or_404(viewer, slug)
    snapshots = snapshots_visible_to(viewer).filter(project=project).defer("states").select_related("parent__entry")
    snapshot = get_object_or_404(snapshots, number=number)
    following = snapshots.filter(parent=snapshot).first()
    release = release_of(snapshot)
    asked = request.GET.get("from", "")
    if asked:
        number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else -1
        before = get_object_or_404(snapshots.exclude(pk=snapshot.pk), number=number) if number else None
    else:
        before = _usual(snapshot, release)
    return Reviewed(project, abilities_of(viewer, project), snapshot, before, following, release)


def _usual(snapshot: Snapshot, release: Release | None) -> Snapshot | None:
    """What a snapshot is held against unless asked otherwise: as its gates, the last release; else the one before."""
    if release is None:
        return snapshot.parent
    previous = previous_release(snapshot)
    return previous.snapshot if previous else None


def review_of(one: Reviewed, asked: QueryDict, reader: User | AnonymousUser, size: int | None = None) -> dict[str, Any]:
    """All that is told of a snapshot, to this reader; `size` is how many differences at most."""
    snapshot, before = one.snapshot, one.before
    computing = _is_computing(before) or _is_computing(snapshot)
    statement = None if computing else statement_of(one.project, before, snapshot)
    stretch = Stretch(one.since, snapshot, one.following)
    names = Names([one.project.pk], reader)
    return {
        "project": one.project,
        "snapshot": snapshot,
        "taken": told([snapshot.entry], reader, names.pseudonyms)[0],
        "before": before,
        "since": one.since,
        "previous": snapshot.parent,
        "next": one.following,
        "statement": statement,
        "answer": statement.answer if statement else None,
        "bars": class_bars(statement.opening_and_closing) if statement else None,
        "heat": heat_table(statement.moves) if statement else None,
        "computing": computing,
        "differences": difference_page(statement, asked, reader, names.pseudonyms, size) if statement else None,
        "days": days_around(snapshot, one.following, [cut for cut in (one.since, *stretch.cuts) if cut]),
        "timeline": timeline_of(stretch, asked, reader, names.pseudonyms),
        "roles": _roles(one, names.pseudonyms),
        "release": release_page(one.release, reader, names.pseudonyms) if one.release else None,
        "log_reviews": _log_reviews(one, names),
    }


def suggestion_for(one: Reviewed, statement: Statement | None) -> str:
    """What to call a release of this snapshot, where it is held against the last one."""
    if statement is None or one.release is not None:
        return ""
    previous = previous_release(one.snapshot)
    named = previous.snapshot if previous else None
    if (named.pk if named else None) != (one.before.pk if one.before else None):
        return ""
    return str(suggested_version(named, statement.differences))


def _is_computing(snapshot: Snapshot | None) -> bool:
    return snapshot is not None and snapshot.content_hash is None


def _log_reviews(one: Reviewed, names: Names) -> list[Held]:
    """The log reviews of the release, and those that read up to this snapshot."""
    if Can.RUN_LOG_REVIEWS not in one.abilities:
        return []
    about = Q(release__snapshot=one.snapshot) | Q(last_entry=one.snapshot.entry_id)
    found = LogReview.objects.filter(about, project=one.project).select_related("project", "sign_off")
    return held(list(found.order_by("-id")[:LOG_REVIEWS]), names)


def _roles(one: Reviewed, pseudonyms: Pseudonyms) -> dict[str, Any]:
    now = members_at(one.snapshot)
    then = members_at(one.before) if one.before else None
    lines = [
        RoleLine(
            role.label,
            None if then is None else sum(held_then == role for held_then in then.values()),
            sum(held_now == role for held_now in now.values()),
            ", ".join(sorted(pseudonyms.of(one.project.pk, user, its) for user, its in now.items() if its == role)),
        )
        for role in Role
    ]
    return {"lines": lines, "before": None if then is None else len(then), "after": len(now)}
