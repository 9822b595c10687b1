"""How a YOLO data set lies in its folder: which file names the classes, which lists images, which holds labels."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import yaml

from ..errors import BadField, BadFile
from ..fields import name as named
from ..fields import sequence, whole
from ..files import Files
from ..splits import split_named_in

_CLASS_FILES = ("obj.names", "classes.txt", "classes.names", "data.names")
_LISTS = ("train.txt", "val.txt", "valid.txt", "test.txt")
_PLAIN = re.compile(r"labels|images|data|obj_.*_data|obj")


@dataclass(frozen=True)
class Classes:
    """The classes by their numbers; `keypoints` is how many numbers the points of a pose take, 0 without."""

    names: dict[int, str]
    keypoints: int = 0


def names_classes(files: Files) -> str:
    """The file that names the classes, if there is one: it is what tells YOLO from any folder of texts."""
    found = [name for name in files.names if PurePosixPath(name).name in _CLASS_FILES]
    found += [name for name in files.ending(".yaml", ".yml") if b"names" in files.head(name)]
    return found[0] if found and files.ending(".txt") else ""


def classes_in(files: Files) -> Classes:
    name = names_classes(files)
    if not name:
        raise BadFile(files.root.name, None, "nothing names the classes: obj.names, classes.txt or data.yaml is needed")
    if not name.endswith((".yaml", ".yml")):
        lines = files.text(name).splitlines()
        return Classes({number: line.strip() for number, line in enumerate(lines) if line.strip()})
    try:
        return _from_yaml(yaml.safe_load(files.text(name)))
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        if isinstance(error, BadFile):
            raise
        field = error.field if isinstance(error, BadField) else None
        raise BadFile(name, field, str(getattr(error, "reason", error))) from error


def label_files(files: Files) -> list[str]:
    """The files that hold labels: all texts but lists, class names and what explains the data set."""
    aside = {*_CLASS_FILES, *_LISTS, "trainval.txt"}
    texts = [PurePosixPath(name) for name in files.ending(".txt")]
    return [
        path.as_posix()
        for path in texts
        if path.name not in aside and not (len(path.parts) == 1 and path.name.lower().startswith(("readme", "license")))
    ]


def listed_images(files: Files) -> dict[str, tuple[str, str]]:
    """For each key without ending the image's own ending and its split, from lists such as `train.txt`."""
    found: dict[str, tuple[str, str]] = {}
    for name in files.ending(".txt"):
        if PurePosixPath(name).name not in _LISTS:
            continue
        split = split_named_in(PurePosixPath(name).stem)
        for line in files.text(name).splitlines():
            if image := line.strip():
                path = PurePosixPath(image.replace("\\", "/"))
                found[key_of(path.with_suffix("").as_posix())] = path.suffix, split
    return found


def key_of(path: str) -> str:
    """An image's path below the folders that only say what kind of file lies in them, and in which split."""
    parts = [part for part in PurePosixPath(path).parts if part not in ("/", ".", "..")]
    folders = [part for part in parts[:-1] if not _PLAIN.fullmatch(part) and not split_named_in(part)]
    return "/".join([*folders, *parts[-1:]])


def _from_yaml(value: Any) -> Classes:
    if not isinstance(value, dict):
        raise BadField(None, "not an object with the names of the classes")
    names = value.get("names")
    if isinstance(names, dict):
        found = {whole(number, "names"): named(label, f"names.{number}") for number, label in names.items()}
    else:
        found = {number: named(label, f"names[{number}]") for number, label in enumerate(sequence(names, "names"))}
    shape = value.get("kpt_shape")
    counts = [whole(one, "kpt_shape") for one in sequence(shape, "kpt_shape")] if shape is not None else []
    if counts and (len(counts) != 2 or counts[1] not in (2, 3)):
        raise BadField("kpt_shape", "neither [points, 2] nor [points, 3]")
    return Classes(found, counts[0] * counts[1] if counts else 0)
