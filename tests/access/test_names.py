"""Names of members, and acts on two projects at once: the pages on which they might slip through."""

from __future__ import annotations

import pytest

from audit.selectors import entries_of, explaining
from snapshots.differences import Comparison

from .doors import ask, leaks
from .stage import Furnished, Stage, set_the_access_stage

pytestmark = pytest.mark.stage(set_by=set_the_access_stage)


@pytest.fixture
def stage(standing: Stage) -> Stage:
    return standing


@pytest.mark.parametrize("row", ["signed", "disposition", "finding"])
def test_the_past_of_what_points_to_an_entry_about_a_member_names_nobody(stage: Stage, row: str) -> None:
    found = stage.birds.rows[row]
    address = f"/snapshots/{found._meta.model_name}/{found.pk}/history/"
    for principal in ("reviewer", "owner"):
        answer = ask(stage, principal, "GET", address)
        assert f"Role changed, entry {stage.birds.rows['entry'].pk}" in answer.content.decode()
        assert leaks(stage, principal, address, answer) == []


def test_an_act_on_two_projects_is_told_to_each_as_its_own(stage: Stage) -> None:
    for furnished, principal in ((stage.birds, "owner"), (stage.ships, "elsewhere")):
        address = f"/projects/{furnished.project.slug}/snapshots/2/"
        answer = ask(stage, principal, "GET", address)
        assert f"Out of {furnished.words.inner}" in answer.content.decode()
        assert leaks(stage, principal, address, answer) == []


def test_an_act_on_two_projects_explains_in_each_what_its_entry_there_says(stage: Stage) -> None:
    for furnished in (stage.birds, stage.ships):
        (difference,) = _between(furnished).differences
        (found,) = entries_of(difference.operations, explaining(furnished.project.pk)).values()
        assert {entry.project_id for entry in found} == {furnished.project.pk}


def _between(furnished: Furnished) -> Comparison:
    return Comparison(furnished.project, furnished.rows["first"], furnished.rows["snapshot"])
