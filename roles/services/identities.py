"""Who stands behind a pseudonym, told deliberately."""

from __future__ import annotations

from django.db import models

from audit.acting import operation
from audit.events import Event
from audit.services import record

from ..matrix import Can
from ..models import Membership, User
from .permission import authorize


@operation()
def reveal_identity(membership: Membership, *, by: User, reason: str) -> Membership:
    """Let somebody read a member's name beside the pseudonym, for some hours and for themselves alone."""
    actor = authorize(by, Can.REVEAL_IDENTITIES, membership.project)
    record(Event.IDENTITY_REVEALED, membership, actor, reason=reason)
    return membership


@operation()
def reveal_identities(project: models.Model, *, by: User, reason: str) -> models.Model:
    """The same for everybody in a project's trail, as a command prints it."""
    actor = authorize(by, Can.REVEAL_IDENTITIES, project)
    record(Event.IDENTITY_REVEALED, project, actor, reason=reason)
    return project
