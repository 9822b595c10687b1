"""The steps of a history, and how one line is read as one of them, as far as the line alone can tell."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ..errors import BadField
from .header import Header
from .labels import MAX_KEY, PATCH_FIELDS, Label, check_text

OPERATIONS = ("add", "update", "remove")

_SHARED_FIELDS = frozenset({"type", "seq", "ts", "rev"})
_CHANGE_FIELDS = _SHARED_FIELDS | {
    *("actor", "authored", "message", "merge", "baseline"),
    *("op", "item", "before_hash", "after_hash", "fields", "label"),
}
_RELEASE_FIELDS = _SHARED_FIELDS | {"name", "items", "state_hash"}


@dataclass(frozen=True)
class ChangeLine:
    """A change as its line gives it: what is to become of the item, not yet tried on its state."""

    line: int
    seq: int
    ts: datetime
    authored: datetime | None
    actor: str
    rev: str
    op: str
    item: str
    before_hash: str | None
    after_hash: str | None
    fields: tuple[str, ...]
    message: str
    merge: bool
    baseline: bool
    label: object
    patch: dict[str, Any]


@dataclass(frozen=True)
class Change:
    """One item's step from one label to the next; None stands for an item that is not there."""

    seq: int
    line: int
    op: str
    item: str
    before: Label | None
    after: Label | None
    fields: tuple[str, ...]
    authored: datetime | None


@dataclass(frozen=True)
class Batch:
    """The changes of one revision, made by one actor: one act.

    Should the lines of one revision not agree, `ts` is the last, `message` is all that is said, `merge` is
    true of any and `baseline` of all.
    """

    rev: str
    actor: str
    ts: datetime
    message: str
    merge: bool
    baseline: bool
    first_seq: int
    last_seq: int
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Release:
    """A named state. Not verified, `doubt` says why the state reached is another than the one named."""

    seq: int
    line: int
    ts: datetime
    name: str
    rev: str
    items: int
    state_hash: str
    verified: bool = True
    doubt: str = ""


def read_change(line: int, record: dict[str, Any], header: Header) -> ChangeLine:
    """A change whose fields are each of their type, and together what its operation needs."""
    patches = PATCH_FIELDS if header.kind.name == "conllu" else frozenset()
    _refuse_unknown(record, _CHANGE_FIELDS | patches)
    change = ChangeLine(
        line=line,
        seq=read_seq(record),
        ts=_time(record, "ts"),
        authored=_time(record, "authored") if "authored" in record else None,
        actor=_name(record, "actor"),
        rev=_name(record, "rev"),
        op=_name(record, "op"),
        item=_name(record, "item"),
        before_hash=_hash_or_none(record, "before_hash"),
        after_hash=_hash_or_none(record, "after_hash"),
        fields=_fields(record, header),
        message=_message(record),
        merge=_flag(record, "merge"),
        baseline=_flag(record, "baseline"),
        label=record.get("label"),
        patch={field: record[field] for field in sorted(patches) if field in record},
    )
    _check_operation(change)
    return change


def read_release(line: int, record: dict[str, Any]) -> Release:
    _refuse_unknown(record, _RELEASE_FIELDS)
    items = _present(record, "items")
    if type(items) is not int or items < 0:
        raise BadField("items", "not a number of items")
    return Release(
        seq=read_seq(record),
        line=line,
        ts=_time(record, "ts"),
        name=_name(record, "name"),
        rev=_name(record, "rev"),
        items=items,
        state_hash=_hash(record, "state_hash", 64),
    )


def read_seq(record: dict[str, Any]) -> int:
    seq = _present(record, "seq")
    if type(seq) is not int:
        raise BadField("seq", "not a whole number")
    return seq


def _check_operation(change: ChangeLine) -> None:
    """An `add` brings a label, an `update` a label or a patch, a `remove` nothing; hashes likewise."""
    if change.op not in OPERATIONS:
        raise BadField("op", f"{change.op!r} is none of {', '.join(OPERATIONS)}")
    if change.op != "update" and change.patch:
        raise BadField(next(iter(change.patch)), f"has no place in the operation {change.op}")
    if change.op == "remove" and change.label is not None:
        raise BadField("label", "has no place in the operation remove")
    if change.op == "add" and change.label is None:
        raise BadField("label", "missing")
    if change.op == "update" and (change.label is None) == (not change.patch):
        raise BadField("label", "an update has either a whole label or a patch")
    if (change.before_hash is None) != (change.op == "add"):
        raise BadField("before_hash", "must be null for an add, and only then")
    if (change.after_hash is None) != (change.op == "remove"):
        raise BadField("after_hash", "must be null for a remove, and only then")


def _refuse_unknown(record: dict[str, Any], known: frozenset[str]) -> None:
    for field in record:
        if field not in known:
            raise BadField(field, f"unknown field of a {record['type']}")


def _present(record: dict[str, Any], field: str) -> Any:
    if field not in record:
        raise BadField(field, "missing")
    return record[field]


def _name(record: dict[str, Any], field: str) -> str:
    name = _present(record, field)
    check_text(name, field, MAX_KEY)
    return str(name)


def _message(record: dict[str, Any]) -> str:
    message = record.get("message")
    if message is not None:
        check_text(message, "message")
    return message or ""


def _flag(record: dict[str, Any], field: str) -> bool:
    flag = record.get(field, False)
    if not isinstance(flag, bool):
        raise BadField(field, "neither true nor false")
    return flag


def _fields(record: dict[str, Any], header: Header) -> tuple[str, ...]:
    fields = record.get("fields", [])
    if not isinstance(fields, list):
        raise BadField("fields", "not a list of label fields")
    for index, field in enumerate(fields):
        if field not in header.fields:
            raise BadField(f"fields[{index}]", f"{field!r} is no label field that the header names")
    return tuple(fields)


def _time(record: dict[str, Any], field: str) -> datetime:
    text = _present(record, field)
    check_text(text, field)
    try:
        time = datetime.fromisoformat(text)
        in_utc = time.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise BadField(field, f"{text!r} is not a time") from error
    if time.utcoffset() is None:
        raise BadField(field, f"{text!r} has no zone")
    return in_utc


def _hash(record: dict[str, Any], field: str, digits: int) -> str:
    text = _present(record, field)
    if not isinstance(text, str) or len(text) != digits or set(text) - set("0123456789abcdef"):
        raise BadField(field, f"not a hash of {digits} hex digits")
    return text


def _hash_or_none(record: dict[str, Any], field: str) -> str | None:
    return None if _present(record, field) is None else _hash(record, field, 16)
