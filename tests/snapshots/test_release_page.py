"""A release in the admin: its page tells who stands behind it, and each act is offered to whom it is for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from roles.models import User
from snapshots.models import Release
from snapshots.services.exports import export_snapshot
from snapshots.services.releases import approve_release, waive_gate, withdraw_release

from .release_stage import ReleaseStage, set_the_release_stage

pytestmark = [pytest.mark.django_db, pytest.mark.stage(set_by=set_the_release_stage)]

As = Callable[[User], Client]
LIST = "/snapshots/release/"


@pytest.fixture
def stage(standing: ReleaseStage) -> ReleaseStage:
    return standing


@pytest.fixture
def browse() -> As:
    def of(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return of


def page_of(release: Release) -> str:
    return f"/projects/{release.project.slug}/snapshots/{release.snapshot.number}/"


def offered(answer: Any) -> list[str]:
    return [act.name for act in answer.context["acts"]]


def test_is_for_owners_and_reviewers_alone(stage: ReleaseStage, browse: As) -> None:
    release = stage.proposed()
    for user, status in ((stage.olga, 200), (stage.ravi, 200), (stage.ana, 404)):
        assert browse(user).get(page_of(release)).status_code == status
        assert (b">v1</a>" in browse(user).get(LIST).content) == (status == 200)
    from labelop.services.projects import create_project
    from roles.services import service_account

    create_project("ships", "Ships", by=service_account("setup"), owner=stage.uma)
    uma = browse(stage.uma)
    assert b">v1</a>" not in uma.get(LIST).content
    assert uma.get(page_of(release)).status_code == 404
    for path in ("change/", "history/", "acts/approve/", "acts/withdraw/", "acts/waive/"):
        assert uma.get(f"{LIST}{release.pk}/{path}").status_code == 404
        assert uma.post(f"{LIST}{release.pk}/{path}", {"reason": "Mine"}).status_code == (
            404 if "acts" in path else 405
        )
    release.refresh_from_db()
    assert release.state == "candidate"


def test_shows_gates_approvals_waivers_and_what_is_missing(stage: ReleaseStage, browse: As) -> None:
    stage.set(separation_of_duties=3)
    release = stage.in_review()
    stage.open_dispute()
    waive_gate(release, "disputes", by=stage.olga, reason="About another matter")
    approve_release(release, by=stage.otto, reason="Read it all")
    answer = browse(stage.ravi).get(page_of(release))
    page = answer.context["release"]
    assert {line.gate.code: line.tone for line in page.gates}["disputes"] == "high"
    assert [line.told.entry.reason for line in page.waivers] == ["About another matter"]
    assert [(line.approval.counts, line.approval.level) for line in page.approvals] == [(True, 2)]
    text = answer.content.decode()
    assert "missing is a reviewer; level 2 is reached." in text
    assert "counts for level 2" in text
    for name in ("olga", "otto", "rita"):
        assert name not in text.split('id="release"')[1]


def test_prints_evidence_that_says_something(stage: ReleaseStage, browse: As) -> None:
    release = stage.in_review()
    dispute = stage.open_dispute()
    stage.set(risk_tier="standard")
    review = stage.log_review(release, state="open")
    answer = browse(stage.olga).get(page_of(release))
    lines = {line.gate.code: line for line in answer.context["release"].gates}
    assert (lines["findings"].evidence, lines["findings"].names_rows) == ("", False)
    assert (lines["disputes"].evidence, lines["disputes"].names_rows) == (f"count: 1, ids: {dispute.pk}", True)
    assert lines["log_review"].evidence == f"count: 1, ids: {review.pk}"
    assert lines["log_review"].gate.sentence == "1 log review of this release is not signed."
    assert lines["schema_frozen"].evidence == "schema frozen: yes"
    gates = answer.content.decode().split('id="gates"')[1].split("</section>")[0]
    assert gates.count("<details>") == sum(line.names_rows for line in lines.values()) == 2
    assert "count: 0" not in gates


def test_says_why_an_approval_counts_no_more(stage: ReleaseStage, browse: As) -> None:
    release = stage.approved()
    stage.set(schema_frozen=False)
    text = browse(stage.olga).get(page_of(release)).content.decode()
    assert "counts no more" in text
    assert "since an approval a gate turned worse (The schema is frozen)" in text


def test_of_a_withdrawn_release_lists_every_export(stage: ReleaseStage, browse: As, tmp_path: Path) -> None:
    release = stage.released()
    for number in range(3):
        export_snapshot(release.snapshot, tmp_path / str(number), by=stage.ravi, reason=f"For customer {number}")
    withdraw_release(release, Release.Withdrawal.PRIVACY, by=stage.olga, reason="A face is visible")
    answer = browse(stage.rita).get(page_of(release))
    assert [told.entry.reason for told in answer.context["release"].exports] == [
        f"For customer {number}" for number in (2, 1, 0)
    ]
    assert {told.actor for told in answer.context["release"].exports} == {"Reviewer 2"}
    assert "Recall list" in answer.content.decode()


def test_once_out_shows_the_gates_as_they_were_found(stage: ReleaseStage, browse: As) -> None:
    release = stage.released()
    stage.set(schema_frozen=False)
    page = browse(stage.olga).get(page_of(release)).context["release"]
    assert {line.gate.code: line.tone for line in page.gates}["schema_frozen"] == "ok"
    assert page.read.kind == "released"
    assert page.level.startswith("level 2")


def test_acts_are_offered_to_whom_they_are_for(stage: ReleaseStage, browse: As) -> None:
    release = stage.in_review()
    assert offered(browse(stage.olga).get(page_of(release))) == ["move-date", "waive", "reject", "cancel"]
    assert "approve" in offered(browse(stage.otto).get(page_of(release)))
    assert offered(browse(stage.rita).get(page_of(release))) == ["reject"]
    stage.set(separation_of_duties=3)
    assert "approve" in offered(browse(stage.rita).get(page_of(release)))


def test_a_release_goes_out_by_hand(stage: ReleaseStage, browse: As) -> None:
    snapshot = stage.snapshot()
    olga, otto = browse(stage.olga), browse(stage.otto)
    curated = f"/projects/birds/snapshots/{snapshot.number}/"
    answer = olga.get(curated)
    assert offered(answer) == ["propose"]
    assert f"/snapshots/snapshot/{snapshot.pk}/acts/propose/" in answer.content.decode()
    form = olga.get(f"/snapshots/snapshot/{snapshot.pk}/acts/propose/").content.decode()
    assert "Suggested version number: 1.0.0 (the first release)." in form
    answer = olga.post(f"/snapshots/snapshot/{snapshot.pk}/acts/propose/", {"reason": "The customer waits"})
    release = Release.objects.get()
    assert answer.headers["Location"] == f"{page_of(release)}#release"
    for client, act in ((olga, "begin-review"), (otto, "approve"), (olga, "release")):
        assert client.post(f"{LIST}{release.pk}/acts/{act}/", {"reason": "Go on"}).status_code == 302, act
    release.refresh_from_db()
    assert release.state == "released"
    assert ">released</a>" in olga.get(curated).content.decode()
    assert offered(olga.get(curated)) == ["deprecate", "withdraw"]


@pytest.mark.parametrize(
    ("act", "answers"),
    [
        ("move-date", {"planned_on": "2999-01-01"}),
        ("waive", {"gate": "disputes"}),
        ("reject", {}),
        ("cancel", {}),
    ],
)
def test_each_act_on_the_way_has_its_form(stage: ReleaseStage, browse: As, act: str, answers: dict[str, str]) -> None:
    release = stage.in_review()
    stage.open_dispute()
    olga = browse(stage.olga)
    path = f"{LIST}{release.pk}/acts/{act}/"
    assert olga.get(path).status_code == 200
    assert olga.post(path, answers).status_code == 422, "no reason was given"
    assert olga.post(path, {**answers, "reason": "Because"}).status_code == 302


def test_each_act_afterwards_has_its_form(stage: ReleaseStage, browse: As) -> None:
    release = stage.released()
    olga, otto = browse(stage.olga), browse(stage.otto)
    for client, act, answers in (
        (olga, "deprecate", {}),
        (olga, "withdraw", {"withdrawn_for": "defect"}),
        (olga, "ask-for-reinstatement", {}),
        (otto, "reinstate", {}),
    ):
        path = f"{LIST}{release.pk}/acts/{act}/"
        assert client.get(path).status_code == 200
        assert client.post(path, {**answers, "reason": "Because"}).status_code == 302, act
    release.refresh_from_db()
    assert release.state == "released"


def test_what_the_service_refuses_is_said_on_the_form(stage: ReleaseStage, browse: As) -> None:
    release = stage.in_review()
    stage.open_dispute()
    answer = browse(stage.otto).post(f"{LIST}{release.pk}/acts/approve/", {})
    assert answer.status_code == 422
    assert "No dispute is open: One is open." in answer.content.decode()
    assert browse(stage.olga).post(f"{LIST}{release.pk}/acts/approve/", {}).status_code == 403
