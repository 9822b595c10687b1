"""What has been written, and what the format could not hold: each record by name, each field by its name and count."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Progress = Callable[[int], None]
LEFT_OUT = "left_out.jsonl"
# Each has files that are open until the end.
MOST_SPLITS = 100


@dataclass
class Written:
    """`left_out` counts records by why they are not in the files, `dropped` fields by where they stood; `added` counts
    what the format asks for and the records do not say."""

    folder: Path
    items: int = 0
    annotations: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    added: Counter[str] = field(default_factory=Counter)

    def leave_out_item(self, why: str, item: str, marks: int) -> None:
        """Name an item that the format cannot hold, and how many annotations went with it."""
        self._name({"item": item, "annotations": marks, "why": why})

    def leave_out(self, why: str, item: str, annotation: str) -> None:
        """Name an annotation that the format cannot hold."""
        self._name({"item": item, "annotation": annotation, "why": why})

    def _name(self, told: dict[str, Any]) -> None:
        self.left_out[told["why"]] += 1
        with (self.folder / LEFT_OUT).open("a", encoding="utf-8", newline="\n") as file:
            file.write(line(told))

    def as_dict(self) -> dict[str, Any]:
        return {
            "items": self.items,
            "annotations": self.annotations,
            "left_out": dict(sorted(self.left_out.items())),
            "dropped_fields": dict(sorted(self.dropped.items())),
            "added_fields": dict(sorted(self.added.items())),
        }


def line(value: Any) -> str:
    return short(value) + "\n"


def short(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def fields_of(value: Any) -> dict[str, Any]:
    """What JSON an item carries is not said to be an object by anything but habit."""
    return value if isinstance(value, dict) else {"": value}


def is_file_name(key: str) -> bool:
    """Whether a key can be a path below a folder, on any system, that leads nowhere else."""
    return all(
        part.isprintable()
        and 0 < len(part.encode(errors="replace")) <= 200
        and part == part.strip(" ").rstrip(".")
        and not part.startswith(".")
        and not set(part) & set('\\:*?"<>|')
        for part in key.split("/")
    )


def is_folder_name(split: str) -> bool:
    return is_file_name(split) and "/" not in split
