"""The life of a release: each step does its thing, is refused to who may not, leaves one entry and one step."""

from __future__ import annotations

import pytest

from snapshots.models import Release

from .release_stage import ReleaseStage, set_the_release_stage

pytestmark = pytest.mark.django_db


@pytest.fixture
def stage() -> ReleaseStage:
    return set_the_release_stage()


def test_a_release_goes_out(stage: ReleaseStage) -> None:
    release = stage.released()
    assert release.state == Release.State.RELEASED
    for step in release.steps.all():
        print(step.kind, step.separation, step.gate_report)
