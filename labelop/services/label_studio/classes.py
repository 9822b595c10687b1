"""The label config of a project there as the classes of a project here."""

from __future__ import annotations

from collections.abc import Mapping

from roles.models import User

from ...connectors.records import ClassRecord
from ...models import LabelClass, Project
from ..schema import add_class, deprecate_class, reinstate_class
from .comparing import Counts

# Label Studio tells neither who changed a config nor why.
REASON = "Label config of Label Studio, which does not tell who changed it"


def bring_classes(
    project: Project, labels: Mapping[str, ClassRecord], before: list[str], explained: bool, counts: Counts, *, by: User
) -> None:
    """Add the labels that are new in the config, deprecate those that are gone from it, and take back what returned.

    What the config never held is left alone, and so is what was done here with a class since.
    """
    classes = {row.key: row for row in LabelClass.objects.filter(project=project)}
    changed = 0
    for label in sorted(labels.keys() - classes.keys()):
        add_class(project, label, label, by=by, reason=REASON, colour=labels[label].colour)
        counts.added += 1
        changed += 1
    for label in sorted((labels.keys() - set(before)) & classes.keys()):
        if classes[label].deprecated:
            reinstate_class(classes[label], by=by, reason=REASON)
            counts.added += 1
            changed += 1
    for label in sorted((set(before) - labels.keys()) & classes.keys()):
        if not classes[label].deprecated:
            deprecate_class(classes[label], by=by, reason=REASON)
            counts.removed += 1
            changed += 1
    counts.explained += changed if explained else 0
