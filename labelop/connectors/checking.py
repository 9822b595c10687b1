"""What a record of any source must be before it can be stored."""

from __future__ import annotations

from audit.canonical import NotCanonical, canonical_json

from .errors import BadField
from .files import MAX_RECORD_BYTES
from .records import About, ClassRecord, Incoming, ItemRecord, Mark

MAX_ITEM_KEY = 500
MAX_NAME = 255
MAX_ABOUT = 1000


def checked(one: Incoming) -> Incoming:
    """The same, if it can be stored: names of a length that fits, values that canonical JSON can carry."""
    _check_name(one.item, "key", MAX_ITEM_KEY)
    if one.record is not None:
        _check_record(one.record)
    return one


def checked_class(one: ClassRecord) -> ClassRecord:
    _check_name(one.key, "class", MAX_NAME)
    _canonical(one.attributes, "class.attributes")
    return one


def checked_about(one: About) -> About:
    """What a file says of itself, each part of it that an entry of the trail can hold; the others by name."""
    sizes = {part: len(_canonical(value, part)) for part, value in one.told.items()}
    too_long = sorted(part for part, size in sizes.items() if size > MAX_ABOUT)
    kept = {part: value for part, value in one.told.items() if part not in too_long}
    return About({**kept, "too_long_to_be_kept": too_long} if too_long else kept)


def _check_record(record: ItemRecord) -> None:
    if record.split:
        _check_name(record.split, "split", MAX_NAME)
    size = len(_canonical(record.data, "data")) + len(_canonical(record.metadata, "metadata"))
    keys: set[str] = set()
    for index, mark in enumerate(record.marks):
        size += _size_of(mark, f"marks[{index}]")
        if mark.key is not None and mark.key in keys:
            raise BadField(f"marks[{index}].key", f"{mark.key!r} stands there twice")
        keys.add(mark.key or "")
    if size > MAX_RECORD_BYTES:
        raise BadField(None, f"a record of more than {MAX_RECORD_BYTES:,} characters")


def _size_of(mark: Mark, field: str) -> int:
    if mark.key is not None:
        _check_name(mark.key, f"{field}.key", MAX_NAME)
    _check_name(mark.label, f"{field}.label", MAX_NAME)
    return len(_canonical(mark.value, field))


def _check_name(name: str, field: str, at_most: int) -> None:
    if not 0 < len(name) <= at_most:
        raise BadField(field, f"{len(name)} characters long; 1 to {at_most} are possible")
    _canonical(name, field)


def _canonical(value: object, field: str) -> str:
    try:
        return canonical_json(value)
    except NotCanonical as error:
        raise BadField(error.path.replace("value", field, 1), error.reason) from error
