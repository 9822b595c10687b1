"""What a snapshot counts, carried on from its parent by what changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from .content import SECTIONS, Record, State, touched
from .models import Snapshot
from .sethash import STATE_BYTES, SetHash, content_hash

# What is counted of each section: the review state is that of the assignments.
_COUNTED = {"items": "split", "annotations": "class", "work": "verdict", "assignments": "state"}


class Tally:
    """The set hash of each section and the counts by class, split, verdict and state; records come and go."""

    def __init__(self) -> None:
        self.hashes = {section: SetHash() for section in SECTIONS}
        self.counts: dict[str, Counter[str]] = {section: Counter() for section in _COUNTED}

    @classmethod
    def of(cls, snapshot: Snapshot) -> Tally:
        """The tally kept by a sealed snapshot."""
        tally = cls()
        states, sections = bytes(snapshot.sealed("states")), snapshot.sealed("sections")
        # An earlier snapshot may know fewer sections: of the others it cut off nothing.
        for place, section in enumerate(sorted(sections)):
            state = states[place * STATE_BYTES : (place + 1) * STATE_BYTES]
            tally.hashes[section] = SetHash.from_state(sections[section]["count"], state)
        for section, counted in snapshot.sealed("counts").items():
            tally.counts[section] = Counter(counted)
        return tally

    def add(self, record: Record) -> None:
        self.hashes[record.section].add(record.key, record.canonical)
        if record.section in _COUNTED:
            self.counts[record.section][record.content[_COUNTED[record.section]]] += 1

    def remove(self, record: Record) -> None:
        self.hashes[record.section].remove(record.key, record.canonical)
        if record.section in _COUNTED:
            self.counts[record.section][record.content[_COUNTED[record.section]]] -= 1

    def sealed(self) -> dict[str, Any]:
        """The columns of a snapshot that a tally fills; `counts` leaves zeros out."""
        return {
            "sections": {
                section: {"count": summed.count, "hash": summed.hexdigest()} for section, summed in self.hashes.items()
            },
            "states": b"".join(self.hashes[section].state() for section in sorted(SECTIONS)),
            "counts": {section: _without_zeros(counted) for section, counted in self.counts.items()},
            "content_hash": content_hash(self.hashes["items"], self.hashes["annotations"], self.hashes["schema"]),
        }


def whole_tally(state: State) -> Tally:
    """The tally of every record at a cut, each read anew."""
    tally = Tally()
    for section in SECTIONS:
        _add_all(tally, state.records(section))
    return tally


def tally_after(parent: Snapshot, after: State) -> Tally:
    """The tally at a cut from that of an earlier snapshot: its cost follows what changed in between."""
    tally, before = Tally.of(parent), State(parent.project_id, parent.cut)
    for section, ids in touched(before, after).items():
        if ids:
            carry_on(tally, before.records(section, ids), after.records(section, ids))
    return tally


def carry_on(tally: Tally, gone: Iterable[Record], come: Iterable[Record]) -> None:
    """Bring the tally of a cut to a later one: what was touched in between goes as it was, and comes as it is."""
    for record in gone:
        tally.remove(record)
    _add_all(tally, come)


def _add_all(tally: Tally, records: Iterable[Record]) -> None:
    for record in records:
        tally.add(record)


def _without_zeros(counted: Counter[str]) -> dict[str, int]:
    return {name: number for name, number in sorted(counted.items()) if number}
