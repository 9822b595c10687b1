"""Releases and log reviews of one project: the urgent first, in pages, and snapshots taken from there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.acting import operation
from labelop.services.work import exclude_item
from snapshots.log_reviews import decision_points, saved_query, undecided
from snapshots.models import LogReview, Release, Snapshot
from snapshots.services.log_reviews import open_log_review, void_log_review
from snapshots.services.releases import reject_release
from tests.cast import what_is_left

from .reading import Reading, set_for_reading
from .release_stage import ReleaseStage, set_the_release_stage

pytestmark = pytest.mark.django_db

RELEASES, LOG_REVIEWS, TAKE = (
    "/projects/birds/releases/",
    "/projects/birds/log-reviews/",
    "/snapshots/snapshot/acts/take/",
)


def as_(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


class TestReleases:
    @pytest.fixture
    def stage(self) -> ReleaseStage:
        return set_the_release_stage()

    def planned(self, stage: ReleaseStage, name: str, days: int | None) -> Release:
        release = stage.proposed(stage.snapshot(name))
        if days is not None:
            with operation(by=stage.olga):
                Release.objects.filter(pk=release.pk).update(planned_on=timezone.now().date() + timedelta(days=days))
        return release

    def test_those_on_their_way_come_first_by_their_day(self, stage: ReleaseStage) -> None:
        out = stage.released(stage.snapshot("out"))
        some_day, soon, late = (self.planned(stage, name, days) for name, days in (("a", None), ("b", 3), ("c", -2)))
        context = as_(stage.ravi).get(RELEASES).context
        assert [(line.release, line.overdue) for line in context["coming"]] == [
            (late, True),
            (soon, False),
            (some_day, False),
        ]
        [line] = context["past"]
        assert (line.release, line.last.step.kind) == (out, "released")
        assert line.read.gates.endswith("gates open")
        assert [one.snapshot.name for one in context["snapshots"]] == ["c", "b", "a", "out"]

    def test_what_is_over_and_snapshots_are_paged_apart(
        self, stage: ReleaseStage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("snapshots.pages.releases.WENT_OUT", 2)
        monkeypatch.setattr("snapshots.pages.releases.SNAPSHOTS", 2)
        for name in ("a", "b", "c"):
            reject_release(stage.in_review(stage.snapshot(name)), by=stage.otto, reason="Not this one")
        ravi = as_(stage.ravi)
        first = ravi.get(RELEASES).context
        assert [str(line.release) for line in first["past"]] == ["c", "b"]
        older = ravi.get(f"{RELEASES}?before={first['older_than']}").context
        assert [str(line.release) for line in older["past"]] == ["a"]
        assert older["older_than"] is None
        snapshots = ravi.get(f"{RELEASES}?snapshots={first['older_snapshots']}").context["snapshots"]
        assert [one.snapshot.name for one in snapshots] == ["a"]

    def test_ask_the_same_however_many_there_are(self, stage: ReleaseStage) -> None:
        ravi = as_(stage.ravi)
        self.planned(stage, "a", 3)
        with CaptureQueriesContext(connection) as one:
            ravi.get(RELEASES)
        for name in ("b", "c", "d"):
            self.planned(stage, name, None)
        with CaptureQueriesContext(connection) as four:
            assert len(ravi.get(RELEASES).context["coming"]) == 4
        assert len(four) == len(one) <= 20

    def test_an_owner_takes_a_snapshot_from_there(self, stage: ReleaseStage) -> None:
        stage.snapshot("v1.2.0")
        exclude_item(stage.stage.items[0], by=stage.otto, reason="Blurred")
        olga, address = as_(stage.olga), f"{TAKE}?project={stage.project.pk}"
        assert address in olga.get(RELEASES).content.decode()
        assert TAKE not in as_(stage.ravi).get(RELEASES).content.decode()
        assert "Suggested version number: 1.3.0 (1 item removed)." in olga.get(address).content.decode()
        answers = {"project": stage.project.pk, "called": "v1.3.0", "purpose": "candidate", "note": "For the customer"}
        answer = olga.post(TAKE, answers)
        taken = Snapshot.objects.get(name="v1.3.0")
        assert answer.headers["Location"] == f"/snapshots/snapshot/{taken.pk}/change/"
        assert (taken.purpose, taken.entry.reason) == ("candidate", "For the customer")
        assert "has a snapshot v1.3.0 already" in olga.post(TAKE, answers).content.decode()
        assert as_(stage.ravi).get(TAKE).status_code == 404


class TestLogReviews:
    @pytest.fixture
    def reading(self) -> Reading:
        return set_for_reading()

    def opened(self, reading: Reading, title: str, days_ago: int) -> LogReview:
        then = timezone.now() - timedelta(days=days_ago)
        return open_log_review(reading.project, saved_query(title, {}), by=reading.rita, at=then)

    def test_the_urgent_come_first_and_each_says_how_far_it_is(self, reading: Reading) -> None:
        signed = reading.signed()
        fresh, due, late = (self.opened(reading, name, days) for name, days in (("a", 0), ("b", 9), ("c", 11)))
        context = as_(reading.rita).get(LOG_REVIEWS).context
        assert [(one.log_review, one.when) for one in context["open"]] == [
            (late, "overdue"),
            (due, "due"),
            (fresh, "open"),
        ]
        for one in [*context["open"], *context["closed"]]:
            assert one.points == decision_points(one.log_review).count()
            assert one.points - one.decided == undecided(one.log_review).count()
        [closed] = context["closed"]
        assert (closed.log_review, closed.signed_by, closed.decided) == (signed, "Reviewer 5", closed.points)
        assert closed.verdicts == [("expected and authorised", closed.points)]

    def test_both_parts_are_paged(self, reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("snapshots.pages.log_reviews.OPEN", 2)
        monkeypatch.setattr("snapshots.pages.log_reviews.CLOSED", 2)
        opened = [self.opened(reading, name, 3) for name in "abc"]
        for name in "xyz":
            void_log_review(self.opened(reading, name, 0), by=reading.rita, reason="Not needed")
        rita = as_(reading.rita)
        first = rita.get(LOG_REVIEWS).context
        assert [one.log_review for one in first["open"]] == opened[:2]
        assert [str(one.log_review) for one in first["closed"]] == ["z", "y"]
        later = rita.get(f"{LOG_REVIEWS}?after={first['later']}").context
        assert ([one.log_review for one in later["open"]], later["later"]) == (opened[2:], "")
        older = rita.get(f"{LOG_REVIEWS}?before={first['older_than']}").context
        assert ([str(one.log_review) for one in older["closed"]], older["older_than"]) == (["x"], None)
        assert rita.get(f"{LOG_REVIEWS}?after=nonsense.1").status_code == 200

    def test_ask_the_same_however_many_there_are(self, reading: Reading) -> None:
        rita = as_(reading.rita)
        self.opened(reading, "a", 1)
        with CaptureQueriesContext(connection) as one:
            rita.get(LOG_REVIEWS)
        for name in "bcd":
            self.opened(reading, name, 1)
        with CaptureQueriesContext(connection) as four:
            assert len(rita.get(LOG_REVIEWS).context["open"]) == 4
        assert len(four) == len(one) <= 25


class TestDecidingOnThePage:
    def test_a_decision_leads_to_the_next_entry_that_waits(self) -> None:
        reading = set_for_reading()
        log_review = reading.open()
        address = f"{LOG_REVIEWS}{log_review.pk}/"
        points = list(decision_points(log_review).order_by("-id"))
        rita = as_(reading.rita)
        with what_is_left() as left:
            answer = rita.post(address, {"entry": points[0].pk, "verdict": "expected", "note": ""})
        assert answer.headers["Location"] == f"{address}?#entry-{points[1].pk}"
        assert (left.entry.event, left.entry.after) == ("entry.dispositioned", "expected")
        refused = rita.post(address, {"entry": points[1].pk, "verdict": "unexpected", "note": " "})
        assert refused.status_code == 422
        assert [str(point.told.entry.pk) for point in refused.context["points"] if point.form] == [str(points[1].pk)]
        assert "Unexpected: say why." in refused.content.decode()
        for point in points[1:]:
            answer = rita.post(address, {"entry": point.pk, "verdict": "undocumented", "note": "No ticket"})
        assert answer.headers["Location"] == f"{address}?#signature"
        assert as_(reading.stage.ana).post(address, {"entry": points[0].pk, "verdict": "expected"}).status_code == 404
