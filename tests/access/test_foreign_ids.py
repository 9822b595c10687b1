"""Numbers and names of another project's rows, sent with a form of one's own: as good as if they did not exist."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from audit.acting import operation
from labelop.models import Assignment
from snapshots.models import Release
from snapshots.services.releases import deprecate_release
from tests.cast import what_is_left

from .doors import ask, leaks
from .stage import SHIPS, Furnished, Stage, set_the_access_stage
from .test_matrix import nothing_logged

pytestmark = pytest.mark.stage(set_by=set_the_access_stage)


@pytest.fixture
def stage(standing: Stage) -> Stage:
    return standing


def of(furnished: Furnished, row: str, act: str) -> str:
    found = furnished.rows[row]
    return f"/{found._meta.app_label}/{found._meta.model_name}/{found.pk}/acts/{act}/"


def forms_of(stage: Stage) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """An address, what is sent there that is the other project's, and the same of what exists nowhere."""
    birds, ships = stage.birds, stage.ships
    none = {"snapshot": "none", "release": "none", "number": 10**9, "item": "none/1", "name": "nobody"}
    theirs = {
        "snapshot": ships.rows["snapshot"].name,
        "release": ships.rows["snapshot"].name,
        "item": ships.rows["item"].key,
        "name": ships.people["ana"].username,
    }
    reason, due = {"reason": "Because"}, {"due_on": "2030-01-01"}
    here = {"project": birds.project.pk, **reason}
    finding = {"factor": "other", "description": "d", "action": "a", "owner": birds.rows["membership"].pk, **due}
    restore = f"/projects/{birds.project.slug}/snapshots/1/restore/"

    def row(name: str) -> int:
        return int(ships.rows[name].pk)

    return [
        (address, {**filled, **foreign}, {**filled, **nowhere})
        for address, filled, foreign, nowhere in (
            (
                "/labelop/assignment/acts/assign/",
                {"items": "none", "annotator": "n", "priority": 2, **reason},
                {"project": ships.project.pk},
                {"project": none["number"]},
            ),
            (
                "/labelop/assignment/acts/assign/",
                {**here, "annotator": birds.people["ben"].username, "priority": 2},
                {"items": theirs["item"]},
                {"items": none["item"]},
            ),
            (of(birds, "begun", "reassign"), reason, {"annotator": theirs["name"]}, {"annotator": none["name"]}),
            ("/snapshots/adjustment/acts/propose/", reason, {"entry": row("entry")}, {"entry": none["number"]}),
            (
                "/snapshots/logreview/acts/open_chapter/",
                here,
                {"snapshot": theirs["snapshot"]},
                {"snapshot": none["snapshot"]},
            ),
            (
                "/snapshots/logreview/acts/open_release/",
                here,
                {"release": theirs["release"]},
                {"release": none["release"]},
            ),
            (
                "/snapshots/logreview/acts/open_range/",
                {"title": "t", "first": 1, "last": 2, **reason},
                {"project": ships.project.pk},
                {"project": none["number"]},
            ),
            (
                of(birds, "logreview", "dispose"),
                {"verdict": "expected"},
                {"entry": row("entry")},
                {"entry": none["number"]},
            ),
            (of(birds, "logreview", "open_finding"), finding, {"entry": row("entry")}, {"entry": none["number"]}),
            (
                of(birds, "logreview", "open_finding"),
                {**finding, "entry": ""},
                {"owner": row("membership")},
                {"owner": none["number"]},
            ),
            (
                of(birds, "release", "withdraw"),
                {"withdrawn_for": "defect", **reason},
                {"replacement": row("release")},
                {"replacement": none["number"]},
            ),
            (restore, {"what": "class", **reason}, {"label_class": row("labelclass")}, {"label_class": none["number"]}),
            (restore, {"what": "person", **reason}, {"person": ships.people["ana"].pk}, {"person": none["number"]}),
        )
    ]


