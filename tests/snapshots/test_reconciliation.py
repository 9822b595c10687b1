"""Reconciliation: each difference has exactly one account of it, and no fault slips through."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection

from audit.acting import operation
from audit.events import Event
from labelop.models import Annotation, Item, Review, Verdict
from labelop.services.reviews import decide_review
from labelop.services.work import add_item
from snapshots.differences import differences
from snapshots.reconciliation import Finding, reconcile
from tests.conftest import triggers_laid_aside
from tests.marks import brought_in

from .stage import Stage, by_hand, set_the_stage

pytestmark = [pytest.mark.django_db, pytest.mark.stage(set_by=set_the_stage)]

MARKS = Annotation._meta.db_table


@pytest.fixture
def stage(standing: Stage) -> Stage:
    return standing


def counted(**counts: int) -> dict[str, int]:
    return {
        **dict.fromkeys(("accounted", "not_reviewed", "bulk", "adjusted", "unexplained", "out_of_step"), 0),
        **counts,
    }


class TestAccounted:
    def test_is_a_change_that_somebody_else_approved_afterwards(self, stage: Stage) -> None:
        first = stage.snapshot("v1")
        decide_review(stage.relabel(0, stage.tern), Verdict.APPROVED, by=stage.ravi)
        assert reconcile(stage.project, first, stage.snapshot("v2")).counts == counted(accounted=1)

    def test_is_a_change_whose_item_was_approved_afterwards(self, stage: Stage) -> None:
        first = stage.snapshot("v1")
        stage.relabel(0, stage.tern)
        decide_review(stage.items[0], Verdict.APPROVED_WITH_FIXES, by=stage.ravi)
        assert reconcile(stage.project, first, stage.snapshot("v2")).counts == counted(accounted=1)

    def test_is_not_one_approved_before_its_last_change(self, stage: Stage) -> None:
        first = stage.snapshot("v1")
        decide_review(stage.relabel(0, stage.tern), Verdict.APPROVED, by=stage.ravi)
        stage.relabel(0, box=[9, 9, 9, 9])
        assert reconcile(stage.project, first, stage.snapshot("v2")).counts == counted(not_reviewed=1)

    def test_is_not_one_approved_after_the_snapshot(self, stage: Stage) -> None:
        first = stage.snapshot("v1")
        mark = stage.relabel(0, stage.tern)
        second = stage.snapshot("v2")
        decide_review(mark, Verdict.APPROVED, by=stage.ravi)
        assert reconcile(stage.project, first, second).counts == counted(not_reviewed=1)

    def test_is_not_one_that_was_rejected_in_the_end(self, stage: Stage) -> None:
        first = stage.snapshot("v1")
        mark = stage.relabel(0, stage.tern)
        decide_review(mark, Verdict.APPROVED, by=stage.ravi)
        decide_review(mark, Verdict.REJECTED, by=stage.ravi, reason="Looked again", reason_code="wrong_class")
        assert reconcile(stage.project, first, stage.snapshot("v2")).counts == counted(not_reviewed=1)

    def test_is_not_one_approved_by_its_author(self, stage: Stage) -> None:
        first = stage.snapshot("v1")
        mark = stage.relabel(0, stage.tern)
        with operation(by=stage.ravi):
            Annotation.objects.filter(pk=mark.pk).update(author=stage.ravi, value={"box": [7]})
        with pytest.raises(PermissionDenied):
            decide_review(mark, Verdict.APPROVED, by=stage.ravi)
        second = stage.snapshot("v2")
        assert reconcile(stage.project, first, second).counts["accounted"] == 0
        assert not Review.objects.exists()


class TestUnexplained:
    def test_is_a_change_by_hand_named_by_table_row_and_field(
        self, stage: Stage, unexplained_changes_are_recorded: None
    ) -> None:
        first = stage.snapshot("v1")
        stage.relabel(1, stage.tern)
        by_hand(stage.marks[0], value={"box": [5, 5, 5, 5]})
        second = stage.snapshot("v2")
        found = reconcile(stage.project, first, second)
        assert found.counts == counted(not_reviewed=1, unexplained=1)
        (finding,) = found.findings
        assert (finding.table, finding.id, finding.field) == (MARKS, stage.marks[0].pk, "box")
        assert finding.operation is not None

    def test_has_its_own_column_in_the_statement_of_classes(
        self, stage: Stage, unexplained_changes_are_recorded: None
    ) -> None:
        first = stage.snapshot("v1")
        by_hand(stage.marks[0], label_class=stage.tern.pk)
        told = differences(stage.project, first, stage.snapshot("v2"))
        assert (told.classes["Gull"]["unexplained"], told.classes["Tern"]["unexplained"]) == (-1, 1)
        assert told.identity["holds"] is True
        assert told.moves == {"Gull>Tern": 1}

    def test_stays_so_when_somebody_approves_it(self, stage: Stage, unexplained_changes_are_recorded: None) -> None:
        first = stage.snapshot("v1")
        by_hand(stage.marks[0], value={"box": [5]})
        decide_review(stage.marks[0], Verdict.APPROVED, by=stage.ravi)
        assert reconcile(stage.project, first, stage.snapshot("v2")).counts == counted(unexplained=1)

    def test_is_found_though_a_later_act_put_it_right(
        self, stage: Stage, unexplained_changes_are_recorded: None
    ) -> None:
        first = stage.snapshot("v1")
        by_hand(stage.marks[0], value={"box": [5]})
        stage.relabel(0, box=[1, 2, 3, 4])
        found = reconcile(stage.project, first, stage.snapshot("v2"))
        assert found.counts["unexplained"] == 1
        assert found.findings[0].id == stage.marks[0].pk


class TestOutOfStep:
    def test_is_a_row_changed_past_the_triggers(self, stage: Stage) -> None:
        first, second = stage.snapshot("v1"), stage.snapshot("v2")
        with triggers_laid_aside(connection):
            by_hand(stage.marks[2], value={"box": [6]})
        assert reconcile(stage.project, first, second).findings == []
        found = reconcile(stage.project, first, second, live=True)
        assert found.counts == counted(out_of_step=1)
        assert found.findings == [Finding(MARKS, stage.marks[2].pk, "box", None)]

    def test_is_looked_for_whenever_no_window_is_given(self, stage: Stage) -> None:
        with triggers_laid_aside(connection):
            by_hand(stage.items[1], split="test")
        found = reconcile(stage.project, None, None)
        assert found.counts["out_of_step"] == 1
        assert found.findings == [Finding(Item._meta.db_table, stage.items[1].pk, "split", None)]
        assert found.live_checked > 8

    def test_is_a_row_that_vanished_past_the_triggers(self, stage: Stage) -> None:
        with triggers_laid_aside(connection):
            Annotation.objects.filter(pk=stage.marks[3].pk)._raw_delete("default")
        found = reconcile(stage.project, None, None)
        assert found.findings == [Finding(MARKS, stage.marks[3].pk, "*", None)]
        assert found.counts["out_of_step"] == 1

    def test_is_a_version_rewritten_past_the_triggers_since_its_hash_differs(self, stage: Stage) -> None:
        first = stage.snapshot("v1")
        stage.relabel(0, stage.tern)
        second = stage.snapshot("v2")
        versions = Annotation.history.model
        oldest = versions.objects.filter(id=stage.marks[0].pk).order_by("history_id").first()
        with triggers_laid_aside(connection):
            by_hand(oldest, value={"box": [0]})
        found = reconcile(stage.project, first, second, live=True)
        assert [finding.field for finding in found.findings] == ["sections.annotations"]


class TestSums:
    def test_what_changed_and_came_back_is_no_difference(self, stage: Stage) -> None:
        first = stage.snapshot("v1")
        stage.relabel(0, stage.tern)
        stage.relabel(0, stage.gull)
        found = reconcile(stage.project, first, stage.snapshot("v2"))
        assert (found.differences, found.returned) == (0, 1)

    def test_the_six_classes_add_up_to_the_differences(
        self, stage: Stage, unexplained_changes_are_recorded: None
    ) -> None:
        first = stage.snapshot("v1")
        decide_review(stage.relabel(0, stage.tern), Verdict.APPROVED, by=stage.ravi)
        stage.relabel(1, stage.tern)
        by_hand(stage.marks[2], value={"box": [5]})
        second = stage.snapshot("v2")
        with triggers_laid_aside(connection):
            by_hand(stage.marks[3], value={"box": [6]})
        found = reconcile(stage.project, first, second, live=True)
        assert found.counts == counted(accounted=1, not_reviewed=1, unexplained=1, out_of_step=1)
        assert sum(found.counts.values()) == found.differences == 4


class TestFiveHundredFaults:
    """Faults of both kinds among as much honest work: all are found, and nothing else is."""

    def test_are_all_found_and_none_is_invented(self, unexplained_changes_are_recorded: None) -> None:
        stage, chance = set_the_stage(photos=1), random.Random(7)
        with operation(by=stage.olga):
            items = [add_item(stage.project, f"n{number}", {}, by=stage.olga) for number in range(60)]
            marks = [
                brought_in(items[number % 60], stage.gull, {"box": [number]}, by=stage.ana) for number in range(600)
            ]
        first = stage.snapshot("v1")
        chance.shuffle(marks)
        hand, aside, honest = marks[:250], marks[250:500], marks[500:]
        wanted: Counter[tuple[int, str, bool]] = Counter()
        for mark in hand:
            wanted[mark.pk, self._spoil(stage, mark, chance), True] += 1
        with operation(by=stage.ana):
            for mark in honest:
                brought_in(mark.item, stage.tern, mark.value, by=stage.ana, key=mark.key)
        second = stage.snapshot("v2")
        with triggers_laid_aside(connection):
            for mark in aside:
                wanted[mark.pk, self._spoil(stage, mark, chance), False] += 1
        found = reconcile(stage.project, first, second, live=True)
        assert {finding.table for finding in found.findings} == {MARKS}
        assert Counter((one.id, one.field, one.operation is not None) for one in found.findings) == wanted
        assert found.counts == counted(not_reviewed=100, unexplained=250, out_of_step=250)

    @staticmethod
    def _spoil(stage: Stage, mark: Annotation, chance: random.Random) -> str:
        """Change one field of a row by hand, and tell what the finding must name."""
        field = chance.choice(["box", "label", "withdrawn", "note"])
        if field == "box":
            by_hand(mark, value={"box": [chance.randint(1000, 2000)]})
        elif field == "note":
            by_hand(mark, value={**mark.value, "note": "x"})
        elif field == "label":
            by_hand(mark, label_class=stage.tern.pk)
        else:
            by_hand(mark, withdrawn=True)
        return field


def test_an_entry_that_explains_nothing_accounts_for_nothing() -> None:
    from audit.events import EXPLAINS_NOTHING

    assert {Event.CHANGE_UNEXPLAINED, Event.ACCESS_DENIED} <= EXPLAINS_NOTHING
