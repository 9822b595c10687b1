"""Projects and their settings."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError

from audit.acting import Actor, locked, operation
from audit.events import Event
from audit.services import record
from roles.matrix import Can
from roles.models import Kind, User
from roles.services import appoint_first_owner, authorize, authorize_on_site

from ..models import Project

# What can be set, each by `change_setting`; freezing and archiving are acts of their own.
SETTINGS = frozenset({"risk_tier", "customer_facing", "review_policy", "sample_percent", "separation_of_duties"})


@operation()
def create_project(
    slug: str, name: str, *, by: User, owner: User | None = None, reason: str = "", **settings: Any
) -> Project:
    """Begin a project, with its first owner (`by`, unless somebody else is named)."""
    in_service = User.objects.filter(pk=by.pk, kind=Kind.SERVICE, is_active=True).exists()
    actor = Actor(by) if in_service else authorize_on_site(by, "create projects")
    if unknown := settings.keys() - SETTINGS - {"description"}:
        raise ValidationError(f"A project has no setting {', '.join(sorted(unknown))}.")
    project = Project(slug=slug, name=name, **settings)
    project.full_clean()
    project.save()
    record(Event.PROJECT_CREATED, project, actor, reason=reason, after=name)
    appoint_first_owner(project, owner or by, by=by, reason=reason or "First owner of a new project")
    return project


@operation()
def describe_project(project: Project, name: str, description: str, *, by: User, reason: str = "") -> Project:
    """Give a project another name or description."""
    project = locked(project)
    actor = authorize(by, Can.EDIT_SETTINGS, project)
    before = {"name": project.name, "description": project.description}
    project.name, project.description = name, description
    project.full_clean()
    project.save()
    record(
        Event.PROJECT_DESCRIBED,
        project,
        actor,
        reason=reason,
        before=before,
        after={"name": name, "description": description},
    )
    return project


@operation()
def change_setting(project: Project, setting: str, value: Any, *, by: User, reason: str = "") -> Project:
    """Set one of `SETTINGS` to another value."""
    project = locked(project)
    actor = authorize(by, Can.EDIT_SETTINGS, project)
    if setting not in SETTINGS:
        raise ValidationError(f"A project has no setting {setting}.")
    before = getattr(project, setting)
    setattr(project, setting, value)
    project.full_clean()
    after = getattr(project, setting)
    if after == before:
        raise ValidationError({setting: "That is its value already."})
    project.save()
    record(Event.SETTING_CHANGED, project, actor, reason=reason, before={setting: before}, after={setting: after})
    return project
