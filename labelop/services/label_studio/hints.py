"""Webhooks as hints: kept once each until a pull settles them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from audit.canonical import canonical_json, sha256_hex

from ...connectors.label_studio import Hook
from ...connectors.label_studio.hooks import CREATED_TASKS, DELETED_ANNOTATIONS, DELETED_TASKS
from ...models import Connection, Hint

# Settled ones are of use to whoever looks into a pull, for a while.
KEPT_FOR = timedelta(days=30)


def keep_hint(connection: Connection, hook: Hook) -> bool:
    """Keep what a webhook told of; False where it waits already, or is about another project there.

    Nobody acts: a hint is no part of the dataset, and no entry tells of it.
    """
    if hook.project is not None and hook.project != connection.number:
        return False
    digest = sha256_hex(canonical_json({"action": hook.action, **hook.said}))
    with transaction.atomic():
        waiting = Hint.objects.filter(connection=connection, digest=digest, settled_at=None)
        if waiting.exists():
            return False
        hint = Hint(connection=connection, digest=digest, action=hook.action, said=hook.said)
        # Two that are the same may come at once.
        return bool(Hint.objects.bulk_create([hint], ignore_conflicts=True))


def settle(connection: Connection, hints: Hints) -> None:
    """Lay aside the hints that waited when a pull began, and forget those of long ago."""
    now = timezone.now()
    waiting = Hint.objects.filter(connection=connection, settled_at=None)
    waiting.filter(pk__lte=hints.first).update(settled_at=now)
    Hint.objects.filter(settled_at__lt=now - KEPT_FOR).delete()


@dataclass(frozen=True)
class Saving:
    """An annotation that somebody saved, as a webhook told; what it left out is empty."""

    hint: int
    annotation: str
    task: str
    by: str
    at: str


@dataclass
class Hints:
    """The hints that wait for a pull, by what they are about. `refresh` adds those that came meanwhile.

    Of what came meanwhile a page may know or not, so it explains what is found and waits for the next pull all the
    same; those up to `first` were there before anything was asked.
    """

    connection: Connection
    first: int = 0
    last: int = 0
    savings: dict[str, list[Saving]] = field(default_factory=lambda: defaultdict(list))
    created_tasks: dict[str, datetime] = field(default_factory=dict)
    deleted_tasks: dict[str, datetime] = field(default_factory=dict)
    deleted_annotations: dict[str, datetime] = field(default_factory=dict)
    configs: list[list[str]] = field(default_factory=list)

    def begin(self) -> None:
        self.refresh()
        self.first = self.last

    def refresh(self) -> None:
        waiting = Hint.objects.filter(connection=self.connection, settled_at=None, pk__gt=self.last)
        for hint in waiting.order_by("pk"):
            self.last = hint.pk
            self._add(hint)

    def tells_of(self, annotation: str, at: str) -> bool:
        """Whether one told that an annotation was saved then."""
        return any(saving.at in ("", at) for saving in self.savings.get(annotation, ()))

    def _add(self, hint: Hint) -> None:
        tasks, annotations = hint.said.get("tasks", []), hint.said.get("annotations", [])
        if hint.action == CREATED_TASKS:
            self.created_tasks.update(dict.fromkeys(tasks, hint.received_at))
        elif hint.action == DELETED_TASKS:
            self.deleted_tasks.update(dict.fromkeys(tasks, hint.received_at))
        elif hint.action == DELETED_ANNOTATIONS:
            self.deleted_annotations.update({one["id"]: hint.received_at for one in annotations})
        else:
            for one in annotations:
                saving = Saving(hint.pk, one["id"], one.get("task", ""), one.get("by", ""), one.get("at", ""))
                self.savings[saving.annotation].append(saving)
        if labels := hint.said.get("labels"):
            self.configs.append(labels)
