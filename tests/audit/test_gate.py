"""The gate: acts of a project pass it together, a snapshot alone, so that it sees whole acts only."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.db.models import Count, Max, Sum
from django.utils import timezone

from audit.acting import GateBusy, locked, operation, take_gate_alone
from audit.models import Entry
from labelop.models import Project
from tests.trackedapp.models import Remark, Thing

from .ways import Scene, a_project

pytestmark = [pytest.mark.django_db(transaction=True)]

postgresql_only = pytest.mark.skipif("connection.vendor != 'postgresql'")


class Elsewhere(threading.Thread):
    """Runs a piece of work on a connection of its own; what it raised is kept."""

    def __init__(self, work: Callable[[], Any]) -> None:
        super().__init__()
        self.work = work
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            self.work()
        except Exception as error:  # noqa: BLE001 - told by the test
            self.error = error
        finally:
            connection.close()


def all_at_once(*works: Callable[[], Any]) -> list[Exception | None]:
    threads = [Elsewhere(work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [thread.error for thread in threads]


@pytest.fixture
def scene() -> Scene:
    with operation():
        return Scene()


def bump(*things: Thing) -> None:
    for thing in things:
        Thing.objects.filter(pk=thing.pk).update(count=random.randrange(10**9))


@pytest.fixture
def gate_held_elsewhere(scene: Scene) -> Iterator[None]:
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with operation(), take_gate_alone(scene.project.pk):
            held.set()
            done.wait(10)

    holder = Elsewhere(hold)
    holder.start()
    held.wait(10)
    yield
    done.set()
    holder.join()


def sequence_of(table: str, column: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT last_value FROM {table}_{column}_seq")
        return int(cursor.fetchone()[0])


@postgresql_only
def test_an_act_waits_before_it_draws_an_id(scene: Scene, gate_held_elsewhere: None) -> None:
    before = sequence_of("trackedapp_historicalthing", "history_id")
    for change in (
        lambda: scene.thing(),
        lambda: Entry.objects.create(operation="0" * 32, project=scene.project, event="x", impact=1, at=timezone.now()),
    ):
        with operation(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '50ms'")
            with pytest.raises(OperationalError, match="lock timeout"), transaction.atomic():
                change()
    assert sequence_of("trackedapp_historicalthing", "history_id") == before


@postgresql_only
def test_a_row_that_moves_waits_at_both_gates(scene: Scene, gate_held_elsewhere: None) -> None:
    with operation(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '50ms'")
        from_elsewhere = Scene().thing()
        with pytest.raises(OperationalError, match="lock timeout"), transaction.atomic():
            Thing.objects.filter(pk=from_elsewhere.pk).update(project=scene.project)


@postgresql_only
def test_an_entry_id_is_drawn_behind_the_gate() -> None:
    with operation():
        project = a_project()
        ids = [
            Entry.objects.create(operation="0" * 32, project=project, event="x", impact=1, at=timezone.now()).pk
            for _ in range(2)
        ]
    # The default drew one before, which is thrown away.
    assert ids[1] == ids[0] + 2


@postgresql_only
def test_a_busy_gate_is_given_up_and_the_transaction_goes_on(scene: Scene, gate_held_elsewhere: None) -> None:
    with operation():
        with (
            pytest.raises(GateBusy, match="gave up after 50 ms"),
            take_gate_alone(scene.project.pk, milliseconds=50),
        ):
            pass
        assert Project.objects.exists()
        with connection.cursor() as cursor:
            cursor.execute("SHOW lock_timeout")
            assert cursor.fetchone()[0] == "0"


@postgresql_only
def test_projects_share_no_gate(scene: Scene, gate_held_elsewhere: None) -> None:
    with operation():
        Scene().thing()
        with take_gate_alone(None):
            pass


@postgresql_only
def test_a_stale_view_of_the_database_is_refused(scene: Scene) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        with (
            operation(),
            pytest.raises(transaction.TransactionManagementError, match="stale"),
            take_gate_alone(1),
        ):
            pass


def test_the_gate_needs_a_transaction() -> None:
    with pytest.raises(transaction.TransactionManagementError, match="none is open"), take_gate_alone(1):
        pass


def test_the_gate_opens_on_both_engines(scene: Scene) -> None:
    with operation(), take_gate_alone(scene.project.pk):
        assert Project.objects.exists()


def test_a_locked_row_is_read_again(scene: Scene) -> None:
    with operation():
        thing = scene.thing()
        bump(thing)
        assert locked(thing).count != thing.count


@postgresql_only
def test_rows_may_point_at_a_locked_row(scene: Scene) -> None:
    """`locked(project)` must not stop everybody who adds to the project."""
    with operation():
        locked(scene.project)
        assert all_at_once(lambda: _in_an_operation(scene.thing)) == [None]


def _in_an_operation(work: Callable[[], Any]) -> None:
    with operation():
        work()


@postgresql_only
def test_a_snapshot_that_gives_up_lets_crossing_acts_pass(scene: Scene) -> None:
    """One act holds the gate and wants a row; the row's holder wants the gate, a snapshot queues between."""
    with operation():
        first, second = scene.thing(), scene.thing()
    row_locked, gate_shared = threading.Event(), threading.Event()

    def hold_the_row_then_write() -> None:
        with operation():
            locked(first)
            row_locked.set()
            gate_shared.wait(5)
            time.sleep(0.2)
            bump(first)

    def write_then_want_the_row() -> None:
        row_locked.wait(5)
        with operation():
            bump(second)
            gate_shared.set()
            bump(first)

    def take_a_snapshot() -> None:
        gate_shared.wait(5)
        _cut(scene.project)

    assert all_at_once(hold_the_row_then_write, write_then_want_the_row, take_a_snapshot) == [None] * 3


