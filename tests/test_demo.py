"""The demo: what is planted in its story surfaces where docs/demo.md says."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.utils import timezone

from audit.events import Event
from audit.models import Entry
from labelop.models import Assignment, Dispute, Project, QualitySignal
from labelop.quality import candidates_of
from labelop.settings import PASSWORD_HASHERS
from roles.models import Anomaly, Rule, User
from snapshots.gates import window_of
from snapshots.management.story import PASSWORD, TEAM, tell_story
from snapshots.models import Adjustment, Finding, LogReview, Release, Snapshot
from snapshots.reconciliation import reconcile
from snapshots.selectors import exports_of, overdue_log_reviews
from snapshots.separation import standing_of
from snapshots.services.adjustments import accept_adjustment

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "demo.md"


@pytest.fixture
def where_it_is_told(
    request: pytest.FixtureRequest, _stage_of_this_test: None, tmp_path: Path, settings: Any
) -> Iterator[None]:
    """On SQLite a copy of the demo that the browser sees too, in place of the tests' database."""
    if connection.vendor != "sqlite":
        yield
        return
    settings.PASSWORD_HASHERS = PASSWORD_HASHERS
    tests = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = shutil.copy(request.getfixturevalue("demo") / "demo.sqlite3", tmp_path)
    yield
    connection.close()
    connection.settings_dict["NAME"] = tests


@pytest.fixture
def street(where_it_is_told: None, db: None, unexplained_changes_are_recorded: None) -> Project:
    return Project.objects.get(pk=tell_story().pk)


def test_what_is_planted_surfaces(street: Project, client: Client, subtests: pytest.Subtests) -> None:
    """One story for all that it shows, since telling it takes its time."""
    with subtests.test("the redefined class is the first candidate of every signal that it caused"):
        signals = QualitySignal.objects.filter(project=street)
        assert signals
        for signal in signals:
            first = candidates_of(signal)[0].entry
            assert (first.event, first.subject_name) == (Event.CLASS_REDEFINED, "Van")
            assert signal.label_class is not None
            assert signal.label_class.key == "van"

    with subtests.test("nothing is signalled where nothing was planted"):
        assert not QualitySignal.objects.exclude(project=street)

    with subtests.test("the widened role, the brief power and the attempt on own work stand out, and nothing else"):
        rules = Anomaly.objects.filter(project=street).values_list("rule", flat=True)
        assert sorted(rules) == [Rule.BEFORE_APPROVAL, Rule.BRIEF_POWER, Rule.OWN_WORK]
        assert not Anomaly.objects.exclude(project=street)

    with subtests.test("the edit past the services is the one unexplained difference"):
        old, new = (Snapshot.objects.get(project=street, name=name) for name in ("v1.0", "v1.1"))
        found = reconcile(street, old, new)
        assert (found.counts["unexplained"], found.counts["out_of_step"]) == (1, 0)
        assert {(one.table, one.field) for one in found.findings} == {("labelop_annotation", "label")}

    with subtests.test("the release that waits names its closed gates"):
        waiting = Release.objects.get(project=street, snapshot=new)
        assert waiting.state == Release.State.IN_REVIEW
        closed = {gate.code for gate in standing_of(window_of(waiting)).closed}
        assert closed >= {"explained", "anomalies", "findings", "disputes", "log_review", "schema_frozen"}

    with subtests.test("the release that went out reached the level it was asked"):
        out = Release.objects.get(project=street, state=Release.State.RELEASED)
        approved = out.steps.get(kind="approved")
        assert (approved.separation, street.separation_of_duties) == (2, 2)
        assert exports_of(out).count() == 1

    with subtests.test("a withdrawn release has its recall list"):
        withdrawn = Release.objects.get(project__slug="support-tickets", state=Release.State.WITHDRAWN)
        recalled = set(exports_of(withdrawn).values_list("pk", flat=True))
        withdrawal = Entry.objects.get(event=Event.RELEASE_WITHDRAWN).after or {}
        assert set(withdrawal["export_entries"]) == recalled
        assert len(recalled) == 2

    with subtests.test("a log review is overdue, and others are signed"):
        overdue = overdue_log_reviews(timezone.now().date())
        assert [log_review.title for log_review in overdue] == ["Vans come back"]
        assert LogReview.objects.filter(project=street, state=LogReview.State.SIGNED).count() >= 3
        assert Finding.objects.filter(project=street, closed_at=None).count() == 1

    with subtests.test("one dispute is overturned, one is open"):
        assert sorted(Dispute.objects.values_list("state", flat=True)) == ["open", "overturned"]

    with subtests.test("a sample leaves work out, on record"):
        left_out = Assignment.objects.filter(project__slug="support-tickets", state="approved", approved_by=None)
        entries = Entry.objects.filter(event=Event.REVIEW_LEFT_OUT)
        assert (
            0 < left_out.count() == entries.count() < Assignment.objects.filter(project__slug="support-tickets").count()
        )

    with subtests.test("the adjustment waits for somebody else"):
        adjustment = Adjustment.objects.get()
        olga, ravi = (User.objects.get(username=name) for name in ("olga", "ravi"))
        with pytest.raises(PermissionDenied):
            accept_adjustment(adjustment, by=olga)
        accept_adjustment(adjustment, by=ravi)
        assert reconcile(street, old, new).counts["unexplained"] == 0

    with subtests.test("everybody can log in, and the index opens"):
        for name in TEAM:
            client.logout()
            assert client.post("/login/", {"username": name, "password": PASSWORD, "next": "/"}).status_code == 302
            assert client.get("/").status_code == 200

    with subtests.test("told again, it stands as it is"):
        told = Entry.objects.count()
        assert tell_story() == street
        assert Entry.objects.count() == told


def test_the_document_names_what_the_story_has() -> None:
    words = DOCUMENT.read_text()
    for rule in (Rule.BEFORE_APPROVAL, Rule.BRIEF_POWER, Rule.OWN_WORK):
        assert str(rule.label) in words
    for event in (Event.DECISION_OVERTURNED, Event.DATA_RESTORED, Event.IDENTITY_REVEALED):
        assert str(event.label) in words
