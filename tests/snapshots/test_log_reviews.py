"""Log reviews: which a project's risk asks for."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.acting import operation
from audit.models import Entry
from labelop.models import Metric, QualitySignal
from labelop.services.projects import change_setting, describe_project
from roles.matrix import Role
from roles.services import change_role, grant_role, revoke_role
from snapshots.log_reviews import (
    calls_for,
    due_days,
)
from snapshots.models import Occasion
from snapshots.services.log_reviews import open_due_log_reviews, void_log_review
from tests.cast import what_is_left

from .reading import Reading, ids, in_days, last_entry, set_for_reading

pytestmark = [pytest.mark.django_db, pytest.mark.stage(set_by=set_for_reading)]

# Written out once more, by hand: who changes the routine must say so twice. A star says that the tier asks for it.
# fmt: off
ROUTINE = {
    #                     high     standard  low
    "release":           ("5 *",   "10 *",   "20"),
    "permission_change": ("3 *",   "5",      "10 *"),
    "signal":            ("5",     "10",     "10 *"),
    "incident":          ("2",     "5",      "10"),
    "by_hand":           ("5",     "10",     "20"),
}
# fmt: on
TIERS = ("high", "standard", "low")


@pytest.fixture
def reading(standing: Reading) -> Reading:
    return standing


def signal(reading: Reading, weeks_ago: int = 0) -> QualitySignal:
    """A signal of the week that ended so many weeks before this moment."""
    week = timezone.now().date() - timedelta(weeks=1 + weeks_ago)
    with operation():
        return QualitySignal.objects.create(
            project=reading.project,
            metric=Metric.CHURN,
            week=week,
            count=9,
            n=20,
            past_count=10,
            past_n=200,
            p=0.0001,
            p_corrected=0.001,
        )


def always_of(reading: Reading, tier: str) -> None:
    """The project has this tier without an entry that set it: all of its past was under it."""
    with operation():
        type(reading.project).objects.filter(pk=reading.project.pk).update(risk_tier=tier)
    reading.project.refresh_from_db()


class TestTheRoutine:
    def test_covers_every_occasion(self) -> None:
        assert list(ROUTINE) == [occasion.value for occasion in Occasion]

    @pytest.mark.parametrize("occasion", list(Occasion))
    @pytest.mark.parametrize("place", range(3))
    def test_is_the_table(self, occasion: Occasion, place: int) -> None:
        days, _, star = ROUTINE[occasion][place].partition(" ")
        assert due_days(TIERS[place], occasion) == int(days)
        assert calls_for(TIERS[place], occasion) == (star == "*")

    @pytest.mark.parametrize("tier", TIERS)
    def test_opens_what_the_tier_asks_for_and_no_more(self, reading: Reading, tier: str) -> None:
        always_of(reading, tier)
        with operation(by=reading.stage.olga, at=timezone.now() - timedelta(days=9)):
            describe_project(reading.project, "Birds", "Of the sea", by=reading.stage.olga)
        release = reading.propose()
        raised = signal(reading)
        changes = list(Entry.objects.filter(project=reading.project, event="role.granted").order_by("id"))
        opened = open_due_log_reviews(reading.project)

        place = TIERS.index(tier)
        asked = [occasion for occasion, row in ROUTINE.items() if row[place].endswith("*")]
        assert {log_review.occasion for log_review in opened} == set(asked)
        by_occasion = {occasion: [each for each in opened if each.occasion == occasion] for occasion in asked}
        if "release" in asked:
            assert [each.release for each in by_occasion["release"]] == [release]
        if "permission_change" in asked:
            assert [each.about for each in by_occasion["permission_change"]] == changes
        if "signal" in asked:
            assert [each.signal for each in by_occasion["signal"]] == [raised]
        for log_review in opened:
            days = int(ROUTINE[log_review.occasion][place].split()[0])
            assert log_review.due_on == in_days(days)
            assert all(line == {"question": line["question"], "answer": ""} for line in log_review.checklist)
            assert log_review.checklist

    def test_a_signal_reads_the_decisions_of_its_weeks_and_the_four_before(self, reading: Reading) -> None:
        always_of(reading, "low")
        days = {}
        for weeks in (1, 2, 5, 7):
            with operation(by=reading.stage.olga, at=timezone.now() - timedelta(weeks=weeks, days=-1)):
                change_setting(reading.project, "sample_percent", weeks, by=reading.stage.olga, reason="A trial")
                describe_project(reading.project, "Birds", f"{weeks}", by=reading.stage.olga)
            days[weeks] = Entry.objects.filter(event="setting.changed").order_by("-id")[0].pk
        raised = signal(reading)
        opened = {each.signal: each for each in open_due_log_reviews(reading.project) if each.signal}
        assert ids(opened[raised]) == [days[1], days[2], days[5]]

    def test_a_signal_without_a_decision_before_it_reads_all_or_nothing(self, reading: Reading) -> None:
        always_of(reading, "low")
        with operation(by=reading.stage.olga, at=timezone.now() - timedelta(days=9)):
            describe_project(reading.project, "Birds", "Of the sea", by=reading.stage.olga)
        described = last_entry()
        something, nothing = signal(reading), signal(reading, weeks_ago=40)
        opened = {each.signal: each for each in open_due_log_reviews(reading.project) if each.signal}
        assert nothing not in opened
        assert ids(opened[something]) == [described.pk]

    def test_opens_each_once(self, reading: Reading) -> None:
        reading.raise_risk("high")
        reading.propose()
        grant_role(reading.project, reading.stage.uma, Role.ANNOTATOR, by=reading.stage.olga, reason="Lends a hand")
        with what_is_left() as left:
            opened = open_due_log_reviews(reading.project)
        assert sorted(each.occasion for each in opened) == ["permission_change", "release"]
        assert left.events == ["log_review.opened"] * 2
        assert all(entry.actor is None for entry in left.entries)
        assert len(left.operations) == 2
        with what_is_left() as left:
            assert open_due_log_reviews(reading.project) == []
        assert not left.entries
        assert not left.versions

    def test_asks_again_for_one_that_was_voided(self, reading: Reading) -> None:
        release = reading.propose()
        [first] = open_due_log_reviews(reading.project)
        void_log_review(first, by=reading.rita, reason="The wrong checklist")
        [second] = open_due_log_reviews(reading.project)
        assert (first.release, second.release) == (release, release)
        assert ids(first) == ids(second)

    @pytest.mark.parametrize(
        ("state", "asked"),
        [
            ("candidate", True),
            ("in_review", True),
            ("approved", True),
            ("released", True),
            ("rejected", False),
            ("cancelled", False),
            ("withdrawn", False),
            ("deprecated", False),
        ],
    )
    def test_a_release_that_came_to_nothing_needs_none(self, reading: Reading, state: str, asked: bool) -> None:
        reading.propose(state)
        assert len(open_due_log_reviews(reading.project)) == asked

    def test_every_change_of_permissions_is_one(self, reading: Reading) -> None:
        reading.raise_risk("high")
        uma, olga = reading.stage.uma, reading.stage.olga
        membership = grant_role(reading.project, uma, Role.ANNOTATOR, by=olga, reason="Lends a hand")
        membership = change_role(membership, Role.REVIEWER, by=olga, reason="Knows birds")
        revoke_role(membership, by=olga, reason="Has left")
        opened = open_due_log_reviews(reading.project)
        about = [each.about.event for each in opened if each.about]
        assert about == ["role.granted", "role.changed", "role.revoked"]
        for each in opened:
            assert ids(each) == [each.about_id]
            assert not any(name in each.title for name in ("uma", "olga"))

    def test_what_happened_under_another_tier_is_not_dug_up(self, reading: Reading) -> None:
        olga = reading.stage.olga
        reading.raise_risk("high")
        asked = grant_role(reading.project, reading.stage.uma, Role.ANNOTATOR, by=olga, reason="Lends a hand")
        under_high = last_entry()
        reading.raise_risk("standard")
        revoke_role(asked, by=olga, reason="Has left")
        [opened] = open_due_log_reviews(reading.project)
        assert opened.about == under_high
