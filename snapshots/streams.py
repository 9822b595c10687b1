"""Snapshots and versions as NDJSON, in pieces that stay small however much there is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from audit.history import versions_of
from labelop.models import Annotation, Item, LabelClass, Project

from .content import State
from .models import Snapshot

AT_ONCE = 1000
# Whose versions tell a project's data, and what is left unsaid of them: who wrote them stands in the entries.
OF_THE_DATA = (LabelClass, Item, Annotation)
UNSAID = frozenset({"history_user_id", "history_change_reason", "author", "project"})


def snapshot_lines(snapshot: Snapshot) -> Iterator[bytes]:
    """Every class, item and mark that a snapshot holds, one JSON object a line; nothing that names people."""
    state = State(snapshot.project_id, snapshot.cut)
    for section in ("schema", "items", "annotations"):
        for one in state.records(section):
            yield line({"section": section, "key": one.key, "content": json.loads(one.canonical)})


def version_lines(project: Project, cut: dict[str, int]) -> Iterator[bytes]:
    """Every version up to a cut, table by table, oldest first."""
    for model in OF_THE_DATA:
        last, bound = 0, cut.get(model._meta.label_lower, 0)
        versions = versions_of(model)._base_manager.filter(project_id=project.pk, history_id__lte=bound)
        while rows := _some(versions, last):
            for row in rows:
                yield line(_version(model._meta.label_lower, row))
            last = rows[-1].history_id


def _some(versions: Any, last: int) -> list[Any]:
    return list(versions.filter(history_id__gt=last).order_by("history_id")[:AT_ONCE])


def line(told: Any) -> bytes:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _version(table: str, row: Any) -> dict[str, Any]:
    return {
        "table": table,
        "version": row.history_id,
        "at": row.history_date.isoformat(),
        "kind": row.history_type,
        "operation": str(row.operation),
        "row": {field.attname: getattr(row, field.attname) for field in row.tracked_fields if field.name not in UNSAID},
    }
