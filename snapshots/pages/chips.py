"""Filter chips: links that narrow a list, each with its count."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import QueryDict

# Beyond this a chip says "1,000+": counting on would cost more than it tells.
COUNTED = 1000


@dataclass(frozen=True)
class Chip:
    """One link that narrows a list."""

    label: str
    count: str
    query: str
    chosen: bool
    tone: str = ""


def chip(label: str, count: str, asked: QueryDict, field: str, value: str, chosen: bool, tone: str = "") -> Chip:
    query = asked.copy()
    for other in ("before", "after", "moved", field):
        query.pop(other, None)
    if value:
        query[field] = value
    return Chip(label, count, query.urlencode(), chosen, tone)
