"""Projects, their settings and their states."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from audit.acting import Actor, locked, operation
from audit.events import Event
from audit.services import record
from roles.matrix import Can
from roles.models import Kind, User
from roles.services import appoint_first_owner, authorize, authorize_on_site

from ..models import MOVES, Project, ProjectState
from .project_state import must_not_be_archived

# What can be set, each by `change_setting`; freezing and archiving are acts of their own.
SETTINGS = frozenset({"risk_tier", "customer_facing", "review_policy", "sample_percent", "separation_of_duties"})


@operation()
def create_project(
    slug: str,
    name: str,
    *,
    by: User,
    owner: User | None = None,
    reason: str = "",
    state: ProjectState = ProjectState.ACTIVE,
    **settings: Any,
) -> Project:
    """Begin a project, as a draft or active, with its first owner (`by`, unless somebody else is named)."""
    unbound = by.bounds is None or by.bounds.hold(None)
    in_service = unbound and User.objects.filter(pk=by.pk, kind=Kind.SERVICE, is_active=True).exists()
    actor = Actor(by) if in_service else authorize_on_site(by, "create projects")
    if unknown := settings.keys() - SETTINGS - {"description"}:
        raise ValidationError(f"A project has no setting {', '.join(sorted(unknown))}.")
    if state not in (ProjectState.DRAFT, ProjectState.ACTIVE):
        raise ValidationError({"state": "A project begins as a draft or active."})
    description = settings.pop("description", "")
    project = Project(slug=slug, name=name, description=description, state=state)
    for setting, value in settings.items():
        setattr(project, setting, _valid(setting, value))
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
    must_not_be_archived(project)
    before = {"name": project.name, "description": project.description}
    after = {"name": name, "description": description}
    if after == before:
        raise ValidationError("That is its name and description already.")
    project.name, project.description = name, description
    project.full_clean()
    project.save()
    record(Event.PROJECT_DESCRIBED, project, actor, reason=reason, before=before, after=after)
    return project


@operation()
def change_setting(project: Project, setting: str, value: Any, *, by: User, reason: str = "") -> Project:
    """Set one of `SETTINGS` to another value."""
    project = locked(project)
    actor = authorize(by, Can.EDIT_SETTINGS, project)
    must_not_be_archived(project)
    if setting not in SETTINGS:
        raise ValidationError(f"A project has no setting {setting}.")
    before, after = getattr(project, setting), _valid(setting, value)
    if after == before:
        raise ValidationError({setting: "That is its value already."})
    setattr(project, setting, after)
    project.save()
    record(Event.SETTING_CHANGED, project, actor, reason=reason, before={setting: before}, after={setting: after})
    return project


@operation()
def activate_project(project: Project, *, by: User, reason: str = "") -> Project:
    """Let the work of a draft begin."""
    return _move(project, "activate", Event.SETTING_CHANGED, by, reason)


@operation()
def freeze_project(project: Project, *, by: User, reason: str = "") -> Project:
    """Stop the work: until it is unfrozen, no item, mark or assignment changes."""
    return _move(project, "freeze", Event.SETTING_CHANGED, by, reason)


@operation()
def unfreeze_project(project: Project, *, by: User, reason: str = "") -> Project:
    """Let the work go on."""
    return _move(project, "unfreeze", Event.SETTING_CHANGED, by, reason)


@operation()
def archive_project(project: Project, *, by: User, reason: str) -> Project:
    """Close a frozen project for good; its past stays, and so do the roles of those who answer for it."""
    return _move(project, "archive", Event.PROJECT_ARCHIVED, by, reason)


def _move(project: Project, verb: str, event: Event, by: User, reason: str) -> Project:
    project = locked(project)
    actor = authorize(by, Can.EDIT_SETTINGS, project)
    start, end = MOVES[verb]
    if project.state != start:
        raise ValidationError(
            f"The project is {project.get_state_display().lower()}: only one that is {start.label.lower()}"
            f" becomes {end.label.lower()} by this."
        )
    project.state = end
    project.save()
    record(event, project, actor, reason=reason, before={"state": start.value}, after={"state": end.value})
    return project


def _valid(setting: str, value: Any) -> Any:
    """The value as it is stored. Raises `ValidationError` that names the setting."""
    field = next(field for field in Project._meta.concrete_fields if field.name == setting)
    # Django would cut 20.5 to 20 and take yes for 1.
    if isinstance(value, float) or (isinstance(value, bool) and not isinstance(field, models.BooleanField)):
        raise ValidationError({setting: f"{value} is no value of this setting."})
    try:
        value = field.clean(value, None)
    except ValidationError as error:
        raise ValidationError({setting: error.messages}) from error
    if setting == "sample_percent" and value == 0:
        raise ValidationError({setting: "A sample is at least 1 % of the work: nothing may pass unseen by rule."})
    return value
