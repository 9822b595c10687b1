"""A CoNLL-U file as items: one for each sentence, with a mark for each line of its table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from ..errors import BadField, Faults
from ..files import MAX_RECORD_BYTES, Files, line_text, numbered_lines
from ..labelhist import CONLLU_COLUMNS, Kind, records_of
from ..records import Incoming
from ..splits import split_named_in

_ID = re.compile(r"[1-9]\d*(?:-[1-9]\d*)?|\d+\.[1-9]\d*")
_KIND = Kind("conllu", CONLLU_COLUMNS)
_Lines = list[tuple[int, bytes]]


def read(files: Files, faults: Faults, split: str) -> Iterator[Incoming]:
    for name in files.ending(".conllu", ".conll", ".txt") or files.names:
        for first, lines in _sentences(files, name, faults):
            place = f"{name}, line {first}"
            if found := faults.tried(place, _item, lines, split or split_named_in(name), place):
                yield found


def _sentences(files: Files, name: str, faults: Faults) -> Iterator[tuple[int, _Lines]]:
    held: _Lines = []
    size = 0
    with files.opened(name) as file:
        for number, line in numbered_lines(file):
            if line is None or size > MAX_RECORD_BYTES:
                faults.add(f"{name}, line {number}", None, f"a sentence of more than {MAX_RECORD_BYTES:,} bytes")
                held, size = [], 0
            elif line.strip():
                held.append((number, line))
                size += len(line)
            elif held:
                yield held[0][0], held
                held, size = [], 0
    if held:
        yield held[0][0], held


def _item(lines: _Lines, split: str, place: str) -> Incoming:
    fields: dict[str, str] = {}
    meta: list[str] = []
    tokens: list[list[str]] = []
    for number, line in ((number, line_text(line)) for number, line in lines):
        if not line.startswith("#"):
            tokens.append(_token(number, line))
            continue
        said = line[1:].strip()
        field, equals, value = said.partition("=")
        if equals and field.strip() in ("sent_id", "text"):
            if field.strip() in fields:
                raise BadField(field.strip(), f"line {number}: said twice")
            fields[field.strip()] = value.strip()
        else:
            meta.append(said)
    if not fields.get("sent_id"):
        raise BadField("sent_id", "missing: nothing tells which sentence it is")
    if not tokens:
        raise BadField(None, "a sentence without tokens")
    label = {"split": split or "-", "text": fields.get("text", ""), "meta": meta, "tokens": tokens}
    return Incoming(fields["sent_id"], replace(records_of(label, _KIND), split=split), place=place)


def _token(number: int, line: str) -> list[str]:
    cells = line.split("\t")
    if len(cells) != len(CONLLU_COLUMNS):
        raise BadField(f"line {number}", f"{len(cells)} columns where CoNLL-U has {len(CONLLU_COLUMNS)}")
    if not _ID.fullmatch(cells[0]):
        raise BadField(f"line {number}, id", f"{cells[0]!r} is no token's number")
    if empty := [name for name, cell in zip(CONLLU_COLUMNS, cells, strict=True) if not cell]:
        raise BadField(f"line {number}, {empty[0]}", "empty: CoNLL-U writes _")
    return cells
