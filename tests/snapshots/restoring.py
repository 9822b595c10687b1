"""How the tests of restoring change a project, bring it back, and read what it holds."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from audit.acting import operation
from labelop.models import Annotation
from roles.models import User
from snapshots.models import Snapshot
from snapshots.scopes import Everything, Scope
from snapshots.services.restore import Done, restore

from .stage import Stage

WHY = "The guideline of May was a mistake"


def mark(stage: Stage, place: int, by: User, at: datetime | None = None, **columns: Any) -> None:
    """Somebody changes a mark, by an act of theirs."""
    with operation(by=by, at=at):
        Annotation.objects.filter(pk=stage.marks[place].pk).update(**columns)


def new_mark(stage: Stage, place: int, by: User, key: str = "9") -> Annotation:
    with operation(by=by):
        return Annotation.objects.create(
            project=stage.project,
            item=stage.items[place],
            key=key,
            label_class=stage.tern,
            value={"box": [0]},
            author=by,
        )


def go_back(stage: Stage, snapshot: Snapshot, scope: Scope | None = None) -> Done:
    return restore(stage.project, snapshot, scope or Everything(), by=stage.olga, reason=WHY)


def content(snapshot: Snapshot, *sections: str) -> dict[str, Any]:
    kept = snapshot.sealed("sections")
    return {section: kept[section] for section in sections or ("items", "annotations", "schema")}


def value_of(annotation: Annotation) -> Any:
    return Annotation.objects.get(pk=annotation.pk).value
