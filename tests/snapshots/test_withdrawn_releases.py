"""A release that went out and is taken back: what it names, what it still allows, and who brings it back."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from audit.models import Entry
from labelop.models import Project
from snapshots.models import Release
from snapshots.selectors import exports_of
from snapshots.services.exports import export_snapshot
from snapshots.services.releases import (
    ask_for_reinstatement,
    cancel_release,
    propose_release,
    reinstate_release,
    waive_gate,
    withdraw_release,
)
from tests.cast import what_is_left

from .release_stage import ReleaseStage, set_the_release_stage
from .test_releases import ACTS, DEFECT, State

pytestmark = [pytest.mark.django_db, pytest.mark.stage(set_by=set_the_release_stage)]


@pytest.fixture
def stage(standing: ReleaseStage) -> ReleaseStage:
    return standing


class TestWithdrawing:
    def test_lists_every_export(self, stage: ReleaseStage, tmp_path: Any) -> None:
        release = stage.released()
        for number, by in enumerate((stage.olga, stage.ravi, stage.rita)):
            export_snapshot(release.snapshot, tmp_path / str(number), by=by, reason=f"Customer {number}")
        other = stage.snapshot("v2")
        export_snapshot(other, tmp_path / "other", by=stage.olga, reason="Something else")
        with what_is_left() as left:
            withdrawn = withdraw_release(release, DEFECT, by=stage.olga, reason="Labels shifted by one")
        made = list(Entry.objects.filter(event="export.made", subject_id=release.snapshot_id).order_by("id"))
        assert len(made) == 3
        assert (left.entry.after or {})["exports"] == 3
        assert (left.entry.after or {})["export_entries"] == [entry.pk for entry in made]
        assert [entry.reason for entry in exports_of(withdrawn).order_by("id")] == [
            "Customer 0",
            "Customer 1",
            "Customer 2",
        ]
        assert (withdrawn.withdrawn_for, withdrawn.state) == ("defect", "withdrawn")

    def test_names_what_to_use_instead(self, stage: ReleaseStage) -> None:
        first = stage.released()
        second = stage.proposed(stage.snapshot("v2"))
        withdrawn = withdraw_release(first, DEFECT, by=stage.olga, reason="Wrong", replacement=second)
        assert withdrawn.replacement == second

    def test_takes_no_release_that_is_over_itself_or_of_another_project_instead(self, stage: ReleaseStage) -> None:
        release = stage.released()
        over = cancel_release(stage.proposed(stage.snapshot("v2")), by=stage.olga, reason="No")
        elsewhere = set_the_release_stage_elsewhere(stage)
        for wrong in (release, over, elsewhere):
            with pytest.raises(ValidationError):
                withdraw_release(release, DEFECT, by=stage.olga, reason="Wrong", replacement=wrong)
        release.refresh_from_db()
        assert release.state == State.RELEASED

    def test_is_all_that_an_archived_project_allows(self, stage: ReleaseStage) -> None:
        release, waiting = stage.released(), stage.proposed(stage.snapshot("v2"))
        third = stage.snapshot("v3")
        stage.set(state=Project.State.ARCHIVED)
        for kind, act in ACTS.items():
            if kind != "withdrawn":
                for one in (release, waiting):
                    with pytest.raises((ValidationError, PermissionDenied)):
                        act(one, stage.olga)
        with pytest.raises(ValidationError, match="archived"):
            stage.proposed(third)
        assert ACTS["withdrawn"](release, stage.olga).state == State.WITHDRAWN

    def test_a_frozen_project_still_releases(self, stage: ReleaseStage) -> None:
        stage.set(state=Project.State.FROZEN)
        assert stage.released().state == State.RELEASED


class TestReinstating:
    def test_takes_two_people(self, stage: ReleaseStage) -> None:
        release = withdraw_release(stage.released(), DEFECT, by=stage.olga, reason="Wrong")
        with pytest.raises(ValidationError, match="Nobody has asked"):
            reinstate_release(release, by=stage.olga, reason="Alone")
        ask_for_reinstatement(release, by=stage.olga, reason="It was right")
        with pytest.raises(PermissionDenied, match="does not grant"):
            reinstate_release(release, by=stage.olga, reason="Alone")
        with pytest.raises(ValidationError, match="already"):
            ask_for_reinstatement(release, by=stage.otto, reason="Me too")
        back = reinstate_release(release, by=stage.otto, reason="Checked again")
        assert (back.state, back.withdrawn_for, back.replacement) == (State.RELEASED, "", None)

    def test_a_request_is_used_up(self, stage: ReleaseStage) -> None:
        release = withdraw_release(stage.released(), DEFECT, by=stage.olga, reason="Wrong")
        ask_for_reinstatement(release, by=stage.olga, reason="It was right")
        reinstate_release(release, by=stage.otto, reason="Checked again")
        withdraw_release(release, DEFECT, by=stage.olga, reason="Wrong after all")
        with pytest.raises(ValidationError, match="Nobody has asked"):
            reinstate_release(release, by=stage.otto, reason="Again")

    def test_needs_every_gate_open_once_more(self, stage: ReleaseStage) -> None:
        release = withdraw_release(stage.released(), DEFECT, by=stage.olga, reason="Wrong")
        ask_for_reinstatement(release, by=stage.olga, reason="It was right")
        stage.open_dispute()
        with pytest.raises(ValidationError, match="No dispute is open"):
            reinstate_release(release, by=stage.otto, reason="Checked again")
        waive_gate(release, "disputes", by=stage.otto, reason="About another matter")
        assert reinstate_release(release, by=stage.otto, reason="Checked again").state == State.RELEASED


def set_the_release_stage_elsewhere(stage: ReleaseStage) -> Release:
    """A release of another project of Olga's."""
    from .stage import set_the_stage

    other = set_the_stage("fishes", photos=1)
    return propose_release(other.snapshot("f1"), by=other.olga, reason="Go")
