"""How a simulated project begins: its owner, its team, its schema."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from audit.acting import operation
from labelop.models import Geometry, LabelClass, Project
from labelop.services.projects import create_project
from labelop.services.schema import add_class
from roles.matrix import Role
from roles.models import User
from roles.services import grant_role, operator_account


def begin_project(slug: str, name: str, owner: User, at: datetime, **settings: Any) -> Project:
    operator = operator_account()
    with operation(by=operator, at=at):
        return create_project(slug, name, by=operator, owner=owner, reason="Leads the project", **settings)


def bring_team(project: Project, owner: User, team: dict[Role, list[User]], at: datetime) -> None:
    """Everybody joins in one act: so one log review reads it."""
    with operation(by=owner, at=at):
        for role, people in team.items():
            for person in people:
                grant_role(project, person, role, by=owner, reason=f"Joins the team as {role.label.lower()}")


def open_schema(
    project: Project, owner: User, definitions: dict[str, str], at: datetime, geometry: Geometry, colours: list[str]
) -> dict[str, LabelClass]:
    classes = {}
    for place, (key, definition) in enumerate(definitions.items()):
        with operation(by=owner, at=at + timedelta(minutes=3 * place)):
            classes[key] = add_class(
                project,
                key,
                key.replace("_", " ").capitalize(),
                by=owner,
                definition=definition,
                colour=colours[place],
                geometry=geometry,
                reason="Opening schema",
            )
    return classes
