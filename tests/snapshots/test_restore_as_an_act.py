"""Restoring as an act: who may, what stays accounted for, ten thousand items, the command, two at once."""

from __future__ import annotations

import threading

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.acting import operation
from audit.events import Event
from audit.models import Entry
from labelop.models import Annotation, Item, Project, Verdict
from labelop.services.reviews import decide_review
from snapshots.reconciliation import reconcile
from snapshots.restore import CHANGED_AGAIN, preview_restore
from snapshots.scopes import Everything, OneClass
from snapshots.services.restore import restore
from tests.cast import what_is_left

from .restoring import WHY, content, go_back, mark, value_of
from .stage import Stage, by_hand, run, set_the_stage, tell_the_planner

pytestmark = [pytest.mark.django_db, pytest.mark.stage(set_by=set_the_stage)]


@pytest.fixture
def stage(standing: Stage) -> Stage:
    return standing


class TestRefusals:
    @pytest.mark.parametrize("name", ["ravi", "ana", "uma"])
    def test_who_may_not_changes_nothing(self, stage: Stage, name: str) -> None:
        first = stage.snapshot("v1")
        stage.relabel(0, stage.tern)
        with what_is_left() as left, pytest.raises(PermissionDenied):
            restore(stage.project, first, Everything(), by=getattr(stage, name), reason=WHY)
        assert left.entry.event == Event.ACCESS_DENIED
        assert not left.versions

    def test_without_a_reason_nothing_is_left(self, stage: Stage) -> None:
        first = stage.snapshot("v1")
        stage.relabel(0, stage.tern)
        with what_is_left() as left, pytest.raises(ValidationError, match="say why"):
            restore(stage.project, first, Everything(), by=stage.olga, reason=" ")
        assert not left.operations

    @pytest.mark.parametrize("state", ["frozen", "archived"])
    def test_a_project_at_rest_stays_so(self, stage: Stage, state: str) -> None:
        first = stage.snapshot("v1")
        stage.relabel(0, stage.tern)
        with operation(by=stage.olga):
            Project.objects.filter(pk=stage.project.pk).update(state=state)
        with what_is_left() as left, pytest.raises(ValidationError, match=state):
            go_back(stage, first)
        assert not left.operations

    def test_where_nothing_differs_there_is_nothing_to_restore(self, stage: Stage) -> None:
        first = stage.snapshot("v1")
        stage.relabel(0, stage.tern)
        go_back(stage, first)
        for scope in (Everything(), OneClass(stage.gull)):
            with what_is_left() as left, pytest.raises(ValidationError, match="Nothing differs"):
                go_back(stage, first, scope)
            assert not left.operations

    def test_another_projects_snapshot_is_none(self, stage: Stage) -> None:
        other = set_the_stage("fish").snapshot("v1")
        with pytest.raises(ValidationError, match="no snapshot of"):
            go_back(stage, other)

    def test_what_moved_on_since_its_preview_is_looked_at_again(self, stage: Stage) -> None:
        first = stage.snapshot("v1")
        stage.relabel(0, stage.tern)
        seen = preview_restore(stage.project, first, Everything()).digest
        stage.relabel(1, stage.tern)
        with what_is_left() as left, pytest.raises(ValidationError, match="look again"):
            restore(stage.project, first, Everything(), by=stage.olga, reason=WHY, seen=seen)
        assert not left.operations


class TestReconciliation:
    def test_what_was_restored_is_accounted_for_in_bulk(self, stage: Stage) -> None:
        first = stage.snapshot("v1")
        stage.relabel(0, stage.tern)
        second = stage.snapshot("v2")
        go_back(stage, first)
        third = stage.snapshot("v3")
        assert reconcile(stage.project, second, third).counts["bulk"] == 1
        found = reconcile(stage.project, first, third)
        assert (found.differences, found.returned) == (0, 1)
        assert reconcile(stage.project, None, None).clean

    def test_an_approval_before_it_no_longer_counts(self, stage: Stage) -> None:
        first = stage.snapshot("v1")
        decide_review(stage.relabel(0, stage.tern), Verdict.APPROVED, by=stage.ravi)
        stage.relabel(1, stage.tern)
        second = stage.snapshot("v2")
        stage.relabel(0, box=[3])
        go_back(stage, second)
        counts = reconcile(stage.project, first, stage.snapshot("v3")).counts
        assert (counts["accounted"], counts["bulk"], counts["not_reviewed"]) == (0, 1, 1)

    def test_what_no_act_explained_stays_unexplained(
        self, stage: Stage, unexplained_changes_are_recorded: None
    ) -> None:
        first = stage.snapshot("v1")
        by_hand(stage.marks[0], value={"box": [5]})
        go_back(stage, first)
        assert value_of(stage.marks[0]) == {"box": [1, 2, 3, 4]}
        assert reconcile(stage.project, first, stage.snapshot("v2")).counts["unexplained"] == 1


