"""Restoring: an act forward after which what is in the scope is as it was, and nothing newer is lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from audit.acting import operation
from audit.events import Event
from audit.services import record
from labelop.models import Annotation, Item, LabelClass, Origin, Project
from labelop.services.schema import add_class
from labelop.services.work import add_item, exclude_item, reinstate_item
from roles.matrix import Can, Role
from roles.services import authorize, grant_role, service_account, stand_in_for
from snapshots.restore import CHANGED_AGAIN, ITEM_GONE, ITEM_NEW, preview_restore
from snapshots.scopes import EditsBetween, EditsOf, Everything, OneClass
from tests.cast import person, what_is_left

from .restoring import WHY, content, go_back, mark, new_mark, value_of
from .stage import Stage, set_the_stage

pytestmark = [pytest.mark.django_db, pytest.mark.stage(set_by=set_the_stage)]


@pytest.fixture
def stage(standing: Stage) -> Stage:
    return standing


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


def test_roles_assignments_and_settings_are_not_restored(stage: Stage) -> None:
    first = stage.snapshot("v1")
    grant_role(stage.project, person("rosa"), Role.REVIEWER, by=stage.olga, reason="Joined")
    stage.relabel(0, stage.tern)
    with what_is_left() as left:
        go_back(stage, first)
    assert {version.instance_type for version in left.versions} == {Annotation}
    assert service_account("setup").pk not in {version.history_user_id for version in left.versions}
