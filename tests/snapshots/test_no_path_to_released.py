"""There is no path to `released` without the people the policy asks for: every one of them is tried.

Seven people at each of four places (who takes the snapshot, requests, approves, approves second) and four levels. Acts
go through each channel in turn; what is not somebody's to do is tried by each of them through every channel. What is
refused leaves all as it was, which is checked, so what would follow it follows without it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from typing import TypeVar

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from audit.acting import Actor, Channel, operation, through
from audit.events import Event
from audit.services import record
from labelop.models import Annotation
from roles.models import Anomaly, User
from snapshots.models import Release, Snapshot, Step
from snapshots.services.releases import approve_release, begin_review, propose_release, publish_release
from snapshots.services.snapshots import take_snapshot

from .release_stage import set_the_release_stage

T = TypeVar("T")

pytestmark = pytest.mark.django_db

PEOPLE = ("clean owner", "writing owner", "reviewer", "writing reviewer", "annotator", "outsider", "superuser")
OWNERS = {"clean owner", "writing owner"}
REVIEWERS = {"reviewer", "writing reviewer"}
AUTHORS = {"writing owner", "writing reviewer", "annotator"}
LEVELS = (0, 1, 2, 3)


@dataclass(frozen=True)
class Path:
    """Who did what. What may come of it is written out here once more, from the words of the policy alone."""

    level: int
    taker: str
    requester: str = ""
    approvers: tuple[str, ...] = ()

    @property
    def may_be_taken(self) -> bool:
        return self.taker in OWNERS or self.taker == "superuser"

    @property
    def may_be_requested(self) -> bool:
        return self.requester in OWNERS | REVIEWERS or self.requester == "superuser"

    def may_be_approved_by(self, who: str) -> bool:
        if who == self.requester and self.level > 0:
            return False
        if who in OWNERS:
            return who not in self.approvers
        return who in REVIEWERS and self.level == 3 and bool(OWNERS & set(self.approvers)) and who not in self.approvers

    @property
    def may_go_out(self) -> bool:
        """In the words of the policy, level by level."""
        independent = {who for who in self.approvers if who not in (self.requester, self.taker)}
        strangers = independent - AUTHORS
        return {
            0: bool(OWNERS & set(self.approvers)),
            1: bool(OWNERS & independent),
            2: bool(OWNERS & strangers),
            3: bool(OWNERS & strangers) and bool(REVIEWERS & strangers),
        }[self.level]


class Walk:
    """One project on which all paths are tried, each undone before the next."""

    def __init__(self) -> None:
        self.stage = stage = set_the_release_stage()
        self.people: dict[str, User] = {
            "clean owner": stage.otto,
            "writing owner": stage.olga,
            "reviewer": stage.ravi,
            "writing reviewer": stage.rita,
            "annotator": stage.ana,
            "outsider": stage.uma,
            "superuser": stage.root,
        }
        stage.set(separation_of_duties=0)
        stage.released(stage.snapshot("before"))
        for who in AUTHORS:
            self._write(self.people[who], who)
        stage.set(review_policy="targeted")
        self.channels = cycle(Channel)
        self.refused = {who: cycle(Channel) for who in PEOPLE}
        self.refused_through: set[tuple[str, Channel]] = set()
        self.paths = 0
        self.went_out = 0

    def all_paths(self, level: int) -> None:
        self.stage.set(separation_of_duties=level)
        for taker in PEOPLE:
            self._take(Path(level, taker))

    def _take(self, path: Path) -> None:
        with undone():
            snapshot = self._try(
                path.may_be_taken,
                lambda: take_snapshot(self.stage.project, "v", by=self.people[path.taker], reason="Try").snapshot,
                list(Channel),
            )
            if snapshot is None:
                self.paths += len(PEOPLE) ** 3
                return
            self._explain()
            for requester in PEOPLE:
                self._request(Path(path.level, path.taker, requester), snapshot)

    def _request(self, path: Path, snapshot: Snapshot) -> None:
        by = self.people[path.requester]
        with undone():
            release = self._try(
                path.may_be_requested, lambda: propose_release(snapshot, by=by, reason="Try"), list(Channel)
            )
            if release is None:
                self.paths += len(PEOPLE) ** 2
                return
            begin_review(release, by=by, reason="Try")
            self._explain()
            self._go_out(path, release)
            ways = [self._approve(path, release, first) for first in PEOPLE]
            assert any(ways) or path.level > 0

    def _approve(self, path: Path, release: Release, who: str) -> bool:
        """Let somebody approve, and then everybody else after them; False when they were refused."""
        with undone():
            by = self.people[who]
            channel = next(self.refused[who])
            approved = self._try(
                path.may_be_approved_by(who), lambda: approve_release(release, by=by, reason="Try"), [channel]
            )
            if approved is None:
                self.refused_through.add((who, channel))
            second = bool(path.approvers)
            self.paths += 1 if second else 0 if approved else len(PEOPLE)
            if approved is None:
                return False
            path = Path(path.level, path.taker, path.requester, (*path.approvers, who))
            self._go_out(path, release)
            if not second:
                for other in PEOPLE:
                    self._approve(path, release, other)
            return True

    def _explain(self) -> None:
        """Look into what stands out, such as a superuser's act, so that no gate hides who may approve."""
        with operation(by=self.stage.otto):
            Anomaly.objects.filter(project=self.stage.project).update(state=Anomaly.State.ACKNOWLEDGED)

    def _go_out(self, path: Path, release: Release) -> None:
        """An owner lets it out, if the path leads there."""
        with undone(), through(next(self.channels)):
            if path.may_go_out:
                publish_release(release, by=self.stage.otto)
                self.went_out += 1
            else:
                with pytest.raises(ValidationError):
                    publish_release(release, by=self.stage.otto)

    def _try(self, may: bool, act: Callable[[], T], channels: list[Channel]) -> T | None:
        """Do what may be done; what may not be done must be refused, through these channels, and change nothing."""
        if may:
            with through(next(self.channels)):
                return act()
        before = self._what_stands()
        for channel in channels:
            with through(channel), pytest.raises((PermissionDenied, ValidationError)):
                act()
        assert self._what_stands() == before
        return None

    def _what_stands(self) -> list[tuple[object, ...]]:
        releases = Release.objects.order_by("pk").values_list("pk", "state", "requested_by")
        steps = Step.objects.order_by("pk").values_list("pk", "kind", "actor")
        return [*releases, *steps, *Snapshot.objects.values_list("pk", "name")]

    def _write(self, who: User, text: str) -> None:
        mark = self.stage.stage.marks[0]
        with operation(by=who):
            Annotation.objects.filter(pk=mark.pk).update(value={"by": text})
            record(Event.ANNOTATION_SAVED, mark, Actor(who))


@contextmanager
def undone() -> Iterator[None]:
    point = transaction.savepoint()
    try:
        yield
    finally:
        transaction.savepoint_rollback(point)


@pytest.mark.parametrize("level", LEVELS)
def test_no_path_leads_round_the_policy(level: int) -> None:
    walk = Walk()
    walk.all_paths(level)
    assert walk.paths == len(PEOPLE) ** 4
    assert walk.went_out > 0
    assert walk.refused_through == {(who, channel) for who in PEOPLE for channel in Channel}
