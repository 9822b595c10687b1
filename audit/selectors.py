"""Reading the trail."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import reduce
from operator import or_

from django.db import connection
from django.db.models import Max, Q, QuerySet, UUIDField

from .capture import engine_of
from .capture.plans import plans, quoted
from .events import EXPLAINS_NOTHING
from .models import Entry

_OPERATIONS_AT_ONCE = 500


def entries_in(project_ids: Iterable[int] | QuerySet) -> QuerySet[Entry]:
    """The trail of these projects, newest first; which they may be is for `roles` to say."""
    return Entry.objects.filter(project__in=project_ids).select_related("actor", "attributed_to", "project")


def explaining(project_id: int, among: QuerySet[Entry] | None = None) -> QuerySet[Entry]:
    """The entries of a project, all or those `among` some, that explain a change."""
    entries = Entry.objects.all() if among is None else among
    return entries.filter(project=project_id).exclude(event__in=EXPLAINS_NOTHING)


def entries_of(operations: Iterable[uuid.UUID], among: QuerySet[Entry]) -> dict[uuid.UUID, list[Entry]]:
    """Those among these entries that belong to these operations, oldest first."""
    found: dict[uuid.UUID, list[Entry]] = {}
    for some in _in_parts(operations):
        entries = among.filter(operation__in=some)
        for entry in entries.select_related("actor", "attributed_to").order_by("id"):
            found.setdefault(entry.operation, []).append(entry)
    return found


def entries_about(
    touched: Iterable[tuple[uuid.UUID, str, int]], among: QuerySet[Entry]
) -> dict[tuple[uuid.UUID, str, int], list[Entry]]:
    """For what an operation did to a row, given by the label of its model and its id, its entries among these.

    Those about that very row or, where there are none, all of the operation. An act on many rows has an entry for
    each: only those that are asked for are read.
    """
    wanted = set(touched)
    ids: dict[str, set[int]] = {}
    for _, label, row in wanted:
        ids.setdefault(label, set()).add(row)
    about = reduce(or_, (Q(subject_type=label, subject_id__in=rows) for label, rows in ids.items()), Q(pk__in=()))
    direct: dict[tuple[uuid.UUID, str, int], list[Entry]] = {}
    for operation, found in entries_of((each[0] for each in wanted), among.filter(about)).items():
        for entry in found:
            direct.setdefault((operation, entry.subject_type, entry.subject_id or 0), []).append(entry)
    others = entries_of((each[0] for each in wanted if each not in direct), among)
    return {each: direct.get(each) or others.get(each[0], []) for each in wanted}


def events_of(operations: Iterable[uuid.UUID], project_id: int) -> dict[uuid.UUID, dict[str, int]]:
    """For each of these operations that has entries which explain a change, its events, each with its last entry."""
    found: dict[uuid.UUID, dict[str, int]] = {}
    for some in _in_parts(operations):
        entries = explaining(project_id).filter(operation__in=some)
        told = entries.order_by().values_list("operation", "event")
        for operation, event, last in told.annotate(last=Max("id")):
            found.setdefault(operation, {})[event] = last
    return found


def _in_parts(operations: Iterable[uuid.UUID]) -> Iterator[list[uuid.UUID]]:
    """Each operation once, in lists short enough for one query."""
    wanted = list(set(operations))
    for start in range(0, len(wanted), _OPERATIONS_AT_ONCE):
        yield wanted[start : start + _OPERATIONS_AT_ONCE]


def versions_by_project(operation: uuid.UUID) -> Counter[int | None]:
    """How many versions an operation has written on each project; None is what belongs to the site.

    Asks the tables that the database has, since between two migrations the models are ahead of them.
    """
    written: Counter[int | None] = Counter()
    stored = UUIDField().get_db_prep_value(operation, connection)
    columns = engine_of(connection).columns_of(connection)
    with connection.cursor() as cursor:
        for plan in plans(columns):
            if "project_id" not in columns[plan.versions]:
                continue  # a first migration that is not yet complete
            cursor.execute(
                f"SELECT project_id, count(*) FROM {quoted(plan.versions)}"  # noqa: S608 - a name of ours, quoted
                " WHERE operation = %s GROUP BY project_id",
                [stored],
            )
            for project_id, versions in cursor.fetchall():
                written[project_id] += versions
    return written
