"""What the state of a project lets be done: the questions that follow `authorize`."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from ..models import Project


def must_not_be_archived(project: Project) -> None:
    """Refuse a change of settings and schema where the project is archived."""
    if project.state == Project.State.ARCHIVED:
        raise ValidationError("The project is archived: nothing of it changes any more.")


def must_take_work(project: Project) -> None:
    """Refuse a change of the work where the project is frozen or archived."""
    if project.state in (Project.State.FROZEN, Project.State.ARCHIVED):
        raise ValidationError(f"The project is {project.get_state_display().lower()}: its work does not change.")


def must_be_active(project: Project) -> None:
    """Refuse a move where the project is frozen or archived, or has not begun."""
    must_take_work(project)
    if project.state == Project.State.DRAFT:
        raise ValidationError("The project is a draft: its work has not begun.")


def must_take_classes(project: Project) -> None:
    """Refuse a change of a class where the project is archived, or its schema frozen."""
    must_not_be_archived(project)
    if project.schema_frozen:
        raise ValidationError("The schema is frozen: no class changes until it is unfrozen.")
