"""Renamed and redefined classes between two snapshots: said as what they are, and never as relabellings."""

from __future__ import annotations

from dataclasses import asdict

import pytest
from django.test import Client

from audit.acting import operation
from labelop.models import LabelClass
from labelop.services.schema import add_class, deprecate_class, redefine_class, rename_class
from snapshots.content import State
from snapshots.counts import whole_tally
from snapshots.differences import ClassChange, differences
from snapshots.models import Snapshot
from snapshots.reconciliation import Accounting, reconcile
from snapshots.statement import statement_of

from .stage import Stage, run, set_the_stage

pytestmark = [pytest.mark.django_db, pytest.mark.stage(set_by=set_the_stage)]


@pytest.fixture
def stage(standing: Stage) -> Stage:
    return standing


def rename(stage: Stage, label_class: LabelClass, name: str) -> None:
    rename_class(label_class, name, by=stage.olga, reason="As the customer calls it")


def check_against_the_whole(snapshot: Snapshot) -> None:
    whole = whole_tally(State(snapshot.project_id, snapshot.cut)).sealed()
    assert {name: getattr(snapshot, name) for name in ("sections", "counts", "content_hash")} == {
        name: whole[name] for name in ("sections", "counts", "content_hash")
    }


def test_a_rename_is_no_relabelling_and_is_said(stage: Stage) -> None:
    first = stage.snapshot("v1")
    rename(stage, stage.gull, "Seagull")
    second = stage.snapshot("v2")
    told = differences(stage.project, first, second)
    assert (told.moves, told.added, told.removed, told.changed, told.fields) == ({}, [], [], [], {})
    assert told.unchanged == 4
    assert told.schema == [ClassChange("gull", "changed", "Gull", "Seagull", ["name"])]
    assert told.classes.keys() == {"Seagull", "Tern"}
    row = told.classes["Seagull"]
    assert (row.pop("opening"), row.pop("closing")) == (4, 4)
    assert set(row.values()) == {0}
    assert told.identity["holds"] is True
    check_against_the_whole(second)
    assert second.content_hash != first.content_hash, "the name is content"
    assert second.sealed("sections")["annotations"] == first.sealed("sections")["annotations"]


def test_a_rename_is_one_difference_of_the_schema_and_accounted_for(stage: Stage) -> None:
    first = stage.snapshot("v1")
    rename(stage, stage.gull, "Seagull")
    found = reconcile(stage.project, first, stage.snapshot("v2"), live=True)
    (record,) = found.records
    assert (record.difference.section, record.difference.fields) == ("schema", ["name"])
    assert record.verdict == Accounting.NOT_REVIEWED
    assert (found.returned, found.findings) == (0, [])


def test_a_mark_relabelled_beside_a_rename_moves_under_the_name_of_the_later_snapshot(stage: Stage) -> None:
    first = stage.snapshot("v1")
    stage.relabel(0, stage.tern)
    rename(stage, stage.gull, "Seagull")
    rename(stage, stage.tern, "Sea swallow")
    told = differences(stage.project, first, stage.snapshot("v2"))
    assert told.moves == {"Seagull>Sea swallow": 1}
    assert (told.classes["Seagull"]["opening"], told.classes["Seagull"]["closing"]) == (4, 3)
    assert told.classes["Sea swallow"]["moved_in"] == 1
    assert told.identity["holds"] is True


def test_names_that_two_classes_exchange_are_told_apart(stage: Stage) -> None:
    stage.relabel(0, stage.tern)
    first = stage.snapshot("v1")
    rename(stage, stage.gull, "Other")
    rename(stage, stage.tern, "Gull")
    rename(stage, LabelClass.objects.get(pk=stage.gull.pk), "Tern")
    second = stage.snapshot("v2")
    told = differences(stage.project, first, second)
    assert told.moves == {}
    assert {name: (row["opening"], row["closing"]) for name, row in told.classes.items()} == {
        "Tern": (3, 3),
        "Gull": (1, 1),
    }
    statement = statement_of(stage.project, first, second)
    assert statement is not None
    assert {row["name"]: row["was"] for row in statement.rows} == {"Tern": "Gull", "Gull": "Tern"}


def test_classes_that_came_to_share_a_name_keep_a_line_each(stage: Stage) -> None:
    """No service lets them; a history brought in, or a hand in the database, can."""
    first = stage.snapshot("v1")
    with operation(by=stage.olga):
        LabelClass.objects.filter(pk=stage.tern.pk).update(name="Gull")
    stage.relabel(0, stage.tern)
    told = differences(stage.project, first, stage.snapshot("v2"))
    assert {name: (row["opening"], row["closing"]) for name, row in told.classes.items()} == {
        "Gull (gull)": (4, 3),
        "Gull (tern)": (0, 1),
    }
    assert told.moves == {"Gull (gull)>Gull (tern)": 1}
    assert told.identity["holds"] is True


def test_a_redefinition_is_no_relabelling_and_is_said(stage: Stage) -> None:
    first = stage.snapshot("v1")
    redefine_class(stage.gull, definition="Any gull", geometry="box", by=stage.olga, reason="Guideline 2")
    second = stage.snapshot("v2")
    told = differences(stage.project, first, second)
    assert (told.moves, told.changed, told.unchanged) == ({}, [], 4)
    assert told.schema == [ClassChange("gull", "changed", "Gull", "Gull", ["definition", "geometry"])]
    assert told.classes["Gull"]["closing"] == 4
    check_against_the_whole(second)


def test_classes_that_come_and_go_out_of_use_are_said(stage: Stage) -> None:
    first = stage.snapshot("v1")
    add_class(stage.project, "sea/duck", "Duck", by=stage.olga)
    deprecate_class(stage.tern, by=stage.olga, reason="None left")
    told = differences(stage.project, first, stage.snapshot("v2"))
    assert told.schema == [
        ClassChange("sea/duck", "added", "", "Duck", []),
        ClassChange("tern", "changed", "Tern", "Tern", ["deprecated"]),
    ]


def test_the_command_says_it(stage: Stage) -> None:
    first = stage.snapshot("v1")
    rename(stage, stage.gull, "Seagull")
    second = stage.snapshot("v2")
    said = run("differences", "birds", "v1", "v2").out
    assert "class Gull, now Seagull: name changed" in said
    report = run("differences", "birds", "v1", "v2", "--json").report
    assert report == asdict(differences(stage.project, first, second))
    assert (report["moves"], list(report["classes"])) == ({}, ["Seagull", "Tern"])


@pytest.mark.parametrize("impact", ["high", "all"])
def test_the_page_says_it(stage: Stage, impact: str) -> None:
    stage.snapshot("v1")
    rename(stage, stage.gull, "Seagull")
    second = stage.snapshot("v2")
    client = Client()
    client.force_login(stage.ravi)
    answer = client.get(f"/projects/birds/snapshots/{second.number}/", {"impact": impact})
    statement = answer.context["statement"]
    assert (statement.moves, statement.troubled) == ({}, False)
    [line] = answer.context["differences"].lines
    assert (line.section, line.kind, line.gist) == ("class", "changed", "name Gull → Seagull")
    assert [told.entry.event for told in line.acts] == ["class.renamed"]
    decisions = [decided for part in answer.context["timeline"].earlier for decided in part.decisions]
    assert "class.renamed" in [line.entry.event for decided in decisions for line in decided.lines]
    page = answer.content.decode()
    assert "Relabelled" not in page
    assert "was Gull" in page
