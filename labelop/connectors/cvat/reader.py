"""CVAT's XML 1.1 as items: an image with its shapes, or a video with its tracks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element

from ..errors import BadField, BadFile, Faults
from ..fields import spelled_number, spelled_whole
from ..files import Files
from ..records import About, ClassRecord, Incoming, ItemRecord, Mark
from ..splits import split_named_in
from ..xmltext import elements
from .meta import Meta, meta_of
from .shapes import SHAPES, mark_of, track_of

_OF_TASK = ("id", "name", "size", "start_frame", "stop_frame", "frame_filter")


def read(files: Files, faults: Faults, split: str) -> Iterator[Incoming | ClassRecord | About]:
    for name in files.ending(".xml"):
        yield from _read_file(files, name, faults, split)


def _read_file(files: Files, name: str, faults: Faults, split: str) -> Iterator[Incoming | ClassRecord | About]:
    reading = _Reading(name, split or split_named_in(name), faults)
    with files.opened(name) as file:
        for root, element, begins in elements(file, name):
            if not begins:
                yield from reading.told_by(element)
            elif root != "annotations":
                raise BadFile(name, None, f"the root is <{root}>, not <annotations>")
    for task_id, marks in reading.tracks.items():
        yield _video(reading.meta, task_id, marks, reading.split, name)
    faults.notes += [f"{name}: {told}" for told in reading.meta.deleted(reading.frames)]


@dataclass
class _Reading:
    """A file on the way through its elements, and what is only told at its end."""

    name: str
    split: str
    faults: Faults
    meta: Meta = field(default_factory=Meta)
    tracks: dict[str, list[Mark]] = field(default_factory=dict)
    frames: set[int] = field(default_factory=set)

    def told_by(self, element: Element) -> Iterator[Incoming | ClassRecord | About]:
        if element.tag == "meta":
            self.meta = meta_of(element, self.name)
            yield About(self.meta.told)
            yield from self.meta.classes
        elif element.tag == "image":
            place = f"{self.name}, image {element.get('id', '?')} ({element.get('name', 'without a name')})"
            if found := self.faults.tried(place, _image, element, self.meta, self.split, place):
                self.frames.add(int(element.get("id", "0")))
                yield found
        elif element.tag == "track":
            mark = self.faults.tried(f"{self.name}, track {element.get('id', '?')}", track_of, element)
            if mark is not None:
                self.tracks.setdefault(element.get("task_id", ""), []).append(mark)
        elif element.tag != "version":
            self.faults.add(self.name, element.tag, "not understood")
        elif (element.text or "").strip() != "1.1":
            raise BadFile(self.name, "version", f"{(element.text or '').strip()!r} is not 1.1")


def _image(element: Element, meta: Meta, split: str, place: str) -> Incoming:
    image = element.get("name")
    if not image:
        raise BadField("name", "missing")
    spelled_whole(element.get("id"), "id")
    subset = element.get("subset") or meta.subset(element.get("task_id", ""))
    named = "" if subset.lower() == "default" else subset
    data: dict[str, Any] = {"image": image}
    if element.get("width"):
        data["size"] = [spelled_number(element.get(side), side) for side in ("width", "height")]
    marks: list[Mark] = []
    for index, child in enumerate(element):
        try:
            if child.tag not in SHAPES:
                raise BadField(None, "a shape that is not understood")
            marks.append(mark_of(child))
        except BadField as error:
            raise error.within(f"{child.tag}[{index}]") from error
    kept = {key: value for key, value in element.attrib.items() if key not in ("name", "width", "height")}
    record = ItemRecord(named or split, data, {"cvat": kept}, marks)
    return Incoming(f"{named}/{image}" if named else image, record, place=place)


def _video(meta: Meta, task_id: str, marks: list[Mark], split: str, name: str) -> Incoming:
    task = meta.task(task_id)
    key = meta.source or task.get("name") or name
    subset = meta.subset(task_id)
    named = "" if subset.lower() == "default" else subset
    data: dict[str, Any] = {"video": key}
    if size := meta.size(task_id):
        data["size"] = size
    kept = {part: task[part] for part in _OF_TASK if part in task}
    record = ItemRecord(named or split, data, {"cvat": kept}, marks)
    return Incoming(f"{named}/{key}" if named else key, record, place=name)
