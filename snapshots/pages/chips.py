"""Filter chips: links that narrow a list, each with its count."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet
from django.http import QueryDict

from audit.events import Impact
from audit.models import Entry

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


def impact_chips(entries: QuerySet[Entry], asked: QueryDict, *, default: str) -> list[Chip]:
    chosen = asked.get("impact", default)
    chips = []
    for impact in Impact:
        name = impact.name.lower()
        count = entries.filter(impact=impact).order_by()[: COUNTED + 1].count()
        said = f"{COUNTED:,}+" if count > COUNTED else f"{count:,}"
        chips.append(chip(impact.label, said, asked, "impact", name, name == chosen, name))
    return chips


def chip(label: str, count: str, asked: QueryDict, field: str, value: str, chosen: bool, tone: str = "") -> Chip:
    query = asked.copy()
    for other in ("before", "after", "moved", field):
        query.pop(other, None)
    if value:
        query[field] = value
    return Chip(label, count, query.urlencode(), chosen, tone)
