"""A pull: every task of a project there held against what is known, and what differs taken in.

Each page of tasks is one transaction, so a pull that is interrupted has done whole pages, and the next goes on. What a
webhook told of changes nothing by itself: it says who saved what was found, or what was saved in between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from audit.acting import Refused, operation, record_refusal_after_rollback
from audit.events import Event
from audit.models import Entry
from audit.services import record
from roles.matrix import Can
from roles.models import User
from roles.services import authorize, stand_in_for

from ...connectors.checking import checked
from ...connectors.errors import Faults
from ...connectors.label_studio import labels_in, pulled, saved_in
from ...connectors.records import Incoming, Saved
from ...label_studio.client import Studio
from ...models import Annotation, Connection, Item, LabelClass, Project, Pull
from ..imports import Telling, take_in
from .classes import bring_classes
from .comparing import BY_HOOK, Counts, Known, SavedThere, compare, nobody
from .hints import Hints, Saving, settle

_KEYS_AT_ONCE = 500


@dataclass
class Pulled:
    """What a pull met with: `told` are savings that another has replaced, or that changed nothing."""

    pull: Pull
    tasks: int = 0
    annotations: int = 0
    counts: Counts = field(default_factory=Counts)
    told: int = 0
    left_out: list[str] = field(default_factory=list)


def pull(
    connection: Connection,
    token: str,
    *,
    by: User,
    keep_going: bool = False,
    progress: Callable[[int, int | None], None] = lambda done, of: None,
) -> Pulled:
    """Bring a project to what Label Studio holds now; the same again changes nothing.

    `NotTold` where it does not answer: what was not told of is not taken for deleted. A task that is not understood
    raises `BadFile`, or is left out with `keep_going`.
    """
    if connection.removed_at is not None:
        raise ValidationError("This connection was ended.")
    try:
        return _Pulling(connection, Studio(connection.address, token), by, Faults(keep_going), progress).run()
    except Refused as refused:
        # A page is a transaction of its own, and took the recording of the refusal with it.
        record_refusal_after_rollback(refused)
        raise


class _Pulling:
    def __init__(
        self,
        connection: Connection,
        studio: Studio,
        by: User,
        faults: Faults,
        progress: Callable[[int, int | None], None],
    ) -> None:
        self.connection, self.studio, self.by, self.faults, self.progress = connection, studio, by, faults, progress
        self.project = connection.project
        self.hints = Hints(connection)
        self.source = f"label_studio {connection.pk}"
        self.seen: set[str] = set()
        # When each annotation that is there was saved last.
        self.current: dict[str, str] = {}

    def run(self) -> Pulled:
        with operation(by=self.by):
            authorize(self.by, Can.IMPORT_HISTORY, self.project)
        self.hints.begin()
        told = self.studio.project(self.connection.number)
        self.result = Pulled(Pull.objects.create(project=self.project, connection=self.connection))
        self._classes(told)
        of = told.get("task_number")
        for tasks in self.studio.tasks(self.connection.number):
            self.hints.refresh()
            self._page(tasks)
            self.progress(self.result.tasks, of if isinstance(of, int) else None)
        self._missing()
        self._replaced()
        return self._ended()

    def _ended(self) -> Pulled:
        self.result.left_out = [str(fault) for fault in self.faults.left_out]
        pull, counts = self.result.pull, self.result.counts
        pull.added, pull.changed, pull.removed = counts.added, counts.changed, counts.removed
        pull.explained, pull.ended_at = counts.explained, timezone.now()
        pull.save()
        if not self.result.left_out:
            settle(self.connection, self.hints)
        return self.result

    def _classes(self, told: dict[str, Any]) -> None:
        labels = labels_in(told)
        before = Pull.objects.filter(connection=self.connection).exclude(ended_at=None).order_by("-id").first()
        known = list(before.labels) if before else []
        if labels is None:
            self.result.pull.labels = known
            return
        explained = sorted(labels) in self.hints.configs
        bring_classes(self.project, labels, known, explained, self.result.counts, by=self.by)
        self.result.pull.labels = sorted(labels)

    def _page(self, tasks: list[Any]) -> None:
        incoming = []
        for task in tasks:
            # Also one that is not understood is there.
            self.seen.add(str(task["id"]))
            if one := self.faults.tried(f"task {task['id']}", _understood, task):
                incoming.append(one)
        with transaction.atomic():
            known = _known(self.project, [one.item for one in incoming])
            compared = [compare(one, known.get(one.item), self.hints, self.result.counts) for one in incoming]
            self._take_in_new([each.incoming for each in compared if each.incoming.item not in known])
            self._take_in([each.incoming for each in compared], nobody(None))
            self._tell(told for each in compared for told in each.only_told)
        for one in incoming:
            self._remember(one)

    def _remember(self, one: Incoming) -> None:
        annotations = one.record.metadata["label_studio"]["annotations"] if one.record else []
        self.result.tasks += 1
        self.result.annotations += len(annotations)
        for annotation in annotations:
            self.current[str(annotation["id"])] = _moment_of(annotation)

    def _take_in_new(self, incoming: list[Incoming]) -> None:
        """Add the tasks that are new, those of one webhook as one act at the time it told of them."""

        def told_at(one: Incoming) -> datetime | None:
            return self.hints.created_tasks.get(one.item)

        bare = [_without_marks(one) for one in incoming]
        for at, some in groupby(sorted(bare, key=lambda one: str(told_at(one))), key=told_at):
            self._take_in(list(some), nobody(at))

    def _take_in(self, incoming: list[Incoming], untold: Saved) -> None:
        telling = Telling(self.source, new_items=Event.ITEMS_ADDED, at=untold.at, how=untold.told)
        if incoming:
            take_in(self.project, incoming, telling, by=self.by)

    def _missing(self) -> None:
        """Exclude what is there no more, each after it was asked for by its id, or a webhook told so."""
        keys = Item.objects.filter(project=self.project, excluded=False).values_list("key", flat=True)
        missing = [key for key in keys.iterator(2000) if key not in self.seen]
        gone: list[str] = []
        for item in _items(self.project, missing):
            if not item.key.isdecimal() or self.connection.number != _project_of(item):
                continue
            task = self.studio.task(item.key)
            if task is None or task.get("project") != self.connection.number:
                gone.append(item.key)
            else:
                self._page([task])
        self.hints.refresh()
        deleted = self.hints.deleted_tasks
        self.result.counts.removed += len(gone)
        self.result.counts.explained += sum(key in deleted for key in gone)
        for at, some in groupby(sorted(gone, key=lambda key: str(deleted.get(key))), key=deleted.get):
            self._take_in([Incoming(key, None) for key in some], nobody(at))

    def _replaced(self) -> None:
        """Tell of what webhooks told was saved, and has been saved again or deleted since."""
        savings = [one for some in self.hints.savings.values() for one in some if one.hint <= self.hints.first]
        replaced = [one for one in savings if one.by and one.at and self.current.get(one.annotation) != one.at]
        told = [_as_told(one) for one in sorted(replaced, key=lambda one: one.at)]
        self._tell([one for one in told if not self._stands_already(one.saved)])

    def _stands_already(self, saved: Saved) -> bool:
        """Whether an earlier pull told of a saving, by what it changed or by itself."""
        person = stand_in_for(saved.by, slug=self.project.slug)
        entries = Entry.objects.filter(project=self.project, attributed_to=person, source__startswith=f"{self.source} ")
        return saved.at is not None and entries.filter(at=saved.at).exists()

    def _tell(self, told: Iterable[SavedThere]) -> None:
        for one in told:
            with operation(by=self.by, at=one.saved.at):
                item = Item.objects.filter(project=self.project, key=one.task).first()
                record(
                    Event.WORK_IMPORTED,
                    item or self.project,
                    authorize(self.by, Can.IMPORT_HISTORY, self.project),
                    after={"what": "saved", "annotation": one.annotation, "task": one.task},
                    attributed_to=stand_in_for(one.saved.by, slug=self.project.slug),
                    source=f"{self.source} {one.saved.told}",
                )
            self.result.told += 1


def _project_of(item: Item) -> Any:
    return item.metadata.get("label_studio", {}).get("project")


def _understood(task: object) -> Incoming:
    return checked(pulled(task))


def _without_marks(one: Incoming) -> Incoming:
    return replace(one, record=replace(one.record, marks=[])) if one.record else one


def _as_told(saving: Saving) -> SavedThere:
    return SavedThere(saving.task, saving.annotation, Saved(saving.by, parse_datetime(saving.at), "", BY_HOOK))


def _moment_of(annotation: dict[str, Any]) -> str:
    at = saved_in(annotation).at
    return at.isoformat() if at else ""


def _items(project: Project, keys: list[str]) -> Iterable[Item]:
    for start in range(0, len(keys), _KEYS_AT_ONCE):
        yield from Item.objects.filter(project=project, key__in=keys[start : start + _KEYS_AT_ONCE]).order_by("id")


def _known(project: Project, keys: list[str]) -> dict[str, Known]:
    items = {item.pk: Known(item, []) for item in _items(project, keys)}
    labels = dict(LabelClass.objects.filter(project=project).values_list("pk", "key"))
    for row in Annotation.objects.filter(item__in=list(items)).order_by("id"):
        items[row.item_id].marks.append((row, labels[row.label_class_id]))
    return {known.item.key: known for known in items.values()}
