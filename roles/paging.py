"""Pages of long lists, without counting them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class KeysetPage(Generic[M]):
    """Some rows, newest first, and the id to ask for older ones with."""

    rows: list[M]
    older_than: int | None


def newest_first(rows: QuerySet[M], before: str | None, size: int) -> KeysetPage[M]:
    """The newest `size` rows with an id below `before`."""
    if before and before.isascii() and before.isdigit():
        rows = rows.filter(pk__lt=int(before[:18]))
    found = list(rows.order_by("-pk")[: size + 1])
    return KeysetPage(found[:size], found[size - 1].pk if len(found) > size else None)
