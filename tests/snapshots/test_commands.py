"""The commands: one JSON document on standard output, all else on standard error, and what exit codes mean."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from audit.models import Entry
from labelop.models import Verdict
from labelop.services.reviews import decide_review
from labelop.services.work import exclude_item
from roles.models import User
from snapshots.models import Snapshot
from tests.conftest import triggers_laid_aside

from .stage import Stage, by_hand, run, set_the_stage, short_story, written


def set_for_reports() -> Stage:
    """Between v1 and v2 Ana relabelled, Ravi approved, and Olga excluded a photo."""
    stage = set_the_stage()
    stage.snapshot("v1")
    decide_review(stage.relabel(0, stage.tern), Verdict.APPROVED, by=stage.ravi)
    exclude_item(stage.items[1], by=stage.olga, reason="Blurred | and <b>dark</b>")
    stage.snapshot("v2")
    return stage


pytestmark = [pytest.mark.django_db, pytest.mark.stage(set_by=set_for_reports)]


@pytest.fixture
def stage(standing: Stage) -> Stage:
    return standing


class TestReports:
    def test_replay(self, tmp_path: Path) -> None:
        ran = run("replay", written(tmp_path / "story", short_story()), "--project", "story", "--json")
        assert ran.code == 0
        assert ran.report == {
            "items": 2,
            "changes": 6,
            "operations": 4,
            "snapshots": 3,
            "new_operations": 4,
            "left_out": [],
        }
        assert "changes replayed" in ran.error

    def test_replay_as_somebody(self, tmp_path: Path) -> None:
        path = written(tmp_path / "story", short_story())
        ran = run("replay", path, "--project", "story", "--as", "nobody")
        assert (ran.code, ran.error) == (2, "There is no user nobody.")

    def test_snapshots_oldest_first(self, stage: Stage) -> None:
        ran = run("snapshots", "birds", "--json")
        first, second = ran.report["snapshots"]
        assert set(first) >= {
            *("name", "number", "taken_at", "items", "annotations", "content_hash", "manifest_hash"),
            "entries_since_previous",
        }
        assert (first["name"], first["items"], first["annotations"]) == ("v1", 4, 4)
        assert (second["name"], second["items"], second["annotations"]) == ("v2", 3, 3)
        # v1's sealing, the relabelling, the review, the exclusion, and v2 itself.
        assert second["entries_since_previous"] == 5

    def test_take_snapshot(self, stage: Stage) -> None:
        ran = run(
            "take_snapshot", "birds", "v3", "--purpose", "training", "--note", "For June", "--as", "olga", "--json"
        )
        snapshot = Snapshot.objects.get(name="v3")
        assert (snapshot.purpose, snapshot.note, snapshot.entry.actor) == ("training", "For June", stage.olga)
        assert snapshot.entry.channel == "command"
        assert ran.report["content_hash"] == snapshot.content_hash
        assert set(ran.report) >= {"name", "number", "content_hash", "seconds_gate_held"}

    def test_take_snapshot_without_a_name_is_an_override_and_recorded_as_one(self, stage: Stage) -> None:
        assert run("take_snapshot", "birds", "v3").code == 0
        taken = Snapshot.objects.get(name="v3").entry
        assert Entry.objects.filter(operation=taken.operation, event="access.overridden").exists()

    def test_differences(self, stage: Stage) -> None:
        told = run("differences", "birds", "v1", "v2", "--json").report
        assert (told["added"], told["removed"], told["changed"]) == ([], ["photo-1"], ["photo-0"])
        assert (told["unchanged"], told["fields"], told["moves"]) == (2, {"label": 1}, {"Gull>Tern": 1})
        assert told["classes"]["Gull"] == {
            "opening": 4,
            "added": 0,
            "moved_in": 0,
            "moved_out": 1,
            "removed": 1,
            "unexplained": 0,
            "closing": 2,
        }
        assert told["identity"] == {"opening": 4, "added": 0, "removed": 1, "closing": 3, "holds": True}

    def test_differences_are_no_finding(self, stage: Stage) -> None:
        ran = run("differences", "birds", "v1", "v2")
        assert ran.code == 0
        assert "4 + 0 − 1 = 3 ✓" in ran.out

    def test_reconcile(self, stage: Stage) -> None:
        ran = run("reconcile", "birds", "v1", "v2", "--json")
        assert ran.code == 0
        classes = ("accounted", "not_reviewed", "bulk", "adjusted", "unexplained", "out_of_step")
        assert sum(ran.report[name] for name in classes) == ran.report["differences"] == 3
        assert (ran.report["accounted"], ran.report["returned"], ran.report["live_checked"]) == (1, 0, 0)
        assert ran.report["findings"] == []

    def test_reconcile_ends_with_1_when_something_was_found(self, stage: Stage) -> None:
        with triggers_laid_aside(connection):
            by_hand(stage.marks[2], value={"box": [6]})
        assert run("reconcile", "birds", "v1", "v2").code == 0
        for arguments in (("v1", "v2", "--full"), ()):
            ran = run("reconcile", "birds", *arguments, "--json")
            assert ran.code == 1
            (finding,) = ran.report["findings"]
            assert finding == {
                "table": "labelop_annotation",
                "id": stage.marks[2].pk,
                "field": "box",
                "operation": None,
            }

    def test_history(self, stage: Stage) -> None:
        told = run("history", "birds", "photo-0", "--json").report
        item, mark, relabelled = told["versions"]
        assert (item["annotation"], item["entries"][0]["event"]) == (None, "items.added")
        assert mark["before"] is None
        assert (relabelled["fields"], relabelled["annotation"]) == (["label"], "1")
        assert relabelled["entries"][0]["reason"] == "Seen again"

    def test_blame(self, stage: Stage) -> None:
        told = run("blame", "birds", "photo-0", "--json").report
        by_place = {(value["annotation"], value["field"]): value for value in told["values"]}
        assert (by_place["1", "label"]["reason"], by_place["1", "label"]["role"]) == ("Seen again", "annotator")
        assert by_place["1", "box"]["reason"] is None
        assert by_place[None, "uri"]["event"] == "items.added"
        assert by_place[None, "uri"]["operation"] != by_place["1", "label"]["operation"]

    def test_export_snapshot(self, stage: Stage, tmp_path: Path) -> None:
        ran = run("export_snapshot", "birds", "v2", tmp_path / "v2", "--as", "ravi", "--json")
        assert ran.code == 0
        assert ran.report["content_hash"] == Snapshot.objects.get(name="v2").content_hash
        assert (tmp_path / "v2" / "snapshot.jsonl").exists()
        ran = run("export_snapshot", "birds", "v2", tmp_path / "v2", "--as", "ravi")
        assert ran.code == 2
        assert "is not empty" in ran.error


class TestWho:
    KEYS = frozenset({"at", "event", "impact", "role", "actor", "subject", "before", "after", "reason"})

    def events(self, *arguments: str) -> list[str]:
        ran = run("who", "birds", *arguments, "--json")
        assert ran.code == 0, ran.error
        entries = [entry for act in ran.report["acts"] for entry in act["entries"]]
        assert all(set(entry) >= self.KEYS for entry in entries)
        return [entry["event"] for entry in entries]

    def test_between_two_snapshots(self, stage: Stage) -> None:
        assert self.events("v1", "v2") == [
            "snapshot.sealed",
            "annotation.saved",
            "review.decided",
            "items.excluded",
            "snapshot.taken",
        ]

    def test_for_a_release(self, stage: Stage) -> None:
        assert self.events("--release", "v2") == self.events("v1", "v2")

    def test_between_two_dates(self, stage: Stage) -> None:
        assert self.events("2020-01-01", "2999-01-01")[0] == "project.created"
        assert self.events("2020-01-01", "2020-01-02") == []

    def test_of_high_impact_only(self, stage: Stage) -> None:
        assert self.events("v1", "v2", "--impact", "high") == ["items.excluded", "snapshot.taken"]

    def test_as_a_page_for_a_ticket(self, stage: Stage) -> None:
        page = run("who", "birds", "v1", "v2", "--markdown").out
        assert page.startswith("## birds: v1 – v2")
        assert "Blurred \\| and &lt;b>dark" in page
        assert "| Annotator 3 |" in page
        assert "ana" not in page.replace("annotation", "").replace("Annotator", "")

    def test_of_a_replayed_history_tells_the_people_in_it_apart(self, tmp_path: Path) -> None:
        run("replay", written(tmp_path / "story", short_story()), "--project", "story")

        def people(*arguments: str) -> set[str]:
            report = run("who", "story", "--release", "r1", "--json", *arguments).report
            return {entry["attributed_to"] for act in report["acts"] for entry in act["entries"]} - {None}

        ana = User.objects.get(username="story/ana")
        assert f"person {ana.pk} of the imported history" in people()
        assert f"person {ana.pk} of the imported history (story/ana)" in people("--reveal", "A question of the client")


class TestNames:
    """Commands that read tell people as pages do, and reveal a name only on the trail."""

    @pytest.mark.parametrize("arguments", [("who", "birds", "v1", "v2"), ("blame", "birds", "photo-0")])
    def test_are_told_when_revealed(self, stage: Stage, arguments: tuple[str, ...]) -> None:
        assert "(ana)" not in run(*arguments).out
        assert "(ana)" not in run(*arguments, "--as", "olga").out
        ran = run(*arguments, "--as", "olga", "--reveal", "Ana asked for her own")
        assert "Annotator 3 (ana)" in ran.out
        revealed = Entry.objects.get(event="identity.revealed")
        assert (revealed.actor, revealed.reason, revealed.role) == (stage.olga, "Ana asked for her own", "owner")
        assert "(ana)" not in run(*arguments, "--as", "ravi").out

    def test_of_a_history_stand_in_its_entries(self, stage: Stage) -> None:
        def actors(*arguments: str) -> set[str]:
            report = run("history", "birds", "photo-0", "--json", *arguments).report
            return {entry["actor"] for version in report["versions"] for entry in version["entries"]}

        assert actors() == {"Owner 1", "Annotator 3"}
        revealed = actors("--as", "olga", "--reveal", "Paid by the mark")
        assert revealed == {"Owner 1 (olga)", "Annotator 3 (ana)"}

    @pytest.mark.parametrize(
        ("who", "sentence"),
        [
            ("ravi", "As reviewer of Birds you cannot reveal identities."),
            ("ana", "ana does not inspect the trail of birds."),
            ("uma", "uma does not inspect the trail of birds."),
        ],
    )
    def test_are_refused_to_whoever_may_not_see_them(self, stage: Stage, who: str, sentence: str) -> None:
        ran = run("who", "birds", "v1", "v2", "--as", who, "--reveal", "Curious")
        assert (ran.code, ran.out, ran.error) == (2, "", sentence)

    def test_revealed_on_the_command_line_alone_stand_out(self, stage: Stage) -> None:
        assert "(ana)" in run("who", "birds", "v1", "v2", "--reveal", "An audit").out
        events = Entry.objects.order_by("-id").values_list("event", flat=True)[:3]
        assert list(events) == ["anomaly.noted", "identity.revealed", "access.overridden"]


class TestWrongNames:
    @pytest.mark.parametrize(
        ("arguments", "sentence"),
        [
            (("snapshots", "fish"), "There is no project fish."),
            (("take_snapshot", "fish", "v1"), "There is no project fish."),
            (("take_snapshot", "birds", "v1"), "birds has a snapshot v1 already."),
            (("take_snapshot", "birds", "v9", "--as", "nobody"), "There is no user nobody."),
            (("take_snapshot", "birds", "v9", "--as", "ana"), "As annotator of Birds you cannot take snapshots."),
            (("take_snapshot", "birds", "v9", "--as", "uma"), "Without a role on Birds you cannot take snapshots."),
            (("differences", "birds", "v1", "v9"), "birds has no snapshot v9."),
            (("reconcile", "birds", "v9", "v1"), "birds has no snapshot v9."),
            (("reconcile", "birds", "v1"), "Name both snapshots, or none."),
            (("history", "birds", "photo-9"), "birds has no item photo-9."),
            (("blame", "birds", "photo-9"), "birds has no item photo-9."),
            (
                ("who", "birds", "v1", "2026-13-40"),
                "2026-13-40 is neither a snapshot of birds nor a date (2026-10-31).",
            ),
            (("who", "birds", "--release", "v9"), "birds has no snapshot v9."),
            (("who", "birds"), "Name FROM and TO, or --release NAME."),
            (("export_snapshot", "birds", "v9", "/nowhere"), "birds has no snapshot v9."),
        ],
    )
    def test_end_with_2_and_a_clear_sentence(self, stage: Stage, arguments: tuple[Any, ...], sentence: str) -> None:
        command, *rest = arguments
        ran = run(command, *rest, "--json")
        assert (ran.code, ran.out, ran.error) == (2, "", sentence)


@pytest.mark.parametrize(
    "arguments",
    [
        ("snapshots", "birds"),
        ("differences", "birds", "v1", "v2"),
        ("reconcile", "birds"),
        ("who", "birds", "v1", "v2"),
        ("history", "birds", "photo-0"),
        ("blame", "birds", "photo-0"),
        ("take_snapshot", "birds", "v3"),
    ],
)
def test_standard_output_is_exactly_one_json_document(stage: Stage, arguments: tuple[str, ...]) -> None:
    command, *rest = arguments
    ran = run(command, *rest, "--json")
    assert isinstance(json.loads(ran.out), dict)
    assert run(command, *rest[:1], *(f"{name}x" if command == "take_snapshot" else name for name in rest[1:])).code == 0
