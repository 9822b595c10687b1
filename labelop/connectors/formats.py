"""The formats that are understood, and how a file's content tells which it is.

To add one, write a reader and name it in `READERS`; say in `_told_by` or `_format_of` what only it holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

from . import coco, conllu, cvat, doccano, jsonl, label_studio, prodigy, voc, yolo
from .errors import BadField, BadFile, Faults
from .files import Files
from .jsontext import members
from .records import About, ClassRecord, Incoming

Reader = Callable[[Files, Faults, str], Iterator[Incoming | ClassRecord | About]]

READERS: dict[str, Reader] = {
    "label_studio": label_studio.read,
    "coco": coco.read,
    "cvat": cvat.read,
    "voc": voc.read,
    "yolo": yolo.read,
    "conllu": conllu.read,
    "doccano": doccano.read,
    "prodigy": prodigy.read,
    "jsonl": jsonl.read,
}

# Keys of the first JSON object of a file, by which its format is known: all of a set must be there.
_TOLD_BY: list[tuple[frozenset[str], str]] = [
    (frozenset({"_input_hash"}), "prodigy"),
    (frozenset({"_task_hash"}), "prodigy"),
    (frozenset({"answer", "text"}), "prodigy"),
    (frozenset({"item", "annotations"}), "jsonl"),
    (frozenset({"images", "annotations"}), "coco"),
    (frozenset({"images", "categories"}), "coco"),
    (frozenset({"annotations", "categories"}), "coco"),
    *((frozenset({"text", field}), "doccano") for field in ("label", "labels", "entities", "cats", "Comments")),
    *((frozenset({"filename", field}), "doccano") for field in ("label", "labels", "Comments")),
]
_ELSEWHERE = {
    frozenset({"data", "annotations"}): "one task of Label Studio, not a list of tasks: export the project as JSON",
    frozenset({"type", "releases"}): "a history: `replay` takes it",
    frozenset({"annotator", "annotation_id"}): "Label Studio's JSON_MIN, which leaves out too much: export as JSON",
}
_ROOT = re.compile(r"\A\s*(?:<\?.*?\?>\s*|<!--.*?-->\s*|<!DOCTYPE[^>]*>\s*)*<([^\s/>]+)", re.DOTALL)
_TOKEN = re.compile(r"^\d+(?:[-.]\d+)?(?:\t[^\t]*){9}$")


def recognised(files: Files) -> str:
    """The format of these files; one that is not known, or not the only one, raises `BadFile` by name."""
    found = {"yolo"} if yolo.names_classes(files) else set()
    others = [name for name in files.ending(".json", ".jsonl", ".ndjson", ".conllu", ".conll", ".txt") if not found]
    for name in others if len(files.names) == 1 or not files.ending(".xml") else files.ending(".json"):
        if len(files.names) == 1 or PurePosixPath(name).suffix != ".txt":
            found.add(_format_of(files, name))
    found |= {_format_of(files, name) for name in files.ending(".xml")[:1]}
    if not found and len(files.names) == 1:
        found = {_format_of(files, files.names[0])}
    if len(found) == 1:
        return found.pop()
    known = ", ".join(READERS)
    reason = f"holds {' and '.join(sorted(found))}: say which is meant" if found else f"none of {known}"
    raise BadFile(files.called, None, reason)


def _format_of(files: Files, name: str) -> str:
    head = files.head(name).decode("utf-8-sig", "replace").lstrip()
    if head.startswith("<"):
        return _format_of_xml(head, name)
    if head[:1] in ("{", "["):
        return _format_of_json(files, name)
    if any(_TOKEN.match(line) for line in head.splitlines()[:200]):
        return "conllu"
    raise BadFile(name, None, f"none of {', '.join(READERS)}" if head else "empty: nothing tells its format")


def _format_of_xml(head: str, name: str) -> str:
    root = _ROOT.match(head)
    tag = root[1] if root else ""
    if tag in ("annotations", "annotation"):
        return "cvat" if tag == "annotations" else "voc"
    raise BadFile(name, None, f"XML of the root <{tag}>, which is none of CVAT's and Pascal VOC's")


def _format_of_json(files: Files, name: str) -> str:
    keys = _first_keys(files, name)
    if {"[", "data"} <= keys:
        return "label_studio"
    for told_by, found in _TOLD_BY:
        if told_by <= keys and "[" not in keys:
            return found
    for told_by, reason in _ELSEWHERE.items():
        if told_by <= keys:
            raise BadFile(name, None, reason)
    told = ", ".join(sorted(keys - {"["})[:8])
    raise BadFile(name, None, f"JSON with the keys {told or 'of nothing'}, which is none of {', '.join(READERS)}")


def _first_keys(files: Files, name: str) -> set[str]:
    """The keys of the first object, until they tell the format; with `[` where it stands in a list."""
    keys: set[str] = set()
    with files.opened(name) as file:
        try:
            for path, value in members(file):
                if path.startswith("["):
                    return {"[", *value} if isinstance(value, dict) else {"["}
                keys.add(path.partition("[")[0])
                if {"images", "annotations"} <= keys or {"images", "categories"} <= keys:
                    break
        except BadField as error:
            # After the first object of several lines something follows; anything else is for the reader to tell.
            if not keys:
                raise BadFile(name, error.field, error.reason) from error
    return keys
