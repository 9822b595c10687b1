"""The schema: a project's label classes."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from audit.acting import locked, operation
from audit.events import Event
from audit.services import record
from roles.matrix import Can
from roles.models import User
from roles.services import authorize

from ..models import Geometry, LabelClass, Project


@operation()
def add_class(
    project: Project,
    key: str,
    name: str,
    *,
    by: User,
    reason: str = "",
    definition: str = "",
    colour: str = "",
    geometry: Geometry = Geometry.ANY,
    high_risk: bool = False,
) -> LabelClass:
    """Add a class to the schema; its key never changes."""
    project = locked(project)
    actor = authorize(by, Can.EDIT_SCHEMA, project)
    if project.schema_frozen:
        raise ValidationError("The schema is frozen.")
    label_class = LabelClass(
        project=project,
        key=key,
        name=name,
        definition=definition,
        colour=colour,
        geometry=geometry,
        high_risk=high_risk,
    )
    label_class.full_clean()
    label_class.save()
    record(Event.CLASS_ADDED, label_class, actor, reason=reason, after=name)
    return label_class
