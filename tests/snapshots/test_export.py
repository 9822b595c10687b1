"""Exports: whole or not at all, and verified by a program that knows nothing of LabelOp."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from audit.events import Event
from audit.models import Entry
from labelop.services.work import add_item, exclude_item
from snapshots import acts, content
from snapshots.differences import Comparison
from snapshots.models import Snapshot
from snapshots.services import exports
from snapshots.services.exports import export_snapshot
from tests.marks import brought_in

from .stage import Stage, set_the_stage

pytestmark = [pytest.mark.django_db, pytest.mark.stage(set_by=set_the_stage)]

FILES = {"snapshot.jsonl", "manifest.json", "changes.jsonl", "entries.jsonl", "verify_snapshot.py"}


@pytest.fixture
def stage(standing: Stage) -> Stage:
    return standing


@pytest.fixture
def snapshot(stage: Stage) -> Snapshot:
    """The second one: something changed, came and went since the first, also texts and numbers of many kinds."""
    stage.snapshot("v1")
    stage.relabel(0, stage.tern)
    exclude_item(stage.items[1], by=stage.olga, reason="Blurred")
    odd = add_item(stage.project, "жираф/😀", {"text": "a\u2028b", "ratio": 0.1, "$n": -0.0}, by=stage.olga)
    brought_in(odd, stage.gull, {"box": [12.5, 1e300, 2**60]}, by=stage.ana)
    return stage.snapshot("v2")


@pytest.fixture
def exported(stage: Stage, snapshot: Snapshot, tmp_path: Path) -> Path:
    folder = tmp_path / "v2"
    export_snapshot(snapshot, folder, by=stage.ravi, reason="For the customer")
    return folder


def verified(folder: Path) -> subprocess.CompletedProcess[str]:
    verifier = folder / "verify_snapshot.py"
    return subprocess.run([sys.executable, "-I", verifier, folder], capture_output=True, text=True, check=False)


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]


class TestExporting:
    def test_writes_every_file(self, exported: Path, snapshot: Snapshot) -> None:
        assert {path.name for path in exported.iterdir()} == FILES
        manifest = json.loads((exported / "manifest.json").read_text("utf-8"))
        assert manifest["content_hash"] == snapshot.content_hash
        assert manifest["manifest_hash"] == snapshot.manifest_hash
        kinds = sorted(change["kind"] for change in lines_of(exported / "changes.jsonl"))
        assert kinds == ["added", "added", "changed", "removed", "removed"]
        events = {entry["event"] for act in lines_of(exported / "entries.jsonl") for entry in act["entries"]}
        assert {"annotation.saved", "items.excluded", "items.added", "snapshot.taken"} <= events

    def test_is_confirmed_by_the_verifier_that_lies_beside(self, exported: Path) -> None:
        told = verified(exported)
        assert told.returncode == 0, told.stdout + told.stderr
        assert "DIFFERS" not in told.stdout
        assert "equal 'content_hash'" in told.stdout

    def test_is_refused_to_who_may_not_and_leaves_nothing_behind(
        self, stage: Stage, snapshot: Snapshot, tmp_path: Path
    ) -> None:
        for somebody in (stage.ana, stage.uma):
            with pytest.raises(PermissionDenied):
                export_snapshot(snapshot, tmp_path / "v2", by=somebody)
        assert list(tmp_path.iterdir()) == []
        assert not Entry.objects.filter(event=Event.EXPORT_MADE).exists()

    def test_leaves_one_entry(self, exported: Path, snapshot: Snapshot) -> None:
        entry = Entry.objects.get(event=Event.EXPORT_MADE)
        assert (entry.role, entry.reason, entry.subject_name) == ("reviewer", "For the customer", "v2")
        records = len(lines_of(exported / "snapshot.jsonl"))
        assert entry.after == {"manifest_hash": snapshot.manifest_hash, "records": records}

    def test_is_the_same_each_time(self, stage: Stage, exported: Path, snapshot: Snapshot, tmp_path: Path) -> None:
        export_snapshot(snapshot, tmp_path / "again", by=stage.olga)
        for name in ("manifest.json", "changes.jsonl", "entries.jsonl"):
            assert (tmp_path / "again" / name).read_bytes() == (exported / name).read_bytes()

    def test_is_the_same_in_however_many_parts_it_is_read(
        self, stage: Stage, exported: Path, snapshot: Snapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(content, "_IDS_AT_ONCE", 1)
        monkeypatch.setattr(acts, "_ACTS_AT_ONCE", 1)
        export_snapshot(snapshot, tmp_path / "again", by=stage.olga)
        for name in ("changes.jsonl", "entries.jsonl"):
            assert (tmp_path / "again" / name).read_bytes() == (exported / name).read_bytes()

    def test_tells_the_differences_and_the_acts_that_pages_tell(self, exported: Path, snapshot: Snapshot) -> None:
        found = Comparison(snapshot.project, snapshot.parent, snapshot).differences
        told = [(change["section"], change["key"]) for change in lines_of(exported / "changes.jsonl")]
        assert sorted(told) == sorted((each.section, each.key) for each in found)
        these = acts.acts_of(acts.span(snapshot.project, snapshot.parent, snapshot))
        assert [act["operation"] for act in lines_of(exported / "entries.jsonl")] == [
            str(one.operation) for one in these
        ]

    def test_into_a_folder_that_is_not_empty_is_refused(self, stage: Stage, snapshot: Snapshot, tmp_path: Path) -> None:
        (tmp_path / "mine.txt").write_text("dear")
        with pytest.raises(ValidationError, match="not empty"):
            export_snapshot(snapshot, tmp_path, by=stage.ravi)
        assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]

    def test_into_an_empty_folder_is_welcome(self, stage: Stage, snapshot: Snapshot, tmp_path: Path) -> None:
        (tmp_path / "v2").mkdir()
        export_snapshot(snapshot, tmp_path / "v2", by=stage.ravi)
        assert verified(tmp_path / "v2").returncode == 0

    @pytest.mark.parametrize("place", ["_changes", "_entries", "record"])
    def test_that_fails_leaves_no_folder_and_no_entry(
        self, stage: Stage, snapshot: Snapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
    ) -> None:
        def fail(*args: object, **kwargs: object) -> None:
            raise OSError("no space left on device")

        monkeypatch.setattr(exports, place, fail)
        with pytest.raises(OSError, match="no space"):
            export_snapshot(snapshot, tmp_path / "v2", by=stage.ravi)
        assert list(tmp_path.iterdir()) == []
        assert not Entry.objects.filter(event=Event.EXPORT_MADE).exists()


def another_value(folder: Path) -> None:
    _rewrite(folder / "snapshot.jsonl", lambda text: text.replace('"box":[1,', '"box":[2,', 1))


def one_record_less(folder: Path) -> None:
    _rewrite(folder / "snapshot.jsonl", lambda text: text.split("\n", 1)[1])


def one_record_twice(folder: Path) -> None:
    _rewrite(folder / "snapshot.jsonl", lambda text: text.split("\n", 1)[0] + "\n" + text)


def two_values_swapped(folder: Path) -> None:
    _rewrite(folder / "snapshot.jsonl", lambda text: text.replace("photo-2", "X").replace("photo-3", "photo-2"))


def another_name(folder: Path) -> None:
    _rewrite(folder / "manifest.json", lambda text: text.replace('"v2"', '"v3"', 1))


def another_count(folder: Path) -> None:
    _rewrite(folder / "manifest.json", lambda text: text.replace('"gull": 3', '"gull": 4', 1))


def another_role(folder: Path) -> None:
    _rewrite(folder / "snapshot.jsonl", lambda text: text.replace('"role":"annotator"', '"role":"reviewer"', 1))


def _rewrite(path: Path, change: Callable[[str], str]) -> None:
    before = path.read_text("utf-8")
    path.write_text(change(before), encoding="utf-8", newline="\n")
    assert path.read_text("utf-8") != before


@pytest.mark.parametrize(
    "tamper",
    [
        another_value,
        one_record_less,
        one_record_twice,
        two_values_swapped,
        another_name,
        another_count,
        another_role,
    ],
)
def test_what_was_tampered_with_is_found(exported: Path, tamper: Callable[[Path], None]) -> None:
    tamper(exported)
    told = verified(exported)
    assert told.returncode == 1, told.stdout + told.stderr
    assert "DIFFERS" in told.stdout


def test_what_cannot_be_read_is_said(exported: Path) -> None:
    (exported / "manifest.json").write_text("{")
    assert verified(exported).returncode == 2
