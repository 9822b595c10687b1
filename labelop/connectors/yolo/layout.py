"""How a YOLO data set lies in its folder: which file names the classes, which lists images, which holds labels."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import yaml

from ..errors import BadField, BadFile
from ..fields import name as named
from ..fields import sequence, whole
from ..files import Files
from ..splits import split_named_in

_CLASS_FILES = ("obj.names", "classes.txt", "classes.names", "data.names")
_LISTS = {"train.txt": "train", "val.txt": "val", "valid.txt": "val", "test.txt": "test", "trainval.txt": ""}
_PLAIN = re.compile(r"labels|images|data|obj_.*_data|obj")
# What stands in a data.yaml beside splits.
_NO_SPLITS = frozenset({"path", "download", "names", "nc", "kpt_shape", "flip_idx"})


@dataclass(frozen=True)
class Layout:
    """The classes by their numbers; the splits by the name of a list or a folder.

    `keypoints` is how many numbers the points of a pose take, 0 without.
    """

    classes: dict[int, str]
    keypoints: int = 0
    splits: dict[str, str] = field(default_factory=dict)

    def split_of(self, path: str) -> str:
        """The split that a folder of the path is called by."""
        parts = PurePosixPath(path).parent.parts
        return next((self.splits[part] for part in parts if part in self.splits), "") or split_named_in("/".join(parts))

    def key_of(self, path: str) -> str:
        """An image's path below the folders that only say what kind of file lies in them, and in which split."""
        parts = [part for part in PurePosixPath(path).parts if part not in ("/", ".", "..")]
        folders = [part for part in parts[:-1] if not self._says_what_lies_in_it(part)]
        return "/".join([*folders, *parts[-1:]])

    def _says_what_lies_in_it(self, folder: str) -> bool:
        return folder in self.splits or bool(_PLAIN.fullmatch(folder) or split_named_in(folder))

    def list_of(self, name: str) -> str | None:
        """The split whose images a file lists, if it is such a list; empty for one that only repeats others."""
        file_name = PurePosixPath(name).name
        return self.splits.get(file_name, _LISTS.get(file_name))


def names_classes(files: Files) -> str:
    """The file that names the classes, if there is one: it is what tells YOLO from any folder of texts."""
    found = [name for name in files.names if PurePosixPath(name).name in _CLASS_FILES]
    found += [name for name in files.ending(".yaml", ".yml") if b"names" in files.head(name)]
    return found[0] if found and files.ending(".txt") else ""


def layout_of(files: Files) -> Layout:
    name = names_classes(files)
    if not name:
        raise BadFile(files.called, None, "nothing names the classes: obj.names, classes.txt or data.yaml is needed")
    if not name.endswith((".yaml", ".yml")):
        lines = files.text(name).splitlines()
        return Layout({number: line.strip() for number, line in enumerate(lines) if line.strip()})
    try:
        return _from_yaml(yaml.safe_load(files.text(name)))
    except BadField as error:
        raise BadFile(name, error.field, error.reason) from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        if isinstance(error, BadFile):
            raise
        raise BadFile(name, None, f"not YAML that can be read ({error})") from error


def label_files(files: Files, layout: Layout) -> list[str]:
    """The files that hold labels: all texts but lists, class names and what explains the data set."""
    texts = [PurePosixPath(name) for name in files.ending(".txt")]
    return [
        path.as_posix()
        for path in texts
        if path.name not in _CLASS_FILES
        and layout.list_of(path.name) is None
        and not (len(path.parts) == 1 and path.name.lower().startswith(("readme", "license")))
    ]


def listed_images(files: Files, layout: Layout) -> dict[str, tuple[str, str]]:
    """For each key without ending the image's own ending and its split, from lists such as `train.txt`."""
    found: dict[str, tuple[str, str]] = {}
    for name in files.ending(".txt"):
        if not (split := layout.list_of(name)):
            continue
        for line in files.text(name).splitlines():
            if image := line.strip():
                path = PurePosixPath(image.replace("\\", "/"))
                found[layout.key_of(path.with_suffix("").as_posix())] = path.suffix, split
    return found


def _from_yaml(value: Any) -> Layout:
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
    paths = {str(split): path for split, path in value.items() if split not in _NO_SPLITS and isinstance(path, str)}
    # The last part of a path names its split: a list, or a folder of its own and not `images` itself.
    ends = {PurePosixPath(path).name: split_named_in(split) or split for split, path in paths.items()}
    splits = {end: split for end, split in ends.items() if not _PLAIN.fullmatch(end)}
    return Layout(found, counts[0] * counts[1] if counts else 0, splits | {split: split for split in splits.values()})
