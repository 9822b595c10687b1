"""A snapshot in the formats that training reads: all of it, or what is not in it is named."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import call_command

from audit.models import Entry
from labelop.connectors.errors import Faults
from labelop.connectors.files import files_at
from labelop.connectors.formats import READERS
from labelop.connectors.records import Incoming
from labelop.models import Item, LabelClass
from labelop.services.work import add_item, exclude_item
from snapshots.formats import Format, Written
from snapshots.formats.written import is_file_name
from snapshots.services.exports import export_dataset
from tests.cast import what_is_left
from tests.marks import brought_in, taken_back

from .stage import Stage, set_the_stage

EVERY_FORMAT = pytest.mark.parametrize("form", Format)
# As an import of COCO keeps them: all fields but the numbers.
COCO_BOX = {"bbox": [1.5, 2, 3, 4], "area": 12, "iscrowd": 0, "attributes": {"occluded": True}}
COCO_OUTLINE = {"bbox": [0, 0, 4, 4], "segmentation": [[0, 0, 4, 0, 4, 4]], "area": 8.0, "iscrowd": 0}
COCO_MASK = {"segmentation": {"counts": [2, 3], "size": [1, 5]}, "bbox": [2, 0, 3, 1], "area": 3, "iscrowd": 1}


def set_for_exports() -> Stage:
    """Nothing on it but its classes: what it came with is excluded."""
    stage = set_the_stage()
    for item in Item.objects.filter(project=stage.project):
        exclude_item(item, by=stage.olga, reason="Not of this story")
    return stage


pytestmark = [pytest.mark.django_db, pytest.mark.stage(set_by=set_for_exports)]


@pytest.fixture
def stage(standing: Stage) -> Stage:
    return standing


def an_image(stage: Stage, key: str, split: str = "train", **metadata: Any) -> Item:
    data = {"image": key, "size": [640, 480]}
    return add_item(stage.project, key, data, by=stage.olga, split=split, metadata=metadata)


def a_mark(stage: Stage, item: Item, label: LabelClass, value: dict[str, Any]) -> None:
    brought_in(item, label, value, by=stage.ana)


def exported(stage: Stage, form: Format, folder: Path) -> Written:
    snapshot = stage.snapshot(f"as {form}")
    return export_dataset(snapshot, form, folder, by=stage.ravi, reason="To train with")


def read(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def lines_of(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_coco_gives_back_every_field_that_an_import_kept(stage: Stage, tmp_path: Path) -> None:
    values = {"a/1.jpg": [COCO_BOX, COCO_MASK], "2.jpg": [], "3.jpg": [COCO_OUTLINE]}
    for key, marks in values.items():
        item = an_image(stage, key, "val" if key == "3.jpg" else "train", coco={"license": 3, "date_captured": "today"})
        for value in marks:
            a_mark(stage, item, stage.gull, value)
    written = exported(stage, Format.COCO, tmp_path / "coco")
    assert (written.items, written.annotations) == (3, 3)
    assert written.left_out == written.dropped == written.added == {}
    found: dict[str, list[Any]] = {}
    for split, keys in (("train", ["a/1.jpg", "2.jpg"]), ("val", ["3.jpg"])):
        told = read(tmp_path / "coco" / "annotations" / f"{split}.json")
        names = {category["id"]: category["name"] for category in told["categories"]}
        images = {image.pop("id"): image for image in told["images"]}
        assert [image["file_name"] for image in images.values()] == keys
        rest = {"width": 640, "height": 480, "license": 3, "date_captured": "today"}
        assert all(image == {"file_name": image["file_name"], **rest} for image in images.values())
        found |= {key: [] for key in keys}
        for annotation in told["annotations"]:
            assert names[annotation.pop("category_id")] == "gull"
            del annotation["id"]
            found[images[annotation.pop("image_id")]["file_name"]].append(annotation)
    assert found == values


def test_coco_says_what_follows_from_another_shape_and_names_what_has_none(stage: Stage, tmp_path: Path) -> None:
    item = an_image(stage, "1.jpg", "", camera="north")
    a_mark(stage, item, stage.gull, {"box": [10, 20, 40, 60], "sure": True})
    a_mark(stage, item, stage.gull, {"points": [[0, 0], [4, 0], [4, 4]]})
    a_mark(stage, item, stage.tern, {"start": 3, "end": 7})
    a_mark(stage, item, stage.tern, {"bbox": [1, 2, 3, 4], "image_id": 9})
    written = exported(stage, Format.COCO, tmp_path / "coco")
    told = read(tmp_path / "coco" / "annotations" / "instances.json")
    box, outline = told["annotations"]
    assert (box["bbox"], box["area"], box["iscrowd"]) == ([10, 20, 30, 40], 1200, 0)
    assert (box["box"], box["sure"]) == ([10, 20, 40, 60], True)
    assert outline["segmentation"] == [[0, 0, 4, 0, 4, 4]]
    assert (outline["bbox"], outline["area"]) == ([0, 0, 4, 4], 8)
    left_out = lines_of(tmp_path / "coco" / "left_out.jsonl")
    assert [(line["item"], line["annotation"], line["why"]) for line in left_out] == [
        ("1.jpg", "3", "it has no shape"),
        ("1.jpg", "4", "a field of its value is called as a number of COCO"),
    ]
    assert written.dropped == {"item.metadata.camera": 1}
    assert written.added["annotation.area"] == 2


def test_yolo_gives_back_the_lines_that_an_import_read(stage: Stage, tmp_path: Path) -> None:
    corners = [[0, 0], [1, 0], [1, 1]]
    marks: dict[str, list[dict[str, Any]]] = {
        "a/1.jpg": [{"bbox": [0.375, 0.45, 0.25, 0.1], "yolo": "0.50 0.5 0.25 .1"}],
        "2.png": [
            {"bbox": [0.283333, 0, 0.1, 0.2], "confidence": 0.87, "yolo": "0.3333333 0.1 0.1 0.2 0.870"},
            {"polygon": corners, "bbox": [0, 0, 1, 1], "yolo": "0 0 1.0 0 1 1"},
        ],
        "3.jpg": [],
    }
    for key, values in marks.items():
        data = {"image": key, "size": [1, 1]}
        item = add_item(stage.project, key, data, by=stage.olga, split="val" if key == "3.jpg" else "train")
        for value in values:
            a_mark(stage, item, stage.tern, value)
    written = exported(stage, Format.YOLO, tmp_path / "yolo")
    assert (written.items, written.annotations) == (3, 3)
    assert written.left_out == written.dropped == {}
    number = read(tmp_path / "yolo" / "data.yaml")["names"].index("tern")
    for key, values in marks.items():
        path = tmp_path / "yolo" / "labels" / ("val" if key == "3.jpg" else "train") / Path(key).with_suffix(".txt")
        assert path.read_text() == "".join(f"{number} {value['yolo']}\n" for value in values)
    assert (tmp_path / "yolo" / "train.txt").read_text() == "images/train/a/1.jpg\nimages/train/2.png\n"
    assert (tmp_path / "yolo" / "val.txt").read_text() == "images/val/3.jpg\n"


def test_a_line_that_says_no_longer_where_the_mark_is_is_not_given_back(stage: Stage, tmp_path: Path) -> None:
    item = add_item(stage.project, "1.jpg", {"size": [1, 1]}, by=stage.olga)
    a_mark(stage, item, stage.tern, {"bbox": [0.25, 0.25, 0.5, 0.5], "yolo": "0.1 0.1 0.2 0.2"})
    written = exported(stage, Format.YOLO, tmp_path / "yolo")
    (line,) = (tmp_path / "yolo" / "labels" / "1.txt").read_text().splitlines()
    assert line.split()[1:] == ["0.5"] * 4
    assert written.dropped == {"annotation.yolo": 1, "item.key: its ending": 1}


def test_yolo_tells_places_as_shares_from_which_they_can_be_had_back(stage: Stage, tmp_path: Path) -> None:
    item = an_image(stage, "1.jpg")
    a_mark(stage, item, stage.gull, {"bbox": [13, 7, 101, 33], "sure": True})
    a_mark(stage, item, stage.gull, {"polygon": [[0, 0], [639, 0], [639, 479]]})
    written = exported(stage, Format.YOLO, tmp_path / "yolo")
    box, outline = (tmp_path / "yolo" / "labels" / "train" / "1.txt").read_text().splitlines()
    across, down, width, height = map(float, box.split()[1:])
    back = [(across - width / 2) * 640, (down - height / 2) * 480, width * 640, height * 480]
    assert back == pytest.approx([13, 7, 101, 33], abs=1e-9)
    corners = [float(number) * side for number, side in zip(outline.split()[1:], (640, 480) * 3, strict=True)]
    assert corners == pytest.approx([0, 0, 639, 0, 639, 479], abs=1e-9)
    assert written.dropped == {"annotation.sure": 1}


def test_yolo_names_what_it_cannot_hold(stage: Stage, tmp_path: Path) -> None:
    a_mark(stage, an_image(stage, "1.jpg"), stage.gull, {"start": 1, "end": 2})
    an_image(stage, "1.png")
    an_image(stage, "../up.jpg")
    a_mark(stage, an_image(stage, "3.jpg", "../up"), stage.gull, {"bbox": [1, 2, 3, 4]})
    sizeless = add_item(stage.project, "4.jpg", {"uri": "there"}, by=stage.olga)
    a_mark(stage, sizeless, stage.gull, {"bbox": [1, 2, 3, 4]})
    written = exported(stage, Format.YOLO, tmp_path / "yolo")
    why = {
        (line["item"], line.get("annotation")): line["why"] for line in lines_of(tmp_path / "yolo" / "left_out.jsonl")
    }
    assert why == {
        ("1.jpg", "1"): "it has no shape",
        ("1.png", None): "another item has its file",
        ("../up.jpg", None): "its key is no file name",
        ("3.jpg", None): "its split is no file name, or one too many",
        ("4.jpg", "1"): "the size of its item is not recorded",
    }
    assert sum(written.left_out.values()) == 5
    assert sum(line.get("annotations", 0) for line in lines_of(tmp_path / "yolo" / "left_out.jsonl")) == 1
    assert written.dropped == {"item.data.uri": 1, "item.key: its ending": 1}
    assert {path.name for path in tmp_path.iterdir()} == {"yolo"}


def test_json_lines_hold_everything(stage: Stage, tmp_path: Path) -> None:
    item = add_item(
        stage.project, "жираф/😀", {"text": "a\u2028b", "ratio": 0.1}, by=stage.olga, split="dev", metadata={"n": [1]}
    )
    a_mark(stage, item, stage.gull, {"start": 0, "end": 1})
    gone = brought_in(item, stage.tern, {"start": 1, "end": 2}, by=stage.ana)
    taken_back(gone, by=stage.ana)
    brought_in(Item.objects.filter(excluded=True)[0], stage.tern, {"start": 1, "end": 2}, by=stage.ana)
    written = exported(stage, Format.JSONL, tmp_path / "jsonl")
    told = json.loads((tmp_path / "jsonl" / "items.jsonl").read_text("utf-8"))
    assert told == {
        "item": "жираф/😀",
        "data": {"text": "a\u2028b", "ratio": 0.1},
        "metadata": {"n": [1]},
        "split": "dev",
        "annotations": [{"key": "1", "class": "gull", "value": {"start": 0, "end": 1}}],
    }
    assert (written.items, written.annotations, written.left_out) == (1, 1, {})


@EVERY_FORMAT
def test_the_manifest_tells_the_snapshot_its_classes_and_every_file(stage: Stage, form: Format, tmp_path: Path) -> None:
    a_mark(stage, an_image(stage, "1.jpg"), stage.gull, {"bbox": [1, 2, 3, 4]})
    snapshot = stage.snapshot("v9")
    with what_is_left() as left:
        written = export_dataset(snapshot, form, tmp_path / "out", by=stage.ravi, reason="To train with")
    manifest = read(tmp_path / "out" / "manifest.json")
    assert manifest["format"] == form.value
    assert manifest["snapshot"]["manifest_hash"] == snapshot.manifest_hash
    assert manifest["snapshot"]["content_hash"] == snapshot.content_hash
    assert {"gull", "tern"} <= {one["key"] for one in manifest["classes"]}
    assert manifest["written"] == written.as_dict()
    files = [path for path in (tmp_path / "out").rglob("*") if path.is_file() and path.name != "manifest.json"]
    assert manifest["files"] == {
        path.relative_to(tmp_path / "out").as_posix(): sha256(path.read_bytes()).hexdigest() for path in files
    }
    assert (left.entry.event, left.entry.role, left.entry.reason) == ("export.made", "reviewer", "To train with")
    after = left.entry.after or {}
    assert (after["format"], after["items"], after["annotations"]) == (form.value, 1, 1)


def test_what_came_later_is_not_in_it(stage: Stage, tmp_path: Path) -> None:
    item = an_image(stage, "1.jpg")
    a_mark(stage, item, stage.gull, {"bbox": [1, 2, 3, 4]})
    snapshot = stage.snapshot("before")
    a_mark(stage, item, stage.tern, {"bbox": [5, 6, 7, 8]})
    an_image(stage, "2.jpg")
    written = export_dataset(snapshot, Format.JSONL, tmp_path / "out", by=stage.olga)
    assert (written.items, written.annotations) == (1, 1)


@EVERY_FORMAT
def test_an_empty_dataset_is_a_dataset(stage: Stage, form: Format, tmp_path: Path) -> None:
    assert exported(stage, form, tmp_path / "out").items == 0
    assert (tmp_path / "out" / "manifest.json").exists()


def test_it_is_refused_to_who_may_not_and_leaves_nothing_behind(stage: Stage, tmp_path: Path) -> None:
    snapshot = stage.snapshot("v9")
    with pytest.raises(PermissionDenied):
        export_dataset(snapshot, Format.COCO, tmp_path / "out", by=stage.ana)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "theirs").touch()
    with pytest.raises(ValidationError, match="not empty"):
        export_dataset(snapshot, Format.COCO, tmp_path / "full", by=stage.olga)
    assert [path.name for path in tmp_path.iterdir()] == ["full"]
    assert not Entry.objects.filter(event="export.made").exists()


def test_the_command_writes_any_of_them(stage: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a_mark(stage, an_image(stage, "1.jpg"), stage.gull, {"bbox": [1, 2, 3, 4]})
    snapshot = stage.snapshot("v9")
    call_command("export_snapshot", stage.project.slug, "v9", tmp_path / "out", "--format", "yolo", "--json")
    told = json.loads(capsys.readouterr().out)
    assert (told["format"], told["items"], told["annotations"]) == ("yolo", 1, 1)
    assert told["manifest_hash"] == snapshot.manifest_hash


@pytest.mark.parametrize("key", ["a", "a/b.jpg", "a b", "жираф/😀", "a..b"])
def test_a_file_name_stays_below_its_folder(key: str) -> None:
    assert is_file_name(key)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/",
        "/a",
        "a/",
        "a//b",
        "..",
        "../a",
        "a/../b",
        ".",
        ".a",
        "a.",
        " a",
        "a ",
        "a\\b",
        "a:b",
        "a\nb",
        "x" * 201,
    ],
)
def test_what_could_lead_elsewhere_is_none(key: str) -> None:
    assert not is_file_name(key)


@EVERY_FORMAT
def test_what_is_exported_is_read_back_as_it_was(stage: Stage, form: Format, tmp_path: Path) -> None:
    box = {"bbox": [0.25, 0.25, 0.5, 0.5]}
    of_each: dict[Format, list[dict[str, Any]]] = {
        Format.COCO: [COCO_BOX, COCO_MASK, COCO_OUTLINE],
        Format.YOLO: [{**box, "yolo": "0.50 .5 0.5 0.5"}, {**box, "confidence": 0.9, "yolo": "0.5 0.5 0.5 0.5 .9"}],
        Format.JSONL: [{"start": 0, "end": 1}, COCO_BOX],
    }
    values = of_each[form]
    for key, split in (("a/1.jpg", "train"), ("2.jpg", "val")):
        data = {"image": key, "size": [1, 1] if form is Format.YOLO else [640, 480]}
        item = add_item(stage.project, key, data, by=stage.olga, split=split)
        for value in values:
            a_mark(stage, item, stage.tern, value)
    exported(stage, form, tmp_path / "out")
    with files_at(tmp_path / "out" / ("annotations" if form is Format.COCO else "")) as files:
        told = [one for one in READERS[form.value](files, Faults(), "") if isinstance(one, Incoming)]
    assert {one.item for one in told} == {"a/1.jpg", "2.jpg"}
    for one in told:
        stored, record = Item.objects.get(project=stage.project, key=one.item), one.record
        assert record is not None
        assert (record.split, record.data, record.metadata) == (stored.split, stored.data, stored.metadata)
        assert [(mark.label, mark.value) for mark in record.marks] == [("tern", value) for value in values]
