"""Reading the trail: answers, dispositions and findings."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from audit.models import Entry
from roles.services import create_account, deactivate_account, grant_superuser
from snapshots.log_reviews import decision_points, entries_in_scope, progress_of, saved_query
from snapshots.models import Disposition, Finding, LogReview
from snapshots.services.dispositions import answer_question, close_finding, dispose, open_finding
from snapshots.services.log_reviews import void_log_review
from tests.cast import what_is_left

from .reading import EXPECTED, UNEXPECTED, Reading, in_days, last_entry, set_for_reading

pytestmark = [pytest.mark.django_db, pytest.mark.stage(set_by=set_for_reading)]


@pytest.fixture
def reading(standing: Reading) -> Reading:
    return standing


@pytest.fixture
def log_review(reading: Reading) -> LogReview:
    return reading.open()


class TestAnswering:
    def test_fills_in_an_answer_and_leaves_one_entry(self, reading: Reading, log_review: LogReview) -> None:
        with what_is_left() as left:
            answered = answer_question(log_review, 0, " Yes ", by=reading.rita)
        question = log_review.checklist[0]["question"]
        assert answered.checklist == [{"question": question, "answer": "Yes"}]
        assert (left.entry.event, left.entry.before) == ("log_review.answered", None)
        assert left.entry.after == {"question": question, "answer": "Yes"}
        assert [version.instance_type for version in left.versions] == [LogReview]
        assert left.operations == {left.entry.operation}

    def test_another_answer_replaces_the_one_before(self, reading: Reading, log_review: LogReview) -> None:
        answer_question(log_review, 0, "Yes", by=reading.rita)
        with what_is_left() as left:
            answer_question(log_review, 0, "No", by=reading.rita)
        assert (left.entry.before, left.entry.after) == ("Yes", {**log_review.checklist[0], "answer": "No"})

    def test_is_refused_to_who_may_not(self, reading: Reading, log_review: LogReview) -> None:
        for somebody in (reading.stage.ana, reading.stage.uma):
            with what_is_left() as left, pytest.raises(PermissionDenied):
                answer_question(log_review, 0, "Yes", by=somebody)
            assert (left.events, left.versions) == (["access.denied"], [])

    @pytest.mark.parametrize(
        ("place", "answer", "field"), [(1, "Yes", "place"), (-1, "Yes", "place"), (0, " ", "answer")]
    )
    def test_refuses_what_is_no_answer(
        self, reading: Reading, log_review: LogReview, place: int, answer: str, field: str
    ) -> None:
        with what_is_left() as left, pytest.raises(ValidationError) as refused:
            answer_question(log_review, place, answer, by=reading.rita)
        assert list(refused.value.message_dict) == [field]
        assert not left.entries
        assert not left.versions


class TestDisposing:
    def test_says_what_to_make_of_an_entry_and_leaves_one_of_its_own(
        self, reading: Reading, log_review: LogReview
    ) -> None:
        entry = decision_points(log_review)[0]
        with what_is_left() as left:
            disposition = dispose(log_review, entry, UNEXPECTED, by=reading.rita, note="Nobody asked for it")
        assert (disposition.entry, disposition.verdict, disposition.decided_by) == (entry, "unexpected", reading.rita)
        assert (left.entry.event, left.entry.before, left.entry.after) == ("entry.dispositioned", None, "unexpected")
        assert left.entry.reason == "Nobody asked for it"
        assert left.entry.subject_name == f"Unexpected: entry {entry.pk}"
        assert [version.instance_type for version in left.versions] == [Disposition]
        assert left.operations == {left.entry.operation}
        assert left.entry.get_impact_display() == "Routine"

    def test_another_verdict_replaces_it_and_both_stay_on_record(self, reading: Reading, log_review: LogReview) -> None:
        entry = decision_points(log_review)[0]
        first = dispose(log_review, entry, UNEXPECTED, by=reading.rita, note="Nobody asked for it")
        with what_is_left() as left:
            second = dispose(log_review, entry, EXPECTED, by=reading.stage.ravi)
        assert first.pk == second.pk
        assert (left.entry.before, left.entry.after) == ("unexpected", "expected")
        versions = second.history.order_by("history_id").values_list("verdict", "note", "decided_by_id")
        assert list(versions) == [
            ("unexpected", "Nobody asked for it", reading.rita.pk),
            ("expected", "", reading.stage.ravi.pk),
        ]

    @pytest.mark.parametrize("verdict", [verdict for verdict in Disposition.Verdict if verdict != EXPECTED])
    def test_what_was_not_expected_or_not_documented_needs_a_note(
        self, reading: Reading, log_review: LogReview, verdict: Disposition.Verdict
    ) -> None:
        entry = decision_points(log_review)[0]
        with what_is_left() as left, pytest.raises(ValidationError, match="say why"):
            dispose(log_review, entry, verdict, by=reading.rita, note=" ")
        assert not left.entries
        assert not left.versions

    def test_only_entries_in_the_scope(self, reading: Reading, log_review: LogReview) -> None:
        elsewhere = Entry.objects.exclude(project=reading.project)[0]
        for entry in (last_entry(), elsewhere):
            with pytest.raises(ValidationError, match="not in the scope"):
                dispose(log_review, entry, EXPECTED, by=reading.rita)

    def test_routine_entries_may_be_decided_on_too(self, reading: Reading, log_review: LogReview) -> None:
        routine = entries_in_scope(log_review).filter(impact=1)[0]
        before = progress_of(log_review)
        dispose(log_review, routine, EXPECTED, by=reading.rita)
        assert progress_of(log_review) == before

    def test_is_refused_to_who_may_not(self, reading: Reading, log_review: LogReview) -> None:
        entry = decision_points(log_review)[0]
        for somebody in (reading.stage.ana, reading.stage.uma):
            with what_is_left() as left, pytest.raises(PermissionDenied):
                dispose(log_review, entry, EXPECTED, by=somebody)
            assert (left.events, left.versions) == (["access.denied"], [])

    def test_progress_counts_what_is_decided(self, reading: Reading, log_review: LogReview) -> None:
        points = list(decision_points(log_review))
        for entry in points[:2]:
            dispose(log_review, entry, EXPECTED, by=reading.rita)
        progress = progress_of(log_review)
        assert (progress.decided, progress.points) == (2, len(points))
        assert progress.missing == [
            f"{len(points) - 2} decision points without a disposition",
            "1 question without an answer",
        ]


class TestFindings:
    def test_one_is_opened_and_leaves_one_entry(self, reading: Reading, log_review: LogReview) -> None:
        entry = decision_points(log_review)[0]
        with what_is_left() as left:
            finding = reading.finding(log_review, entry)
        assert (finding.entry, finding.owner, finding.closed_at) == (entry, reading.stage.olga, None)
        assert (left.entry.event, left.entry.reason) == ("finding.opened", "The role was wider than the work")
        assert left.entry.after == {
            "factor": "access",
            "action": "Grant it for a week",
            "due_on": in_days(7).isoformat(),
        }
        assert [version.instance_type for version in left.versions] == [Finding]
        assert left.operations == {left.entry.operation}
        assert "olga" not in str(left.entry.after) + left.entry.subject_name

    def test_is_refused_to_who_may_not(self, reading: Reading, log_review: LogReview) -> None:
        finding = reading.finding(log_review)
        for somebody in (reading.stage.ana, reading.stage.uma):
            with what_is_left() as left, pytest.raises(PermissionDenied):
                reading.finding(log_review, by=somebody)
            assert (left.events, left.versions) == (["access.denied"], [])
            with what_is_left() as left, pytest.raises(PermissionDenied):
                close_finding(finding, by=somebody, outcome="Done")
            assert (left.events, left.versions) == (["access.denied"], [])

    def test_is_seen_to_by_somebody_who_can_see_it(self, reading: Reading, log_review: LogReview) -> None:
        for owner in (reading.stage.ana, reading.stage.uma):
            with what_is_left() as left, pytest.raises(ValidationError, match="owner or reviewer"):
                open_finding(
                    log_review,
                    Finding.Factor.TOOL,
                    "Why",
                    "What",
                    by=reading.rita,
                    owner=owner,
                    due_on=in_days(1),
                )
            assert not left.entries
            assert not left.versions

    @pytest.mark.parametrize(
        ("missing", "field"),
        [({"description": " "}, "description"), ({"action": ""}, "action"), ({"factor": "olga"}, "factor")],
    )
    def test_names_a_factor_and_an_action(
        self, reading: Reading, log_review: LogReview, missing: dict[str, Any], field: str
    ) -> None:
        said = {"factor": Finding.Factor.TOOL, "description": "Why", "action": "What", **missing}
        with pytest.raises(ValidationError) as refused:
            open_finding(log_review, **said, by=reading.rita, owner=reading.rita, due_on=in_days(1))
        assert list(refused.value.message_dict) == [field]

    def test_is_about_the_scope(self, reading: Reading, log_review: LogReview) -> None:
        with pytest.raises(ValidationError, match="not in the scope"):
            reading.finding(log_review, last_entry())

    def test_is_closed_with_an_outcome_once(self, reading: Reading, log_review: LogReview) -> None:
        finding = reading.finding(log_review)
        with pytest.raises(ValidationError, match="what came of it"):
            close_finding(finding, by=reading.stage.olga, outcome=" ")
        with what_is_left() as left:
            closed = close_finding(finding, by=reading.stage.olga, outcome="The role ended")
        assert closed.closed_at is not None
        assert (left.entry.event, left.entry.reason) == ("finding.closed", "The role ended")
        assert left.operations == {left.entry.operation}
        assert [version.instance_type for version in left.versions] == [Finding]
        with pytest.raises(ValidationError, match="closed already"):
            close_finding(finding, by=reading.stage.olga, outcome="Again")

    def test_has_no_field_for_a_culprit(self) -> None:
        people = [field.name for field in Finding._meta.fields if field.related_model is not None]
        assert people == ["project", "log_review", "entry", "owner"]


def every_change(reading: Reading, log_review: LogReview) -> list[Any]:
    entry = decision_points(log_review)[0]
    return [
        lambda: answer_question(log_review, 0, "Another", by=reading.rita),
        lambda: dispose(log_review, entry, EXPECTED, by=reading.rita, note="Another"),
        lambda: reading.finding(log_review),
        lambda: reading.sign(log_review),
    ]


@pytest.mark.parametrize("end", ["signed", "voided"])
def test_nothing_changes_once_it_is_signed_or_voided(reading: Reading, end: str) -> None:
    log_review = reading.ready()
    if end == "signed":
        reading.sign(log_review)
    else:
        void_log_review(log_review, by=reading.rita, reason="Opened twice")
    for change in every_change(reading, log_review):
        with what_is_left() as left, pytest.raises(ValidationError, match=f"is {end}: it does not change"):
            change()
        assert not left.entries
        assert not left.versions


def test_a_superuser_without_a_membership_says_why(reading: Reading, log_review: LogReview) -> None:
    root = create_account("root", "a long sentence nobody guesses", by=None)
    grant_superuser(root, by=None, reason="Runs the site")
    with pytest.raises(ValidationError, match="say why"):
        answer_question(log_review, 0, "Yes", by=root)
    with what_is_left() as left:
        answer_question(log_review, 0, "Yes", by=root, reason="Nobody else is here")
    assert left.events == ["access.overridden", "log_review.answered", "anomaly.noted"]
    deactivate_account(reading.rita, by=root, reason="Left the company")
    with pytest.raises(PermissionDenied):
        answer_question(log_review, 0, "No", by=reading.rita)


def test_a_scope_means_the_same_tomorrow(reading: Reading) -> None:
    log_review = reading.open(saved_query("Lately", {"created": ["today", "<=today"], "not_text": ["7d"]}))
    today = f"{log_review.opened_at:%Y-%m-%d}"
    assert log_review.query == {"created": [today, f"<={today}"], "not_text": ["7d"]}
