"""Canonical JSON: the one text of a value, behind every hash in the house.

Keys sorted, no spaces, UTF-8 unescaped; with ASCII keys and safe integers only, it equals RFC 8785.

Numbers go by value. A whole number below 2^53 is written as such, so 1.0 is `1` and -0.0 is `0`; every other
number is `{"$n": "<shortest repr>"}`, because JSON's readers round and respell it. Beyond 2^53 a float keeps
the look of one ("1e+22"), so that it comes back as a float. NaN, infinities and Decimal are refused.

The mark stays ours: a user's key of dollar signs and an n (`$n`, `$$n` …) is written with one dollar more and
read with one less. So different values never share a text, and no user's key is refused for its name.
"""

import hashlib
import json
import re
from datetime import UTC, datetime
from typing import Any

SAFE_INTEGER = 2**53
MAX_DEPTH = 100

_MARK = re.compile(r"\$+n", re.ASCII)
_SURROGATE = re.compile("[\ud800-\udfff]")


class NotCanonical(ValueError):
    """A value that has no canonical JSON, and the place in it that is to blame."""

    def __init__(self, reason: str, path: str = "value") -> None:
        super().__init__(reason)
        self.reason = reason
        self.path = path

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"

    def inside(self, step: str) -> "NotCanonical":
        """The same complaint, seen from one level further out."""
        return NotCanonical(self.reason, f"value{step}{self.path.removeprefix('value')}")


def canonical_json(value: object) -> str:
    """Write a value as its one text; tuples as lists, aware times in UTC as `2026-10-01T12:00:00.000000Z`."""
    text = _encode(_written(value, 0))
    # An escaped backslash before "u0000" looks the same here; the slow look at each string tells them apart.
    if "\\u0000" in text or (not text.isascii() and _SURROGATE.search(text)):
        _refuse_bad_text(value)
    return text


def parse_canonical(text: str) -> Any:
    """Read canonical JSON back; layout is not checked, but bare fractions and doubled keys are refused."""
    try:
        return _decode(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise NotCanonical(f"not JSON ({error})") from error


def sha256_hex(text: str) -> str:
    """The SHA-256 of a text's UTF-8, as 64 hex digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def _written(value: object, depth: int) -> object:
    """The value as `json.dumps` is to see it: numbers marked, keys escaped, times as text."""
    if isinstance(value, str | bool) or value is None:
        return value
    if isinstance(value, int):
        return _written_integer(value)
    if isinstance(value, float):
        return _written_float(value)
    if depth == MAX_DEPTH:
        raise NotCanonical(f"nested more than {MAX_DEPTH} levels deep")
    if isinstance(value, dict):
        return _written_object(value, depth + 1)
    if isinstance(value, list | tuple):
        return _written_array(value, depth + 1)
    if isinstance(value, datetime):
        return _written_time(value)
    raise NotCanonical(f"a {type(value).__name__} cannot be written as JSON")


def _written_object(members: dict[Any, object], depth: int) -> dict[str, object]:
    written: dict[str, object] = {}
    for key, member in members.items():
        if not isinstance(key, str):
            raise NotCanonical(f"the key {key!r} is not text")
        try:
            # Most members are text, which is written as it is.
            member = member if type(member) is str else _written(member, depth)
            written[f"${key}" if key[:1] == "$" and _MARK.fullmatch(key) else key] = member
        except NotCanonical as error:
            raise error.inside(_step(key)) from None
    return written


def _written_array(members: list[object] | tuple[object, ...], depth: int) -> list[object]:
    written = []
    for index, member in enumerate(members):
        try:
            written.append(_written(member, depth))
        except NotCanonical as error:
            raise error.inside(f"[{index}]") from None
    return written


def _written_integer(number: int) -> object:
    if -SAFE_INTEGER < number < SAFE_INTEGER:
        return int(number)
    try:
        return {"$n": int.__repr__(number)}
    except ValueError as error:
        raise NotCanonical("an integer with too many digits") from error


def _written_float(number: float) -> object:
    if number != number or number in (float("inf"), float("-inf")):
        raise NotCanonical(f"{number!r} is not a number that JSON knows")
    if number.is_integer() and abs(number) < SAFE_INTEGER:
        return int(number)
    return {"$n": float.__repr__(number)}


def _written_time(time: datetime) -> str:
    if time.utcoffset() is None:
        raise NotCanonical("a time without a zone")
    try:
        return time.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    except OverflowError as error:
        raise NotCanonical("a time that UTC cannot hold") from error


def _refuse_bad_text(value: object, path: str = "value") -> None:
    if isinstance(value, str):
        if "\0" in value:
            raise NotCanonical("the character U+0000", path)
        if found := _SURROGATE.search(value):
            raise NotCanonical(f"half a surrogate pair, U+{ord(found.group()):04X}", path)
    elif isinstance(value, dict):
        for key, member in value.items():
            _refuse_bad_text(key, f"{path}{_step(key)}")
            _refuse_bad_text(member, f"{path}{_step(key)}")
    elif isinstance(value, list | tuple):
        for index, member in enumerate(value):
            _refuse_bad_text(member, f"{path}[{index}]")


def _step(key: str) -> str:
    return f".{key}" if key.isidentifier() else f"[{json.dumps(key)}]"


def _read_object(pairs: list[tuple[str, Any]]) -> Any:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise NotCanonical("an object with one key twice")
    if "$n" in members:
        return _read_number(members)
    return {key[1:] if key[:2] == "$$" and _MARK.fullmatch(key) else key: members[key] for key in members}


def _read_number(members: dict[str, Any]) -> int | float:
    text = members["$n"]
    if len(members) > 1 or not isinstance(text, str):
        raise NotCanonical('"$n" stands for a number and nothing else')
    try:
        number = int(text) if text.lstrip("-").isdecimal() else float(text)
    except ValueError as error:
        raise NotCanonical(f"{text!r} is not a number") from error
    if _written(number, 0) != {"$n": text}:
        raise NotCanonical(f"{text!r} is not the canonical spelling of a number")
    return number


def _read_integer(text: str) -> int:
    if len(text) > 17 or not -SAFE_INTEGER < int(text) < SAFE_INTEGER or text == "-0":
        raise NotCanonical(f"the bare number {text} is not a canonical one")
    return int(text)


def _refuse_number(text: str) -> float:
    raise NotCanonical(f"the bare number {text} is not a canonical one")


_encode = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, check_circular=False
).encode
_decode = json.JSONDecoder(
    object_pairs_hook=_read_object,
    parse_int=_read_integer,
    parse_float=_refuse_number,
    parse_constant=_refuse_number,
).decode
