"""Two people who give two snapshots the same name at the same instant: one has it, the other is told."""

from __future__ import annotations

import threading

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from audit.acting import operation, take_gate_alone
from audit.models import Entry
from labelop.models import Project
from snapshots.models import Snapshot
from snapshots.reconciliation import reconcile
from snapshots.services.snapshots import take_snapshot

from .stage import Stage, set_the_stage

TAKERS = 3
ROUNDS = 20  # who comes second meets who came first at another instant each time


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one writer in at a time: nobody meets there")
def test_a_name_taken_while_others_waited_at_the_gate_is_refused_in_words() -> None:
    stage = set_the_stage()
    names = [f"v{number}" for number in range(1, ROUNDS + 1)]
    for name in names:
        told = _all_take_at_once(stage, name)
        assert [type(error) for error in told if error is not None] == [ValidationError] * (TAKERS - 1)
        assert all(error is None or f"has a snapshot {name} already" in str(error) for error in told)
    snapshots = Snapshot.objects.filter(project=stage.project).order_by("number")
    assert [(each.name, each.number) for each in snapshots] == [(name, n) for n, name in enumerate(names, 1)]
    assert all(each.manifest_hash is not None for each in snapshots)
    assert Entry.objects.filter(event="snapshot.taken").count() == ROUNDS
    assert reconcile(Project.objects.get(pk=stage.project.pk), None, None).findings == []


def _all_take_at_once(stage: Stage, name: str) -> list[Exception | None]:
    at_the_gate = threading.Barrier(TAKERS + 1, timeout=30)
    told: list[Exception | None] = []

    def take() -> None:
        try:
            at_the_gate.wait()
            take_snapshot(stage.project, name, by=stage.olga)
        except Exception as error:  # noqa: BLE001 - told below
            told.append(error)
        else:
            told.append(None)
        finally:
            connection.close()

    takers = [threading.Thread(target=take) for _ in range(TAKERS)]
    for taker in takers:
        taker.start()
    with operation(by=stage.olga), take_gate_alone(stage.project.pk):
        at_the_gate.wait()
        _until_all_wait()
    for taker in takers:
        taker.join()
    return told


def _until_all_wait() -> None:
    """Ask the database until every taker waits for the gate: all of them have found the name free by then."""
    with connection.cursor() as cursor:
        for _ in range(100_000):
            cursor.execute(
                "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database"
                " WHERE locktype = 'advisory' AND NOT granted AND d.datname = current_database()"
            )
            if cursor.fetchone() == (TAKERS,):
                return
    raise AssertionError("They do not wait.")
