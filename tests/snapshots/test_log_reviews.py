"""Log reviews: which a project's risk asks for, and what one reads."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from audit.acting import operation
from audit.models import Entry
from labelop.models import Metric, QualitySignal
from labelop.services.projects import change_setting, describe_project
from labelop.services.schema import add_class
from roles.matrix import Role
from roles.services import change_role, grant_role, revoke_role
from snapshots.log_reviews import (
    Scope,
    calls_for,
    chapter,
    chapter_of_release,
    decision_points,
    digest_of,
    due_days,
    entries_in_scope,
    entry_range,
    incident,
    saved_query,
)
from snapshots.models import LogReview, Occasion
from snapshots.services.log_reviews import open_due_log_reviews, open_log_review, void_log_review
from tests.cast import what_is_left

from .reading import Reading, in_days, last_entry, set_for_reading

pytestmark = pytest.mark.django_db

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
def reading() -> Reading:
    return set_for_reading()


def ids(log_review: LogReview) -> list[int]:
    return list(entries_in_scope(log_review).values_list("pk", flat=True))


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


class TestOpening:
    def test_a_chapter_is_what_led_to_a_snapshot(self, reading: Reading) -> None:
        first = reading.stage.snapshot("v1")
        reading.stage.relabel(0, reading.stage.tern)
        between = last_entry()
        second = reading.stage.snapshot("v2")
        log_review = reading.open(chapter(second))
        assert between.pk in ids(log_review)
        assert (min(ids(log_review)) > first.entry_id, max(ids(log_review))) == (True, second.entry_id)
        assert set(ids(log_review)) == set(
            Entry.objects.filter(project=reading.project, id__gt=first.entry_id, id__lte=second.entry_id).values_list(
                "pk", flat=True
            )
        )

    def test_the_first_chapter_begins_with_the_project(self, reading: Reading) -> None:
        log_review = reading.open(chapter(reading.stage.snapshot("v1")))
        assert entries_in_scope(log_review)[0].event == "project.created"

    def test_a_release_is_the_chapter_of_its_snapshot(self, reading: Reading) -> None:
        release = reading.propose()
        of_release, of_snapshot = reading.open(chapter_of_release(release)), reading.open(chapter(release.snapshot))
        assert ids(of_release) == ids(of_snapshot)
        assert (of_release.release, of_release.occasion) == (release, "release")

    def test_a_range_is_bounded_by_both_ends(self, reading: Reading) -> None:
        every = list(Entry.objects.filter(project=reading.project).order_by("id").values_list("pk", flat=True))
        assert ids(reading.open(entry_range(every[3], every[8], "Six entries"))) == every[3:9]

    def test_an_incident_is_what_was_recorded_in_its_time(self, reading: Reading) -> None:
        began = timezone.now()
        reading.stage.relabel(0, reading.stage.tern)
        during = last_entry()
        ended = timezone.now()
        reading.stage.relabel(0, reading.stage.gull)
        log_review = reading.open(incident("Terns everywhere", "Seen in training", began, ended))
        assert ids(log_review)[-1] == during.pk
        assert {entry.at >= began for entry in entries_in_scope(log_review)} == {True}
        assert (log_review.occasion, log_review.began_at, log_review.ended_at) == ("incident", began, ended)
        assert log_review.description == "Seen in training"
        goes_on = reading.open(incident("Terns everywhere", "Seen in training", began))
        assert goes_on.ended_at is None
        assert ids(goes_on)[-1] > during.pk

    def test_a_query_finds_the_same_later(self, reading: Reading) -> None:
        log_review = reading.open(saved_query("Access", {"theme": ["access"], "impact": ["high"]}))
        found = ids(log_review)
        assert {entry.event for entry in entries_in_scope(log_review)} == {"role.granted"}
        grant_role(reading.project, reading.stage.uma, Role.ANNOTATOR, by=reading.stage.olga, reason="Lends a hand")
        assert ids(log_review) == found

    def test_leaves_one_entry_that_says_what_is_read(self, reading: Reading) -> None:
        snapshot = reading.stage.snapshot("v1")
        with what_is_left() as left:
            log_review = open_log_review(reading.project, chapter(snapshot), by=reading.rita, reason="Asked for")
        assert (left.entry.event, left.entry.role, left.entry.reason) == ("log_review.opened", "reviewer", "Asked for")
        assert left.entry.after == {
            "occasion": "by_hand",
            "entries": [1, snapshot.entry_id],
            "query": {},
            "due_on": in_days(10).isoformat(),
        }
        assert left.entry.pk > log_review.last_entry
        assert [version.instance_type for version in left.versions] == [LogReview]
        assert left.operations == {left.entry.operation}

    def test_is_refused_to_who_may_not_and_leaves_nothing_behind(self, reading: Reading) -> None:
        snapshot = reading.stage.snapshot("v1")
        for somebody in (reading.stage.ana, reading.stage.uma):
            with what_is_left() as left, pytest.raises(PermissionDenied):
                reading.open(chapter(snapshot), by=somebody)
            assert (left.events, left.versions) == (["access.denied"], [])
        assert not LogReview.objects.exists()

    def test_joins_no_act_under_way(self, reading: Reading) -> None:
        snapshot = reading.stage.snapshot("v1")
        with operation(by=reading.rita), pytest.raises(RuntimeError, match="between acts"):
            reading.open(chapter(snapshot))
        assert not LogReview.objects.exists()

    def test_can_be_backdated_as_a_replay_is(self, reading: Reading) -> None:
        then = timezone.now() - timedelta(days=30)
        snapshot = reading.stage.snapshot("v1")
        log_review = open_log_review(reading.project, chapter(snapshot), by=reading.rita, at=then)
        assert (log_review.opened_at, log_review.due_on) == (then, in_days(-20))

    @pytest.mark.parametrize(
        ("scope", "field", "sentence"),
        [
            (saved_query("Q", {"actor": ["olga"]}), "query", "cannot be narrowed by actor"),
            (saved_query("Q", {"actor_name__startswith": ["o"]}), "query", "cannot be narrowed by actor_name__starts"),
            (saved_query("Q", {"event": ["role.gifted"]}), "query", "no event role.gifted"),
            (saved_query("Q", {"impact": ["3"]}), "query", "no impact 3"),
            (saved_query("Q", {"theme": ["people"]}), "query", "no theme people"),
            (saved_query("Q", {"role": ["boss"]}), "query", "no role boss"),
            (saved_query("Q", {"channel": ["fax"]}), "query", "no channel fax"),
            (saved_query("Q", {"operation": ["7"]}), "query", "number of an act"),
            (saved_query("Q", {"event": "role.granted"}), "query", "list of values"),
            (saved_query("", {}), "title", "blank"),
            (entry_range(9, 2, "R"), "last", "ends before it begins"),
            (entry_range(0, 2, "R"), "last", "ends before it begins"),
            (entry_range(1, 10**12, "R"), "last", "ends at entry"),
            (incident("I", "", timezone.now() + timedelta(days=1)), "ended_at", "before it begins"),
            (incident("I", "", timezone.now(), timezone.now() + timedelta(days=9)), "ended_at", "not happened yet"),
        ],
    )
    def test_says_what_cannot_be_read(self, reading: Reading, scope: Scope, field: str, sentence: str) -> None:
        with what_is_left() as left, pytest.raises(ValidationError) as refused:
            reading.open(scope)
        assert list(refused.value.message_dict) == [field]
        assert sentence in str(refused.value)
        assert not left.entries
        assert not left.versions

    @pytest.mark.parametrize(
        "scope",
        [
            saved_query("Q", {"operation": [str(uuid.uuid4())]}),
            incident("I", "", timezone.now() - timedelta(days=9), timezone.now() - timedelta(days=8)),
        ],
    )
    def test_a_scope_without_entries_is_no_log_review(self, reading: Reading, scope: Scope) -> None:
        with pytest.raises(ValidationError, match="Nothing on the trail"):
            reading.open(scope)

    def test_reads_one_project(self, reading: Reading) -> None:
        elsewhere = set_for_reading("ships")
        with pytest.raises(ValidationError, match="one project"):
            reading.open(chapter_of_release(elsewhere.propose()))
        log_review = reading.open(saved_query("All", {}))
        assert {entry.project_id for entry in entries_in_scope(log_review)} == {reading.project.pk}


QUERIES: list[tuple[dict[str, Any], Any]] = [
    ({"event": ["role.granted", "class.added"]}, lambda entry: entry.event in ("role.granted", "class.added")),
    ({"impact": ["high"]}, lambda entry: entry.impact == 3),
    ({"theme": ["schema"]}, lambda entry: entry.event.startswith(("class.", "schema."))),
    ({"role": ["annotator"]}, lambda entry: entry.role == "annotator"),
    ({"channel": ["shell"]}, lambda entry: entry.channel == "shell"),
    ({"impact": ["high"], "role": ["owner"]}, lambda entry: entry.impact == 3 and entry.role == "owner"),
    ({"not_impact": ["high"]}, lambda entry: entry.impact < 3),
    ({"object": ["gull"], "created": ["7d"]}, lambda entry: entry.subject_name.lower() == "gull"),
    ({}, lambda entry: True),
]


@pytest.mark.parametrize(("query", "fits"), QUERIES)
def test_a_query_narrows_the_scope(reading: Reading, query: dict[str, Any], fits: Any) -> None:
    log_review = reading.open(saved_query("Some", query))
    every = Entry.objects.filter(project=reading.project, id__lte=log_review.last_entry).order_by("id")
    assert ids(log_review) == [entry.pk for entry in every if fits(entry)]
    assert ids(log_review)


def test_one_act_can_be_asked_for(reading: Reading) -> None:
    entry = Entry.objects.filter(project=reading.project, event="class.added")[0]
    log_review = reading.open(saved_query("One act", {"operation": [entry.operation]}))
    assert ids(log_review) == [entry.pk]


# Which MEDIUM entries are decision points beside all that are HIGH, written out by hand.
ALSO = {
    "release": set(),
    "permission_change": {"access.denied", "role.expired", "account.created"},
    "signal": set(),
    "incident": {"access.denied", "role.expired", "account.created", "class.added"},
    "by_hand": set(),
}


@pytest.mark.parametrize("occasion", list(Occasion))
def test_decision_points_are_what_is_high_and_what_the_occasion_names(reading: Reading, occasion: Occasion) -> None:
    with pytest.raises(PermissionDenied):
        change_setting(reading.project, "risk_tier", "low", by=reading.stage.ana)
    add_class(reading.project, "duck", "Duck", by=reading.stage.olga)
    log_review = reading.open(Scope(occasion, "Some"))
    scope = list(entries_in_scope(log_review))
    expected = {entry.pk for entry in scope if entry.impact == 3 or entry.event in ALSO[occasion]}
    assert set(decision_points(log_review).values_list("pk", flat=True)) == expected
    assert {"access.denied", "class.added", "role.granted"} <= {entry.event for entry in scope}


def test_what_comes_later_is_not_in_the_scope(reading: Reading) -> None:
    log_review = reading.open(saved_query("All until now", {}))
    read, digest = ids(log_review), digest_of(entries_in_scope(log_review))
    reading.stage.relabel(0, reading.stage.tern)
    reading.decide_all(log_review)
    reading.answer_all(log_review)
    assert ids(log_review) == read
    assert digest_of(entries_in_scope(log_review)) == digest
