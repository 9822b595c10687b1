"""What the state of a project lets be done; every service asks before it changes something."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from ..models import Project

STATE = Project.State


def must_not_be_archived(project: Project) -> None:
    """Settings and schema: also of a draft, and while the work is frozen."""
    if project.state == STATE.ARCHIVED:
        raise ValidationError("The project is archived: nothing of it changes any more.")


def must_take_work(project: Project) -> None:
    """Items coming and going, and preparing the work: also of a draft."""
    if project.state in (STATE.FROZEN, STATE.ARCHIVED):
        raise ValidationError(f"The project is {project.get_state_display().lower()}: its work does not change.")


def must_be_active(project: Project) -> None:
    """The work itself."""
    must_take_work(project)
    if project.state == STATE.DRAFT:
        raise ValidationError("The project is a draft: its work begins when it is activated.")


def must_take_classes(project: Project) -> None:
    """Every change of a class."""
    must_not_be_archived(project)
    if project.schema_frozen:
        raise ValidationError("The schema is frozen: no class changes until it is unfrozen.")
