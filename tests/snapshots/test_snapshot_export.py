"""A snapshot taken along as one zip, from its page and through the API: what the command writes into a folder."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from audit.models import Entry
from labelop.services.schema import add_class
from labelop.services.work import add_item
from roles.matrix import Scope
from snapshots.archive import files_in
from snapshots.formats.outlook import outlooks_of
from snapshots.services.exports import export_archive
from tests.api.asking import tool_of
from tests.cast import what_is_left
from tests.marks import brought_in

from .stage import Stage, run, set_the_stage

PAGE = "/projects/birds/snapshots/1/export/"
EVERY_FORM = pytest.mark.parametrize("form", ["coco", "yolo", "jsonl", "verifiable"])


@pytest.fixture
def stage(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """One snapshot with a mark that every format holds; what an export leaves lying about is in a folder of its own."""
    stage = set_the_stage()
    item = add_item(stage.project, "a/wide.jpg", {"size": [640, 480]}, by=stage.olga, split="train")
    brought_in(item, stage.tern, {"bbox": [1, 2, 30, 40]}, by=stage.ana)
    stage.snapshot("v1")
    (tmp_path / "lying-about").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "lying-about"))
    return stage


def as_(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def taken(stage: Stage, form: str, reason: str = "To train with") -> bytes:
    answer: Any = as_(stage.ravi).post(PAGE, {"form": form, "reason": reason})
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/zip"), answer.content
    assert answer["Content-Disposition"] == f'attachment; filename="birds-v1-{form}.zip"'
    return b"".join(answer.streaming_content)


def unpacked(packed: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


@EVERY_FORM
def test_the_page_gives_what_the_command_writes_and_records_it_alike(stage: Stage, form: str, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    run("export_snapshot", "birds", "v1", folder, "--as", "ravi", *(["--format", form] if form != "verifiable" else []))
    by_command = Entry.objects.filter(event="export.made").latest("id")
    with what_is_left() as left:
        packed = taken(stage, form)
    assert unpacked(packed) == {path.relative_to(folder).as_posix(): path.read_bytes() for path in files_in(folder)}
    assert (left.entry.event, left.entry.role, left.entry.reason) == ("export.made", "reviewer", "To train with")
    assert left.entry.after == by_command.after
    assert list((tmp_path / "lying-about").iterdir()) == []


@EVERY_FORM
def test_the_same_export_is_the_same_to_the_byte_through_the_api_too(stage: Stage, form: str) -> None:
    tool = tool_of(stage.ravi, Scope.READ, Scope.RELEASE)
    pk = stage.project.snapshots.get().pk
    with what_is_left() as left:
        answer = tool.post(f"snapshots/{pk}/export/", {"form": form, "reason": "Nightly"})
        by_tool = b"".join(answer.streaming_content)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/zip")
    assert (left.entry.channel, answer["Operation"]) == ("api", str(left.entry.operation))
    assert by_tool == taken(stage, form)


def test_it_wants_a_format_and_a_reason(stage: Stage) -> None:
    with what_is_left() as left:
        answer = as_(stage.olga).post(PAGE, {"form": "voc", "reason": " "})
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"form", "reason"}
    assert left.events == []


def test_a_snapshot_that_is_being_computed_is_not_let_out(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("snapshots.services.snapshots.seal_snapshot", lambda snapshot: snapshot)
    pk = stage.snapshot("v2").pk
    with what_is_left() as left:
        answer = as_(stage.olga).post("/projects/birds/snapshots/2/export/", {"form": "coco", "reason": "Now"})
        through_the_api = tool_of(stage.olga).post(f"snapshots/{pk}/export/", {"form": "coco", "reason": "Now"})
    assert (answer.status_code, through_the_api.status_code) == (422, 422)
    assert "still being computed" in answer.content.decode()
    assert "export.made" not in left.events
    assert list((tmp_path / "lying-about").iterdir()) == []


def test_who_may_not_is_refused_and_a_token_without_the_scope_too(stage: Stage) -> None:
    pk = stage.project.snapshots.get().pk
    asked = {"form": "coco", "reason": "Nightly"}
    assert as_(stage.ana).post(PAGE, asked).status_code == 404
    assert tool_of(stage.uma).post(f"snapshots/{pk}/export/", asked).status_code == 404
    tool = tool_of(stage.olga, Scope.READ, Scope.TRAIL)
    with what_is_left() as left:
        assert tool.post(f"snapshots/{pk}/export/", asked).status_code == 403
    assert left.events == ["access.denied"]


def test_whoever_goes_away_before_the_first_octet_leaves_nothing_behind(stage: Stage, tmp_path: Path) -> None:
    answer = as_(stage.olga).post(PAGE, {"form": "coco", "reason": "Lost"})
    assert len(list((tmp_path / "lying-about").iterdir())) == 1
    answer.close()
    assert list((tmp_path / "lying-about").iterdir()) == []


def test_a_large_file_comes_in_small_pieces(stage: Stage, tmp_path: Path) -> None:
    archive = export_archive(stage.project.snapshots.get(), None, by=stage.olga, reason="Large")
    noise = b"".join(json.dumps([number, hash((number, "x"))]).encode() for number in range(200_000))
    (archive.folder / "noise").write_bytes(noise)
    pieces = list(archive)
    archive.close()
    assert len(pieces) > 10
    assert max(map(len, pieces)) < 300_000
    assert unpacked(b"".join(pieces))["noise"] == noise


def test_the_page_says_what_each_format_would_hold_and_why_not_the_rest(stage: Stage) -> None:
    item = stage.items[0]
    brought_in(item, add_class(stage.project, "call", "Call", by=stage.olga), {"start": 1, "end": 2}, by=stage.ana)
    snapshot = stage.snapshot("v2")
    said = {each.form.value: each.sentence for each in outlooks_of(snapshot)}
    assert said == {
        "coco": "the marks of 2 of its classes. Left out of call (1 mark): it has no shape.",
        "yolo": "the marks of 1 of its classes. Left out of call (1 mark): it has no shape."
        " Left out of gull (4 marks): the size of its item is not recorded.",
        "jsonl": "the marks of all its classes.",
    }
    page = as_(stage.olga).get("/projects/birds/snapshots/2/export/").content.decode()
    assert "Left out of gull (4 marks): the size of its item is not recorded." in page
    assert PAGE.replace("/1/", "/2/") in as_(stage.olga).get("/projects/birds/snapshots/2/").content.decode()


def test_nothing_to_hold_is_said_too(stage: Stage) -> None:
    empty = set_the_stage("stones", photos=0)
    assert [each.sentence for each in outlooks_of(empty.snapshot("v1"))] == ["its items; there are no marks."] * 3
