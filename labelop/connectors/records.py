"""The common record: what any source tells of an item and of the marks on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Saved:
    """Who saved a mark in its source, and when; `author` is who marked it first, where that was somebody else.

    `told` says how it came to be known, where that differs from one saving to the next; it ends the entry's source.
    """

    by: str = ""
    at: datetime | None = None
    author: str = ""
    told: str = ""


# Where a source does not tell.
UNTOLD = Saved()


@dataclass(frozen=True)
class Mark:
    """One annotation: a token, a span, an object of an image. Without a key it is known by its content alone.

    A cancelled one was given up in its source: it is kept, and is no part of the dataset.
    """

    key: str | None
    label: str
    value: dict[str, Any]
    saved: Saved = UNTOLD
    cancelled: bool = False


@dataclass(frozen=True)
class ItemRecord:
    """One sentence or image. `split` is empty where the source knows none."""

    split: str
    data: dict[str, Any]
    metadata: dict[str, Any]
    marks: list[Mark]


@dataclass(frozen=True)
class Step:
    """What somebody did in the source that is no state of ours: a review, or a step of the work, told on the trail."""

    kind: str
    id: str
    what: str
    by: str
    at: datetime | None
    about: str = ""


# The kinds of steps.
REVIEW, WORK = "review", "work"


@dataclass(frozen=True)
class Incoming:
    """What a source says of one item: its record, or None where it is not there (any more).

    `saved` says who changed what the record holds beside its marks, where somebody did.
    """

    item: str
    record: ItemRecord | None
    steps: tuple[Step, ...] = ()
    place: str = ""
    saved: Saved = UNTOLD


@dataclass(frozen=True)
class ClassRecord:
    """A class as its source defines it."""

    key: str
    colour: str = ""
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class About:
    """What a file says of itself and of none of its items: licences, versions, where it comes from."""

    told: dict[str, Any]
