"""What can be wrong with a file, said by place and field."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class BadField(ValueError):
    """A field that is not what the format says; whoever knows the place makes a fault of the file of it."""

    def __init__(self, field: str | None, reason: str) -> None:
        super().__init__(f"{field}: {reason}" if field else reason)
        self.field = field
        self.reason = reason

    def within(self, step: str) -> BadField:
        """The same complaint, seen from one level further out."""
        return BadField(f"{step}.{self.field}" if self.field else step, self.reason)


class BadFile(ValueError):
    """A file that is not of its format, or contradicts itself. `place` names the file and the record in it."""

    def __init__(self, place: str, field: str | None, reason: str) -> None:
        super().__init__(str(Fault(place, field, reason)))
        self.place = place
        self.field = field
        self.reason = reason


@dataclass(frozen=True)
class Fault:
    """A record that was left out, and why."""

    place: str
    field: str | None
    reason: str

    def __str__(self) -> str:
        return printable(f"{self.place}, {self.field}: {self.reason}" if self.field else f"{self.place}: {self.reason}")


@dataclass
class Faults:
    """What becomes of bad records: the first raises `BadFile`, or with `keep_going` each is left out and kept here.

    `notes` say what of a file was seen and is nothing to import.
    """

    keep_going: bool = False
    left_out: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def tried(self, place: str, read: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R | None:
        """What `read` gives, or None for a record that is left out."""
        try:
            return read(*args, **kwargs)
        except BadFile as error:
            self.add(error.place, error.field, error.reason)
        except BadField as error:
            self.add(place, error.field, error.reason)
        except RecursionError:
            self.add(place, None, "nested too deeply")
        return None

    def add(self, place: str, field: str | None, reason: str) -> None:
        if not self.keep_going:
            raise BadFile(place, field, reason)
        self.left_out.append(Fault(place, field, reason))


def printable(text: str) -> str:
    """A text from somebody's file as a terminal or the trail may show it: what steers either is spelled out."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)
