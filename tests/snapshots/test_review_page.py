"""The review of a release: held against what went out before, its decisions told once, its steps with their ground."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from labelop.services.work import exclude_item
from snapshots.models import Release
from snapshots.services.releases import approve_release

from .release_stage import ReleaseStage, set_the_release_stage

pytestmark = [pytest.mark.django_db, pytest.mark.stage(set_by=partial(set_the_release_stage, photos=6))]

PAGE = "/projects/birds/snapshots/{}/"


@pytest.fixture
def stage(standing: ReleaseStage) -> ReleaseStage:
    return standing


def read(stage: ReleaseStage, number: int, **asked: Any) -> Any:
    client = Client()
    client.force_login(stage.rita)
    answer = client.get(PAGE.format(number), asked)
    assert answer.status_code == 200
    return answer


def exclude(stage: ReleaseStage, *places: int, reason: str = "Blurred") -> None:
    for place in places:
        exclude_item(stage.stage.items[place], by=stage.otto, reason=reason)


def decisions(answer: Any) -> list[list[tuple[str, int]]]:
    """What led here, part by part: each decision with how many acts it stands for."""
    parts = answer.context["timeline"].earlier
    return [[(one.lead.entry.event, len(one.lines)) for one in part.decisions] for part in parts]


def test_a_release_is_held_against_the_one_that_went_out_before(stage: ReleaseStage) -> None:
    first = stage.released(stage.snapshot("v1")).snapshot
    exclude(stage, 0)
    between = stage.snapshot("v2")
    exclude(stage, 1)
    assert read(stage, 2).context["before"] == first
    stage.proposed(stage.snapshot("v3"))
    answer = read(stage, 3)
    assert answer.context["before"] == first
    assert answer.context["statement"].told.removed == ["photo-0", "photo-1"]
    assert [part.cut for part in answer.context["timeline"].earlier] == [None, between]
    assert [gate.gate.sentence for gate in answer.context["release"].gates][1].startswith("4 differences")
    assert read(stage, 3, **{"from": 2}).context["statement"].told.removed == ["photo-1"]
    assert read(stage, 3, **{"from": 0}).context["before"] is None
    for number in ("3", "9", "x", "-1"):
        client = Client()
        client.force_login(stage.rita)
        assert client.get(PAGE.format(3), {"from": number}).status_code == 404, number


def test_what_one_person_did_for_one_reason_is_told_once(stage: ReleaseStage) -> None:
    stage.snapshot("v1")
    exclude(stage, 0, 1, 2)
    exclude(stage, 3, reason="Twice")
    stage.snapshot("v2")
    answer = read(stage, 2)
    assert decisions(answer) == [[("items.excluded", 1), ("items.excluded", 3)]]
    [_, thrice] = answer.context["timeline"].earlier[0].decisions
    assert thrice.subjects == ["photo-2", "photo-1", "photo-0"]
    text = answer.content.decode()
    assert "× 3" in text
    assert "Owner 4" in text


def test_decision_points_are_narrowed_by_what_they_are_about(stage: ReleaseStage) -> None:
    stage.snapshot("v1")
    exclude(stage, 0)
    stage.set(schema_frozen=False)
    stage.snapshot("v2")
    chips = {chip.label: (chip.count, chip.chosen) for chip in read(stage, 2).context["timeline"].chips}
    assert chips["Decision points"] == ("1", True)
    assert chips["Data"] == ("1", False)
    assert "Roles" not in chips
    assert decisions(read(stage, 1, about="data")) == [[]]
    assert {event for event, _ in decisions(read(stage, 1, about="roles"))[0]} == {"role.granted"}
    assert decisions(read(stage, 2, about="nonsense")) == [[("items.excluded", 1)]]


def test_each_step_tells_what_it_was_bound_to(stage: ReleaseStage) -> None:
    release = approve_release(stage.in_review(), by=stage.otto, reason="Read it all")
    answer = read(stage, 1)
    approved, begun, proposed = answer.context["release"].steps
    assert approved.gates.endswith(" gates open")
    assert proposed.step.kind == "proposed"
    assert begun.step.manifest_hash == release.snapshot.manifest_hash
    text = answer.content.decode()
    assert f"{approved.step.gate_digest[:12]}…" in text
    assert "another one than this snapshot" not in text
    assert answer.context["release"].way == [
        ("Candidate", "done"),
        ("In review", "done"),
        ("Approved", "here"),
        ("Released", ""),
    ]


def test_the_place_of_a_release_in_the_admin_leads_here(stage: ReleaseStage) -> None:
    release: Release = stage.proposed()
    client = Client()
    client.force_login(stage.ravi)
    assert client.get(f"/snapshots/release/{release.pk}/change/").headers["Location"] == PAGE.format(1)


def test_asks_the_same_however_much_was_decided(stage: ReleaseStage) -> None:
    stage.snapshot("v1")
    exclude(stage, 0)
    stage.proposed(stage.snapshot("v2"))
    exclude(stage, 1, 2, 3, 4)
    stage.proposed(stage.snapshot("v3"))
    counted = []
    for number in (2, 3):
        # What was computed for an earlier reader is kept.
        read(stage, number)
        with CaptureQueriesContext(connection) as queries:
            read(stage, number)
        counted.append(len(queries))
    assert counted[0] >= counted[1]
    assert max(counted) <= 86