class TestTenThousandItems:
    def test_end_with_no_difference_and_all_their_newer_history(self) -> None:
        stage = set_the_stage(photos=1)
        with operation(by=stage.olga):
            items = Item.objects.bulk_create(
                Item(project=stage.project, key=f"n{number}", data={"n": number}) for number in range(10_000)
            )
            marks = Annotation.objects.bulk_create(
                Annotation(project=stage.project, item=item, key="1", label_class=stage.gull, value={"box": [1]})
                for item in items[::10]
            )
        first = stage.snapshot("v1")
        tell_the_planner()
        with operation(by=stage.ana):
            Item.objects.filter(pk__in=[item.pk for item in items[:5000]]).update(excluded=True)
            Item.objects.filter(pk__in=[item.pk for item in items[5000:]]).update(split="test")
            Annotation.objects.filter(pk__in=[one.pk for one in marks[::2]]).update(label_class=stage.tern)
        newer = {model: set(model.history.values_list("history_id", flat=True)) for model in (Item, Annotation)}
        with CaptureQueriesContext(connection) as queries:
            done = go_back(stage, first)
        assert done.preview.records == 10_500
        assert len(queries) < 400, "sets of rows, not one query a row"
        assert preview_restore(stage.project, first, Everything()).records == 0
        assert content(stage.snapshot("v2")) == content(first)
        for model, versions in newer.items():
            assert versions <= set(model.history.values_list("history_id", flat=True))


class TestTheCommand:
    @pytest.fixture
    def stage(self) -> Stage:
        stage = set_the_stage()
        stage.snapshot("v1")
        stage.relabel(0, stage.tern)
        mark(stage, 1, stage.ravi, label_class=stage.tern)
        return stage

    def test_previews_and_changes_nothing(self, stage: Stage) -> None:
        with what_is_left() as left:
            ran = run("restore", "birds", "v1", "--dry-run", "--json")
        assert (ran.code, ran.report["entry"], ran.report["records"]) == (0, None, 2)
        assert [(one["kind"], one["key"]) for one in ran.report["differences"]] == [
            ("changed", "annotation/photo-0/1"),
            ("changed", "annotation/photo-1/1"),
        ]
        assert not left.operations

    def test_restores_as_somebody(self, stage: Stage) -> None:
        ran = run("restore", "birds", "v1", "--as", "olga", "--reason", WHY, "--json")
        entry = Entry.objects.get(event=Event.DATA_RESTORED)
        assert (ran.code, ran.report["entry"], entry.actor, entry.channel) == (0, entry.pk, stage.olga, "command")
        assert "records restored" in ran.error

    @pytest.mark.parametrize(
        ("arguments", "scope", "code"),
        [
            (["--class", "tern"], "class tern", 0),
            (["--person", "ana"], "edits of Annotator 3", 0),
            (["--person", "Reviewer 2"], "edits of Reviewer 2", 0),
            (["--from", "2020-01-01"], "edits from 2020-01-01 00:00:00 UTC", 0),
            (["--to", "2999-01-01T10:00Z"], "edits until 2999-01-01 10:00:00 UTC", 0),
        ],
    )
    def test_takes_each_scope(self, stage: Stage, arguments: list[str], scope: str, code: int) -> None:
        ran = run("restore", "birds", "v1", *arguments, "--dry-run", "--json")
        assert (ran.code, ran.report["scope"]) == (code, scope), ran.error
        assert ran.report["records"] in (1, 2)

    def test_ends_with_1_where_something_is_left_alone(self, stage: Stage) -> None:
        mark(stage, 0, stage.ravi, value={"box": [8]})
        ran = run("restore", "birds", "v1", "--person", "ana", "--dry-run")
        assert ran.code == 1
        assert f"left alone: annotation/photo-0/1: {CHANGED_AGAIN}" in ran.out

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["--class", "owl"], "no class owl"),
            (["--person", "nobody"], "nobody called nobody"),
            (["--from", "soon"], "no date"),
            (["--class", "gull", "--person", "ana"], "not several"),
            (["--as", "olga"], "say why"),
            (["--as", "ravi", "--reason", "x"], "cannot restore"),
        ],
    )
    def test_ends_with_2_on_bad_input(self, stage: Stage, arguments: list[str], said: str) -> None:
        ran = run("restore", "birds", "v1", *arguments)
        assert ran.code == 2
        assert said in ran.error


class TestAtOnce:
    pytestmark = pytest.mark.django_db(transaction=True)

    @pytest.mark.skipif("connection.vendor != 'postgresql'")
    def test_a_change_under_way_is_waited_for_and_kept(self, stage: Stage) -> None:
        """Whoever changes a record while it is being restored comes before or after, never in between."""
        first = stage.snapshot("v1")
        stage.relabel(0, stage.tern)
        stage.relabel(1, stage.tern)
        changed, waited = threading.Event(), threading.Event()

        def change() -> None:
            with operation(by=stage.ana):
                Annotation.objects.filter(pk=stage.marks[0].pk).update(value={"box": ["late"]})
                changed.set()
                waited.wait(1)
            connection.close()

        other = threading.Thread(target=change)
        other.start()
        changed.wait(10)
        done = go_back(stage, first)
        other.join()
        waited.set()
        assert value_of(stage.marks[0]) == {"box": [1, 2, 3, 4]}
        (seen,) = [one for one in done.preview.differences if one.key == "annotation/photo-0/1"]
        assert (seen.before or {})["value"] == {"box": ["late"]}
        assert content(stage.snapshot("v2")) == content(first)

    @pytest.mark.skipif("connection.vendor != 'postgresql'")
    def test_only_one_of_two_restores(self, stage: Stage) -> None:
        first = stage.snapshot("v1")
        stage.relabel(0, stage.tern)
        outcomes: list[str] = []
        ready = threading.Barrier(2)

        def act() -> None:
            try:
                ready.wait(10)
                outcomes.append(go_back(stage, first).entry.event)
            except ValidationError as error:
                outcomes.append(error.messages[0])
            finally:
                connection.close()

        threads = [threading.Thread(target=act) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == ["Nothing differs that could be restored.", "data.restored"]
