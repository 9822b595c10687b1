"""doccano's JSONL as items: one for each text, with a mark for each span, relation or category."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from audit.canonical import sha256_hex

from ..errors import BadField, Faults
from ..fields import mapping, name, present, sequence, text, whole
from ..files import Files, numbered_lines
from ..jsontext import parsed
from ..records import Incoming, ItemRecord, Mark
from ..splits import split_named_in

_TAKEN = frozenset({"id", "text", "filename", "label", "labels", "cats", "entities", "relations"})


def read(files: Files, faults: Faults, split: str) -> Iterator[Incoming]:
    for file_name in files.ending(".jsonl", ".json", ".ndjson", ".txt") or files.names:
        with files.opened(file_name) as file:
            for number, line in numbered_lines(file):
                place = f"{file_name}, line {number}"
                if line is not None and not line.strip():
                    continue
                if found := faults.tried(place, _item, line, split or split_named_in(file_name), place):
                    yield found


def _item(line: bytes | None, split: str, place: str) -> Incoming:
    record = mapping(parsed(line), None)
    source = "text" if "text" in record else "filename"
    content = text(present(record, source), source)
    rest = {field: value for field, value in record.items() if field not in _TAKEN}
    marks = [*_labels(record, content), *_entities(record, content), *_relations(record)]
    key = name(record["id"], "id") if record.get("id") is not None else sha256_hex(content)[:16]
    data = {"text" if source == "text" else "image": content}
    return Incoming(key, ItemRecord(split, data, {"doccano": rest} if rest else {}, marks), place=place)


def _labels(record: dict[str, Any], content: str) -> Iterator[Mark]:
    """Spans as `[start, end, class]`, or the categories of the whole text."""
    for field in ("label", "labels", "cats"):
        value = record.get(field) or []
        if isinstance(value, str):
            value = [value]
        for index, one in enumerate(sequence(value, field)):
            place = f"{field}[{index}]"
            if not isinstance(one, list):
                yield Mark(None, name(one, place), {})
                continue
            if len(one) != 3:
                raise BadField(place, "neither a category nor a start, an end and a class")
            yield Mark(None, name(one[2], f"{place}[2]"), _span(one[0], one[1], content, place))


def _entities(record: dict[str, Any], content: str) -> Iterator[Mark]:
    for index, one in enumerate(sequence(record.get("entities") or [], "entities")):
        place = f"entities[{index}]"
        entity = mapping(one, place)
        span = _span(entity.get("start_offset"), entity.get("end_offset"), content, place)
        rest = {
            field: value
            for field, value in entity.items()
            if field not in ("id", "label", "start_offset", "end_offset")
        }
        yield Mark(_key(entity, place), name(entity.get("label"), f"{place}.label"), {**span, **rest})


def _relations(record: dict[str, Any]) -> Iterator[Mark]:
    for index, one in enumerate(sequence(record.get("relations") or [], "relations")):
        place = f"relations[{index}]"
        relation = mapping(one, place)
        ends = {"from": present(relation, "from_id"), "to": present(relation, "to_id")}
        rest = {field: value for field, value in relation.items() if field not in ("id", "type", "from_id", "to_id")}
        key = _key(relation, place)
        label = name(relation.get("type"), f"{place}.type")
        yield Mark(None if key is None else f"relation-{key}", label, {**ends, **rest})


def _key(record: dict[str, Any], place: str) -> str | None:
    return name(record["id"], f"{place}.id") if record.get("id") is not None else None


def _span(start: object, end: object, content: str, place: str) -> dict[str, Any]:
    first, last = whole(start, f"{place}[0]"), whole(end, f"{place}[1]")
    if not 0 <= first <= last <= len(content):
        raise BadField(place, f"{first} to {last} is not within the text of {len(content)} characters")
    return {"start": first, "end": last}
