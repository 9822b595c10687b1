"""Real files of real tools, which lie in `LABELOP_DATA`, or in `../shared/data` beside the checkout.

`labelformat`, which shares no code with LabelOp, counts the boxes of the same files a second time.
"""

from __future__ import annotations

import os
import shutil
import struct
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest
from django.conf import settings
from labelformat.formats import (
    COCOObjectDetectionInput,
    CVATObjectDetectionInput,
    PascalVOCObjectDetectionInput,
    YOLOv8ObjectDetectionInput,
)
from labelformat.model.object_detection import ImageObjectDetection

from audit.history import versions_of
from labelop.connectors.errors import Faults
from labelop.connectors.files import files_at
from labelop.connectors.formats import READERS
from labelop.connectors.records import Incoming
from labelop.models import Annotation, Item, LabelClass, Project
from labelop.services.imports import import_file
from roles.models import User
from roles.services import operator_account
from snapshots.services.replay import replay_history

pytestmark = pytest.mark.django_db

DATA = Path(os.environ.get("LABELOP_DATA") or settings.BASE_DIR.parent / "shared" / "data")
SPLITS = ("train", "val", "test")
Counts = Counter[tuple[str, str]]

# What the data's own description says.
BOXES = {"RBC": 4155, "WBC": 372, "Platelets": 361}
IMAGES = {"train": 205, "val": 87, "test": 72}


@pytest.fixture
def operator() -> User:
    return operator_account()


def there(*parts: str) -> Path:
    path = DATA.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"NOT PROVED on real data: there is no {path}. Set LABELOP_DATA to where the exports lie.")
    return path


def files_of(name: str) -> list[Path]:
    if name == "voc":
        return [there("exports", "voc_bccd")]
    converted = there("exports", "bccd_converted")
    if name == "yolo":
        return [converted / "yolo"]
    return [converted / (f"cvat_{split}.xml" if name == "cvat" else f"coco_instances_{split}.json") for split in SPLITS]


def counted(labels: Iterable[ImageObjectDetection], split: str = "", **splits: str) -> Counts:
    found: Counts = Counter()
    for label in labels:
        where = split or splits[Path(label.image.filename).stem]
        found.update((where, one.category.name) for one in label.objects)
    return found


def second_opinion(name: str, folder: Path) -> Counts:
    if name == "voc":
        root = there("exports", "voc_bccd", "BCCD")
        lists = {split: (root / "ImageSets" / "Main" / f"{split}.txt").read_text().split() for split in SPLITS}
        splits = {image: split for split, images in lists.items() for image in images}
        return counted(PascalVOCObjectDetectionInput(root / "Annotations", ",".join(BOXES)).get_labels(), **splits)
    if name == "coco":
        readers = {split: COCOObjectDetectionInput(path) for split, path in zip(SPLITS, files_of(name), strict=True)}
        return sum((counted(reader.get_labels(), split) for split, reader in readers.items()), Counter())
    if name == "cvat":
        told = {split: CVATObjectDetectionInput(path) for split, path in zip(SPLITS, files_of(name), strict=True)}
        return sum((counted(reader.get_labels(), split) for split, reader in told.items()), Counter())
    return sum((counted(with_pictures(folder, split).get_labels(), split) for split in SPLITS), Counter())


def with_pictures(folder: Path, split: str) -> YOLOv8ObjectDetectionInput:
    """Its reader wants a picture beside each file of labels: the head of one is enough."""
    head = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + struct.pack(">IIBBBBB", 640, 480, 8, 2, 0, 0, 0)
    images, labels = folder / "images" / split, folder / "labels" / split
    images.mkdir(parents=True)
    shutil.copytree(files_of("yolo")[0] / f"obj_{split}_data", labels)
    for path in labels.iterdir():
        (images / f"{path.stem}.png").write_bytes(head)
    config = folder / f"{split}.yaml"
    config.write_text(f"path: .\n{split}: images/{split}\nnames: [RBC, WBC, Platelets]\n")
    return YOLOv8ObjectDetectionInput(config, split)


@pytest.mark.parametrize("name", ["voc", "coco", "cvat", "yolo"])
def test_the_same_boxes_give_the_same_counts_whatever_file_they_come_in(
    name: str, operator: User, tmp_path: Path
) -> None:
    for path in files_of(name):
        assert import_file(path, "blood", by=operator).format == name
    rows = Annotation.objects.in_the_dataset().values_list("item__split", "label_class__key")
    ours: Counts = Counter((split, label) for split, label in rows)
    assert ours == second_opinion(name, tmp_path)
    assert {label: sum(ours[split, label] for split in SPLITS) for label in BOXES} == BOXES
    assert Counter(Item.objects.values_list("split", flat=True)) == IMAGES


