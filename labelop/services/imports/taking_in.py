"""Taking in what another tool says of some items, each of its people's savings as an act of its own."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from audit.acting import locked, operation
from audit.events import Event
from audit.models import Entry
from audit.services import record
from roles.matrix import Can
from roles.models import User
from roles.services import authorize

from ...connectors.records import REVIEW, UNTOLD, WORK, ClassRecord, Incoming, Saved, Step
from ...models import Item, Project
from ..project_state import must_take_work
from .importing import Importing, Telling, Written

_ENDLESS = float("inf")
_EVENTS = {REVIEW: Event.REVIEW_IMPORTED, WORK: Event.WORK_IMPORTED}


@dataclass
class TakenIn:
    """What some records led to: how many rows by event, in how many acts; nothing where all was there already.

    `operation` is the last of the acts.
    """

    changes: Counter[str] = field(default_factory=Counter)
    acts: int = 0
    operation: uuid.UUID | None = None

    def add(self, other: TakenIn) -> None:
        self.changes += other.changes
        self.acts += other.acts
        self.operation = other.operation or self.operation

    def keep(self, entries: Sequence[Entry]) -> None:
        """Count an act by the entries it left, if any."""
        for entry in entries:
            self.changes[entry.event] += entry.records
            self.operation = entry.operation
        self.acts += bool(entries)


def take_in(
    project: Project,
    incoming: Sequence[Incoming],
    telling: Telling,
    *,
    by: User,
    defined: Mapping[str, ClassRecord] | None = None,
    about: Mapping[str, Any] | None = None,
) -> TakenIn:
    """Bring items to what their source says of them, by acts of whoever imports.

    What nobody is named for is one act, now. What somebody saved there is an act at the time it was saved,
    attributed to an account that stands in for them, or to nobody where its person is not told. What is as it was is
    not touched, and leaves no entry.
    """
    taken = TakenIn()
    with operation(by=by, at=telling.at):
        importing = _begun(project, incoming, telling, by, defined or {})
        importing.bring_items()
        groups = importing.annotations()
        importing.write(untold := groups.pop(UNTOLD))
        subjects = importing.changed_items | _items_of(untold, importing)
        _record(importing, taken, by, subjects, UNTOLD, dict(about) if about else None)
    for saved in sorted(groups.keys() | importing.saved_items.keys(), key=_in_time):
        with operation(by=by, at=saved.at):
            importing.write(written := groups.get(saved, []))
            subjects = _items_of(written, importing) | importing.bring_items_of(saved)
            _record(importing, taken, by, subjects, saved, None)
    _tell_steps(importing, incoming, taken, by)
    return taken


def _begun(
    project: Project, incoming: Sequence[Incoming], telling: Telling, by: User, defined: Mapping[str, ClassRecord]
) -> Importing:
    project = locked(project)
    authorize(by, Can.IMPORT_HISTORY, project)
    must_take_work(project)
    return Importing(project, incoming, telling, defined=defined)


def _record(importing: Importing, taken: TakenIn, by: User, subjects: set[str], saved: Saved, about: Any) -> None:
    actor = authorize(by, Can.IMPORT_HISTORY, importing.project)
    taken.keep(importing.record(actor, subjects, importing.person(saved.by), after=about, how=saved.told))


def _items_of(written: Iterable[Written], importing: Importing) -> set[str]:
    return {importing.key_of_item(one.row.item_id) for one in written}


def _in_time(saved: Saved) -> tuple[float, str, str, str]:
    return (saved.at.timestamp() if saved.at else _ENDLESS, saved.by, saved.author, saved.told)


def _tell_steps(importing: Importing, incoming: Sequence[Incoming], taken: TakenIn, by: User) -> None:
    """Tell of each step taken in the source, once: it stands on the trail, and decides and changes nothing here."""
    format_name = importing.telling.source.partition(" ")[0]
    wanted = {
        f"{format_name} {step.kind} {step.id}": (one.item, step) for one in incoming if one.steps for step in one.steps
    }
    if not wanted:
        return
    told = Entry.objects.filter(project=importing.project, event__in=_EVENTS.values(), source__in=list(wanted))
    for source in sorted(
        wanted.keys() - set(told.values_list("source", flat=True)), key=lambda one: _when(wanted[one])
    ):
        item, step = wanted[source]
        with operation(by=by, at=step.at):
            taken.keep([_tell(importing.items[item], step, source, importing, by)])


def _when(told: tuple[str, Step]) -> tuple[float, str]:
    _, step = told
    return (step.at.timestamp() if step.at else _ENDLESS, step.id)


def _tell(item: Item, step: Step, source: str, importing: Importing, by: User) -> Entry:
    return record(
        _EVENTS[step.kind],
        item,
        authorize(by, Can.IMPORT_HISTORY, importing.project),
        reason=importing.telling.reason,
        after={"what": step.what, "annotation": step.about},
        attributed_to=importing.person(step.by),
        source=source,
    )