@postgresql_only
def test_acts_that_touch_two_projects_crosswise_do_not_deadlock_with_snapshots(scene: Scene) -> None:
    with operation():
        other = Scene()
        ours, theirs = scene.three_things(), other.three_things()

    def cross(*things: Thing) -> None:
        for _ in range(5):
            with operation():
                bump(*things)
                time.sleep(0.01)

    def cut_both() -> None:
        for _ in range(5):
            _cut(scene.project)
            _cut(other.project)

    errors = all_at_once(lambda: cross(ours[0], theirs[0]), lambda: cross(theirs[1], ours[1]), cut_both)
    assert errors == [None] * 3


@postgresql_only
def test_a_cut_sees_whole_acts_only(scene: Scene) -> None:
    """Writers work for two seconds; no cut taken meanwhile shows something else when they are done."""
    with operation():
        other = Scene()
        things = {each.project.pk: [each.thing() for _ in range(10)] for each in (scene, other)}
    until = time.monotonic() + 2.0
    cuts: list[tuple[Project, dict[str, int], tuple]] = []

    def write(seed: int) -> None:
        chance = random.Random(seed)
        while time.monotonic() < until:
            try:
                with operation():
                    for each in chance.sample([scene, other], chance.choice([1, 1, 2])):
                        bump(chance.choice(things[each.project.pk]))
                        each.remark()
                        time.sleep(chance.random() * 0.01)
                    if chance.random() < 0.1:
                        raise ZeroDivisionError
            except (ZeroDivisionError, OperationalError):
                # Two acts that lock rows crosswise: PostgreSQL ends one of them, as without a gate.
                pass

    def cut() -> None:
        while time.monotonic() < until - 0.2:
            project = random.choice([scene.project, other.project])
            ends = _cut(project)
            cuts.append((project, ends, _seen(project, ends)))

    assert all_at_once(*(lambda seed=seed: write(seed) for seed in range(4)), cut) == [None] * 5
    assert len(cuts) > 5
    assert [seen for _, _, seen in cuts] == [_seen(project, ends) for project, ends, _ in cuts]


def _cut(project: Project) -> dict[str, int]:
    """The highest version ids of a project, read while its gate is held alone."""
    while True:
        try:
            with operation(), take_gate_alone(project.pk, milliseconds=40):
                return {
                    model.__name__: model.history.filter(project_id=project.pk).aggregate(
                        end=Max("history_id", default=0)
                    )["end"]
                    for model in (Thing, Remark)
                }
        except GateBusy:
            time.sleep(random.random() * 0.02)


def _seen(project: Project, ends: dict[str, int]) -> tuple:
    return tuple(
        tuple(
            model.history.filter(project_id=project.pk, history_id__lte=ends[model.__name__])
            .aggregate(count=Count("history_id"), sum=Sum("history_id"))
            .values()
        )
        for model in (Thing, Remark)
    )
