"""Pages of long lists, without counting them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)
# So many projects are asked for in one statement; both engines know no more than a few hundred parts.
TOGETHER = 50


@dataclass(frozen=True)
class KeysetPage(Generic[M]):
    """Some rows, newest first, and the id to ask for older ones with."""

    rows: list[M]
    older_than: int | None


def newest_first(rows: QuerySet[M], before: str | None, size: int) -> KeysetPage[M]:
    """The newest `size` rows with an id below `before`."""
    found = list(_below(rows, before).order_by("-pk")[: size + 1])
    return KeysetPage(found[:size], found[size - 1].pk if len(found) > size else None)


def by_project(rows: QuerySet[M], before: str | None, size: int, project_ids: Iterable[int]) -> QuerySet[M]:
    """Rows among which are the newest `size` of these projects below `before`, and the one after them.

    Of each project by itself, since an index yields the newest rows of one project, never those of several.
    """
    parts = [_below(rows, before).filter(project=pk).order_by("-pk") for pk in project_ids]
    if len(parts) == 1:
        return parts[0]
    # Subqueries, since SQLite limits no part of a union.
    newest: list[int] = []
    every = rows.model._base_manager.only("pk").order_by()
    for start in range(0, len(parts), TOGETHER):
        some = [every.filter(pk__in=part.values("pk")[: size + 1]) for part in parts[start : start + TOGETHER]]
        newest += some[0].union(*some[1:], all=True).values_list("pk", flat=True)
    return rows.filter(pk__in=sorted(newest)[-size - 1 :])


def _below(rows: QuerySet[M], before: str | None) -> QuerySet[M]:
    return rows.filter(pk__lt=int(before[:18])) if before and before.isascii() and before.isdigit() else rows
