"""LabelOp's own JSON lines as items: what one project exported, another takes in as it was."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import BadField, Faults
from ..fields import mapping, present, sequence, text
from ..files import Files, numbered_lines
from ..jsontext import parsed
from ..records import Incoming, ItemRecord, Mark

_OF_AN_ITEM = frozenset({"item", "data", "metadata", "split", "annotations"})
_OF_A_MARK = frozenset({"key", "class", "value"})


def read(files: Files, faults: Faults, split: str) -> Iterator[Incoming]:
    for name in files.ending(".jsonl", ".ndjson") or files.names:
        with files.opened(name) as file:
            for number, line in numbered_lines(file):
                place = f"{name}, line {number}"
                if (line is None or line.strip()) and (found := faults.tried(place, _item, line, split, place)):
                    yield found


def _item(line: bytes | None, split: str, place: str) -> Incoming:
    told = mapping(parsed(line), None)
    _refuse_unknown(told, _OF_AN_ITEM)
    marks: list[Mark] = []
    for index, one in enumerate(sequence(present(told, "annotations"), "annotations")):
        field = f"annotations[{index}]"
        mark = mapping(one, field)
        try:
            _refuse_unknown(mark, _OF_A_MARK)
            key, label = text(present(mark, "key"), "key"), text(present(mark, "class"), "class")
            marks.append(Mark(key, label, mapping(present(mark, "value"), "value")))
        except BadField as error:
            raise error.within(field) from error
    data, metadata = mapping(present(told, "data"), "data"), mapping(told.get("metadata", {}), "metadata")
    record = ItemRecord(split or text(told.get("split", ""), "split"), data, metadata, marks)
    return Incoming(text(present(told, "item"), "item"), record, place=place)


def _refuse_unknown(told: dict[str, object], known: frozenset[str]) -> None:
    for field in told:
        if field not in known:
            raise BadField(field, "unknown field")
