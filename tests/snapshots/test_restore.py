"""Restoring: an act forward after which what is in the scope is as it was, and nothing newer is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.acting import operation
from audit.events import Event
from audit.models import Entry
from audit.services import record
from labelop.models import Annotation, Item, LabelClass, Origin, Project, Verdict
from labelop.services.reviews import decide_review
from labelop.services.schema import add_class
from labelop.services.work import add_item, exclude_item, reinstate_item
from roles.matrix import Can, Role
from roles.models import User
from roles.services import authorize, grant_role, service_account, stand_in_for
from snapshots.models import Snapshot
from snapshots.reconciliation import reconcile
from snapshots.restore import CHANGED_AGAIN, ITEM_GONE, ITEM_NEW, preview_restore
from snapshots.scopes import EditsBetween, EditsOf, Everything, OneClass, Scope
from snapshots.services.restore import Done, restore
from tests.cast import person, what_is_left

from .stage import Stage, by_hand, run, set_the_stage, tell_the_planner

pytestmark = pytest.mark.django_db

WHY = "The guideline of May was a mistake"


@pytest.fixture
def stage() -> Stage:
    return set_the_stage()


def mark(stage: Stage, place: int, by: User, at: datetime | None = None, **columns: Any) -> None:
    """Somebody changes a mark, by an act of theirs."""
    with operation(by=by, at=at):
        Annotation.objects.filter(pk=stage.marks[place].pk).update(**columns)


def new_mark(stage: Stage, place: int, by: User, key: str = "9") -> Annotation:
    with operation(by=by):
        return Annotation.objects.create(
            project=stage.project,
            item=stage.items[place],
            key=key,
            label_class=stage.tern,
            value={"box": [0]},
            author=by,
        )


def go_back(stage: Stage, snapshot: Snapshot, scope: Scope | None = None) -> Done:
    return restore(stage.project, snapshot, scope or Everything(), by=stage.olga, reason=WHY)


def content(snapshot: Snapshot, *sections: str) -> dict[str, Any]:
    kept = snapshot.sealed("sections")
    return {section: kept[section] for section in sections or ("items", "annotations", "schema")}


def value_of(annotation: Annotation) -> Any:
    return Annotation.objects.get(pk=annotation.pk).value


class TestEverything:
    def test_goes_back_to_the_same_content_by_one_act(self, stage: Stage) -> None:
        first = stage.snapshot("v1")
        stage.relabel(0, stage.tern, box=[9])
        exclude_item(stage.items[1], by=stage.olga, reason="Blurred")
        added = add_item(stage.project, "new", {}, by=stage.olga)
        fresh = new_mark(stage, 2, stage.ana)
        mark(stage, 3, stage.ana, withdrawn=True)
        assert content(stage.snapshot("v2")) != content(first)
        with what_is_left() as left:
            done = go_back(stage, first)
        assert content(stage.snapshot("v3")) == content(first)
        assert (left.entry.event, left.entry.impact, left.entry.records) == (Event.DATA_RESTORED, 3, 5)
        assert left.entry.reason == WHY
        assert left.entry.after == {
            "snapshot": "v1",
            "manifest_hash": first.manifest_hash,
            "scope": "everything",
            "left_alone": 0,
        }
        assert left.operations == {left.entry.operation}
        assert len(left.versions) == 5, "one new version of each row, and none is gone"
        assert done.entry == left.entry
        assert Item.objects.get(pk=added.pk).excluded
        assert Annotation.objects.get(pk=fresh.pk).withdrawn

    def test_is_previewed_as_now_and_then(self, stage: Stage) -> None:
        first = stage.snapshot("v1")
        stage.relabel(0, stage.tern)
        exclude_item(stage.items[1], by=stage.olga, reason="Blurred")
        with what_is_left() as left:
            preview = preview_restore(stage.project, first, Everything())
        assert [(one.kind, one.key) for one in preview.differences] == [
            ("added", "item/photo-1"),
            ("changed", "annotation/photo-0/1"),
            ("added", "annotation/photo-1/1"),
        ]
        changed = preview.differences[1]
        assert (changed.before or {})["class"] == "tern"
        assert (changed.after or {})["class"] == "gull"
        assert (preview.records, preview.unseen, preview.left_alone) == (2, 0, [])
        assert not left.operations

    def test_brings_author_origin_and_edition_back_with_a_mark(self, stage: Stage) -> None:
        first = stage.snapshot("v1")
        with operation(by=stage.olga):
            LabelClass.objects.filter(pk=stage.tern.pk).update(edition=2, definition="Terns and skimmers")
        mark(stage, 0, stage.ravi, author=stage.ravi, origin=Origin.REVIEWER_FIX, edition=2, label_class=stage.tern)
        go_back(stage, first, OneClass(stage.gull))
        back = Annotation.objects.get(pk=stage.marks[0].pk)
        assert (back.author, back.origin, back.edition, back.label_class) == (stage.ana, "human", 1, stage.gull)

    def test_marks_hidden_with_their_item_go_back_too(self, stage: Stage) -> None:
        """Else they would come into view with it and differ."""
        first = stage.snapshot("v1")
        mark(stage, 0, stage.ana, value={"box": [7]})
        new_mark(stage, 0, stage.ana)
        exclude_item(stage.items[0], by=stage.olga, reason="Blurred")
        go_back(stage, first)
        assert content(stage.snapshot("v2")) == content(first)

    def test_an_item_that_was_out_goes_out_again(self, stage: Stage) -> None:
        exclude_item(stage.items[0], by=stage.olga, reason="Blurred")
        first = stage.snapshot("v1")
        reinstate_item(stage.items[0], by=stage.olga)
        stage.relabel(0, stage.tern)
        preview = preview_restore(stage.project, first, Everything())
        assert [one.kind for one in preview.differences] == ["removed", "removed"]
        go_back(stage, first)
        assert content(stage.snapshot("v2")) == content(first)

    def test_a_mark_deleted_by_hand_comes_back(self, stage: Stage, unexplained_changes_are_recorded: None) -> None:
        first = stage.snapshot("v1")
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM labelop_annotation WHERE id = %s", [stage.marks[0].pk])
        (difference,) = preview_restore(stage.project, first, Everything()).differences
        assert (difference.kind, difference.key) == ("added", "annotation/photo-0/1")
        go_back(stage, first)
        assert content(stage.snapshot("v2")) == content(first)
        assert Annotation.objects.get(pk=stage.marks[0].pk).author == stage.ana

    def test_true_is_another_value_than_one(self, stage: Stage) -> None:
        first = stage.snapshot("v1")
        mark(stage, 0, stage.ana, value={"box": [True, 2, 3, 4]})
        go_back(stage, first)
        assert content(stage.snapshot("v2")) == content(first)

    def test_it_can_be_undone_by_going_back_to_what_was_newer(self, stage: Stage) -> None:
        first = stage.snapshot("v1")
        stage.relabel(0, stage.tern)
        add_item(stage.project, "new", {}, by=stage.olga)
        second = stage.snapshot("v2")
        go_back(stage, first)
        go_back(stage, second)
        assert content(stage.snapshot("v3")) == content(second)


class TestSchema:
    def test_classes_go_back_and_new_ones_are_deprecated_never_deleted(self, stage: Stage) -> None:
        first = stage.snapshot("v1")
        with operation(by=stage.olga):
            LabelClass.objects.filter(pk=stage.gull.pk).update(name="Larus", definition="Gulls only", edition=2)
        owl = add_class(stage.project, "owl", "Owl", by=stage.olga)
        go_back(stage, first)
        gull = LabelClass.objects.get(pk=stage.gull.pk)
        assert (gull.name, gull.definition, gull.edition) == ("Gull", "", 1)
        assert LabelClass.objects.get(pk=owl.pk).deprecated

    def test_a_frozen_schema_stays(self, stage: Stage) -> None:
        first = stage.snapshot("v1")
        stage.relabel(0, stage.tern)
        with operation(by=stage.olga):
            LabelClass.objects.filter(pk=stage.gull.pk).update(name="Larus")
            Project.objects.filter(pk=stage.project.pk).update(schema_frozen=True)
        assert go_back(stage, first).preview.records == 1
        assert LabelClass.objects.get(pk=stage.gull.pk).name == "Larus"

    def test_a_smaller_scope_leaves_it(self, stage: Stage) -> None:
        first = stage.snapshot("v1")
        stage.relabel(0, stage.tern)
        with operation(by=stage.olga):
            LabelClass.objects.filter(pk=stage.gull.pk).update(name="Larus")
        go_back(stage, first, OneClass(stage.gull))
        go_back_again = preview_restore(stage.project, first, EditsBetween())
        assert go_back_again.records == 0
        assert LabelClass.objects.get(pk=stage.gull.pk).name == "Larus"


class TestOneClass:
    def test_takes_what_is_or_was_of_it_and_nothing_else(self, stage: Stage) -> None:
        mark(stage, 1, stage.ana, label_class=stage.tern)
        first = stage.snapshot("v1")
        mark(stage, 0, stage.ana, label_class=stage.tern)
        mark(stage, 1, stage.ana, label_class=stage.gull)
        mark(stage, 2, stage.ana, value={"box": [5]})
        fresh = new_mark(stage, 3, stage.ana)
        done = go_back(stage, first, OneClass(stage.tern))
        classes = [Annotation.objects.get(pk=one.pk).label_class for one in stage.marks]
        assert classes == [stage.gull, stage.tern, stage.gull, stage.gull]
        assert value_of(stage.marks[2]) == {"box": [5]}
        assert Annotation.objects.get(pk=fresh.pk).withdrawn
        assert done.preview.records == 3
        assert stage.snapshot("v2").sealed("counts")["annotations"] == first.sealed("counts")["annotations"]

    def test_tells_of_marks_that_follow_their_item(self, stage: Stage) -> None:
        exclude_item(stage.items[1], by=stage.olga, reason="Blurred")
        first = stage.snapshot("v1")
        exclude_item(stage.items[0], by=stage.olga, reason="Blurred")
        reinstate_item(stage.items[1], by=stage.olga)
        preview = preview_restore(stage.project, first, OneClass(stage.gull))
        assert [(one.key, one.why) for one in preview.left_alone] == [
            ("annotation/photo-0/1", ITEM_GONE),
            ("annotation/photo-1/1", ITEM_NEW),
        ]

    def test_of_another_project_is_refused(self, stage: Stage) -> None:
        first, other = stage.snapshot("v1"), set_the_stage("fish")
        with pytest.raises(ValidationError, match="no class of"):
            preview_restore(stage.project, first, OneClass(other.gull))


class TestOnePersonsEdits:
    def test_go_back_to_before_their_last_run_and_keep_what_others_did_before(self, stage: Stage) -> None:
        first = stage.snapshot("v1")
        mark(stage, 0, stage.ana, value={"box": ["ana"]})
        mark(stage, 0, stage.ravi, value={"box": ["ravi"]})
        mark(stage, 0, stage.ana, value={"box": ["ana again"]})
        mark(stage, 0, stage.ana, value={"box": ["ana once more"]})
        mark(stage, 1, stage.ravi, value={"box": ["ravi"]})
        done = go_back(stage, first, EditsOf(stage.ana, stage.project))
        assert value_of(stage.marks[0]) == {"box": ["ravi"]}
        assert value_of(stage.marks[1]) == {"box": ["ravi"]}
        assert (done.preview.records, done.preview.left_alone) == (1, [])

    def test_are_left_alone_where_somebody_else_came_after_them(self, stage: Stage) -> None:
        first = stage.snapshot("v1")
        mark(stage, 0, stage.ana, value={"box": ["ana"]})
        mark(stage, 0, stage.ravi, value={"box": ["ravi"]})
        mark(stage, 1, stage.ana, value={"box": ["ana"]})
        done = go_back(stage, first, EditsOf(stage.ana, stage.project))
        assert [(one.key, one.why) for one in done.preview.left_alone] == [("annotation/photo-0/1", CHANGED_AGAIN)]
        assert value_of(stage.marks[0]) == {"box": ["ravi"]}
        assert value_of(stage.marks[1]) == {"box": [1, 2, 3, 4]}
        assert (done.entry.after or {})["left_alone"] == 1

    def test_take_out_what_the_person_added(self, stage: Stage) -> None:
        first = stage.snapshot("v1")
        fresh, other = new_mark(stage, 0, stage.ana), new_mark(stage, 1, stage.ravi)
        go_back(stage, first, EditsOf(stage.ana, stage.project))
        assert Annotation.objects.get(pk=fresh.pk).withdrawn
        assert not Annotation.objects.get(pk=other.pk).withdrawn

    def test_are_also_those_that_an_imported_history_attributes_to_them(self, stage: Stage) -> None:
        first = stage.snapshot("v1")
        kim = stand_in_for("kim", slug="birds")
        with operation(by=stage.olga):
            Annotation.objects.filter(pk=stage.marks[0].pk).update(value={"box": ["kim"]})
            actor = authorize(stage.olga, Can.IMPORT_HISTORY, stage.project)
            record(Event.ANNOTATION_SAVED, stage.marks[0], actor, attributed_to=kim)
        mark(stage, 1, stage.olga, value={"box": ["olga"]})
        done = go_back(stage, first, EditsOf(kim, stage.project))
        assert value_of(stage.marks[0]) == {"box": [1, 2, 3, 4]}
        assert value_of(stage.marks[1]) == {"box": ["olga"]}
        assert "imported history" in (done.entry.after or {})["scope"]

    def test_are_told_by_pseudonym(self, stage: Stage) -> None:
        first = stage.snapshot("v1")
        mark(stage, 0, stage.ana, value={"box": ["ana"]})
        done = go_back(stage, first, EditsOf(stage.ana, stage.project))
        assert (done.entry.after or {})["scope"] == "edits of Annotator 3"


class TestATimeRange:
    @pytest.fixture
    def hours(self) -> Callable[[int], datetime]:
        noon = timezone.now() + timedelta(days=1)
        return lambda hour: noon + timedelta(hours=hour)

    def test_is_undone_from_its_first_change_on(self, stage: Stage, hours: Callable[[int], datetime]) -> None:
        first = stage.snapshot("v1")
        for hour in (1, 2, 3):
            mark(stage, 0, stage.ana, at=hours(hour), value={"box": [hour]})
        done = go_back(stage, first, EditsBetween(hours(2), hours(4)))
        assert value_of(stage.marks[0]) == {"box": [1]}
        assert done.preview.records == 1

    def test_begins_with_its_start_and_ends_before_its_end(
        self, stage: Stage, hours: Callable[[int], datetime]
    ) -> None:
        first = stage.snapshot("v1")
        for place, hour in enumerate((1, 2, 3)):
            mark(stage, place, stage.ana, at=hours(hour), value={"box": [hour]})
        go_back(stage, first, EditsBetween(hours(2), hours(3)))
        assert [value_of(one)["box"] for one in stage.marks[:3]] == [[1], [1, 2, 3, 4], [3]]

    def test_leaves_alone_what_was_changed_again_after_it(self, stage: Stage, hours: Callable[[int], datetime]) -> None:
        first = stage.snapshot("v1")
        mark(stage, 0, stage.ana, at=hours(1), value={"box": [1]})
        mark(stage, 0, stage.ana, at=hours(5), value={"box": [5]})
        preview = preview_restore(stage.project, first, EditsBetween(hours(0), hours(2)))
        assert [(one.key, one.why) for one in preview.left_alone] == [("annotation/photo-0/1", CHANGED_AGAIN)]
        assert preview.records == 0

    def test_reaches_no_further_back_than_the_snapshot(self, stage: Stage, hours: Callable[[int], datetime]) -> None:
        mark(stage, 0, stage.ana, at=hours(1), value={"box": [1]})
        first = stage.snapshot("v1")
        mark(stage, 0, stage.ana, at=hours(2), value={"box": [2]})
        go_back(stage, first, EditsBetween(hours(-99), None))
        assert value_of(stage.marks[0]) == {"box": [1]}

    def test_does_not_end_before_it_begins(self, stage: Stage, hours: Callable[[int], datetime]) -> None:
        with pytest.raises(ValidationError, match="ends before"):
            preview_restore(stage.project, stage.snapshot("v1"), EditsBetween(hours(2), hours(2)))


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


def test_roles_assignments_and_settings_are_not_restored(stage: Stage) -> None:
    first = stage.snapshot("v1")
    grant_role(stage.project, person("rosa"), Role.REVIEWER, by=stage.olga, reason="Joined")
    stage.relabel(0, stage.tern)
    with what_is_left() as left:
        go_back(stage, first)
    assert {version.instance_type for version in left.versions} == {Annotation}
    assert service_account("setup").pk not in {version.history_user_id for version in left.versions}
