"""Snapshots under eight writers: is a cut final, and what does taking it cost the others?

    DATABASE_URL=postgres://… python benchmarks/gate.py [--seconds 60] [--ungated] [--json]

Half of the writers act through services and operations, half write SQL without one; some touch two projects,
some roll back. Meanwhile snapshots are taken, of the first project with sealing, of the others the cut alone.
A digest is kept of all that is readable behind each cut; afterwards every cut is read again. Exits 1 if one changed,
or if the tables differ from their versions at the end. `--ungated` shows that the reading finds what a gate
prevents: it takes the cuts without one.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from django.db import connection, connections

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import benchmarks.measure as measure  # before any model: it sets Django up
import snapshots.services.snapshots as taking
from audit.history import versions_of
from audit.models import Entry
from benchmarks.writers import ServiceWriter, SqlWriter, Team, Written, write
from labelop.models import Project
from snapshots.content import SECTIONS, State
from snapshots.counts import whole_tally
from snapshots.models import Snapshot

WRITERS = 8
_SAMPLE_EVERY = 0.02
_ALONE = 30


def watch_waits(until: float, told: Any) -> None:
    """Note how long each act waited at a gate, as the server's lock table tells."""
    waits: dict[tuple[int, Any], float] = {}
    with connection.cursor() as cursor:
        while time.time() < until:
            cursor.execute(
                "SELECT pid, waitstart, extract(epoch FROM clock_timestamp() - waitstart)::float FROM pg_locks"
                " WHERE locktype = 'advisory' AND mode = 'ShareLock' AND NOT granted AND waitstart IS NOT NULL"
            )
            waits.update({(pid, since): seconds for pid, since, seconds in cursor.fetchall()})
            time.sleep(_SAMPLE_EVERY)
    told.put(("waits", list(waits.values())))


@dataclass(frozen=True)
class Cut:
    """A snapshot, and a digest of what came to be readable since the project's cut before it."""

    snapshot: Snapshot
    before: Snapshot | None
    digest: list[Any]


def digest_between(before: Snapshot | None, after: Snapshot) -> list[Any]:
    """Count and sum of the hashes of the versions of each section, and of the entries, between two cuts."""
    found: list[Any] = []
    with connection.cursor() as cursor:
        for table, key, lower, upper in _ranges(before, after):
            cursor.execute(
                f'SELECT count(*), sum(hashtextextended(row::text, 0)) FROM "{table}" row'  # noqa: S608 - a name of ours
                f" WHERE project_id = %s AND {key} > %s AND {key} <= %s",
                [after.project_id, lower, upper],
            )
            found.append(cursor.fetchone())
    return found


def _ranges(before: Snapshot | None, after: Snapshot) -> Iterator[tuple[str, str, int, int]]:
    for model in SECTIONS.values():
        label = model._meta.label_lower
        yield versions_of(model)._meta.db_table, "history_id", before.cut[label] if before else 0, after.cut[label]
    yield Entry._meta.db_table, "id", before.entry_id if before else 0, after.entry_id


def differing_rows() -> int:
    """How many rows differ between the tables and their newest versions, both ways."""
    differing = 0
    with connection.cursor() as cursor:
        for model in SECTIONS.values():
            columns = ", ".join(f'"{field.column}"' for field in model._meta.concrete_fields)
            newest = (
                f'SELECT DISTINCT ON (id) * FROM "{versions_of(model)._meta.db_table}" ORDER BY id, history_id DESC'  # noqa: S608
            )
            live = f'SELECT {columns} FROM "{model._meta.db_table}"'  # noqa: S608
            kept = f"SELECT {columns} FROM ({newest}) v WHERE history_type <> '-'"  # noqa: S608
            cursor.execute(f"SELECT count(*) FROM (({live} EXCEPT {kept}) UNION ALL ({kept} EXCEPT {live})) d")  # noqa: S608
            differing += cursor.fetchone()[0]
    return differing


def left_unsealed() -> AbstractContextManager[object]:
    """Take snapshots as if each were interrupted right after its cut."""
    return patch.object(taking, "seal_snapshot", lambda snapshot: snapshot)


def without_the_gate() -> AbstractContextManager[object]:
    """Take snapshots as if nothing ordered acts and cuts."""
    return patch.object(taking, "take_gate_alone", lambda *args, **options: nullcontext())


