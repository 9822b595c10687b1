"""Snapshots: named, immutable cuts whose hashes follow the content and nothing else."""

from __future__ import annotations

import random
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, transaction

from audit.acting import operation
from audit.events import Event
from audit.models import Entry
from labelop.models import Annotation, Item, LabelClass
from labelop.services.work import add_item, exclude_item, reinstate_item
from snapshots.content import State
from snapshots.counts import whole_tally
from snapshots.differences import differences
from snapshots.models import Snapshot
from snapshots.reconciliation import reconcile
from snapshots.services import snapshots as service
from snapshots.services.snapshots import seal_snapshot, seal_snapshots, take_snapshot
from tests.marks import brought_in, taken_back

from .stage import Stage, by_hand, set_the_stage

pytestmark = [pytest.mark.django_db, pytest.mark.stage(set_by=set_the_stage)]


@pytest.fixture
def stage(standing: Stage) -> Stage:
    return standing


class TestTakingASnapshot:
    def test_names_the_state_of_a_project(self, stage: Stage) -> None:
        taken = take_snapshot(stage.project, "v1", by=stage.olga, note="First look")
        snapshot = taken.snapshot
        assert (snapshot.name, snapshot.number, snapshot.note, snapshot.parent) == ("v1", 1, "First look", None)
        assert snapshot.sealed("sections")["items"]["count"] == 4
        assert snapshot.sealed("counts")["annotations"] == {"gull": 4}
        assert 0 < taken.seconds_gate_held < 60
        assert taken.seconds_gate_waited >= 0

    def test_is_refused_to_who_may_not_and_leaves_nothing_behind(self, stage: Stage) -> None:
        for somebody in (stage.ravi, stage.ana, stage.uma):
            with pytest.raises(PermissionDenied):
                take_snapshot(stage.project, "v1", by=somebody)
        assert not Snapshot.objects.exists()
        assert not Entry.objects.filter(event=Event.SNAPSHOT_TAKEN).exists()

    def test_leaves_one_entry_and_one_of_its_sealing(self, stage: Stage) -> None:
        before = Entry.objects.count()
        snapshot = take_snapshot(stage.project, "v1", by=stage.olga, reason="Before training").snapshot
        taken, sealed = Entry.objects.order_by("id")[before:]
        assert (taken.event, taken.reason, taken.role) == (Event.SNAPSHOT_TAKEN, "Before training", "owner")
        assert sealed.event == Event.SNAPSHOT_SEALED
        assert sealed.after == {"content_hash": snapshot.content_hash, "manifest_hash": snapshot.manifest_hash}
        assert snapshot.entry == taken

    def test_changes_nothing_that_would_need_an_explanation(self, stage: Stage) -> None:
        first, second = stage.snapshot("v1"), stage.snapshot("v2")
        assert reconcile(stage.project, first, second, live=True).differences == 0
        assert first.content_hash == second.content_hash
        assert first.manifest_hash != second.manifest_hash

    def test_joins_no_act_under_way(self, stage: Stage) -> None:
        with operation(by=stage.olga), pytest.raises(RuntimeError, match="between acts"):
            take_snapshot(stage.project, "v1", by=stage.olga)
        assert not Snapshot.objects.exists()

    def test_refuses_a_name_that_is_taken_or_empty(self, stage: Stage) -> None:
        stage.snapshot("v1")
        for name in ("v1", ""):
            with pytest.raises(ValidationError):
                stage.snapshot(name)
        assert Snapshot.objects.count() == 1

    def test_another_project_may_use_the_same_name(self, stage: Stage) -> None:
        assert stage.snapshot("v1").name == set_the_stage("ships").snapshot("v1").name


