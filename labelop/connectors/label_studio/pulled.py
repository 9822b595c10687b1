"""A task as Label Studio's API gives it, without what says nothing of the task itself."""

from __future__ import annotations

from typing import Any

from ..errors import BadField
from ..fields import mapping, sequence
from ..records import Incoming
from .tasks import incoming_of

# All else counts, repeats or draws what these say, or is nobody's finished work: predictions and drafts.
_OF_A_TASK = ("id", "project", "inner_id", "data", "meta", "created_at", "file_upload", "storage_filename")
_OF_AN_ANNOTATION = (
    *("id", "result", "completed_by", "updated_by", "was_cancelled", "ground_truth", "created_at", "updated_at"),
    *("lead_time", "parent_prediction", "parent_annotation", "import_id"),
)


def pulled(task: object) -> Incoming:
    """One task of the API as an item; whatever is not understood raises `BadField`."""
    task = mapping(task, None)
    annotations = [
        _only(_OF_AN_ANNOTATION, mapping(one, f"annotations[{index}]"))
        for index, one in enumerate(sequence(task.get("annotations"), "annotations"))
    ]
    annotations.sort(key=lambda one: str(one.get("id")).zfill(20))
    if task.get("id") is None or any(one.get("id") is None for one in annotations):
        raise BadField("id", "missing")
    return incoming_of({**_only(_OF_A_TASK, task), "annotations": annotations}, place=f"task {task['id']}")


def _only(keys: tuple[str, ...], row: dict[str, Any]) -> dict[str, Any]:
    return {key: row[key] for key in keys if key in row}