def test_what_belongs_elsewhere_is_answered_like_what_does_not_exist(stage: Stage) -> None:
    with nothing_logged(), what_is_left() as left:
        for address, foreign, nowhere in forms_of(stage):
            answers = [ask(stage, "owner", "POST", address, sent) for sent in (foreign, nowhere)]
            assert [answer.status_code for answer in answers] == [422, 422], (address, foreign)
            sent = {str(value) for value in foreign.values()} - {str(value) for value in nowhere.values()}
            said = [_without(answer, sent | {str(value) for value in nowhere.values()}) for answer in answers]
            assert said[0] == said[1], (address, foreign)
            assert not [word for word in (SHIPS.said, SHIPS.inner) if word in said[0]]
    assert not left.entries
    assert not left.versions


def _without(answer: Any, sent: set[str]) -> list[str]:
    """The page, without what was sent and the token that guards its form."""
    body = answer.content.decode()
    for value in sorted(sent, key=len, reverse=True):
        body = re.sub(rf"\b{re.escape(value)}\b", "…", body)
    return [line for line in body.splitlines() if "csrfmiddlewaretoken" not in line and "value=" not in line]


def test_a_number_too_large_for_the_database_is_no_number_of_anything(stage: Stage) -> None:
    huge = 10**30
    here = {"project": stage.birds.project.pk, "reason": "Because"}
    sent: tuple[tuple[str, dict[str, Any]], ...] = (
        ("/snapshots/adjustment/acts/propose/", {"entry": huge, "reason": "Because"}),
        ("/snapshots/logreview/acts/open_range/", {**here, "title": "t", "first": 1, "last": huge}),
        ("/snapshots/logreview/acts/open_range/", {**here, "title": "t", "first": huge, "last": huge}),
        (of(stage.birds, "logreview", "dispose"), {"entry": huge, "verdict": "expected"}),
        ("/labelop/assignment/acts/assign/", {"project": huge, "items": "x", "annotator": "y", "priority": 2}),
        (of(stage.birds, "release", "withdraw"), {"withdrawn_for": "defect", "replacement": huge, "reason": "B"}),
        (f"/projects/{stage.birds.project.slug}/snapshots/1/restore/", {"what": "class", "label_class": huge}),
        (f"/projects/{stage.birds.project.slug}/snapshots/1/restore/", {"what": "person", "person": huge}),
    )
    with nothing_logged():
        for address, answers in sent:
            assert ask(stage, "owner", "POST", address, answers).status_code == 422, address


def test_forms_offer_nothing_of_the_other_project_though_a_link_names_it(stage: Stage) -> None:
    ships = stage.ships
    for address in (
        f"/labelop/assignment/acts/assign/?project={ships.project.pk}",
        f"/snapshots/logreview/acts/open_chapter/?project={ships.project.pk}",
        of(stage.birds, "release", "withdraw") + f"?replacement={ships.rows['release'].pk}",
        of(stage.birds, "logreview", "open_finding") + f"?owner={ships.rows['membership'].pk}",
        f"/projects/{stage.birds.project.slug}/snapshots/1/restore/?label_class={ships.rows['labelclass'].pk}",
    ):
        answer = ask(stage, "owner", "GET", address)
        assert answer.status_code == 200
        assert leaks(stage, "owner", address, answer) == [], address


def test_a_release_of_another_project_replaces_none_here(stage: Stage) -> None:
    """By the service too, for whoever holds roles on both."""
    with operation():
        Release.objects.filter(pk=stage.birds.rows["release"].pk).update(state=Release.State.RELEASED)
    release = Release.objects.get(pk=stage.birds.rows["release"].pk)
    theirs = Release.objects.get(pk=stage.ships.rows["release"].pk)
    with pytest.raises(ValidationError, match="no release of this project"):
        deprecate_release(release, by=stage.people["olga"], reason="Old", replacement=theirs)


def test_an_act_of_a_superuser_without_a_role_is_an_override_with_a_reason(stage: Stage) -> None:
    address = of(stage.birds, "begun", "cancel")
    with nothing_logged(), what_is_left() as left:
        assert ask(stage, "superuser", "POST", address, {"reason": ""}).status_code == 422
        assert not left.entries
    with what_is_left() as left:
        assert ask(stage, "superuser", "POST", address, {"reason": "Nobody else is here"}).status_code == 302
    assert left.events[:2] == ["access.overridden", "work.cancelled"]
    assert {entry.reason for entry in left.entries[:2]} == {"Nobody else is here"}
    assert Assignment.objects.get(pk=stage.birds.rows["begun"].pk).state == Assignment.State.CANCELLED
