"""A COCO file as items: one for each image, with a mark for each annotation.

The numbers by which its lists refer to each other are not kept: exports number anew, and a mark is recognised by
its place. Its lists may come in any order, so what is read of them is held as short texts until the end.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ..errors import BadField, Faults
from ..fields import mapping, name, number, present, sequence, text
from ..files import Files
from ..jsontext import members
from ..records import About, ClassRecord, Incoming, ItemRecord, Mark
from ..splits import split_named_in

_LISTS = ("images", "annotations", "categories")


def read(files: Files, faults: Faults, split: str) -> Iterator[Incoming | ClassRecord | About]:
    for one in files.ending(".json"):
        yield from _read_file(files, one, faults, split or split_named_in(one))


@dataclass
class _Held:
    """What was read of a file, before it is put together; images and annotations as their JSON, with their places."""

    images: dict[str, tuple[str, str]] = field(default_factory=dict)
    annotations: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    classes: dict[str, ClassRecord] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)


def _read_file(files: Files, one: str, faults: Faults, split: str) -> Iterator[Incoming | ClassRecord | About]:
    held = _Held()
    with files.opened(one) as file:
        try:
            for path, value in members(file):
                faults.tried(f"{one}, {path}", _hold, held, path, value)
        except BadField as error:
            faults.add(one, error.field, error.reason)
    if missing := [part for part in _LISTS[:1] if part not in held.seen]:
        faults.add(one, missing[0], "missing")
    if held.about:
        yield About(held.about)
    yield from held.classes.values()
    for image, image_ids in _alike(held).items():
        place = f"{one}, {held.images[image_ids[0]][0]}"
        annotations = [held_of for image_id in image_ids for held_of in held.annotations.pop(image_id, [])]
        if found := faults.tried(place, _item, json.loads(image), annotations, held.classes, split, place):
            yield found
    for image_id, annotations in held.annotations.items():
        path = json.loads(annotations[0])[0]
        faults.add(f"{one}, {path}", "image_id", f"there is no image {image_id} ({len(annotations)} annotations)")


def _alike(held: _Held) -> dict[str, list[str]]:
    """Each image with the numbers it is listed under: some tools list one again for each of its annotators."""
    found: dict[str, list[str]] = {}
    for image_id, (_, image) in held.images.items():
        found.setdefault(image, []).append(image_id)
    return found


def _hold(held: _Held, path: str, value: Any) -> None:
    part = path.partition("[")[0]
    held.seen.add(part)
    if part not in _LISTS:
        if path.endswith("]"):
            held.about.setdefault(part, []).append(value)
        else:
            held.about[part] = value
        return
    if path == part:
        if value != []:
            raise BadField(part, "not a list")
        return
    record = mapping(value, None)
    if part == "images":
        if (image_id := name(present(record, "id"), "id")) in held.images:
            raise BadField("id", f"two images have the number {image_id}")
        held.images[image_id] = path, _short({field: value for field, value in record.items() if field != "id"})
    elif part == "categories":
        _hold_class(held, record)
    elif "segments_info" in record:
        raise BadField("segments_info", "panoptic segmentation is not understood")
    else:
        held.annotations[name(present(record, "image_id"), "image_id")].append(_short([path, record]))


def _hold_class(held: _Held, record: dict[str, Any]) -> None:
    class_id = name(present(record, "id"), "id")
    if class_id in held.classes:
        raise BadField("id", f"two categories have the number {class_id}")
    key = text(present(record, "name"), "name")
    rest = {field: value for field, value in record.items() if field not in ("id", "name") and value not in ("", None)}
    held.classes[class_id] = ClassRecord(key, attributes={"coco": rest} if rest else {})


def _short(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _item(
    image: dict[str, Any], annotations: list[str], classes: dict[str, ClassRecord], split: str, place: str
) -> Incoming:
    key = text(present(image, "file_name"), "file_name")
    size = [image.get("width"), image.get("height")]
    data: dict[str, Any] = {"image": key}
    if size != [None, None]:
        data["size"] = [number(one, side) for one, side in zip(size, ("width", "height"), strict=True)]
    rest = {field: value for field, value in image.items() if field not in ("file_name", "width", "height")}
    marks = [_mark(json.loads(annotation), classes) for annotation in annotations]
    return Incoming(key, ItemRecord(split, data, {"coco": rest} if rest else {}, marks), place=place)


def _mark(annotation: tuple[str, dict[str, Any]], classes: dict[str, ClassRecord]) -> Mark:
    path, record = annotation
    try:
        return Mark(None, _label(record, classes), _value(record))
    except BadField as error:
        raise error.within(path) from error


def _label(record: dict[str, Any], classes: dict[str, ClassRecord]) -> str:
    if "category_id" not in record and "caption" in record:
        return "caption"
    class_id = name(present(record, "category_id"), "category_id")
    if class_id not in classes:
        raise BadField("category_id", f"there is no category {class_id}")
    return classes[class_id].key


def _value(record: dict[str, Any]) -> dict[str, Any]:
    """All fields as they are but the numbers; of an outline that is empty nothing is kept."""
    value = {field: part for field, part in record.items() if field not in ("id", "image_id", "category_id")}
    if value.get("bbox") == [] or value.get("bbox", ()) is None:
        del value["bbox"]
    if "bbox" in value:
        box = [number(one, f"bbox[{index}]") for index, one in enumerate(sequence(value["bbox"], "bbox"))]
        if len(box) != 4:
            raise BadField("bbox", "not left, top, width and height")
    if "segmentation" in value:
        if value["segmentation"] in ([], None, {}):
            del value["segmentation"]
        else:
            _check_outline(value["segmentation"])
    return value


def _check_outline(outline: object) -> None:
    if isinstance(outline, dict):
        if not isinstance(outline.get("counts"), str | list):
            raise BadField("segmentation.counts", "neither a text nor a list of counts")
        sequence(outline.get("size"), "segmentation.size")
        return
    for index, ring in enumerate(sequence(outline, "segmentation")):
        field = f"segmentation[{index}]"
        if len(sequence(ring, field)) < 6 or len(ring) % 2:
            raise BadField(field, "not the pairs of numbers of three points or more")
        for one in ring:
            number(one, field)
