"""The ways in which one format is written by different tools, and what of each is kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from labelop.connectors.checking import checked
from labelop.connectors.errors import BadFile, Faults
from labelop.connectors.files import files_at
from labelop.connectors.formats import READERS, recognised
from labelop.connectors.records import About, ClassRecord, Incoming, ItemRecord


def read(path: Path) -> dict[str, ItemRecord]:
    """The records of a path by the keys of their items, by whichever reader knows it."""
    with files_at(path) as files:
        told = list(READERS[recognised(files)](files, Faults(), ""))
    return {one.item: one.record for one in told if isinstance(one, Incoming) and checked(one).record and one.record}


def laid(root: Path, **files: str) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def values(record: ItemRecord) -> list[tuple[str, dict[str, Any]]]:
    return [(mark.label, mark.value) for mark in record.marks]


class TestYOLO:
    def test_darknet_lists_its_images_also_those_without_labels(self, tmp_path: Path) -> None:
        found = read(
            laid(
                tmp_path,
                **{"obj.names": "cat\ndog\n", "obj.data": "classes = 2\n", "train.txt": "data/obj_train_data/a.jpg\n"},
                **{"val.txt": "data/obj_val_data/deep/b.png\n", "obj_train_data/a.txt": "1 0.5 0.5 0.2 0.4\n"},
            )
        )
        assert {key: record.split for key, record in found.items()} == {"a.jpg": "train", "deep/b.png": "val"}
        assert values(found["a.jpg"]) == [("dog", {"bbox": [0.4, 0.3, 0.2, 0.4], "yolo": "0.5 0.5 0.2 0.4"})]

    def test_a_split_of_any_name_is_named_by_its_list(self, tmp_path: Path) -> None:
        config = json.dumps({"path": ".", "holdout": "holdout.txt", "names": ["cat"]})
        found = read(
            laid(
                tmp_path,
                **{"data.yaml": config, "holdout.txt": "images/holdout/a.jpg\n", "labels/holdout/a.txt": "0 0 0 1 1\n"},
            )
        )
        assert {key: record.split for key, record in found.items()} == {"a.jpg": "holdout"}

    def test_roboflow_puts_each_split_in_a_folder_of_its_own(self, tmp_path: Path) -> None:
        config = "train: ../train/images\nval: ../valid/images\nnames:\n  0: cat\n  1: dog\n"
        found = read(
            laid(
                tmp_path,
                **{"data.yaml": config, "train/labels/a.txt": "0 0 0 1 1\n", "valid/labels/b.txt": "1 0 0 1 1\n"},
                **{"README.txt": "thanks"},
            )
        )
        assert {key: record.split for key, record in found.items()} == {"a": "train", "b": "val"}

    def test_confidence_polygons_and_keypoints_are_told_by_the_count_of_numbers(self, tmp_path: Path) -> None:
        lines = "0 0.5 0.5 0.2 0.2 0.75\n0 0 0 1 0 1 1\n"
        (record,) = read(laid(tmp_path / "a", **{"classes.txt": "cat\n", "labels/a.txt": lines})).values()
        assert record.marks[0].value["confidence"] == 0.75
        assert record.marks[1].value["polygon"] == [[0, 0], [1, 0], [1, 1]]
        pose = {"data.yaml": "names: [cat]\nkpt_shape: [2, 3]\n", "labels/a.txt": "0 0.5 0.5 0.2 0.2 0 0 2 1 1 1\n"}
        (record,) = read(laid(tmp_path / "b", **pose)).values()
        assert record.marks[0].value["keypoints"] == [0, 0, 2, 1, 1, 1]

    @pytest.mark.parametrize("line", ["7 0.5 0.5 0.2 0.2", "cat 0.5 0.5 0.2 0.2", "0 0.5 0.5 0.2", "0 0.5 x 0.2 0.2"])
    def test_a_line_that_is_none_is_named(self, tmp_path: Path, line: str) -> None:
        with pytest.raises(BadFile, match=r"labels/a\.txt, line 2"):
            read(laid(tmp_path, **{"classes.txt": "cat\n", "labels/a.txt": f"0 0 0 1 1\n{line}\n"}))


class TestCOCO:
    @staticmethod
    def written(folder: Path, **more: Any) -> Path:
        images = [{"id": 1, "file_name": "a.jpg", "width": 9, "height": 9}]
        told = {"categories": [{"id": 3, "name": "cat"}], "annotations": [], "images": images} | more
        return laid(folder, **{"a.json": json.dumps(told)})

    def test_all_fields_of_an_annotation_are_kept_but_its_numbers(self, tmp_path: Path) -> None:
        kept = {"bbox": [1, 2, 3, 4], "area": 12.5, "iscrowd": 0, "keypoints": [1, 2, 2], "attributes": {"a": False}}
        one = {"id": 9, "image_id": 1, "category_id": 3, "segmentation": [[1, 2, 3, 4, 5, 6]], **kept}
        caption = {"id": 10, "image_id": 1, "caption": "a cat"}
        (record,) = read(self.written(tmp_path, annotations=[one, caption])).values()
        polygon = {"segmentation": [[1, 2, 3, 4, 5, 6]]}
        assert values(record) == [("cat", kept | polygon), ("caption", {"caption": "a cat"})]
        assert record.data == {"image": "a.jpg", "size": [9, 9]}

    def test_what_the_file_says_of_itself_is_told_apart(self, tmp_path: Path) -> None:
        path = self.written(tmp_path, info={"year": 2026}, licenses=[{"id": 0, "name": "MIT"}])
        with files_at(path) as files:
            told = list(READERS["coco"](files, Faults(), ""))
        assert told[0] == About({"info": {"year": 2026}, "licenses": [{"id": 0, "name": "MIT"}]})
        assert told[1] == ClassRecord("cat")

    def test_an_image_listed_for_each_of_its_annotators_is_one_item(self, tmp_path: Path) -> None:
        images = [{"id": number, "file_name": "a.jpg", "width": 9, "height": 9} for number in (1, 2)]
        marks = [{"id": one, "image_id": one, "category_id": 3, "bbox": [one, 0, 1, 1]} for one in (1, 2)]
        (record,) = read(self.written(tmp_path, images=images, annotations=marks)).values()
        assert len(record.marks) == 2

    @pytest.mark.parametrize(
        ("more", "place"),
        [
            ({"annotations": [{"id": 1, "image_id": 8, "category_id": 3}]}, r"annotations\[0\], image_id: there is no"),
            ({"annotations": [{"id": 1, "image_id": 1, "category_id": 4}]}, r"category_id: there is no category 4"),
            ({"annotations": [{"id": 1, "image_id": 1, "category_id": 3, "bbox": [1, 2]}]}, r"bbox: not left, top"),
            ({"annotations": [{"image_id": 1, "segments_info": []}]}, r"panoptic segmentation is not understood"),
            ({"images": "none"}, r"images: not a list"),
            ({"categories": [{"id": 3, "name": "a"}, {"id": 3, "name": "b"}]}, r"two categories have the number 3"),
        ],
    )
    def test_what_does_not_hold_together_is_named(self, tmp_path: Path, more: dict[str, Any], place: str) -> None:
        with pytest.raises(BadFile, match=place), files_at(self.written(tmp_path, **more)) as files:
            list(READERS["coco"](files, Faults(), ""))


class TestVOC:
    @staticmethod
    def written(folder: Path, inside: str) -> Path:
        box = "<bndbox><xmin>1</xmin><ymin>2</ymin><xmax>4.5</xmax><ymax>6</ymax></bndbox>"
        return laid(
            folder, **{"train/a.xml": f"<annotation><object><name>cat</name>{box}{inside}</object></annotation>"}
        )

    def test_parts_and_plain_fields_are_kept(self, tmp_path: Path) -> None:
        part = "<part><name>head</name><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>2</xmax><ymax>3</ymax></bndbox></part>"
        more = f"<pose>Left</pose>{part}<attributes><attribute><name>c</name><value>1</value></attribute></attributes>"
        (record,) = read(self.written(tmp_path, more)).values()
        (value,) = (mark.value for mark in record.marks)
        assert value == {
            "bbox": [1, 2, 3.5, 4],
            "pose": "Left",
            "parts": [{"name": "head", "bbox": [1, 2, 1, 1]}],
            "attributes": {"attribute": {"name": "c", "value": "1"}},
        }
        # Without a file name the image is called as its file, and the folder tells the split.
        assert (record.data, record.split) == ({"image": "a"}, "train")

    def test_another_shape_is_refused_by_name(self, tmp_path: Path) -> None:
        with pytest.raises(BadFile, match=r"object\[0\]\.polygon: a shape that is not understood"):
            read(self.written(tmp_path, "<polygon><x1>1</x1></polygon>"))


class TestTexts:
    def test_entities_and_relations_of_doccano_keep_their_ids(self, tmp_path: Path) -> None:
        entity = {"id": 4, "label": "GGP", "start_offset": 0, "end_offset": 4, "note": "x"}
        relation = {"id": 7, "type": "binds", "from_id": 4, "to_id": 4}
        line = {"id": 1, "text": "Smad", "entities": [entity], "relations": [relation], "cats": ["good"], "year": 2026}
        (record,) = read(laid(tmp_path, **{"a.jsonl": json.dumps(line)})).values()
        assert [(mark.key, mark.label, mark.value) for mark in record.marks] == [
            (None, "good", {}),
            ("4", "GGP", {"start": 0, "end": 4, "note": "x"}),
            ("relation-7", "binds", {"from": 4, "to": 4}),
        ]
        assert record.metadata == {"doccano": {"year": 2026}}

    def test_answers_of_prodigy_to_one_input_are_one_item_told_of_their_people(self, tmp_path: Path) -> None:
        base = {"text": "Smad", "_input_hash": 5, "options": [{"id": "A", "text": "yes"}, {"id": "B"}]}
        lines = [
            base | {"_task_hash": 1, "accept": ["A"], "answer": "accept", "_annotator_id": "zoe", "_timestamp": 60},
            base | {"_task_hash": 1, "accept": ["B"], "answer": "reject", "_session_id": "s-2"},
        ]
        (record,) = read(laid(tmp_path, **{"a.jsonl": "\n".join(map(json.dumps, lines))})).values()
        first, second = record.marks
        assert (first.label, first.value, first.saved.by, first.cancelled) == ("A", {"text": "yes"}, "zoe", False)
        assert first.saved.at
        assert first.saved.at.timestamp() == 60
        assert (second.label, second.saved.by, second.cancelled) == ("B", "s-2", True)
        assert "zoe" not in json.dumps(record.metadata)

    def test_a_sentence_keeps_its_comments_and_ranges(self, tmp_path: Path) -> None:
        rows = [
            "1-2\tdu\t_\t_\t_\t_\t_\t_\t_\t_",
            "1\tde\tde\tADP\t_\t_\t0\troot\t_\t_",
            "2\tle\tle\tDET\t_\t_\t1\tdet\t_\t_",
        ]
        text = "\n".join(["# newpar", "# sent_id = s1", "# text = du", *rows, "", ""])
        (record,) = read(laid(tmp_path, **{"fr-ud-dev.conllu": text})).values()
        assert ([mark.key for mark in record.marks], record.split) == (["1-2", "1", "2"], "dev")
        assert (record.data, record.metadata) == ({"text": "du"}, {"meta": ["newpar"]})
