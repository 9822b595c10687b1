"""What LabelOp stores of a label: the item's own fields, and one mark for each token or object."""

from collections.abc import Iterator
from typing import Any

from ..records import ItemRecord, Mark
from .labels import Kind, Label, checked_label


def records_of(label: Label, kind: Kind) -> ItemRecord:
    """Take a label apart, losing nothing; a field that is not of its kind raises `BadField`."""
    label = checked_label(label, kind)
    if kind.name == "conllu":
        marks = list(_token_marks(label["tokens"], kind.columns))
        return ItemRecord(label["split"], {"text": label["text"]}, {"meta": label["meta"]}, marks)
    marks = [_object_mark(one) for one in label["objects"]]
    return ItemRecord(label.get("split", ""), {"size": label["size"]}, {"scene": label["scene"]}, marks)


def _token_marks(tokens: list[list[str]], columns: tuple[str, ...]) -> Iterator[Mark]:
    """A token's key is its id; the second token of one id is `id#2`, unless that is the id of another."""
    ids = {row[columns.index("id")] for row in tokens}
    taken: set[str] = set()
    for row in tokens:
        value: dict[str, Any] = dict(zip(columns, row, strict=True))
        first = key = value.pop("id")
        turn = 1
        while key in taken or (turn > 1 and key in ids):
            turn += 1
            key = f"{first}#{turn}"
        taken.add(key)
        yield Mark(key, value.pop("upos"), value)


def _object_mark(one: dict[str, Any]) -> Mark:
    value = dict(one)
    key = value.pop("id", None)
    return Mark(None if key is None else str(key), value.pop("category"), value)
