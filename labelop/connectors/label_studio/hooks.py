"""What a webhook of Label Studio tells of: which rows, when, and by whom; all else of its body is passed over.

A body carries no signature, no id of its own, nobody's name for what was deleted, and the project's token beside the
data. It may lack anything but its action.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..errors import BadField
from ..fields import mapping, moment, name, text
from .labels import labels_in
from .people import person_in

MAX_ACTION = 60
CREATED_TASKS, DELETED_TASKS, DELETED_ANNOTATIONS = "TASKS_CREATED", "TASKS_DELETED", "ANNOTATIONS_DELETED"


@dataclass(frozen=True)
class Hook:
    """One webhook: `said` holds tasks, annotations and labels as plain data, as far as it names any."""

    action: str
    project: int | None
    said: dict[str, Any] = field(default_factory=dict)


def hook_in(body: object) -> Hook:
    """Read a body; `BadField` where it is no webhook at all."""
    body = mapping(body, None)
    action = text(body.get("action"), "action")
    if not 0 < len(action) <= MAX_ACTION or not action.isprintable():
        raise BadField("action", "no name of an action")
    project = body.get("project")
    tasks = [number for one in _listed(body, "task") if (number := _id_of(one))]
    annotations = [saving for one in _listed(body, "annotation") if (saving := _saving_in(one))]
    labels = labels_in(project) if isinstance(project, dict) else None
    said = {"tasks": tasks, "annotations": annotations, "labels": sorted(labels) if labels else []}
    return Hook(action, _number_of(project), {key: value for key, value in said.items() if value})


def _listed(body: dict[str, Any], noun: str) -> list[Any]:
    """Rows of a kind; several of them stand under either name."""
    told = [body.get(noun), body.get(f"{noun}s")]
    return [row for rows in told for row in (rows if isinstance(rows, list) else [rows])]


def _number_of(project: object) -> int | None:
    number = project.get("id") if isinstance(project, dict) else project
    return number if isinstance(number, int) and not isinstance(number, bool) else None


def _id_of(row: object) -> str:
    try:
        return name(row.get("id") if isinstance(row, dict) else None, "id")[:MAX_ACTION]
    except BadField:
        return ""


def _saving_in(annotation: object) -> dict[str, str] | None:
    """Which annotation was saved, in which task, by whom and when, as far as that is told."""
    if not isinstance(annotation, dict) or not (number := _id_of(annotation)):
        return None
    saving = {
        "id": number,
        "task": _id_of({"id": annotation.get("task")}),
        "by": _told(person_in, annotation, "updated_by") or _told(person_in, annotation, "completed_by"),
        "at": _told(moment_told, annotation, "updated_at"),
    }
    return {key: value for key, value in saving.items() if value}


def _told(read: Any, annotation: dict[str, Any], key: str) -> str:
    try:
        return str(read(annotation.get(key), key))
    except BadField:
        return ""


def moment_told(value: object, key: str) -> str:
    """A time as one text, however it was written."""
    return moment(value, key).isoformat()