class TestASnapshotOnceTaken:
    @pytest.mark.parametrize(
        "change",
        [
            {"name": "other"},
            {"note": "other"},
            {"number": 7},
            {"cut": {}},
            {"content_hash": "0" * 64},
            {"manifest_hash": None},
            {"sections": {}},
            {"states": b"0"},
            {"counts": None},
        ],
    )
    def test_is_never_changed(self, stage: Stage, change: dict[str, Any]) -> None:
        snapshot = stage.snapshot("v1")
        with pytest.raises(DatabaseError, match="is refused"), transaction.atomic():
            Snapshot.objects.filter(pk=snapshot.pk).update(**change)

    def test_is_never_deleted(self, stage: Stage) -> None:
        snapshot = stage.snapshot("v1")
        with pytest.raises(DatabaseError, match="is refused"), transaction.atomic():
            Snapshot.objects.filter(pk=snapshot.pk)._raw_delete("default")

    def test_interrupted_before_its_hashes_is_sealed_by_any_later_call(
        self, stage: Stage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for later in (
            lambda snapshot: seal_snapshots(stage.project),
            lambda snapshot: seal_snapshot(snapshot),
            lambda snapshot: stage.snapshot(f"after {snapshot.name}"),
        ):
            snapshot = self._interrupted(stage, f"cut {Snapshot.objects.count()}", monkeypatch)
            assert snapshot.manifest_hash is None
            later(snapshot)
            snapshot.refresh_from_db()
            assert snapshot.manifest_hash is not None
            assert Entry.objects.filter(event=Event.SNAPSHOT_SEALED, subject_id=snapshot.pk).count() == 1

    def test_tells_its_cut_even_if_sealed_after_more_was_changed(
        self, stage: Stage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        whole = stage.snapshot("whole")
        cut = self._interrupted(stage, "cut", monkeypatch)
        stage.relabel(0, stage.tern)
        assert seal_snapshot(cut).content_hash == whole.content_hash

    @staticmethod
    def _interrupted(stage: Stage, name: str, monkeypatch: pytest.MonkeyPatch) -> Snapshot:
        def stop(snapshot: Snapshot) -> Snapshot:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(service, "seal_snapshot", stop)
            with pytest.raises(KeyboardInterrupt):
                stage.snapshot(name)
        return Snapshot.objects.get(project=stage.project, name=name)


class TestHashes:
    @pytest.mark.parametrize("seed", range(4))
    def test_carried_on_they_equal_those_computed_anew(self, stage: Stage, seed: int) -> None:
        chance = random.Random(seed)
        for number in range(6):
            for _ in range(chance.randint(0, 6)):
                _edit_something(stage, chance)
            _check_against_the_whole(stage.snapshot(f"v{number}"))

    def test_an_excluded_item_goes_with_its_annotations_and_comes_back_with_them(self, stage: Stage) -> None:
        first = stage.snapshot("v1")
        exclude_item(stage.items[0], by=stage.olga, reason="Blurred")
        second = stage.snapshot("v2")
        _check_against_the_whole(second)
        told = differences(stage.project, first, second)
        assert (told.removed, told.changed, told.unchanged) == (["photo-0"], [], 3)
        assert told.classes["Gull"] == {
            "opening": 4,
            "added": 0,
            "moved_in": 0,
            "moved_out": 0,
            "removed": 1,
            "unexplained": 0,
            "closing": 3,
        }
        reinstate_item(stage.items[0], by=stage.olga, reason="Sharp enough")
        third = stage.snapshot("v3")
        _check_against_the_whole(third)
        told = differences(stage.project, second, third)
        assert told.added == ["photo-0"]
        assert told.classes["Gull"]["added"] == 1
        assert third.content_hash == first.content_hash
        assert differences(stage.project, first, third).unchanged == 4

    @pytest.mark.parametrize("what", ["class", "item"])
    def test_follow_a_key_that_somebody_changed_by_hand(
        self, stage: Stage, what: str, unexplained_changes_are_recorded: None
    ) -> None:
        first = stage.snapshot("v1")
        by_hand(stage.gull if what == "class" else stage.items[1], key="renamed")
        second = stage.snapshot("v2")
        _check_against_the_whole(second)
        assert second.content_hash != first.content_hash

    def test_are_the_same_for_the_same_content_in_another_project(self, stage: Stage) -> None:
        elsewhere = set_the_stage("elsewhere")
        one, other = stage.snapshot("v1"), elsewhere.snapshot("v1")
        assert one.content_hash == other.content_hash
        assert one.manifest_hash != other.manifest_hash
        elsewhere.relabel(0, elsewhere.tern)
        assert elsewhere.snapshot("v2").content_hash != one.content_hash

    def test_a_class_by_another_name_is_no_relabelling(self, stage: Stage) -> None:
        first = stage.snapshot("v1")
        with operation(by=stage.olga):
            LabelClass.objects.filter(pk=stage.gull.pk).update(name="Seagull")
        second = stage.snapshot("v2")
        told = differences(stage.project, first, second)
        assert (told.moves, told.changed) == ({}, [])
        assert told.classes["Seagull"]["closing"] == 4
        assert told.identity["holds"] is True


def _check_against_the_whole(snapshot: Snapshot) -> None:
    whole = whole_tally(State(snapshot.project_id, snapshot.cut)).sealed()
    kept = {name: getattr(snapshot, name) for name in whole}
    kept["states"] = bytes(kept["states"])
    assert kept == whole


def _edit_something(stage: Stage, chance: random.Random) -> None:
    item = chance.choice(list(Item.objects.filter(project=stage.project).order_by("pk")))
    marks = list(Annotation.objects.filter(item=item, withdrawn=False).order_by("pk"))
    act = chance.choice(["add", "mark", "mark", "change", "change", "withdraw", "exclude", "reinstate"])
    label = chance.choice([stage.gull, stage.tern])
    if act == "add":
        number = Item.objects.filter(project=stage.project).count()
        add_item(stage.project, f"photo-{number}", {}, by=stage.olga, split=chance.choice(["", "test"]))
    elif act == "mark":
        brought_in(item, label, {"box": [chance.randint(0, 3), 0.5]}, by=stage.ana)
    elif act == "change" and marks:
        brought_in(item, label, {"box": [chance.randint(0, 3)]}, by=stage.ana, key=chance.choice(marks).key)
    elif act == "withdraw" and marks:
        taken_back(chance.choice(marks), by=stage.ana)
    elif act == "exclude" and not item.excluded:
        exclude_item(item, by=stage.olga, reason="Blurred")
    elif act == "reinstate" and item.excluded:
        reinstate_item(item, by=stage.olga)
