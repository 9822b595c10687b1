"""What a label looks like in either kind of history, its hash, and how a patch changes it.

Labels are shared between the state of the replay and the changes it yields: never write into one.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..errors import BadField

Label = dict[str, Any]

MAX_KEY = 255
CONLLU_COLUMNS = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")

PATCH_FIELDS = frozenset({"cells", "tokens", "text", "meta", "split"})


@dataclass(frozen=True)
class Kind:
    """`conllu`, sentences whose tokens are rows of these columns, or `coco`, images with objects."""

    name: str
    columns: tuple[str, ...] = ()


def item_hash(label: Label) -> str:
    """The first 16 hex digits of the SHA-256 of the label's JSON, keys sorted, no spaces, non-ASCII kept."""
    text = json.dumps(label, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def checked_label(label: object, kind: Kind) -> Label:
    """The same label, if it is one of its kind: no field missing, none unknown, each of its type."""
    if not isinstance(label, dict):
        raise BadField("label", "not an object")
    if kind.name == "conllu":
        _check_fields(label, {"split", "text", "meta", "tokens"}, set())
        for field in ("split", "text", "meta"):
            _check_part(label[field], field, f"label.{field}")
        _check_tokens(label["tokens"], kind, "label.tokens")
    else:
        _check_fields(label, {"size", "scene", "objects"}, {"split"})
        _check_image(label)
    return label


def patched(label: Label, patch: dict[str, Any], kind: Kind) -> Label:
    """A new label with the patch applied; the old values that it names must be those of the label."""
    if "cells" in patch and "tokens" in patch:
        raise BadField("cells", "a change gives single cells or the whole table, not both")
    new = dict(label)
    for field in ("text", "meta", "split"):
        if field in patch:
            new[field] = _replaced(label[field], patch[field], field)
    if "tokens" in patch:
        _check_tokens(patch["tokens"], kind, "tokens")
        new["tokens"] = patch["tokens"]
    if "cells" in patch:
        new["tokens"] = _with_cells(label["tokens"], patch["cells"], kind)
    return new


def check_text(value: object, field: str, at_most: int | None = None) -> None:
    """Refuse what is no text; with a limit, also what is empty or longer."""
    if not isinstance(value, str):
        raise BadField(field, "not a text")
    if at_most is not None and not 0 < len(value) <= at_most:
        raise BadField(field, f"{len(value)} characters long; 1 to {at_most} are possible")


def _replaced(old: object, pair: object, field: str) -> object:
    if not isinstance(pair, list) or len(pair) != 2:
        raise BadField(field, "not a pair of old and new value")
    _check_part(pair[1], field, field)
    if pair[0] != old:
        raise BadField(field, f"the old value is given as {pair[0]!r} but was {old!r}")
    return pair[1]


def _with_cells(tokens: list[list[str]], cells: object, kind: Kind) -> list[list[str]]:
    if not isinstance(cells, list):
        raise BadField("cells", "not a list")
    table = list(tokens)
    for index, cell in enumerate(cells):
        field = f"cells[{index}]"
        if not isinstance(cell, list) or len(cell) != 4:
            raise BadField(field, "not a list of row, column, old and new value")
        row, column, old, new = cell
        if type(row) is not int or not 0 <= row < len(table):
            raise BadField(field, f"row {row!r} is not one of the item's {len(table)} rows")
        if column not in kind.columns:
            raise BadField(field, f"unknown column {column!r}")
        position = kind.columns.index(column)
        if old != table[row][position]:
            raise BadField(field, f"the old value is given as {old!r} but was {table[row][position]!r}")
        check_text(new, field, _limit_of(column))
        table[row] = [*table[row][:position], new, *table[row][position + 1 :]]
    return table


def _check_fields(label: Label, needed: set[str], possible: set[str]) -> None:
    for field in label:
        if field not in needed | possible:
            raise BadField(f"label.{field}", "unknown field of a label")
    for field in sorted(needed - set(label)):
        raise BadField(f"label.{field}", "missing")


def _check_part(value: object, part: str, field: str) -> None:
    if part == "meta":
        _check_list(value, field, check_text)
    else:
        check_text(value, field, MAX_KEY if part == "split" else None)


def _check_list(value: object, field: str, check: Callable[[object, str], None]) -> None:
    if not isinstance(value, list):
        raise BadField(field, "not a list")
    for index, member in enumerate(value):
        check(member, f"{field}[{index}]")


def _check_tokens(tokens: object, kind: Kind, field: str) -> None:
    def check_row(row: object, field: str) -> None:
        if not isinstance(row, list) or len(row) != len(kind.columns):
            raise BadField(field, f"not a row of {len(kind.columns)} columns")
        for column, cell in zip(kind.columns, row, strict=True):
            check_text(cell, f"{field}.{column}", _limit_of(column))

    _check_list(tokens, field, check_row)


def _limit_of(column: str) -> int | None:
    return MAX_KEY if column in ("id", "upos") else None


def _check_image(label: Label) -> None:
    _check_numbers(label["size"], "label.size", 2)
    _check_list(label["scene"], "label.scene", lambda value, field: None)
    _check_list(label["objects"], "label.objects", _check_object)
    if "split" in label:
        check_text(label["split"], "label.split", MAX_KEY)
    ids = [str(one["id"]) for one in label["objects"] if one.get("id") is not None]
    if len(set(ids)) < len(ids):
        doubled = next(key for index, key in enumerate(ids) if key in ids[:index])
        raise BadField("label.objects", f"two objects have the id {doubled}")


def _check_object(value: object, field: str) -> None:
    if not isinstance(value, dict):
        raise BadField(field, "not an object")
    for missing in sorted({"category", "bbox"} - set(value)):
        raise BadField(f"{field}.{missing}", "missing")
    check_text(value["category"], f"{field}.category", MAX_KEY)
    _check_numbers(value["bbox"], f"{field}.bbox", 4)
    if value.get("seg") is not None:
        check_text(value["seg"], f"{field}.seg")
    if value.get("id") is not None and type(value["id"]) is not int:
        check_text(value["id"], f"{field}.id", MAX_KEY)


def _check_numbers(value: object, field: str, count: int) -> None:
    if not isinstance(value, list) or len(value) != count:
        raise BadField(field, f"not a list of {count} numbers")
    if not all(type(number) in (int, float) for number in value):
        raise BadField(field, f"not a list of {count} numbers")
