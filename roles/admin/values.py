"""Values that are no plain text, as a page of the admin tells them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.template.loader import render_to_string

from ..words import moment_told

# A value is told this far; the rest of it is for the API.
MOST, DEEPEST = 40, 6


def told_on_its_page(value: Any) -> Any:
    """Yes or no for a truth, a moment with its zone, a table for a value of JSON that has parts."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, datetime):
        return moment_told(value)
    if not isinstance(value, dict | list):
        return value
    return render_to_string("roles/value.html", {"value": parts_of(value)})


def parts_of(value: Any, depth: int = 0) -> dict[str, Any]:
    """A value of JSON in the parts of which a table is made."""
    if isinstance(value, dict | list) and value and depth == DEEPEST:
        return {"text": "…"}
    if isinstance(value, list) and any(isinstance(part, dict | list) for part in value):
        value = {str(place): part for place, part in enumerate(value, 1)}
    if isinstance(value, dict):
        rows = [(name, parts_of(part, depth + 1)) for name, part in list(value.items())[:MOST]]
        return {"rows": rows, "more": max(0, len(value) - MOST)}
    return {"text": _said(value)}


def _said(value: Any) -> str:
    if isinstance(value, list):
        said = ", ".join(map(_said, value[:MOST]))
        return f"{said}, and {len(value) - MOST} more" if len(value) > MOST else said
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "–" if value in (None, "") else str(value)
