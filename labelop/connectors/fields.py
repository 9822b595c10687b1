"""Reading single fields of a record that somebody else wrote; whatever is not what it must be raises `BadField`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from .errors import BadField

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_LARGEST = 10**15
_DIGITS = 15

# Names under which tools pass on what logs somebody in or tells who they are; never kept.
_PRIVATE = frozenset(
    {
        *("token", "access_token", "refresh_token", "api_key", "apikey", "authorization", "password", "secret"),
        *("email", "phone", "first_name", "last_name", "avatar", "initials", "last_activity"),
    }
)


def mapping(value: object, field: str | None) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadField(field, f"not an object, but {_kind(value)}")
    return value


def sequence(value: object, field: str | None) -> list[Any]:
    if not isinstance(value, list):
        raise BadField(field, f"not a list, but {_kind(value)}")
    return value


def text(value: object, field: str | None) -> str:
    if not isinstance(value, str):
        raise BadField(field, f"not a text, but {_kind(value)}")
    if _UNSTORABLE.search(value):
        raise BadField(field, "a character that cannot be stored")
    return value


def number(value: object, field: str | None) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _LARGEST:
        raise BadField(field, f"not a number that means a place, but {_kind(value)}")
    return value


def whole(value: object, field: str | None) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadField(field, f"not a whole number, but {_kind(value)}")
    return value


def name(value: object, field: str | None) -> str:
    """An id or a name, as text: whole numbers and texts that are not empty."""
    found = str(value) if isinstance(value, int) and not isinstance(value, bool) else text(value, field)
    if not found:
        raise BadField(field, "empty")
    return found


def present(record: Mapping[str, Any], field: str) -> Any:
    if field not in record:
        raise BadField(field, "missing")
    return record[field]


def spelled_number(value: str | None, field: str | None) -> int | float:
    """A number written as text, as in XML."""
    try:
        found = float(value or "")
    except ValueError as error:
        raise BadField(field, f"{value!r} is not a number") from error
    if not abs(found) < _LARGEST:
        raise BadField(field, f"{value!r} is not a number")
    return int(found) if found.is_integer() else found


def spelled_whole(value: str | None, field: str | None) -> int:
    """A whole number written as text, not below 0."""
    if not value or not value.isdecimal() or len(value) > _DIGITS:
        raise BadField(field, f"{value!r} is not a whole number")
    return int(value)


def moment(value: object, field: str | None) -> datetime:
    """A time in ISO 8601 with its zone, or the seconds since 1970."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
        time = datetime.fromisoformat(text(value, field))
        in_utc = time.astimezone(UTC)
    except (ValueError, OverflowError, OSError) as error:
        if isinstance(error, BadField):
            raise
        raise BadField(field, f"{value!r} is not a time") from error
    if time.utcoffset() is None:
        raise BadField(field, f"{value!r} has no zone")
    return in_utc


def without_private(value: Any) -> Any:
    """The same, without what logs people in or names them: of a person their id is left."""
    if isinstance(value, dict):
        return {key: without_private(part) for key, part in value.items() if key.lower() not in _PRIVATE}
    return [without_private(part) for part in value] if isinstance(value, list) else value


def bounds(points: list[list[float]]) -> list[float]:
    """The box around points: left, top, width, height."""
    across, down = [x for x, _ in points], [y for _, y in points]
    return [min(across), min(down), rounded(max(across) - min(across)), rounded(max(down) - min(down))]


def rounded(number: float) -> int | float:
    """To a millionth, so that the same place reached by another sum is the same number."""
    found = round(number, 6)
    return int(found) if float(found).is_integer() and abs(found) < _LARGEST else found


def _kind(value: object) -> str:
    if value is None:
        return "nothing"
    return {bool: "true or false", dict: "an object", list: "a list", str: "a text"}.get(type(value), repr(value)[:40])
