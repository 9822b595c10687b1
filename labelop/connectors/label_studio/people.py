"""Who did something in Label Studio: known by a number, never by the e-mail address that logs them in."""

from __future__ import annotations

from hashlib import sha256

from ..errors import BadField
from ..fields import text


def person_in(value: object, field: str) -> str:
    """`user-7` for whoever has that number there; empty where nobody is named."""
    if value is None or value == {}:
        return ""
    if isinstance(value, dict):
        return person_in(value["id"], field) if value.get("id") is not None else person_in(value.get("email"), field)
    if isinstance(value, int) and not isinstance(value, bool):
        return f"user-{value}"
    if isinstance(value, str) and text(value, field):
        return f"user-{value}" if value.isdecimal() else f"user-{sha256(value.lower().encode()).hexdigest()[:8]}"
    raise BadField(field, "names nobody that can be told: neither a number nor a person")
