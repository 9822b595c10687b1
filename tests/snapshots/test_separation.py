"""Separation of duties is measured from who did what, and says what is missing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, connections

from audit.acting import Actor, operation
from audit.events import Event
from audit.services import record
from labelop.models import Annotation, LabelClass
from labelop.services.projects import change_setting
from labelop.services.work import exclude_item
from roles.models import User
from snapshots.differences import Comparison
from snapshots.gates import window_of
from snapshots.models import Release, Step
from snapshots.separation import authors_of, standing_of
from snapshots.services.releases import (
    approve_release,
    begin_review,
    propose_release,
    publish_release,
    withdraw_release,
)
from snapshots.versioning import suggested_version

from .release_stage import ReleaseStage, set_the_release_stage

pytestmark = [pytest.mark.django_db, pytest.mark.stage(set_by=set_the_release_stage)]


@pytest.fixture
def stage(standing: ReleaseStage) -> ReleaseStage:
    return standing


def missing(release: Release) -> str:
    return standing_of(window_of(Release.objects.get(pk=release.pk))).separation.missing


class TestWhatIsMissing:
    """Olga took the snapshot and requested the release; she made the items, Ana the marks."""

    @pytest.mark.parametrize(
        ("level", "sentence"),
        [
            (0, "Level 0 needs the approval of an owner; no approval counts so far."),
            (
                1,
                "Level 1 needs the approval of an owner who neither requested the release nor took its snapshot;"
                " no approval counts so far.",
            ),
            (
                2,
                "Level 2 needs an approver who authored none of the 6 differences and neither requested the release"
                " nor took its snapshot: an owner; no approval counts so far.",
            ),
            (
                3,
                "Level 3 needs two approvers who authored none of the 6 differences and neither requested the release"
                " nor took its snapshot: missing is an owner and a reviewer; no approval counts so far.",
            ),
        ],
    )
    def test_is_said_when_it_is_refused(self, stage: ReleaseStage, level: int, sentence: str) -> None:
        release = stage.in_review()
        stage.set(separation_of_duties=level)
        with pytest.raises(ValidationError) as refused:
            publish_release(release, by=stage.olga)
        assert refused.value.messages == [sentence]

    def test_names_the_second_approver_when_the_first_is_there(self, stage: ReleaseStage) -> None:
        stage.set(separation_of_duties=3)
        release = approve_release(stage.in_review(), by=stage.otto)
        assert release.state == Release.State.IN_REVIEW
        assert missing(release).endswith("missing is a reviewer; level 2 is reached.")
        release = approve_release(release, by=stage.rita)
        assert (release.state, missing(release)) == (Release.State.APPROVED, "")
        assert [step.separation for step in release.steps.filter(kind=Step.Kind.APPROVED)] == [2, 3]
        assert publish_release(release, by=stage.olga).state == Release.State.RELEASED

    def test_an_owner_who_authored_reaches_level_one_only(self, stage: ReleaseStage) -> None:
        stage.set(separation_of_duties=2)
        release = begin_review(propose_release(stage.snapshot(), by=stage.ravi, reason="Go"), by=stage.ravi)
        with operation(by=stage.otto):
            LabelClass.objects.filter(pk=stage.stage.tern.pk).update(colour="#123456")
            record(Event.CLASS_ADDED, stage.stage.tern, Actor(stage.otto, "owner"))
        assert missing(approve_release(release, by=stage.otto)) == "", "that was after the snapshot"
        withdraw_release(publish_release(release, by=stage.olga), Release.Withdrawal.OTHER, by=stage.olga, reason="No")
        second = begin_review(propose_release(stage.snapshot("v2"), by=stage.ravi, reason="Go"), by=stage.ravi)
        second = approve_release(second, by=stage.otto)
        assert second.state == Release.State.IN_REVIEW
        assert missing(second).endswith("level 1 is reached.")


class TestApproving:
    def test_is_refused_to_the_requester_from_level_one_on(self, stage: ReleaseStage) -> None:
        release = stage.in_review()
        with pytest.raises(PermissionDenied, match="Nobody approves what they requested"):
            approve_release(release, by=stage.olga)
        stage.set(separation_of_duties=0)
        release = approve_release(release, by=stage.olga)
        assert release.steps.get(kind=Step.Kind.APPROVED).separation == 0

    @pytest.mark.parametrize("level", [0, 1, 2])
    def test_is_no_reviewers_where_one_approver_is_asked(self, stage: ReleaseStage, level: int) -> None:
        release = stage.in_review()
        stage.set(separation_of_duties=level)
        with pytest.raises(PermissionDenied, match="second of two"):
            approve_release(release, by=stage.rita)

    def test_is_an_owners_first(self, stage: ReleaseStage) -> None:
        stage.set(separation_of_duties=3)
        with pytest.raises(ValidationError, match="An owner approves first"):
            approve_release(stage.in_review(), by=stage.rita)

    def test_is_nothing_a_superuser_right_stands_in_for(self, stage: ReleaseStage) -> None:
        with pytest.raises(PermissionDenied, match="speaks for a role"):
            approve_release(stage.in_review(), by=stage.root, reason="I run the site")

    def test_follows_the_level_that_the_project_asks_when_it_goes_out(self, stage: ReleaseStage) -> None:
        release = stage.approved()
        change_setting(stage.project, "separation_of_duties", 3, by=stage.olga, reason="Customer contract")
        with pytest.raises(ValidationError, match="Level 3 needs"):
            publish_release(release, by=stage.olga)
        assert approve_release(release, by=stage.rita).state == Release.State.APPROVED
        assert publish_release(release, by=stage.olga).state == Release.State.RELEASED

    def test_is_given_once_more_when_the_level_was_lowered(self, stage: ReleaseStage) -> None:
        stage.set(separation_of_duties=3)
        release = approve_release(stage.in_review(), by=stage.otto)
        change_setting(stage.project, "separation_of_duties", 1, by=stage.olga, reason="Internal only")
        with pytest.raises(ValidationError, match="once more"):
            publish_release(release, by=stage.olga)
        assert approve_release(release, by=stage.otto).state == Release.State.APPROVED


class TestAuthors:
    def test_are_who_wrote_whose_mark_it_is_and_who_acted(self, stage: ReleaseStage) -> None:
        stage.released()
        mark = Annotation.objects.get(pk=stage.stage.marks[0].pk)
        with operation(by=stage.ravi):
            Annotation.objects.filter(pk=mark.pk).update(value={"box": [7]}, author=stage.rita)
            record(Event.ANNOTATION_SAVED, mark, Actor(stage.otto, "owner"), attributed_to=stage.uma)
        release = stage.proposed(stage.snapshot("v2"))
        found = authors_of(window_of(release))
        assert found == {stage.ravi.pk, stage.rita.pk, stage.otto.pk, stage.uma.pk}

    def test_are_not_who_changed_something_and_brought_it_back(self, stage: ReleaseStage) -> None:
        stage.released()
        for value in ({"box": [7]}, {"box": [1, 2, 3, 4]}):
            mark = Annotation.objects.get(pk=stage.stage.marks[0].pk)
            with operation(by=stage.rita):
                Annotation.objects.filter(pk=mark.pk).update(value=value)
                record(Event.ANNOTATION_SAVED, mark, Actor(stage.rita, "reviewer"))
        assert authors_of(window_of(stage.proposed(stage.snapshot("v2")))) == frozenset()

    def test_are_also_who_took_an_item_out_with_its_marks(self, stage: ReleaseStage) -> None:
        stage.released()
        exclude_item(stage.stage.items[0], by=stage.otto, reason="Blurred")
        assert authors_of(window_of(stage.proposed(stage.snapshot("v2")))) == {stage.otto.pk}


class TestTheSuggestedVersion:
    def suggested(self, stage: ReleaseStage, change: Callable[[], Any], name: str = "v1.4.2") -> tuple[str, str]:
        before = stage.snapshot(name)
        change()
        after = stage.snapshot("next")
        suggestion = suggested_version(before, Comparison(stage.project, before, after).differences)
        return suggestion.version, suggestion.reason

    def test_begins_with_one(self, stage: ReleaseStage) -> None:
        assert str(suggested_version(None, [])) == "1.0.0 (the first release)"

    def test_is_major_when_a_class_means_something_else_or_is_gone(self, stage: ReleaseStage) -> None:
        def redefine() -> None:
            with operation(by=stage.olga):
                LabelClass.objects.filter(pk=stage.stage.gull.pk).update(definition="White and loud")
                LabelClass.objects.filter(pk=stage.stage.tern.pk).update(deprecated=True)

        assert self.suggested(stage, redefine) == ("2.0.0", "1 class removed, 1 class redefined")

    def test_is_minor_when_items_come_or_go(self, stage: ReleaseStage) -> None:
        gone = self.suggested(stage, lambda: exclude_item(stage.stage.items[0], by=stage.olga, reason="Blurred"))
        assert gone == ("1.5.0", "1 item removed")

    def test_is_a_patch_for_corrections(self, stage: ReleaseStage) -> None:
        assert self.suggested(stage, lambda: stage.stage.relabel(0, stage.stage.tern)) == ("1.4.3", "1 correction")

    def test_stays_where_nothing_differs(self, stage: ReleaseStage) -> None:
        assert self.suggested(stage, lambda: None) == ("1.4.2", "nothing differs from v1.4.2")

    def test_says_when_the_name_before_carries_no_number(self, stage: ReleaseStage) -> None:
        version, reason = self.suggested(stage, lambda: stage.stage.relabel(0, stage.stage.tern), "pilot")
        assert (version, reason) == ("1.0.1", "pilot carries no number and counts as 1.0.0; 1 correction")


@pytest.mark.django_db(transaction=True)
def test_of_two_approvals_at_once_only_one_is_kept() -> None:
    stage = set_the_release_stage()
    release = stage.in_review()
    told: list[str] = []

    def approve(by: User) -> None:
        try:
            approve_release(release, by=by)
            told.append("approved")
        except ValidationError as error:
            told.extend(error.messages)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=approve, args=(stage.otto,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(told) == ["You have approved this release, and it counts.", "approved"]
    assert Step.objects.filter(release=release, kind=Step.Kind.APPROVED).count() == 1
    connection.close()
