"""Signing a log review: by whom, when, and that it holds."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, models, transaction

from audit.acting import Actor, Refused, operation
from audit.events import Event
from audit.models import Entry
from audit.services import record
from labelop.services.projects import change_setting
from roles.matrix import Role
from roles.models import User
from roles.selectors import role_of
from roles.services import create_account, grant_role, grant_superuser
from snapshots.log_reviews import (
    Scope,
    acted_in,
    decision_points,
    entries_in_scope,
    saved_query,
    verify_sign_off,
)
from snapshots.models import Disposition, LogReview, Occasion, SignOff
from snapshots.selectors import who_could_sign
from snapshots.services.dispositions import answer_question, close_finding, dispose
from snapshots.services.log_reviews import sign_log_review, void_log_review
from tests.cast import what_is_left

from .reading import EXPECTED, Reading, in_days, last_entry, set_for_reading
from .stage import by_hand

pytestmark = [pytest.mark.django_db, pytest.mark.stage(set_by=set_for_reading)]


@pytest.fixture
def reading(standing: Reading) -> Reading:
    return standing


class TestSigning:
    def test_vouches_for_what_was_read(self, reading: Reading) -> None:
        log_review = reading.ready()
        with what_is_left() as left:
            sign_off = sign_log_review(log_review, by=reading.rita, meaning=" I read it all ")
        log_review.refresh_from_db()
        assert log_review.state == "signed"
        assert (sign_off.signed_by, sign_off.role, sign_off.meaning) == (reading.rita, "reviewer", "I read it all")
        assert sign_off.entries == entries_in_scope(log_review).count()
        assert (left.entry.event, left.entry.reason) == ("log_review.signed", "I read it all")
        assert left.entry.after == {
            "entries": sign_off.entries,
            "digest": sign_off.digest,
            "record_digest": sign_off.record_digest,
        }
        assert left.operations == {left.entry.operation}
        assert [version.instance_type for version in left.versions] == [LogReview]

    def test_the_digest_can_be_computed_by_anybody(self, reading: Reading) -> None:
        """From the columns of the entries alone, by the standard library's own JSON."""
        sign_off = reading.sign(reading.ready(saved_query("Access", {"event": ["role.granted"]})))
        lines = []
        for entry in Entry.objects.filter(project=reading.project, event="role.granted").order_by("id"):
            columns = {
                "id": entry.pk,
                "operation": str(entry.operation),
                "project_id": entry.project_id,
                "event": entry.event,
                "impact": entry.impact,
                "actor_id": entry.actor_id,
                "role": entry.role,
                "attributed_to_id": entry.attributed_to_id,
                "channel": entry.channel,
                "subject_type": entry.subject_type,
                "subject_id": entry.subject_id,
                "subject_name": entry.subject_name,
                "records": entry.records,
                "before": entry.before,
                "after": entry.after,
                "reason": entry.reason,
                "source": entry.source,
                "at": entry.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            }
            lines.append(json.dumps(columns, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n")
        assert len(lines) == sign_off.entries == 5
        assert hashlib.sha256("".join(lines).encode()).hexdigest() == sign_off.digest

    def test_is_refused_to_who_may_not_and_leaves_nothing_behind(self, reading: Reading) -> None:
        log_review = reading.ready(saved_query("Schema", {"theme": ["schema"]}))
        for somebody in (reading.stage.ana, reading.stage.uma):
            with what_is_left() as left, pytest.raises(PermissionDenied):
                reading.sign(log_review, by=somebody)
            assert (left.events, left.versions) == (["access.denied"], [])
            assert left.entry.subject_name == "run_log_reviews"
        assert not SignOff.objects.exists()

    def test_needs_every_decision_point_decided(self, reading: Reading) -> None:
        log_review = reading.open()
        reading.answer_all(log_review)
        points = list(decision_points(log_review))
        for left_over, entry in zip(range(len(points), 0, -1), points, strict=True):
            with pytest.raises(ValidationError, match=f"{left_over} decision point"):
                reading.sign(log_review)
            dispose(log_review, entry, EXPECTED, by=reading.rita)
        reading.sign(log_review)

    def test_needs_every_question_answered(self, reading: Reading) -> None:
        log_review = reading.open(Scope(Occasion.RELEASE, "Release"))
        reading.decide_all(log_review)
        for place, question in enumerate(log_review.checklist):
            with pytest.raises(ValidationError, match=f"{len(log_review.checklist) - place} question"):
                reading.sign(log_review)
            answer_question(log_review, place, f"On {question['question']}: yes", by=reading.rita)
        reading.sign(log_review)

    @pytest.mark.parametrize(
        ("verdict", "needs_one"),
        [("expected", False), ("undocumented", False), ("unexpected", True), ("follow_up", True)],
    )
    def test_what_needs_a_finding_has_one_about_it(self, reading: Reading, verdict: str, needs_one: bool) -> None:
        log_review = reading.ready()
        first, second = decision_points(log_review)[:2]
        dispose(log_review, first, Disposition.Verdict(verdict), by=reading.rita, note="Hm")
        if needs_one:
            for about in (None, second):
                with pytest.raises(ValidationError, match=f"entry {first.pk} is .* has no finding"):
                    reading.sign(log_review)
                reading.finding(log_review, about)
            with pytest.raises(ValidationError, match="has no finding"):
                reading.sign(log_review)
            reading.finding(log_review, first)
        reading.sign(log_review)

    def test_says_what_it_means(self, reading: Reading) -> None:
        log_review = reading.ready()
        with what_is_left() as left, pytest.raises(ValidationError, match="what your signature means"):
            sign_log_review(log_review, by=reading.rita, meaning=" ")
        assert not left.entries
        assert not left.versions

    def test_is_done_once(self, reading: Reading) -> None:
        log_review = reading.signed()
        with pytest.raises(ValidationError, match="is signed"):
            reading.sign(log_review, by=reading.otto)


WAYS = [event for event in Event if event != Event.CHANGE_UNEXPLAINED]
# What reading the trail leaves, written out once more: who did nothing else may sign.
READING = {
    "log_review.opened",
    "log_review.answered",
    "log_review.reminded",
    "log_review.signed",
    "entry.dispositioned",
    "finding.opened",
    "finding.closed",
    "view.saved",
    "view.renamed",
    "view.removed",
}


def left_by(project: models.Model, event: Event, actor: User, attributed_to: User | None = None) -> Entry:
    """One entry of this event, as a service of it would leave."""
    with operation(by=actor):
        role = role_of(actor, project) or ""
        return record(event, project, Actor(actor, role), reason="Because", attributed_to=attributed_to)


class TestIndependence:
    def test_whoever_acted_in_the_scope_in_any_way_cannot_sign(self, reading: Reading) -> None:
        for event in WAYS:
            entry = left_by(reading.project, event, reading.stage.ravi)
            self.try_all(reading, entry, may_ravi=event.value in READING)

    def test_nor_can_to_whom_an_act_is_attributed(self, reading: Reading) -> None:
        for event in WAYS:
            entry = left_by(reading.project, event, reading.otto, attributed_to=reading.stage.ravi)
            self.try_all(reading, entry, may_ravi=event.value in READING, may_otto=event.value in READING)

    def try_all(self, reading: Reading, entry: Entry, *, may_ravi: bool, may_otto: bool = True) -> None:
        """Everybody who may run log reviews tries to sign one that reads just this entry."""
        may = {"olga": True, "otto": may_otto, "ravi": may_ravi, "rita": True}
        query = saved_query("One act", {"operation": [str(entry.operation)]})
        log_review = reading.ready(query)
        assert set(who_could_sign(log_review).values_list("username", flat=True)) == {
            name for name, could in may.items() if could
        }, entry.event
        for name, could in may.items():
            user = User.objects.get(username=name)
            with what_is_left() as left:
                if could:
                    with transaction.atomic():
                        reading.sign(log_review, by=user)
                        transaction.set_rollback(True)
                else:
                    with pytest.raises(Refused, match="somebody else must sign"):
                        reading.sign(log_review, by=user)
            assert left.events == ([] if could else ["access.denied"])
            if not could:
                assert left.entry.subject_name == "independence"
                assert not left.versions

    @pytest.mark.parametrize(
        "acted", [names for size in range(4) for names in itertools.combinations(["olga", "otto", "ravi"], size)]
    )
    def test_each_who_acted_is_refused_and_each_who_did_not_may(self, reading: Reading, acted: tuple[str, ...]) -> None:
        with operation():
            begin = record(Event.ITEMS_CHANGED, reading.project, Actor(None))
        for name in acted:
            left_by(reading.project, Event.EXPORT_MADE, User.objects.get(username=name))
        log_review = reading.ready(Scope(Occasion.BY_HAND, "From here", first=begin.pk))
        assert set(User.objects.filter(acted_in(log_review))) == set(User.objects.filter(username__in=acted))
        for name in ("olga", "otto", "ravi", "rita"):
            user = User.objects.get(username=name)
            if name in acted:
                with pytest.raises(Refused, match="somebody else"):
                    reading.sign(log_review, by=user)
            else:
                with transaction.atomic():
                    assert reading.sign(log_review, by=user).signed_by == user
                    transaction.set_rollback(True)

    def test_an_attempt_that_was_refused_is_an_act(self, reading: Reading) -> None:
        with pytest.raises(PermissionDenied):
            change_setting(reading.project, "risk_tier", "low", by=reading.stage.ravi)
        log_review = reading.ready(Scope(Occasion.BY_HAND, "From here", first=last_entry().pk))
        with pytest.raises(Refused, match="somebody else"):
            reading.sign(log_review, by=reading.stage.ravi)

    def test_who_read_and_decided_in_a_log_review_may_sign_it_and_the_next(self, reading: Reading) -> None:
        """Reading is the reviewer's part; else nobody could sign twice in a row."""
        first = reading.ready()
        reading.sign(first)
        second = reading.ready()
        bookkeeping = entries_in_scope(second).filter(actor=reading.rita)
        assert {"log_review.opened", "log_review.signed"} <= {entry.event for entry in bookkeeping}
        reading.sign(second)

    def test_who_voided_one_in_the_scope_cannot_sign(self, reading: Reading) -> None:
        void_log_review(reading.open(), by=reading.rita, reason="Opened twice")
        log_review = reading.ready()
        with pytest.raises(Refused):
            reading.sign(log_review)

    def test_a_superuser_is_bound_too(self, reading: Reading) -> None:
        root = create_account("root", "a long sentence nobody guesses", by=None)
        grant_superuser(root, by=None, reason="Runs the site")
        root.refresh_from_db()
        other = reading.ready()
        change_setting(reading.project, "risk_tier", "high", by=root, reason="Goes to a customer")
        log_review = reading.ready()
        with pytest.raises(Refused, match="somebody else"):
            reading.sign(log_review, by=root)
        with what_is_left() as left:
            reading.sign(other, by=root)
        assert left.events == ["access.overridden", "log_review.signed", "anomaly.noted"]


class TestOnceSigned:
    def test_the_same_entries_and_the_same_digest_whatever_follows(self, reading: Reading) -> None:
        log_review = reading.signed()
        read = list(entries_in_scope(log_review).values())
        reading.stage.relabel(0, reading.stage.tern)
        reading.stage.snapshot("later")
        reading.signed()
        grant_role(reading.project, reading.stage.uma, Role.ANNOTATOR, by=reading.otto, reason="Helps")
        again = LogReview.objects.get(pk=log_review.pk)
        assert list(entries_in_scope(again).values()) == read
        verified = verify_sign_off(again)
        assert verified.holds
        assert verified.sign_off.entries == len(read)

    def test_a_finding_may_still_be_closed(self, reading: Reading) -> None:
        log_review = reading.ready()
        finding = reading.finding(log_review)
        reading.sign(log_review)
        close_finding(finding, by=reading.stage.olga, outcome="The role ended")
        assert verify_sign_off(log_review).holds

    @pytest.mark.parametrize(
        "change",
        [
            lambda signed: by_hand(signed, checklist='[{"answer":"No","question":"Q"}]'),
            lambda signed: by_hand(signed, title="Another"),
            lambda signed: by_hand(signed, description="Another"),
            lambda signed: by_hand(signed, due_on=in_days(99).isoformat()),
            lambda signed: by_hand(signed, occasion="incident"),
            lambda signed: by_hand(signed.dispositions.all()[0], verdict="undocumented"),
            lambda signed: by_hand(signed.dispositions.all()[0], note="Another"),
            lambda signed: by_hand(signed.dispositions.all()[0], decided_by=User.objects.get(username="ravi").pk),
            lambda signed: by_hand(signed.findings.all()[0], action="Nothing"),
            lambda signed: by_hand(signed.findings.all()[0], factor="other"),
            lambda signed: erased(signed.findings.all()[0]),
            lambda signed: erased(signed.dispositions.all()[0]),
        ],
    )
    def test_a_change_by_hand_is_seen(
        self,
        reading: Reading,
        change: Callable[[LogReview], Any],
        unexplained_changes_are_recorded: None,
    ) -> None:
        log_review = reading.ready()
        reading.finding(log_review)
        reading.sign(log_review)
        assert verify_sign_off(log_review).holds
        with what_is_left() as left:
            change(LogReview.objects.get(pk=log_review.pk))
        verified = verify_sign_off(log_review)
        assert (verified.holds, verified.same_record, verified.same_entries) == (False, False, True)
        assert left.events == ["change.unexplained"]

    @pytest.mark.parametrize("columns", [{"last_entry": 4}, {"query": '{"impact":["high"]}'}])
    def test_another_scope_is_seen_twice(
        self, reading: Reading, columns: dict[str, Any], unexplained_changes_are_recorded: None
    ) -> None:
        log_review = reading.signed()
        by_hand(log_review, **columns)
        verified = verify_sign_off(log_review)
        assert (verified.same_record, verified.same_entries) == (False, False)

    @pytest.mark.parametrize("columns", [{"meaning": "Other"}, {"digest": "0" * 64}, {"entries": 1}])
    def test_the_signature_itself_is_never_changed_or_deleted(self, reading: Reading, columns: dict[str, Any]) -> None:
        sign_off = reading.sign(reading.ready())
        with pytest.raises(DatabaseError, match="is refused"), transaction.atomic(), operation():
            SignOff.objects.filter(pk=sign_off.pk).update(**columns)
        with pytest.raises(DatabaseError, match="is refused"), transaction.atomic(), operation():
            SignOff.objects.filter(pk=sign_off.pk).delete()


def erased(row: models.Model) -> None:
    type(row)._base_manager.filter(pk=row.pk).delete()


class TestVoiding:
    def test_takes_its_word_back_and_keeps_the_signature(self, reading: Reading) -> None:
        log_review = reading.signed()
        with what_is_left() as left:
            voided = void_log_review(log_review, by=reading.otto, reason="The wrong chapter")
        assert voided.state == "voided"
        assert (left.entry.event, left.entry.reason) == ("log_review.voided", "The wrong chapter")
        assert (left.entry.before, left.entry.after) == ("signed", "voided")
        assert left.operations == {left.entry.operation}
        assert SignOff.objects.get(log_review=log_review).signed_by == reading.rita
        assert verify_sign_off(log_review).holds

    def test_an_open_one_can_be_voided_too(self, reading: Reading) -> None:
        assert void_log_review(reading.open(), by=reading.rita, reason="Opened twice").state == "voided"

    def test_needs_a_reason_and_happens_once(self, reading: Reading) -> None:
        log_review = reading.open()
        with what_is_left() as left, pytest.raises(ValidationError, match="say why"):
            void_log_review(log_review, by=reading.rita, reason=" ")
        assert not left.entries
        assert not left.versions
        void_log_review(log_review, by=reading.rita, reason="Opened twice")
        with pytest.raises(ValidationError, match="voided already"):
            void_log_review(log_review, by=reading.rita, reason="Again")

    def test_is_refused_to_who_may_not(self, reading: Reading) -> None:
        log_review = reading.open()
        for somebody in (reading.stage.ana, reading.stage.uma):
            with what_is_left() as left, pytest.raises(PermissionDenied):
                void_log_review(log_review, by=somebody, reason="Mine")
            assert (left.events, left.versions) == (["access.denied"], [])


def test_a_backdated_signature_keeps_its_time(reading: Reading) -> None:
    log_review = reading.ready()
    then = log_review.opened_at - timedelta(days=3)
    with operation(by=reading.rita, at=then):
        sign_off = reading.sign(log_review)
    assert sign_off.signed_at == then
    assert verify_sign_off(log_review).holds
