"""Pascal VOC as items: one for each XML file, with a mark for each object."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any
from xml.etree.ElementTree import Element

from ..errors import BadField, Faults
from ..fields import rounded
from ..files import Files, decoded
from ..records import Incoming, ItemRecord, Mark
from ..splits import split_named_in
from ..xmltext import number_of, parsed_xml, text_of, tree_of

_CORNERS = ("xmin", "ymin", "xmax", "ymax")
_SPLITS = ("train", "val", "test")


def read(files: Files, faults: Faults, split: str) -> Iterator[Incoming]:
    listed = {} if split else _listed_splits(files, faults)
    for name in files.ending(".xml"):
        path = PurePosixPath(name)
        of_file = split or listed.get(path.stem) or split_named_in(path.parent.as_posix())
        if found := faults.tried(name, _item, files, path.stem, of_file, name):
            yield found


def _listed_splits(files: Files, faults: Faults) -> dict[str, str]:
    """The split of each image by its name, as the lists in `ImageSets` say; trainval only repeats two of them."""
    found: dict[str, str] = {}
    for name in files.ending(".txt"):
        path = PurePosixPath(name)
        if "ImageSets" not in path.parts:
            faults.notes.append(f"{name}: not read")
        elif path.stem in _SPLITS and path.parent.name in ("Main", "ImageSets"):
            for number, line in enumerate(decoded(files.whole(name), name).splitlines(), 1):
                if (image := line.strip()) and found.setdefault(image, path.stem) != path.stem:
                    faults.add(f"{name}, line {number}", None, f"{image} is in {found[image]} as well")
    return found


def _item(files: Files, stem: str, split: str, place: str) -> Incoming:
    root = parsed_xml(files.whole(place))
    if root.tag != "annotation":
        raise BadField(None, f"the root is <{root.tag}>, not <annotation>")
    key = text_of(root, "filename", stem)
    data: dict[str, Any] = {"image": key}
    if (size := root.find("size")) is not None and size.find("width") is not None:
        try:
            data["size"] = [number_of(size, "width"), number_of(size, "height")]
        except BadField as error:
            raise error.within("size") from error
    marks: list[Mark] = []
    kept: dict[str, Any] = {}
    for child in root:
        if child.tag == "object":
            try:
                marks.append(_mark(child))
            except BadField as error:
                raise error.within(f"object[{len(marks)}]") from error
        elif child.tag == "size":
            kept |= {"depth": depth} if (depth := text_of(child, "depth", "")) else {}
        elif child.tag != "filename" and (value := tree_of(child)):
            kept[child.tag] = value
    return Incoming(key, ItemRecord(split, data, {"voc": kept} if kept else {}, marks), place=place)


def _mark(element: Element) -> Mark:
    value: dict[str, Any] = {"bbox": _box(element)}
    for child in element:
        if child.tag in ("name", "bndbox"):
            continue
        if child.tag == "part":
            value.setdefault("parts", []).append({"name": text_of(child, "name"), "bbox": _box(child)})
        elif len(child) and child.tag not in ("attributes", "actions", "point"):
            raise BadField(child.tag, "a shape that is not understood; Pascal VOC has boxes")
        else:
            value[child.tag] = tree_of(child)
    return Mark(None, text_of(element, "name"), value)


def _box(element: Element) -> list[int | float]:
    box = element.find("bndbox")
    if box is None:
        raise BadField("bndbox", "missing")
    try:
        left, top, right, bottom = (number_of(box, corner) for corner in _CORNERS)
    except BadField as error:
        raise error.within("bndbox") from error
    return [left, top, rounded(right - left), rounded(bottom - top)]
