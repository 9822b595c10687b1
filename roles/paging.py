"""Pages of long lists, without counting them."""

from __future__ import annotations

from collections.abc import Sequence
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


def newest_first(rows: QuerySet[M], before: str | None, size: int, project_ids: Sequence[int] = ()) -> KeysetPage[M]:
    """The newest `size` rows with an id below `before`.

    Where these are rows of known projects, each is read by itself: an index yields the newest rows of one project,
    never those of several.
    """
    found = list(_newest(_below(rows, before), size + 1, project_ids))
    return KeysetPage(found[:size], found[size - 1].pk if len(found) > size else None)


def _newest(rows: QuerySet[M], size: int, project_ids: Sequence[int]) -> QuerySet[M]:
    # A range of one project, and its order in words: told that a project is equal, PostgreSQL goes down the ids of all.
    parts = [
        rows.filter(project__gte=pk, project__lte=pk).order_by("project_id", "-pk")[:size] for pk in project_ids
    ] or [rows.order_by("-pk")[:size]]
    if len(parts) == 1:
        return parts[0]
    # Subqueries, since SQLite limits no part of a union.
    newest: list[int] = []
    every = rows.model._base_manager.only("pk").order_by()
    for start in range(0, len(parts), TOGETHER):
        some = [every.filter(pk__in=part.values("pk")) for part in parts[start : start + TOGETHER]]
        newest += some[0].union(*some[1:], all=True).values_list("pk", flat=True)
    return rows.filter(pk__in=sorted(newest)[-size:]).order_by("-pk")


def _below(rows: QuerySet[M], before: str | None) -> QuerySet[M]:
    return rows.filter(pk__lt=int(before[:18])) if before and before.isascii() and before.isdigit() else rows
