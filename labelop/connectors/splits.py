"""The split that a file's or a folder's name tells, by the habit of the field."""

from __future__ import annotations

import re

_WORDS = re.compile(r"[a-z]+")
_SPLITS = {"train": "train", "val": "val", "valid": "val", "validation": "val", "dev": "dev", "test": "test"}


def split_named_in(name: str) -> str:
    """`val` for `instances_val2017.json`; empty where the name tells no split, or several."""
    found = {_SPLITS[word] for word in _WORDS.findall(name.lower()) if word in _SPLITS}
    return found.pop() if len(found) == 1 else ""
