"""From which Label Studio a project is brought in."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.utils import timezone

from audit.acting import Actor, locked, operation
from audit.events import Event
from audit.services import record
from audit.webhooks.signing import new_salt
from roles.matrix import Can
from roles.models import User
from roles.services import authorize

from ..label_studio.addresses import base_and_number, studio_at
from ..models import Connection, Project
from .project_state import must_not_be_archived


@operation()
def connect_label_studio(project: Project, address: str, *, by: User, reason: str) -> Connection:
    """Bring a project in from one of Label Studio's, named by the address of its page there: `…/projects/3`."""
    project = locked(project)
    actor = authorize(by, Can.CONNECT_TOOLS, project)
    must_not_be_archived(project)
    if Connection.objects.filter(project=project, removed_at=None).exists():
        raise ValidationError("This project is connected already: disconnect it first.")
    base, number = base_and_number(address.strip())
    if number is None:
        raise ValidationError(
            {"address": "Give the address of the project there: it ends with /projects/ and a number."}
        )
    studio_at(base)
    connection = Connection(project=project, address=base, number=number, salt=new_salt())
    connection.full_clean(exclude=["salt"])
    connection.save()
    record(Event.CONNECTION_ADDED, connection, actor, reason=reason, after=_told(connection))
    return connection


@operation()
def renew_connection_secret(connection: Connection, *, by: User, reason: str = "") -> Connection:
    """Give a connection another secret: webhooks that bring the earlier one are turned away at once."""
    connection, actor = _kept(connection, by)
    connection.salt = new_salt()
    connection.save()
    record(Event.CONNECTION_SECRET_RENEWED, connection, actor, reason=reason)
    return connection


@operation()
def disconnect_label_studio(connection: Connection, *, by: User, reason: str) -> Connection:
    """End a connection for good: its webhooks are turned away, and nothing is pulled; what was brought in stays."""
    connection, actor = _kept(connection, by)
    connection.removed_at = timezone.now()
    connection.save()
    record(Event.CONNECTION_REMOVED, connection, actor, reason=reason, before=_told(connection))
    return connection


def _kept(connection: Connection, by: User) -> tuple[Connection, Actor]:
    connection = locked(connection)
    actor = authorize(by, Can.CONNECT_TOOLS, connection.project)
    if connection.removed_at is not None:
        raise ValidationError("This connection was ended.")
    return connection, actor


def _told(connection: Connection) -> dict[str, Any]:
    return {"host": urlsplit(connection.address).hostname, "project": connection.number}
