"""Importing a file: all of it or nothing, in batches that memory can hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any, TypedDict

from django.core.exceptions import ValidationError
from django.db import transaction

from audit.acting import Refused, record_refusal_after_rollback
from audit.events import BY_CODE
from roles.models import User

from ...connectors.checking import checked, checked_about, checked_class
from ...connectors.errors import Faults, printable
from ...connectors.files import Files, files_at
from ...connectors.formats import READERS, recognised
from ...connectors.records import About, ClassRecord, Incoming
from ...models import Item, Project
from ..projects import create_project
from .importing import Telling
from .taking_in import TakenIn, take_in

# A batch is full with so many marks or items; each is an act of its own.
_MARKS_AT_ONCE = 5000
_ITEMS_AT_ONCE = 1000
_DIGITS = 16


class ImportedTold(TypedDict):
    """An import as plain data: what the file holds, what came of it, and which `skipped` records were `left_out`."""

    format: str
    items: int
    annotations: int
    cancelled: int
    skipped: int
    left_out: list[str]
    notes: list[str]
    changes: dict[str, int]
    acts: int
    not_in_file: int


@dataclass
class Imported:
    """What a file holds, and what came of it."""

    format: str
    items: int = 0
    annotations: int = 0
    cancelled: int = 0
    not_in_file: int = 0
    taken: TakenIn = field(default_factory=TakenIn)
    left_out: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def changes(self) -> dict[str, int]:
        return dict(sorted(self.taken.changes.items()))

    def as_dict(self) -> ImportedTold:
        return {
            "format": self.format,
            "items": self.items,
            "annotations": self.annotations,
            "cancelled": self.cancelled,
            "skipped": len(self.left_out),
            "left_out": self.left_out,
            "notes": self.notes,
            "changes": self.changes,
            "acts": self.taken.acts,
            "not_in_file": self.not_in_file,
        }


def import_file(
    path: Path,
    slug: str,
    *,
    by: User,
    called: str = "",
    format_name: str = "",
    split: str = "",
    keep_going: bool = False,
    whole: bool = False,
    progress: Callable[[int], None] = lambda items: None,
) -> Imported:
    """Bring a project, which is made when missing, to what a file says; `whole` also excludes what it does not hold.

    Nothing is kept of a file that is not understood: `BadFile` names the place. With `keep_going` bad records are
    left out instead, each an item with all its marks. The same file again changes nothing.
    `called` is what whoever brought the file knows it by, where it lies here under another name.
    """
    if format_name and format_name not in READERS:
        raise ValidationError(f"{format_name} is none of the formats {', '.join(READERS)}.")
    faults = Faults(keep_going)
    try:
        with files_at(path, called) as files, transaction.atomic():
            imported = Imported(format_name or recognised(files))
            _FromFile(files, slug, by, faults, imported, split, progress).run(whole=whole)
    except Refused as refused:
        # The whole file was undone, the recording of the refusal with it.
        record_refusal_after_rollback(refused)
        raise
    imported.left_out = [str(fault) for fault in faults.left_out]
    imported.notes = faults.notes
    return imported


@dataclass
class _FromFile:
    files: Files
    slug: str
    by: User
    faults: Faults
    imported: Imported
    split: str
    progress: Callable[[int], None]

    def run(self, *, whole: bool) -> None:
        self.classes: dict[str, ClassRecord] = {}
        self.about: dict[str, Any] = {}
        self.seen: dict[str, str] = {}
        self.name = printable(self.files.called)
        self.project = self._project()
        source = f"{self.imported.format} {digest_of(self.files)} {self.name}"
        self.telling = Telling(source[:200], f"Import of {self.name}")
        incoming = self._incoming()
        while batch := list(self._batch(incoming)):
            self._take_in(batch)
            self.progress(self.imported.items)
        if self.classes:
            self._take_in([])
        self._see_to_the_others(whole=whole)

    def _project(self) -> Project:
        project = Project.objects.filter(slug=self.slug).first()
        if project is None:
            project = create_project(self.slug, self.slug, by=self.by, reason=f"Import of {self.name}")
        return project

    def _take_in(self, batch: list[Incoming]) -> None:
        taken = take_in(self.project, batch, self.telling, by=self.by, defined=self.classes, about=self.about)
        self.imported.taken.add(taken)
        self.classes, self.about = {}, {}

    def _incoming(self) -> Iterator[Incoming]:
        """Each item of the file that can be stored, once; what is said of classes and of the file is kept aside."""
        for one in READERS[self.imported.format](self.files, self.faults, self.split):
            if isinstance(one, ClassRecord):
                if told := self.faults.tried(self.name, checked_class, one):
                    self.classes[told.key] = told
            elif isinstance(one, About):
                if about := self.faults.tried(self.name, checked_about, one):
                    self.about |= about.told
            elif one.item in self.seen:
                first = self.seen[one.item]
                self.faults.add(one.place, "key", f"the item {one.item!r} stands there twice, first at {first}")
            elif self.faults.tried(one.place, checked, one):
                self.seen[one.item] = one.place
                yield one

    def _batch(self, incoming: Iterator[Incoming]) -> Iterator[Incoming]:
        marks = 0
        for one in islice(incoming, _ITEMS_AT_ONCE):
            self.imported.items += 1
            for mark in one.record.marks if one.record else ():
                self.imported.annotations += not mark.cancelled
                self.imported.cancelled += mark.cancelled
                marks += 1
            yield one
            if marks >= _MARKS_AT_ONCE:
                return

    def _see_to_the_others(self, *, whole: bool) -> None:
        """The project's items that the file does not hold: counted, or excluded where the file is the whole."""
        keys = Item.objects.filter(project=self.project, excluded=False).order_by("id").values_list("key", flat=True)
        others = [key for key in keys.iterator(2000) if key not in self.seen]
        if whole and self.faults.left_out:
            self.faults.notes.append("nothing was excluded: records were left out, so the file does not tell the whole")
            whole = False
        if not whole:
            self.imported.not_in_file = len(others)
            return
        for start in range(0, len(others), _ITEMS_AT_ONCE):
            self._take_in([Incoming(key, None) for key in others[start : start + _ITEMS_AT_ONCE]])


def sentences_of(told: ImportedTold) -> list[str]:
    """What came of an import, to be read; what was left out of it stands in `told` itself."""
    said = [f"The file ({told['format']}) holds {told['items']:,} items, {told['annotations']:,} annotations."]
    if told["not_in_file"]:
        said.append(f"{told['not_in_file']:,} other items of the project are not in it, and stay as they are.")
    changes = ", ".join(f"{BY_CODE[event].label.lower()} {records:,}" for event, records in told["changes"].items())
    said.append(f"Changed: {changes}." if changes else "Nothing changed: the project holds all of it already.")
    return said


def digest_of(files: Files) -> str:
    """What tells one version of a file from the next: the first digits of the SHA-256 of names and contents."""
    digest = sha256()
    for name in files.names:
        digest.update(f"{name}\n".encode(errors="surrogateescape"))
        with files.opened(name) as file:
            while piece := file.read(2**20):
                digest.update(piece)
    return digest.hexdigest()[:_DIGITS]
