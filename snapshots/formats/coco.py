"""COCO: a file for each split, its images and annotations numbered anew, with the fields that an import kept.

What `area`, `iscrowd` and a box are worth, where a mark does not say, follows from its shape. The lists of a file are
gathered in files of their own and put together at the end, so that nothing grows with the dataset.
"""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from labelop.drawing.shapes import Shape, shape_of

from ..content import Mark, Record, State
from .written import MOST_SPLITS, Progress, Written, fields_of, is_folder_name, short

WITHOUT_A_SPLIT = "instances"
LISTS = ("images", "annotations")
NUMBERS = frozenset({"id", "image_id", "category_id"})
# Told by the image itself.
_OF_AN_IMAGE = frozenset({"image", "size", "width", "height"})


@dataclass
class _Split:
    """The file of one split, while it is written: the ends of its two long lists."""

    images: IO[str]
    annotations: IO[str]
    numbered: dict[str, int] = field(default_factory=lambda: {"images": 0, "annotations": 0})

    def add(self, which: str, about: dict[str, Any]) -> int:
        file = self.images if which == "images" else self.annotations
        self.numbered[which] += 1
        file.write((",\n" if self.numbered[which] > 1 else "") + short({"id": self.numbered[which], **about}))
        return self.numbered[which]


def write(state: State, folder: Path, progress: Progress) -> Written:
    written = Written(folder)
    categories = {key: number for number, key in enumerate(sorted(each.key for each in state.classes.values()), 1)}
    splits: dict[str, _Split] = {}
    folder = folder / "annotations"
    folder.mkdir()
    with ExitStack() as files:
        for item, marks in state.items_with_marks():
            name = item.content["split"] or WITHOUT_A_SPLIT
            if not is_folder_name(name) or (name not in splits and len(splits) >= MOST_SPLITS):
                written.leave_out_item("its split is no file name, or one too many", item.item, len(marks))
                continue
            if name not in splits:
                images, annotations = (files.enter_context(_part(folder, name, which)) for which in LISTS)
                splits[name] = _Split(images, annotations)
            _write_item(splits[name], item, marks, categories, written)
            progress(written.annotations)
    for name in [*splits] or [WITHOUT_A_SPLIT]:
        _put_together(folder, name, _categories(state, categories))
    return written


def _write_item(split: _Split, item: Record, marks: list[Mark], categories: dict[str, int], written: Written) -> None:
    image_id = split.add("images", _image(item, written))
    written.items += 1
    if item.content["split"] == WITHOUT_A_SPLIT:
        written.dropped["item.split"] += 1
    for mark in marks:
        value = _annotation(mark, item, written)
        if value is not None:
            split.add("annotations", {"image_id": image_id, "category_id": categories[mark.label], **value})
            written.annotations += 1


def _image(item: Record, written: Written) -> dict[str, Any]:
    data, metadata = fields_of(item.content["data"]), fields_of(item.content["metadata"])
    size = data.get("size") if isinstance(data.get("size"), list) and len(data["size"]) == 2 else None
    width, height = size or (data.get("width"), data.get("height"))
    image = {"file_name": item.item}
    if width is not None and height is not None:
        image |= {"width": width, "height": height}
    kept = metadata.get("coco") if isinstance(metadata.get("coco"), dict) else {}
    written.dropped.update(f"item.data.{name}" for name in data.keys() - _OF_AN_IMAGE)
    written.dropped.update(f"item.metadata.{name}" for name in metadata.keys() - {"coco"})
    if data.get("image", item.item) != item.item:
        written.dropped["item.data.image"] += 1
    return {**(kept or {}), **image}


def _annotation(mark: Mark, item: Record, written: Written) -> dict[str, Any] | None:
    value, shape = mark.value, shape_of(mark.value)
    if why := obstacle(value, shape, item.content["data"]):
        written.leave_out(why, item.item, mark.key)
        return None
    added = _said_by_its_shape(value, shape) if shape else {}
    written.added.update(f"annotation.{name}" for name in added)
    return {**value, **added}


def obstacle(value: Any, shape: Shape | None, data: Any) -> str:
    """Why a mark cannot be held; empty where it can."""
    if not isinstance(value, dict) or not (shape or {"segmentation", "caption"} & value.keys()):
        return "it has no shape"
    return "a field of its value is called as a number of COCO" if value.keys() & NUMBERS else ""


def _said_by_its_shape(value: dict[str, Any], shape: Shape) -> dict[str, Any]:
    left, top, right, bottom = map(_number, shape.bounds)
    said: dict[str, Any] = {"bbox": [left, top, _number(right - left), _number(bottom - top)]}
    if not shape.box:
        said["segmentation"] = [[_number(one) for point in shape.points for one in point]]
    said |= {"area": _number(shape.area), "iscrowd": 0}
    return {name: one for name, one in said.items() if name not in value}


def _number(value: float) -> int | float:
    return int(value) if float(value).is_integer() else value


def _categories(state: State, numbers: dict[str, int]) -> list[dict[str, Any]]:
    kept = {each.key: each.attributes.get("coco") for each in state.classes.values()}
    return [
        {**(told if isinstance(told := kept[key], dict) else {}), "id": number, "name": key}
        for key, number in numbers.items()
    ]


def _part(folder: Path, name: str, which: str) -> IO[str]:
    return (folder / f".{name}.{which}").open("w", encoding="utf-8", newline="\n")


def _put_together(folder: Path, name: str, categories: list[dict[str, Any]]) -> None:
    with (folder / f"{name}.json").open("w", encoding="utf-8", newline="\n") as whole:
        whole.write(f'{{"categories":{short(categories)}')
        for which in LISTS:
            part = folder / f".{name}.{which}"
            whole.write(f',\n"{which}":[\n')
            if part.exists():
                with part.open(encoding="utf-8", newline="\n") as file:
                    shutil.copyfileobj(file, whole)
                part.unlink()
            whole.write("\n]")
        whole.write("}\n")
