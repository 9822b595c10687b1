"""YOLO as items: one for each file of labels or listed image, with a mark for each line.

Places are shares of an image whose size YOLO does not tell, so the item's size is 1 by 1. The numbers of a line
are kept as they are written.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from ..errors import BadField, Faults
from ..fields import bounds, rounded, spelled_number, spelled_whole
from ..files import Files, line_text
from ..records import ClassRecord, Incoming, ItemRecord, Mark
from .layout import Layout, label_files, layout_of, listed_images, names_classes


def read(files: Files, faults: Faults, split: str) -> Iterator[Incoming | ClassRecord]:
    layout = layout_of(files)
    yield from (ClassRecord(label) for _, label in sorted(layout.classes.items()))
    listed = listed_images(files, layout)
    labelled = label_files(files, layout)
    for name in labelled:
        key = layout.key_of(PurePosixPath(name).with_suffix("").as_posix())
        ending, of_list = listed.pop(key, ("", ""))
        of_file = split or of_list or layout.split_of(name)
        if found := faults.tried(name, _item, files, name, key + ending, of_file, layout, name):
            yield found
    for key, (ending, of_list) in listed.items():
        yield Incoming(key + ending, _record(key + ending, split or of_list, []), place=f"{of_list}.txt")
    aside = {*labelled, names_classes(files), *files.ending(".txt", ".data")}
    faults.notes += [f"{name}: not read" for name in files.names if name not in aside]


def _item(files: Files, name: str, key: str, split: str, layout: Layout, place: str) -> Incoming:
    marks = [
        _mark(line.split(), layout, f"line {number}")
        for number, line in enumerate(line_text(files.whole(name)).splitlines(), 1)
        if line.strip()
    ]
    return Incoming(key, _record(key, split, marks), place=place)


def _record(key: str, split: str, marks: list[Mark]) -> ItemRecord:
    return ItemRecord(split, {"image": key, "size": [1, 1]}, {}, marks)


def _mark(cells: list[str], layout: Layout, field: str) -> Mark:
    number = spelled_whole(cells[0], field)
    if number not in layout.classes:
        raise BadField(field, f"there is no class {number}")
    numbers: list[float] = [spelled_number(cell, field) for cell in cells[1:]]
    value = _value(numbers, layout.keypoints, field)
    return Mark(None, layout.classes[number], {**value, "yolo": " ".join(cells[1:])})


def _value(numbers: list[float], keypoints: int, field: str) -> dict[str, Any]:
    """A box by its centre and sizes, with its confidence or its keypoints; else the corners of a polygon."""
    if len(numbers) == 4:
        return {"bbox": _box(numbers)}
    if len(numbers) == 5:
        return {"bbox": _box(numbers), "confidence": numbers[4]}
    if keypoints:
        if len(numbers) != 4 + keypoints:
            raise BadField(field, f"{len(numbers)} numbers where a box and its keypoints have {4 + keypoints}")
        return {"bbox": _box(numbers), "keypoints": numbers[4:]}
    if len(numbers) >= 6 and len(numbers) % 2 == 0:
        points = [[across, down] for across, down in zip(numbers[::2], numbers[1::2], strict=True)]
        return {"polygon": points, "bbox": bounds(points)}
    raise BadField(field, f"{len(numbers)} numbers are neither a box nor a polygon")


def _box(numbers: list[float]) -> list[float]:
    across, down, width, height = numbers[:4]
    return [rounded(across - width / 2), rounded(down - height / 2), width, height]
