"""What of the time since a snapshot is undone: everything, one class, one person's edits, or a time range."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from audit.history import versions_of
from audit.models import Entry
from labelop.models import LabelClass, Project
from roles.models import User
from roles.selectors import role_of
from roles.telling import pseudonyms_in

from .content import SECTIONS, State


@dataclass(frozen=True)
class Change:
    """One version of a row since a cut: its id, the act that wrote it, by whom and when."""

    version: int
    operation: uuid.UUID
    user_id: int | None
    at: datetime


@dataclass(frozen=True)
class Everything:
    """Items, annotations and, unless the schema is frozen, classes go back to where they were at the cut."""

    sections = ("schema", "items", "annotations")

    def undone_from(self, changes: list[Change]) -> int | None:
        return 0

    def told(self, project: Project) -> str:
        return "everything"


@dataclass(frozen=True)
class OneClass:
    """The marks that are of one class now, or were at the cut, go back to where they were at the cut."""

    label_class: LabelClass

    sections = ("annotations",)

    def undone_from(self, changes: list[Change]) -> int | None:
        return 0

    def told(self, project: Project) -> str:
        return f"class {self.label_class.key}"


@dataclass(frozen=True)
class EditsOf:
    """One person's edits since the cut, where nobody else has changed the record after them.

    The record goes back to before the unbroken run of this person's changes with which its past ends; what
    others did before that run stays. A change is a person's when they made it, or when an imported history
    attributes it to them: whoever wrote the author's column is not asked, since others may withdraw a mark.
    """

    person: User
    project: Project

    sections = ("items", "annotations")

    @cached_property
    def attributed(self) -> Collection[uuid.UUID]:
        entries = Entry.objects.filter(project=self.project, attributed_to=self.person)
        return frozenset(entries.order_by().values_list("operation", flat=True))

    def undone_from(self, changes: list[Change]) -> int | None:
        """The first change to undo; one beyond the last says that somebody else has changed the record since."""
        theirs = [self._made(change) for change in changes]
        if not any(theirs):
            return None
        return next((place + 1 for place in reversed(range(len(theirs))) if not theirs[place]), 0)

    def told(self, project: Project) -> str:
        pseudonyms = pseudonyms_in([project.pk])
        if (project.pk, self.person.pk) not in pseudonyms.numbers:
            return f"edits of person {self.person.pk} of the imported history"
        return "edits of " + pseudonyms.of(project.pk, self.person.pk, role_of(self.person, project) or "")

    def _made(self, change: Change) -> bool:
        return change.user_id == self.person.pk or change.operation in self.attributed


@dataclass(frozen=True)
class EditsBetween:
    """What was done from `start` on and before `end`, and since the cut; without one of them, on that side all.

    The record goes back to before its first change in the range, unless it was changed again outside it since.
    """

    start: datetime | None = None
    end: datetime | None = None

    sections = ("items", "annotations")

    def undone_from(self, changes: list[Change]) -> int | None:
        """The first change to undo; one beyond the last says that the record was changed again afterwards."""
        inside = [self._holds(change.at) for change in changes]
        if True not in inside:
            return None
        first = inside.index(True)
        return first if all(inside[first:]) else len(changes)

    def told(self, project: Project) -> str:
        start = f" from {self.start:%Y-%m-%d %H:%M:%S}" if self.start else ""
        end = f" until {self.end:%Y-%m-%d %H:%M:%S}" if self.end else ""
        return f"edits{start}{end} UTC" if start or end else "all edits"

    def _holds(self, at: datetime) -> bool:
        return (self.start is None or self.start <= at) and (self.end is None or at < self.end)


Scope = Everything | OneClass | EditsOf | EditsBetween


def changes_since(cut: State, section: str) -> dict[int, list[Change]]:
    """What happened to each row of a section since a cut, oldest first."""
    versions = versions_of(SECTIONS[section])._default_manager.filter(
        project_id=cut.project_id, history_id__gt=cut.bound(section)
    )
    columns = ("id", "history_id", "operation", "history_user_id", "history_date")
    found: dict[int, list[Change]] = {}
    for row, *change in versions.order_by("history_id").values_list(*columns).iterator(2000):
        found.setdefault(row, []).append(Change(*change))
    return found
