"""YOLO: a file of lines for each item, places as shares of its size; the numbers that an import kept, as written.

`data.yaml` names the classes, `<split>.txt` lists the images of a split, `labels/<split>/` holds their lines.
"""

from __future__ import annotations

import json
import math
from contextlib import ExitStack
from pathlib import Path, PurePosixPath
from typing import IO, Any

from labelop.drawing.shapes import Shape, frame_of, shape_of

from ..content import Mark, Record, State
from .written import MOST_SPLITS, Progress, Written, fields_of, is_file_name, is_folder_name

_OF_AN_IMAGE = frozenset({"image", "size", "width", "height"})

# What rounding to a millionth leaves of a place.
_NEAR = 2e-6
# What the numbers of a line, kept as they were read, say.
_OF_A_LINE = frozenset({"yolo", "bbox", "polygon", "confidence", "keypoints"})


def write(state: State, folder: Path, progress: Progress) -> Written:
    written = Written(folder)
    classes = {key: number for number, key in enumerate(sorted(each.key for each in state.classes.values()))}
    lists: dict[str, IO[str]] = {}
    with ExitStack() as files:
        for item, marks in state.items_with_marks():
            split = item.content["split"]
            if split and not (is_folder_name(split) and (split in lists or len(lists) < MOST_SPLITS)):
                written.leave_out_item("its split is no file name, or one too many", item.item, len(marks))
            elif _write_item(folder, item, marks, classes, written) and split:
                if split not in lists:
                    lists[split] = files.enter_context(_opened(folder / f"{split}.txt"))
                lists[split].write(f"images/{split}/{item.item}\n")
            progress(written.annotations)
    _write_classes(folder, classes, sorted(lists))
    return written


def _write_item(folder: Path, item: Record, marks: list[Mark], classes: dict[str, int], written: Written) -> bool:
    """Write the lines of an item, unless the format cannot hold it."""
    if not is_file_name(item.item):
        written.leave_out_item("its key is no file name", item.item, len(marks))
        return False
    data = fields_of(item.content["data"])
    path = folder / "labels" / item.content["split"] / PurePosixPath(item.item).with_suffix(".txt")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        opened = path.open("x", encoding="utf-8", newline="\n")
    except (FileExistsError, NotADirectoryError):
        written.leave_out_item("another item has its file", item.item, len(marks))
        return False
    with opened as file:
        for mark in marks:
            numbers = _numbers(mark, data, item.item, written)
            if numbers:
                file.write(f"{classes[mark.label]} {numbers}\n")
                written.annotations += 1
    written.items += 1
    if not item.content["split"]:
        # No list says it.
        written.dropped["item.key: its ending"] += 1
    written.dropped.update(f"item.data.{name}" for name in data.keys() - _OF_AN_IMAGE)
    written.dropped.update(f"item.metadata.{name}" for name in fields_of(item.content["metadata"]))
    return True


def _numbers(mark: Mark, data: dict[str, Any], key: str, written: Written) -> str:
    """The numbers of a mark's line; none where YOLO has no line for it, which is noted."""
    value, shape = mark.value, shape_of(mark.value)
    frame = frame_of(data)
    if shape is None or frame is None:
        written.leave_out(obstacle(value, shape, data), key, mark.key)
        return ""
    shares = _shares(shape, *frame)
    as_read = _line_as_read(value, shares)
    held = shape.said_by | (_OF_A_LINE if as_read else frozenset())
    written.dropped.update(f"annotation.{name}" for name in value.keys() - held)
    return as_read or " ".join(map(_spelled, shares))


def obstacle(value: Any, shape: Shape | None, data: Any) -> str:
    """Why a mark cannot be held; empty where it can."""
    if shape is None:
        return "it has no shape"
    return "" if frame_of(data) else "the size of its item is not recorded"


def _line_as_read(value: dict[str, Any], shares: list[float]) -> str:
    """The numbers that an import kept as they were written, while they still say where the mark is."""
    line = value.get("yolo")
    if not (isinstance(line, str) and line.isascii() and line.isprintable()):
        return ""
    try:
        numbers = [float(number) for number in line.split()]
    except ValueError:
        return ""
    there = len(numbers) >= len(shares) and all(
        math.isclose(number, share, abs_tol=_NEAR) for number, share in zip(numbers, shares, strict=False)
    )
    return line if there else ""


def _shares(shape: Shape, width: float, height: float) -> list[float]:
    if not shape.box:
        return [share for x, y in shape.points for share in (x / width, y / height)]
    left, top, right, bottom = shape.bounds
    return [(left + right) / 2 / width, (top + bottom) / 2 / height, (right - left) / width, (bottom - top) / height]


def _spelled(share: float) -> str:
    """With all digits that tell it from its neighbours, so that the place can be had back."""
    return repr(share).removesuffix(".0") if abs(share) >= 1e-4 or share == 0 else f"{share:.17f}"


def _write_classes(folder: Path, classes: dict[str, int], splits: list[str]) -> None:
    # JSON is YAML, whatever a name contains.
    lists = {split: f"{split}.txt" for split in splits}
    with _opened(folder / "data.yaml") as file:
        file.write(json.dumps({"path": ".", **lists, "names": [*classes]}, ensure_ascii=False, indent=1) + "\n")


def _opened(path: Path) -> IO[str]:
    return path.open("w", encoding="utf-8", newline="\n")
