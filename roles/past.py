"""The past of one row: its versions, beside the entries that explain them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Model, QuerySet

from audit.history import versions_of
from audit.models import Entry
from audit.selectors import entries_about

from .models import User
from .paging import newest_first
from .telling import Pseudonyms, Told, pseudonyms_in, told
from .words import in_words

PAGE = 50
# What a row is called, by the name of the field that points to it and its key.
Related = dict[tuple[str, str], str]
KINDS = {"+": "came to be", "~": "changed", "-": "was deleted"}


@dataclass(frozen=True)
class FieldChange:
    """What one version changed in one field."""

    name: str
    field: str
    before: str
    after: str


@dataclass(frozen=True)
class PastVersion:
    """One version, what it changed, and the entries of the same act."""

    version: Any
    earlier: Any
    kind: str
    changes: list[FieldChange]
    entries: list[Told]


# A version, what to draw of it if anything, and the changes that the drawing leaves to be told.
DrawnVersion = tuple[PastVersion, Any, list[FieldChange]]


@dataclass(frozen=True)
class Past:
    """The versions of one row, newest first."""

    versions: list[PastVersion]
    other_entries: list[Told]
    older_than: int | None


def past_of(row: Model, viewer: User | AnonymousUser, before: str | None, visible: QuerySet[Entry]) -> Past:
    """Versions of one row that this viewer may see already, and those of the visible entries that speak of it."""
    model = versions_of(type(row))
    page = newest_first(model._base_manager.filter(**{row._meta.pk.attname: row.pk}), before, PAGE + 1)
    versions: list[Any] = page.rows
    shown = versions[:PAGE]
    label = row._meta.label_lower
    of_act = entries_about(((version.operation, label, row.pk) for version in shown), visible)
    of_acts = [entry for entries in of_act.values() for entry in entries]
    about = list(visible.filter(subject_type=label, subject_id=row.pk)[:PAGE])
    lines = {line.entry.pk: line for line in told({entry.pk: entry for entry in of_acts + about}.values(), viewer)}
    names = pseudonyms_in({getattr(version, "project_id", None) for version in shown}, viewer)
    related = _names_of_related(versions)
    past = [
        PastVersion(
            version,
            earlier,
            KINDS[version.history_type],
            _changes(earlier, version, names, related),
            [lines[entry.pk] for entry in reversed(of_act[version.operation, label, row.pk])],
        )
        for version, earlier in islice(pairwise([*versions, None]), PAGE)
    ]
    explained = {entry.pk for entry in of_acts}
    others = [lines[entry.pk] for entry in about if entry.pk not in explained]
    return Past(past, others, shown[-1].pk if len(versions) > PAGE else None)


def _changes(earlier: Any, version: Any, names: Pseudonyms, related: Related) -> list[FieldChange]:
    changes = []
    for field in version.tracked_fields:
        before = getattr(earlier, field.attname) if earlier is not None else None
        after = getattr(version, field.attname)
        if before != after and field.name != "id":
            changes.append(
                FieldChange(
                    field.name,
                    str(field.verbose_name),
                    _said(field, before, version, names, related),
                    _said(field, after, version, names, related),
                )
            )
    return changes


def _said(field: Any, value: Any, version: Any, names: Pseudonyms, related: Related) -> str:
    if value is not None and field.related_model is User:
        return names.of(version.project_id, value, "")
    return related.get((field.name, str(value)), in_words(field, value))


def _names_of_related(versions: list[Any]) -> Related:
    """What the rows are called that these versions point to: a row and what it points to are of one project."""
    found: Related = {}
    for field in versions[0].tracked_fields if versions else ():
        if field.related_model in (None, User):
            continue
        pks = {getattr(version, field.attname) for version in versions} - {None}
        for pk, row in field.related_model._base_manager.in_bulk(pks).items():
            # SECURITY: an entry about a member is named by the member's username.
            found[field.name, str(pk)] = f"{row.label}, entry {pk}" if isinstance(row, Entry) else str(row)
    return found
