"""A log review on stage: Rita, who did nothing in its scope, reads what led to a snapshot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from audit.acting import Actor, operation
from audit.events import Event
from audit.models import Entry
from audit.services import record
from labelop.services.projects import change_setting
from roles.matrix import Role
from roles.models import User
from roles.services import create_account, grant_role
from snapshots.log_reviews import Scope, chapter, entries_in_scope, undecided
from snapshots.models import Disposition, Finding, LogReview, Release, SignOff
from snapshots.services.dispositions import answer_question, dispose, open_finding
from snapshots.services.log_reviews import open_log_review, sign_log_review

from .stage import Stage, set_the_stage

EXPECTED, UNEXPECTED = Disposition.Verdict.EXPECTED, Disposition.Verdict.UNEXPECTED


@dataclass(frozen=True)
class Reading:
    """The stage, with a second owner and a second reviewer who have done nothing yet."""

    stage: Stage
    otto: User
    rita: User

    @property
    def project(self) -> Any:
        return self.stage.project

    def open(self, scope: Scope | None = None, by: User | None = None) -> LogReview:
        """Rita opens a log review; of the chapter that leads to a snapshot taken now, unless said otherwise."""
        if scope is None:
            number = self.project.snapshots.count() + 1
            scope = chapter(self.stage.snapshot(f"v{number}"))
        return open_log_review(self.project, scope, by=by or self.rita)

    def decide_all(self, log_review: LogReview, by: User | None = None) -> None:
        for entry in undecided(log_review):
            dispose(log_review, entry, EXPECTED, by=by or self.rita)

    def answer_all(self, log_review: LogReview) -> None:
        for place in range(len(log_review.checklist)):
            answer_question(log_review, place, "Yes: see the trail", by=self.rita)

    def ready(self, scope: Scope | None = None) -> LogReview:
        """A log review that lacks nothing but its signature."""
        log_review = self.open(scope)
        self.decide_all(log_review)
        self.answer_all(log_review)
        return LogReview.objects.get(pk=log_review.pk)

    def signed(self) -> LogReview:
        log_review = self.ready()
        self.sign(log_review)
        return LogReview.objects.get(pk=log_review.pk)

    def sign(self, log_review: LogReview, by: User | None = None) -> SignOff:
        return sign_log_review(log_review, by=by or self.rita, meaning="I read it all")

    def finding(self, log_review: LogReview, entry: Entry | None = None, by: User | None = None) -> Finding:
        return open_finding(
            log_review,
            Finding.Factor.ACCESS,
            "The role was wider than the work",
            "Grant it for a week",
            by=by or self.rita,
            owner=self.stage.olga,
            due_on=in_days(7),
            entry=entry,
        )

    def raise_risk(self, tier: str) -> None:
        if self.project.risk_tier != tier:
            change_setting(self.project, "risk_tier", tier, by=self.stage.olga, reason="Goes to a customer")
            self.project.refresh_from_db()

    def propose(self, state: str = "candidate") -> Release:
        """A release on its way, as its row says it."""
        snapshot = self.stage.snapshot(f"v{self.project.snapshots.count() + 1}")
        with operation(by=self.stage.olga):
            release = Release.objects.create(
                project=self.project, snapshot=snapshot, requested_by=self.stage.olga, state=state
            )
            record(Event.ITEMS_CHANGED, release, Actor(self.stage.olga, "owner"))
        return release


def set_for_reading(slug: str = "birds") -> Reading:
    stage = set_the_stage(slug)
    otto, rita = (
        User.objects.filter(username=name).first() or create_account(name, "a long sentence nobody guesses", by=None)
        for name in ("otto", "rita")
    )
    grant_role(stage.project, otto, Role.OWNER, by=stage.olga, reason="Second owner")
    grant_role(stage.project, rita, Role.REVIEWER, by=stage.olga, reason="Reads the log")
    return Reading(stage, otto, rita)


def in_days(days: int) -> date:
    return timezone.now().date() + timedelta(days=days)


def ids(log_review: LogReview) -> list[int]:
    """What a log review reads."""
    return list(entries_in_scope(log_review).values_list("pk", flat=True))


def last_entry() -> Entry:
    """The newest on the trail."""
    return Entry.objects.order_by("-id")[0]
