"""What a replay must lead to, worked out from the history's file alone, without a database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from audit.canonical import canonical_json, sha256_hex
from labelop.connectors.labelhist import Batch, Header, read_history, records_of
from labelop.connectors.matching import match_marks
from labelop.connectors.records import ItemRecord, Mark
from snapshots.sethash import SetHash, content_hash, record_key


@dataclass(frozen=True)
class Expected:
    """The hashes of one release."""

    name: str
    content_hash: str
    manifest_hash: str


class Leaf(NamedTuple):
    """One record of the content: its section, its key, its canonical text, and as what it is counted."""

    section: str
    key: str
    text: str
    counted: str


class Dataset:
    """A dataset in memory: leaves by item, marks by item and key (those of removed items too), classes."""

    def __init__(self, header: Header) -> None:
        self.header = header
        self.leaves: dict[str, list[Leaf]] = {}
        self.marks: dict[str, dict[str, Mark]] = {}
        self.used: dict[str, set[str]] = {}
        self.past: dict[str, list[dict[str, Mark]]] = {}
        self.classes: set[str] = set()

    def take(self, batch: Batch) -> None:
        last: dict[str, ItemRecord | None] = {}
        for change in batch.changes:
            last[change.item] = one = None if change.after is None else records_of(change.after, self.header.kind)
            self.classes.update(mark.label for mark in (one.marks if one else ()))
        for item, record in last.items():
            if record is None:
                self.leaves.pop(item, None)
            else:
                self._mark(item, record.marks)
                self.leaves[item] = list(self._leaves_of(item, record))

    def _leaves_of(self, item: str, one: ItemRecord) -> Iterator[Leaf]:
        content = {"data": one.data, "metadata": one.metadata, "split": one.split}
        yield Leaf("items", record_key("item", item), canonical_json(content), one.split)
        for key, mark in self.marks[item].items():
            value = canonical_json({"class": mark.label, "value": mark.value})
            yield Leaf("annotations", record_key("annotation", item, key), value, mark.label)

    def _mark(self, item: str, wanted: list[Mark]) -> None:
        held, used = self.marks.get(item, {}), self.used.setdefault(item, set())
        if all(mark.key is None for mark in wanted):
            back = next((past for past in reversed(self.past.get(item, [])) if _alike(past.values(), wanted)), None)
            if back is not None:
                self.marks[item] = back
                return
        live = [(key, mark.label, mark.value) for key, mark in held.items()]
        next_key = 1 + max((int(key) for key in used if key.isdecimal()), default=0)
        matching = match_marks(live, wanted, next_key=next_key)
        kept = {key: held[key] for key in matching.kept}
        self.marks[item] = kept | dict(matching.changed) | dict(matching.added)
        used.update(self.marks[item])
        self.past.setdefault(item, []).append(self.marks[item])

    def hashes(self) -> tuple[dict[str, SetHash], dict[str, Counter[str]]]:
        """The three sections of the content, and what a snapshot counts."""
        hashes = {section: SetHash() for section in ("items", "annotations", "schema")}
        counts: dict[str, Counter[str]] = {
            section: Counter() for section in ("items", "annotations", "work", "assignments")
        }
        for leaf in chain.from_iterable(self.leaves.values()):
            hashes[leaf.section].add(leaf.key, leaf.text)
            counts[leaf.section][leaf.counted] += 1
        for key in self.classes:
            hashes["schema"].add(record_key("class", key), canonical_json(_plain_class(key)))
        return hashes, counts


def expected_releases(path: Path, slug: str) -> Iterator[Expected]:
    """The hashes of each release when this history is replayed into a project of that name."""
    history = read_history(path)
    dataset = Dataset(history.header)
    hashes, counts = dataset.hashes()
    changed = False
    parent: str | None = None
    number = 0
    for part in history:
        if isinstance(part, Batch):
            dataset.take(part)
            changed = True
            continue
        number += 1
        if changed:
            hashes, counts = dataset.hashes()
            changed = False
        content = content_hash(hashes["items"], hashes["annotations"], hashes["schema"])
        sections = {**hashes, **_team_and_rules(slug, history.header.corpus)}
        manifest = {
            "format": 1,
            "project": slug,
            "name": part.name,
            "number": number,
            "purpose": "baseline",
            "sections": {name: {"count": one.count, "hash": one.hexdigest()} for name, one in sections.items()},
            "counts": {section: dict(counted) for section, counted in counts.items()},
            "content_hash": content,
            "checkpoint": None,
            "parent": parent,
        }
        parent = sha256_hex(canonical_json(manifest))
        yield Expected(part.name, content, parent)


def _alike(some: Iterable[Mark], others: Iterable[Mark]) -> bool:
    """Whether they are the same marks, whatever their order and keys."""
    first, second = (sorted(canonical_json([one.label, one.value]) for one in marks) for marks in (some, others))
    return first == second


def _plain_class(key: str) -> dict[str, Any]:
    plain = {"definition": "", "colour": "", "geometry": "any", "high_risk": False, "attributes": {}}
    return {"name": key, "deprecated": False, **plain}


def _team_and_rules(slug: str, corpus: str) -> dict[str, SetHash]:
    """A replayed project has one member, the replay's own account, no work, and the rules all projects begin with."""
    work, assignments, disputes, roles, settings = (SetHash() for _ in range(5))
    roles.add(record_key("member", "replay"), canonical_json({"role": "owner", "valid_until": None}))
    rules = {
        "name": corpus,
        "description": "",
        "state": "active",
        "risk_tier": "standard",
        "customer_facing": False,
        "review_policy": "full",
        "sample_percent": 100,
        "separation_of_duties": 1,
        "schema_frozen": False,
    }
    settings.add(record_key("project", slug), canonical_json(rules))
    return {"work": work, "assignments": assignments, "disputes": disputes, "roles": roles, "settings": settings}