def test_each_box_of_coco_and_cvat_lies_where_it_does_in_voc() -> None:
    assert places("coco") == places("cvat") == places("voc")


def places(name: str) -> Counter[tuple[str, str, tuple[float, ...]]]:
    """Image, class and box of everything in the files, as their reader gives it."""
    found: Counter[tuple[str, str, tuple[float, ...]]] = Counter()
    for path in files_of(name):
        with files_at(path) as files:
            records = [
                (one.item, one.record) for one in READERS[name](files, Faults(), "") if isinstance(one, Incoming)
            ]
        for item, record in records:
            marks = record.marks if record else []
            found.update((item, mark.label, tuple(mark.value["bbox"])) for mark in marks)
    return found


def test_all_masks_of_a_job_come_in_and_again_nothing(operator: User) -> None:
    path = there("exports", "cvat", "coral_job_353334_masks.xml")
    assert import_file(path, "coral", by=operator).annotations == 273
    assert Annotation.objects.count() == 273
    assert all(mark.value["rle"] and len(mark.value["bbox"]) == 4 for mark in Annotation.objects.all())
    assert LabelClass.objects.get(key="recruit_live_white").colour == "#ffffac"
    assert import_file(path, "coral", by=operator).changes == {}


def test_tracks_shapes_and_deleted_frames_are_told(operator: User) -> None:
    cvat = there("exports", "cvat")
    video = import_file(cvat / "datumaro_for_video_annotations.xml", "video", by=operator)
    assert (video.items, video.annotations) == (1, 3)
    tracks = Annotation.objects.filter(project__slug="video").order_by("id")
    assert [[frame["frame"] for frame in mark.value["track"]] for mark in tracks] == [[10, 13, 16], [10, 13], [13, 16]]
    shapes = import_file(cvat / "datumaro_for_images_export_project_annotations.xml", "shapes", by=operator)
    # Three subsets hold images of the same names.
    assert (shapes.items, shapes.annotations) == (6, 12)
    assert set(Item.objects.filter(project__slug="shapes").values_list("split", flat=True)) == {
        *("Train", "Test", "Validation")
    }
    deleted = import_file(cvat / "cveta2_project_export_2026.xml", "deleted", by=operator)
    assert deleted.notes == ["cveta2_project_export_2026.xml: deleted frames of task ccccc: 5, 6"]


@pytest.mark.parametrize(
    ("parts", "items", "annotations"),
    [
        (("label_studio", "exports", "project_A.JSON.json"), 10, 197),
        (("label_studio", "exports", "project_A.COCO.zip"), 10, 197),
        (("label_studio", "exports", "project_A.VOC.zip"), 10, 168),
        (("label_studio", "exports", "project_A.YOLO.zip"), 10, 168),
        (("label_studio", "exports", "test_export_csv_csv_test.json"), 2, 3),
        (("label_studio", "exports", "test_export_csv_csv_test_history.json"), 1, 1),
        (("label_studio", "exports", "test_export_json_min_data_repeater.json"), 1, 2),
        (("label_studio", "exports", "test_export_yolo_data_keypoints.json"), 1, 9),
        (("label_studio", "exports", "test_export_yolo_data_obb.json"), 3, 25),
        (("exports", "yolo", "ls_sdk_sample"), 7, 25),
        (("exports", "doccano", "collab-true.jsonl.all.all.jsonl"), 40, 132),
        (("exports", "doccano", "collab-false.jsonl.all.anna.jsonl"), 40, 5),
        (("exports", "prodigy", "nel_emerson__emerson_annotated_text.jsonl"), 30, 60),
        (("exports", "prodigy", "rel_component__annotations.jsonl"), 149, 733),
    ],
)
def test_what_real_tools_wrote_comes_in(parts: tuple[str, ...], items: int, annotations: int, operator: User) -> None:
    imported = import_file(there(*parts), "real", by=operator)
    assert (imported.items, imported.annotations, imported.left_out) == (items, annotations, [])
    assert Annotation.objects.in_the_dataset().count() == annotations


def test_a_file_of_the_last_release_changes_nothing_of_its_replayed_history(operator: User) -> None:
    """Both come by one importer: the same sentences are the same items, marks and classes."""
    replay_history(there("histories", "pronouns.events.ndjson.gz"), "pronouns")
    before = versions_of(Annotation)._default_manager.count()
    imported = import_file(there("exports", "conllu", "en_pronouns-ud-test.r2.17.conllu"), "pronouns", by=operator)
    assert (imported.changes, imported.not_in_file) == ({}, 0)
    assert versions_of(Annotation)._default_manager.count() == before
    assert Project.objects.get().items.count() == 285
