"""What is drawn: marks as they stood, the scene around them, and how their classes are called and coloured."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

NAME_SHOWN = 40
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}", re.ASCII)


@dataclass(frozen=True)
class Swatch:
    """A class as a page shows it: its name, and its colour where it has a proper one."""

    name: str
    colour: str = ""


Palette = Mapping[str, Swatch]


@dataclass(frozen=True)
class Mark:
    """One mark as it stood: the key of its class, and its value, which can be any JSON."""

    label: str
    value: Any


@dataclass(frozen=True)
class Scene:
    """One item as it stood: its data, and its marks by their keys; `left_out` counts those that are too many."""

    data: Any = None
    marks: Mapping[str, Mark] = field(default_factory=dict)
    left_out: int = 0


def swatch(key: str, palette: Palette) -> Swatch:
    known = palette.get(key) or Swatch(key)
    return Swatch(cut(known.name or key, NAME_SHOWN), proper_colour(known.colour))


def proper_colour(text: Any) -> str:
    """The colour, if it is one; what a user wrote may be anything."""
    return text if isinstance(text, str) and _COLOUR.fullmatch(text) else ""


def cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"
