"""What a log review reads."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from audit.acting import operation
from audit.models import Entry
from labelop.models import Project
from labelop.services.projects import change_setting
from labelop.services.schema import add_class
from roles.matrix import Role
from roles.services import grant_role
from snapshots.log_reviews import (
    Scope,
    brought_by,
    chapter,
    decision_points,
    digest_of,
    entries_in_scope,
    entry_range,
    incident,
    saved_query,
)
from snapshots.models import LogReview, Occasion
from snapshots.services.log_reviews import open_log_review
from tests.cast import what_is_left

from .reading import Reading, ids, in_days, last_entry, set_for_reading

pytestmark = [pytest.mark.django_db, pytest.mark.stage(set_by=set_for_reading)]


@pytest.fixture
def reading(standing: Reading) -> Reading:
    return standing


def every_id(project: Project, after: int = 0, up_to: int | None = None) -> list[int]:
    return [
        pk
        for pk in Entry.objects.filter(project=project).order_by("id").values_list("pk", flat=True)
        if after < pk <= (up_to or pk)
    ]


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

    def test_the_first_release_is_all_that_led_to_it(self, reading: Reading) -> None:
        reading.stage.snapshot("v1")
        release = reading.propose()
        log_review = reading.open(brought_by(release))
        assert ids(log_review) == every_id(reading.project, up_to=release.snapshot.entry_id)
        assert (log_review.release, log_review.occasion) == (release, "release")

    def test_a_release_is_every_chapter_since_the_last_one_that_went_out(self, reading: Reading) -> None:
        last = reading.propose("released")
        reading.propose("withdrawn")
        reading.stage.relabel(0, reading.stage.tern)
        reading.stage.snapshot("between")
        reading.stage.relabel(0, reading.stage.gull)
        release = reading.propose()
        since = every_id(reading.project, after=last.snapshot.entry_id, up_to=release.snapshot.entry_id)
        assert ids(reading.open(brought_by(release))) == since
        assert len(ids(reading.open(chapter(release.snapshot)))) < len(since)

    def test_a_range_is_bounded_by_both_ends(self, reading: Reading) -> None:
        every = every_id(reading.project)
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
            reading.open(brought_by(elsewhere.propose()))
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
