"""A next version number, suggested from what differs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .differences import Difference
from .models import Snapshot

# What says what a class means; a name or a colour does not.
_MEANING = frozenset({"definition", "geometry", "attributes", "edition", "deprecated"})

_NUMBER = re.compile(r"(\d+)(?:\.(\d+))?(?:\.(\d+))?")


@dataclass(frozen=True)
class Suggestion:
    """A version number and why it is this one."""

    version: str
    reason: str

    def __str__(self) -> str:
        return f"{self.version} ({self.reason})"


def suggested_version(previous: Snapshot | None, differences: Sequence[Difference]) -> Suggestion:
    """Classes removed or redefined: a major version; items or classes added or taken out: a minor one; else a patch."""
    if previous is None:
        return Suggestion("1.0.0", "the first release")
    numbers = _NUMBER.search(previous.name)
    major, minor, patch = (int(part or 0) for part in numbers.groups()) if numbers else (1, 0, 0)
    said = "" if numbers else f"{previous} carries no number and counts as 1.0.0; "
    if why := _classes_that_mean_something_else(differences):
        return Suggestion(f"{major + 1}.0.0", f"{said}{why}")
    if why := _what_came_or_went(differences):
        return Suggestion(f"{major}.{minor + 1}.0", f"{said}{why}")
    if differences:
        return Suggestion(f"{major}.{minor}.{patch + 1}", f"{said}{_counted(len(differences), 'correction')}")
    return Suggestion(f"{major}.{minor}.{patch}", f"{said}nothing differs from {previous}")


def _classes_that_mean_something_else(differences: Iterable[Difference]) -> str:
    removed = redefined = 0
    for difference in differences:
        if difference.section != "schema" or difference.kind == "added":
            continue
        if difference.kind == "removed" or (difference.after or {}).get("deprecated"):
            removed += 1
        elif _MEANING & set(difference.fields):
            redefined += 1
    numbers = {"removed": removed, "redefined": redefined}
    return ", ".join(f"{_counted(number, 'class')} {done}" for done, number in numbers.items() if number)


def _what_came_or_went(differences: Iterable[Difference]) -> str:
    said = {"items": "item", "schema": "class"}
    numbers: dict[tuple[str, str], int] = {}
    for difference in differences:
        if difference.section in said and difference.kind != "changed":
            place = (said[difference.section], difference.kind)
            numbers[place] = numbers.get(place, 0) + 1
    return ", ".join(f"{_counted(number, noun)} {kind}" for (noun, kind), number in sorted(numbers.items()))


def _counted(number: int, noun: str) -> str:
    plural = f"{noun}es" if noun.endswith("s") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"
