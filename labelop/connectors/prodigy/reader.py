"""Prodigy's JSONL as items: one for each input, with the marks of all answers that were given to it."""

from __future__ import annotations

import codecs
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from ..errors import BadField, Faults
from ..fields import mapping, name, present
from ..files import Files, numbered_lines
from ..jsontext import parsed
from ..records import Incoming, ItemRecord, Mark
from ..splits import split_named_in
from .answers import INPUTS, marks_of, rest_of


def read(files: Files, faults: Faults, split: str) -> Iterator[Incoming]:
    for file_name in files.ending(".jsonl", ".json", ".ndjson", ".txt") or files.names:
        yield from _read_file(files, file_name, faults, split or split_named_in(file_name))


def _read_file(files: Files, file_name: str, faults: Faults, split: str) -> Iterator[Incoming]:
    """Answers to one input may stand anywhere in the file, so where they stand is looked up first."""
    places: dict[str, list[tuple[int, int]]] = defaultdict(list)
    with files.opened(file_name) as file:
        start = 0
        for number, line in numbered_lines(file):
            if line is None or line.strip():
                key = faults.tried(f"{file_name}, line {number}", _input_of, line)
                if key is not None:
                    places[key].append((number, start))
            start = file.tell()
        for key, lines in places.items():
            place = f"{file_name}, line {lines[0][0]}"
            found = []
            for _, at in lines:
                file.seek(at)
                found.append(file.readline().removeprefix(codecs.BOM_UTF8))
            if item := faults.tried(place, _item, key, found, split, place):
                yield item


def _input_of(line: bytes | None) -> str:
    record = mapping(parsed(line), None)
    return name(present(record, "_input_hash"), "_input_hash")


def _item(key: str, lines: list[bytes], split: str, place: str) -> Incoming:
    answers: list[dict[str, Any]] = [mapping(parsed(line), None) for line in lines]
    source = next((field for field in INPUTS if field in answers[0]), None)
    if source is None:
        raise BadField(None, f"none of the inputs {', '.join(INPUTS)}")
    if any(answer.get(source) != answers[0][source] for answer in answers):
        raise BadField(source, f"two inputs share the number {key}")
    marks: list[Mark] = [mark for answer in answers for mark in marks_of(answer)]
    data = {source: answers[0][source]}
    metadata = {"prodigy": [rest_of(answer, source) for answer in answers]}
    return Incoming(key, ItemRecord(split, data, metadata, marks), place=place)