def take_cuts(team: Team, until: float) -> tuple[list[Cut], list[taking.Taken]]:
    """Take snapshots of the projects in turn until the time is over."""
    cuts: list[Cut] = []
    costs: list[taking.Taken] = []
    newest: dict[int, Snapshot] = {}
    while time.time() < until:
        number = len(cuts)
        project = team.projects[number % len(team.projects)]
        with nullcontext() if project == team.projects[0] else left_unsealed():
            taken = taking.take_snapshot(project, f"cut {number}", by=team.owner)
        costs.append(taken)
        before = newest.get(project.pk)
        newest[project.pk] = taken.snapshot
        cuts.append(Cut(taken.snapshot, before, digest_between(before, taken.snapshot)))
    return cuts, costs


def held_alone(team: Team) -> list[float]:
    """How long the gate is held while nobody else writes, which tells the code from the machine's load."""
    project = team.projects[-1]
    with left_unsealed():
        return [
            taking.take_snapshot(project, f"alone {number}", by=team.owner).seconds_gate_held
            for number in range(_ALONE)
        ]


def changed_cuts(cuts: list[Cut]) -> int:
    """Read all that was readable behind each cut again; a cut has changed when anything up to it has."""
    changed = 0
    unlike_before: set[int] = set()
    for cut in cuts:
        if digest_between(cut.before, cut.snapshot) != cut.digest:
            unlike_before.add(cut.snapshot.project_id)
        changed += cut.snapshot.project_id in unlike_before
    return changed


def wrong_tallies(projects: list[Project]) -> int:
    """How many newest snapshots, carried on through all the others, differ from their state read whole."""
    wrong = 0
    for project in projects:
        taking.seal_snapshots(project)
        newest = Snapshot.objects.filter(project=project).order_by("number").last()
        if newest is not None:
            whole = whole_tally(State(project.pk, newest.cut)).sealed()
            wrong += any(whole[column] != getattr(newest, column) for column in ("sections", "counts", "content_hash"))
    return wrong


@dataclass
class Stormed:
    """Cuts taken in a storm of writers, what taking each cost, and what the writers did and met."""

    cuts: list[Cut]
    costs: list[taking.Taken]
    service: Written
    sql: Written
    waits: list[float]


def storm(team: Team, seconds: float, writers: int = WRITERS) -> Stormed:
    """Let half of the writers use services and half SQL, while this process takes snapshots."""
    connections.close_all()
    processes = multiprocessing.get_context("fork")
    told, until = processes.Queue(), time.time() + seconds
    kinds = [ServiceWriter if number % 2 else SqlWriter for number in range(writers)]
    running = [
        processes.Process(target=write, args=(kind, team, number, until, told)) for number, kind in enumerate(kinds)
    ]
    running.append(processes.Process(target=watch_waits, args=(until, told)))
    for process in running:
        process.start()
    cuts, costs = take_cuts(team, until)
    stormed = Stormed(cuts, costs, Written(), Written(), [])
    for _ in running:
        name, result = told.get(timeout=60)
        if name == "waits":
            stormed.waits = result
            continue
        written = stormed.service if name == ServiceWriter.__name__ else stormed.sql
        written.acts += result.acts
        written.rolled_back += result.rolled_back
        written.errors += result.errors
    for process in running:
        process.join()
    return stormed


def main() -> int:
    parser = argparse.ArgumentParser(description="Take snapshots under eight writers, and read each cut again.")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--ungated", action="store_true", help="a control: take the cuts without the gate")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if connection.vendor != "postgresql":
        sys.exit("SQLite lets one writer in at a time, so there is no gate to measure: name a PostgreSQL database.")
    with measure.scratch_database(), without_the_gate() if options.ungated else nullcontext():
        team = Team.assemble()
        alone = measure.Spread.of(held_alone(team))
        stormed = storm(team, options.seconds)
        held = measure.Spread.of([taken.seconds_gate_held for taken in stormed.costs])
        changed, differing, wrong = changed_cuts(stormed.cuts), differing_rows(), wrong_tallies(team.projects)
        figures = {
            "snapshots": len(stormed.cuts),
            "cuts changed later": changed,
            "rows differing from their versions": differing,
            "hashes differing from the whole": wrong,
            "gate held": held,
            "gate held, no writers": alone,
            "gate held, with / without": held.median / alone.median,
            "snapshot waited": measure.Spread.of([taken.seconds_gate_waited for taken in stormed.costs]),
            "acts that waited": len(stormed.waits),
            "act waited": measure.Spread.of(stormed.waits),
            "acts by services": stormed.service.acts,
            "acts by SQL": stormed.sql.acts,
            "rolled back": stormed.service.rolled_back + stormed.sql.rolled_back,
            "errors by services": dict(stormed.service.errors),
            "errors by SQL": dict(stormed.sql.errors),
        }
        measure.report("Snapshots under writers", figures, as_json=options.json)
    return 1 if changed or differing or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
