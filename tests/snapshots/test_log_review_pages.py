"""Log reviews in the admin and on the index."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.acting import operation
from roles.matrix import Role
from roles.models import User
from roles.services import grant_role, reveal_identities
from snapshots.log_reviews import decision_points, saved_query, undecided
from snapshots.models import Disposition, Finding, LogReview, SignOff
from snapshots.selectors import (
    dispositions_visible_to,
    findings_visible_to,
    log_reviews_visible_to,
    sign_offs_visible_to,
)
from snapshots.services.dispositions import dispose
from snapshots.services.log_reviews import open_log_review, void_log_review
from tests.cast import what_is_left

from .reading import EXPECTED, Reading, in_days, set_for_reading
from .stage import by_hand

pytestmark = [pytest.mark.django_db, pytest.mark.stage(set_by=set_for_reading)]

LIST = "/snapshots/logreview/"
As = Callable[[User], Client]


@pytest.fixture
def reading(standing: Reading) -> Reading:
    return standing


@pytest.fixture
def browse() -> As:
    def of(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return of


def address(row: Any, act: str = "") -> str:
    place = f"/snapshots/{row._meta.model_name}/{row.pk}/"
    if isinstance(row, LogReview) and not act:
        return f"/projects/{row.project.slug}/log-reviews/{row.pk}/"
    return f"{place}acts/{act}/" if act else f"{place}change/"


def text(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split("<main")[1].split())


class TestWhoSeesWhat:
    SELECTORS = (
        (log_reviews_visible_to, LogReview),
        (dispositions_visible_to, Disposition),
        (findings_visible_to, Finding),
        (sign_offs_visible_to, SignOff),
    )

    @pytest.fixture
    def rows(self, reading: Reading) -> None:
        set_for_reading("ships").signed()
        log_review = reading.ready()
        reading.finding(log_review)
        reading.sign(log_review)

    @pytest.mark.parametrize(("selector", "model"), SELECTORS)
    def test_owners_and_reviewers_of_the_project(self, reading: Reading, rows: None, selector: Any, model: Any) -> None:
        with operation():
            nobody = User.objects.create(username="nobody")
        assert set(selector(nobody)) == set(selector(AnonymousUser())) == set()
        assert set(selector(reading.stage.ana)) == set(), "an annotator of both projects"
        grant_role(reading.project, reading.stage.uma, Role.REVIEWER, by=reading.stage.olga, reason="Reads")
        assert set(selector(reading.stage.uma)) == set(model.objects.filter(project=reading.project))
        assert set(selector(reading.stage.uma))

    @pytest.mark.parametrize(("selector", "model"), SELECTORS)
    def test_lists_and_rows_in_the_admin(
        self, reading: Reading, rows: None, browse: As, selector: Any, model: Any
    ) -> None:
        row = model.objects.filter(project=reading.project)[0]
        grant_role(reading.project, reading.stage.uma, Role.REVIEWER, by=reading.stage.olga, reason="Reads")
        for path in (f"/snapshots/{model._meta.model_name}/", address(row)):
            page = text(browse(reading.stage.uma), path)
            assert not any(f"{name}<" in page or f" {name} " in page for name in ("olga", "ravi", "rita", "otto"))
        assert browse(reading.stage.ana).get(address(row)).status_code == 404
        assert "0 " in text(browse(reading.stage.ana), f"/snapshots/{model._meta.model_name}/")
        elsewhere = model.objects.exclude(project=reading.project).first()
        if elsewhere is not None:
            assert browse(reading.stage.uma).get(address(elsewhere)).status_code == 404

    def test_who_is_from_elsewhere_finds_nothing(self, reading: Reading, rows: None, browse: As) -> None:
        ships = LogReview.objects.get(project__slug="ships")
        grant_role(ships.project, reading.stage.uma, Role.OWNER, by=reading.stage.olga, reason="Owns ships")
        ours = LogReview.objects.get(project=reading.project)
        uma = browse(reading.stage.uma)
        assert uma.get(address(ships)).status_code == 200
        assert uma.get(address(ours)).status_code == 404
        for path in (address(ours, "sign"), address(ours, "dispose"), address(ours, "void")):
            assert uma.get(path).status_code == uma.post(path, {"reason": "x", "meaning": "x"}).status_code == 404


class TestTheActs:
    @pytest.mark.parametrize(
        ("act", "said"),
        [
            ("open_chapter", {"snapshot": "v1"}),
            ("open_release", {"release": "v1"}),
            ("open_range", {"title": "Some"}),
            ("open_incident", {"title": "Some", "description": "Seen", "began_at": "2020-01-01T00:00", "ended_at": ""}),
            ("open_query", {"title": "Some", "query": "impact:high theme:access"}),
        ],
    )
    def test_open_one(self, reading: Reading, browse: As, act: str, said: dict[str, Any]) -> None:
        snapshot = reading.propose().snapshot
        if act == "open_range":
            said = {**said, "first": snapshot.entry_id - 3, "last": snapshot.entry_id}
        rita = browse(reading.rita)
        assert f"acts/{act}/" in text(rita, LIST)
        with what_is_left() as left:
            answer = rita.post(f"{LIST}acts/{act}/", {"project": reading.project.pk, "reason": "", **said})
        log_review = LogReview.objects.get()
        assert answer["Location"] == address(log_review)
        assert (left.entry.event, left.entry.channel) == ("log_review.opened", "admin")
        assert log_review.query == ({"impact": ["high"], "theme": ["access"]} if act == "open_query" else {})
        assert browse(reading.stage.ana).get(f"{LIST}acts/{act}/").status_code == 404

    def test_say_what_cannot_be_opened(self, reading: Reading, browse: As) -> None:
        rita = browse(reading.rita)
        for act, said, sentence in (
            ("open_chapter", {"snapshot": "v9"}, "has no snapshot v9"),
            ("open_release", {"release": "v9"}, "has no release v9"),
            ("open_range", {"title": "Some", "first": 9, "last": 3}, "ends before it begins"),
        ):
            answer = rita.post(f"{LIST}acts/{act}/", {"project": reading.project.pk, **said})
            assert answer.status_code == 422
            assert sentence in answer.content.decode()
        assert not LogReview.objects.exists()

    def test_lead_from_reading_to_the_signature(self, reading: Reading, browse: As) -> None:
        log_review = reading.open()
        rita = browse(reading.rita)
        [first, *others] = decision_points(log_review)
        assert f'value="{first.pk}"' in text(rita, f"{address(log_review, 'dispose')}?entry={first.pk}")
        for entry in others:
            rita.post(address(log_review, "dispose"), {"entry": entry.pk, "verdict": "expected", "note": ""})
        rita.post(address(log_review, "dispose"), {"entry": first.pk, "verdict": "unexpected", "note": "Who asked?"})
        rita.post(address(log_review, "answer"), {"place": 0, "answer": "All but one"})
        refused = rita.post(address(log_review, "sign"), {"meaning": "I read it"})
        assert refused.status_code == 422
        assert "has no finding" in refused.content.decode()
        finding = {
            "entry": first.pk,
            "factor": "process",
            "description": "No ticket",
            "action": "Ask for one",
            "owner": reading.stage.olga.memberships.get(project=reading.project).pk,
            "due_on": in_days(3).isoformat(),
        }
        assert rita.post(address(log_review, "open_finding"), finding).status_code == 302
        assert rita.post(address(log_review, "sign"), {"meaning": "I read it"}).status_code == 302
        assert SignOff.objects.get().signed_by == reading.rita
        found = Finding.objects.get()
        assert browse(reading.stage.olga).post(address(found, "close"), {"outcome": "Asked"}).status_code == 302
        assert rita.post(address(log_review, "void"), {"reason": "Wrong chapter"}).status_code == 302
        assert LogReview.objects.get().state == "voided"

    def test_who_acted_is_refused_on_record(self, reading: Reading, browse: As) -> None:
        log_review = reading.ready()
        with what_is_left() as left:
            answer = browse(reading.stage.olga).post(address(log_review, "sign"), {"meaning": "I read it"})
        assert answer.status_code == 403
        assert (left.events, left.entry.subject_name) == (["access.denied"], "independence")
        assert "somebody else must sign it" in text(browse(reading.stage.olga), address(log_review))

    def test_who_sees_to_a_finding_is_chosen_by_role_and_number(self, reading: Reading, browse: As) -> None:
        log_review = reading.open()
        field = browse(reading.rita).get(address(log_review, "open_finding")).context["form"].fields["owner"]
        labels = [label for value, label in field.choices if value]
        assert "Owner 1" in labels
        assert not [label for label in labels if label.startswith("Annotator")]
        for other in (reading.stage.ana.memberships.get(project=reading.project).pk, "olga", "nobody at all"):
            finding = {"factor": "tool", "description": "x", "action": "y", "owner": other, "due_on": "2030-01-01"}
            answer = browse(reading.rita).post(address(log_review, "open_finding"), finding)
            assert answer.status_code == 422
            assert "owner" in answer.context["form"].errors

    def test_are_offered_while_they_can_be_done(self, reading: Reading, browse: As) -> None:
        log_review, rita = reading.ready(), browse(reading.rita)
        every = ["answer", "dispose", "open_finding", "sign", "void"]
        assert [act.name for act in rita.get(address(log_review)).context["acts"]] == every
        reading.sign(log_review)
        assert [act.name for act in rita.get(address(log_review)).context["acts"]] == ["void"]
        void_log_review(log_review, by=reading.rita, reason="Wrong")
        assert [act.name for act in rita.get(address(log_review)).context["acts"]] == []


class TestThePage:
    def test_shows_how_far_it_is(self, reading: Reading, browse: As) -> None:
        log_review = reading.open()
        points = list(decision_points(log_review))
        for entry in points[:2]:
            dispose(log_review, entry, EXPECTED, by=reading.rita, note="As planned")
        page = text(browse(reading.rita), address(log_review))
        assert f"2 of {len(points)} decided" in page
        assert "0 of 1 answered" in page
        assert page.count("As planned") == 2
        assert page.count("no disposition yet") == len(points) - 2
        assert "Reviewer 5" in page
        assert "1 question without an answer" in page

    def test_shows_the_signature_and_that_it_holds(
        self, reading: Reading, browse: As, unexplained_changes_are_recorded: None
    ) -> None:
        log_review = reading.signed()
        sign_off = SignOff.objects.get()
        page = text(browse(reading.stage.ravi), address(log_review))
        for shown in ("I read it all", sign_off.digest, sign_off.record_digest, "read again: the same", "Reviewer 5"):
            assert shown in page
        by_hand(log_review.dispositions.all()[0], note="Another")
        page = text(browse(reading.stage.ravi), address(log_review))
        assert "read again: the same" not in page
        assert "are not those that were signed" in page

    def test_a_long_scope_is_verified_when_somebody_asks(
        self, reading: Reading, browse: As, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("snapshots.pages.log_review.VERIFIED_AT_ONCE", 3)
        path = address(reading.signed())
        assert "Read all again" in text(browse(reading.rita), path)
        assert "read again: the same" not in text(browse(reading.rita), path)
        assert "read again: the same" in text(browse(reading.rita), f"{path}?verify=yes")

    def test_a_long_scope_is_shown_in_pages(
        self, reading: Reading, browse: As, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("snapshots.pages.log_review.PAGE", 4)
        log_review, rita = reading.open(), browse(reading.rita)
        for query, expected in (("", decision_points(log_review)), ("entries=all&", None)):
            seen: list[int] = []
            before: Any = ""
            while before is not None:
                context = rita.get(f"{address(log_review)}?{query}before={before}").context
                seen.extend(point.told.entry.pk for point in context["points"])
                before = context["older_than"]
            assert len(seen) == len(set(seen)) == (expected.count() if expected is not None else context["size"])
            assert seen == sorted(seen, reverse=True)

    def test_asks_the_same_however_long_the_scope_is(self, reading: Reading, browse: As) -> None:
        rita = browse(reading.rita)
        short = reading.open(saved_query("Some", {"event": ["role.granted"]}))
        long = reading.open(saved_query("All", {}))
        for log_review in (short, long):
            reading.decide_all(log_review)
        rita.get(address(short))
        with CaptureQueriesContext(connection) as few:
            rita.get(address(short))
        with CaptureQueriesContext(connection) as many:
            rita.get(address(long))
        assert len(many) == len(few)
        assert undecided(long).count() == 0

    def test_tells_a_revealed_name_to_whom_it_was_revealed(self, reading: Reading, browse: As) -> None:
        log_review = reading.ready()
        rows = [log_review, reading.finding(log_review), reading.sign(log_review), Disposition.objects.all()[0]]
        pages = [address(row) for row in rows] + [f"/snapshots/{row._meta.model_name}/" for row in rows[1:]]
        olga, otto = browse(reading.stage.olga), browse(reading.otto)
        for page in pages:
            assert not re.search(r"\((rita|olga)\)", text(olga, page)), page
        reveal_identities(reading.project, by=reading.stage.olga, reason="An audit")
        for page in pages:
            assert ("(olga)" if "/finding/" in page else "Reviewer 5 (rita)") in text(olga, page), page
            assert not re.search(r"\((rita|olga)\)", text(otto, page)), page

    def test_says_when_nobody_could_sign(self, reading: Reading, browse: As) -> None:
        log_review = reading.open(saved_query("All", {}))
        assert "none of them can sign it" not in text(browse(reading.rita), address(log_review))
        with operation():
            reading.project.memberships.exclude(user=reading.stage.olga).update(ended_at=timezone.now())
        assert "none of them can sign it" in text(browse(reading.stage.olga), address(log_review))


class TestTheIndex:
    def opened(self, reading: Reading, title: str, days_ago: int) -> LogReview:
        then = timezone.now() - timedelta(days=days_ago)
        return open_log_review(reading.project, saved_query(title, {}), by=reading.rita, at=then)

    def test_shows_what_is_open_with_the_overdue_first_and_standing_out(self, reading: Reading, browse: As) -> None:
        fresh = self.opened(reading, "Fresh", 0)
        due, late = self.opened(reading, "Nearly due", 9), self.opened(reading, "Late", 11)
        self.opened(reading, "Signed", 12)
        with operation():
            LogReview.objects.filter(title="Signed").update(state="signed")
        answer = browse(reading.rita).get("/")
        [line] = answer.context["lines"]
        assert [(owed.log_review, owed.when) for owed in line.log_reviews] == [
            (late, "overdue"),
            (due, "due"),
            (fresh, "open"),
        ]
        page = " ".join(answer.content.decode().split())
        assert page.count("overdue since") == 1
        assert f'<a href="{address(late)}">Late</a> <b class="alert">overdue' in page

    def test_shows_none_to_who_may_not_run_them(self, reading: Reading, browse: As) -> None:
        self.opened(reading, "Late", 11)
        assert "Late" not in text(browse(reading.stage.ana), "/")

    def test_shows_a_handful_and_how_many_more(self, reading: Reading, browse: As) -> None:
        for number in range(7):
            self.opened(reading, f"Number {number}", number)
        [line] = browse(reading.rita).get("/").context["lines"]
        assert (len(line.log_reviews), line.more_log_reviews) == (5, 2)
        assert "and 2 more" in text(browse(reading.rita), "/")

    def test_asks_the_same_however_many_projects_there_are(self, reading: Reading, browse: As) -> None:
        self.opened(reading, "Late", 11)
        rita = browse(reading.rita)
        with CaptureQueriesContext(connection) as one:
            rita.get("/")
        for slug in ("ships", "cars", "trees"):
            other = set_for_reading(slug)
            self.opened(other, "Late too", 11)
            self.opened(other, "Fresh", 0)
        with CaptureQueriesContext(connection) as four:
            assert len(rita.get("/").context["lines"]) == 4
        assert len(four) == len(one)
        assert len(four) <= 12
