"""The versions of a row beside the entries that explain them."""

from __future__ import annotations

from typing import Any, TypedDict

from ..past import PastVersion, past_of
from ..telling import EntryTold, Pseudonyms, entry_as_dict, pseudonyms_in
from .collections import CollectionView
from .curated import CuratedView
from .described import Described
from .views import CURSOR


class ChangeTold(TypedDict):
    field: str
    before: str
    after: str


class VersionTold(TypedDict):
    id: int
    at: str
    kind: str
    operation: str
    changes: list[ChangeTold]
    entries: list[EntryTold]


class VersionsTold(TypedDict):
    results: list[VersionTold]
    next: str | None
    other_entries: list[EntryTold]


class VersionsView(CuratedView, CollectionView):
    """Every saved state of one row, newest first, and the entries of the same acts."""

    answer = VersionsTold
    parameters = {"cursor": CURSOR}

    def described(self, method: str) -> Described:
        called = str(self.collection.model._meta.verbose_name)
        about = "Every saved state of the row, newest first, beside the entries of the same acts."
        return Described(
            f"list_versions_of_{called.replace(' ', '_')}", f"Versions of one {called}", about, self.answer
        )

    def told(self, **kwargs: Any) -> VersionsTold:
        row = self.row()
        before = str(self.cursor or "")
        past = past_of(row, self.viewer, before, self.collection.entries_visible_to(self.viewer))
        entries = [told.entry for version in past.versions for told in version.entries]
        others = [told.entry for told in past.other_entries]
        names = pseudonyms_in({entry.project_id for entry in [*entries, *others]}, self.viewer)
        return {
            "results": [_told(version, names) for version in past.versions],
            "next": self.next_of(past.older_than),
            "other_entries": [entry_as_dict(entry, names) for entry in others],
        }


def _told(version: PastVersion, names: Pseudonyms) -> VersionTold:
    return {
        "id": version.version.history_id,
        "at": version.version.history_date.isoformat(),
        "kind": version.kind,
        "operation": str(version.version.operation),
        "changes": [
            {"field": change.name, "before": change.before, "after": change.after} for change in version.changes
        ],
        "entries": [entry_as_dict(told.entry, names) for told in version.entries],
    }
