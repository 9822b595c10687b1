"""Bringing in histories: one privileged act for each batch of somebody else's changes."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from audit.acting import Actor, locked, operation
from audit.events import Event
from audit.models import Entry
from roles.matrix import Can
from roles.models import User
from roles.services import authorize, stand_in_for

from ...connectors.labelhist import Batch, Header, records_of
from ...connectors.records import Incoming
from ...models import Project
from ..project_state import must_take_work
from .importing import Importing, Telling

# How much of a history's digest stands in the trail.
_DIGITS = 16


def imported_up_to(project: Project) -> tuple[str, int]:
    """The digest of the history this project was built from and the last sequence number taken in; ("", 0) if none."""
    entries = Entry.objects.filter(project=project, source__startswith="labelhist/1 ").order_by("-id")
    source = entries.values_list("source", flat=True).first()
    if source is None:
        return "", 0
    _, digest, places = source.split(" ")
    return digest, int(places.split("-")[-1])


def check_history_of(project: Project, header: Header) -> int:
    """Refuse another history than the one a project was built from; tell up to which sequence number this one is in."""
    known, last_seq = imported_up_to(project)
    if known and known != header.digest[:_DIGITS]:
        raise ValidationError(f"{project.slug} was built from another history: replay this one into another project.")
    return last_seq


def import_batch(project: Project, batch: Batch, header: Header, *, by: User) -> bool:
    """Take in one batch at the time it landed; False when the project has it already.

    The person in the history is kept as `attributed_to`, the batch's message as the reason.
    """
    with operation(by=by, at=batch.ts):
        project = locked(project)
        actor = authorize(by, Can.IMPORT_HISTORY, project)
        must_take_work(project)
        if batch.last_seq <= check_history_of(project, header):
            return False
        _take_in(project, batch, header, actor)
    return True


def _take_in(project: Project, batch: Batch, header: Header, actor: Actor) -> None:
    author = stand_in_for(batch.actor, slug=project.slug)
    incoming = [
        Incoming(change.item, None if change.after is None else records_of(change.after, header.kind))
        for change in batch.changes
    ]
    source = f"labelhist/1 {header.digest[:_DIGITS]} {batch.first_seq}-{batch.last_seq}"
    new_items = Event.ITEMS_IMPORTED if batch.baseline else Event.ITEMS_ADDED
    importing = Importing(project, incoming, Telling(source, batch.message, new_items), author)
    importing.bring_items()
    importing.write([one for rows in importing.annotations().values() for one in rows])
    # A batch that came to nothing is on the trail too: it tells up to where the history is in.
    importing.record(actor, {one.item for one in incoming}, author, otherwise=Event.ITEMS_CHANGED)
