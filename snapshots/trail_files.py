"""The trail as files, oldest first, in pieces that stay small however much there is."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from audit.models import Entry
from roles.telling import Pseudonyms, entry_as_dict

AT_ONCE = 1000
COLUMNS = (
    "id", "project", "operation", "at", "recorded_at", "event", "impact", "theme", "role", "actor", "attributed_to",
    "channel", "subject", "records", "before", "after", "reason",
)  # fmt: skip
# A spreadsheet takes a cell that begins so for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def as_ndjson(entries: QuerySet[Entry], names: Pseudonyms) -> Iterator[bytes]:
    """One JSON object a line."""
    for record in _records(entries, names):
        yield _json(record).encode() + b"\n"


def as_csv(entries: QuerySet[Entry], names: Pseudonyms) -> Iterator[bytes]:
    """RFC 4180, UTF-8; what is not recorded is an empty cell, and what is no text is told as JSON."""
    yield _row(COLUMNS)
    for record in _records(entries, names):
        yield _row([neutralised(_cell(record[column])) for column in COLUMNS])


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else _json(value)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def neutralised(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def _row(cells: Any) -> bytes:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue().encode()


def _records(entries: QuerySet[Entry], names: Pseudonyms) -> Iterator[dict[str, Any]]:
    last = 0
    while True:
        found = entries.filter(pk__gt=last).select_related("project", "actor", "attributed_to").order_by("pk")[:AT_ONCE]
        for entry in found:
            last = entry.pk
            slug = entry.project.slug if entry.project else None
            record = {
                **entry_as_dict(entry, names),
                "project": slug,
                "operation": str(entry.operation),
                "theme": entry.theme.lower(),
            }
            yield {column: record[column] for column in COLUMNS}
        if len(found) < AT_ONCE:
            return
