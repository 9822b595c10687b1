"""Label Studio's JSON export, task by task."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import BadField, Faults
from ..files import Files
from ..jsontext import members
from ..records import Incoming
from .tasks import incoming_of


def read(files: Files, faults: Faults, split: str) -> Iterator[Incoming]:
    for name in files.ending(".json"):
        # Its exports know no splits, and are called by whatever their project is called.
        yield from _tasks(files, name, faults, split)


def _tasks(files: Files, name: str, faults: Faults, split: str) -> Iterator[Incoming]:
    with files.opened(name) as file:
        try:
            for path, task in members(file):
                place = f"{name}, {path}"
                if found := faults.tried(place, incoming_of, task, split, place):
                    yield found
        except BadField as error:
            faults.add(name, error.field, error.reason)
