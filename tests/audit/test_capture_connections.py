"""Acts of different connections, pooled or of several threads, know nothing of each other."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection, connections, transaction

from audit.acting import act_under_way, operation
from audit.models import Entry
from roles.models import User
from tests.trackedapp.models import Thing

from .ways import Scene, a_user

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'postgresql'"),
]

WORKERS, ROUNDS = 6, 25


@pytest.fixture
def pooled() -> Iterator[None]:
    """Let new threads share a pool of fewer connections than there are workers."""
    settings = connections.settings["default"]
    options = {**settings["OPTIONS"], "pool": {"min_size": 1, "max_size": 3}}
    connections.settings["default"] = {**settings, "OPTIONS": options}
    pool: Any = connections.create_connection("default")
    yield
    pool.close_pool()
    connections.settings["default"] = settings


class Worker(threading.Thread):
    """Changes a thing of its own again and again, in an operation or without, and notes what is wrong."""

    def __init__(self, thing: Thing, by: User) -> None:
        super().__init__()
        self.thing, self.by = thing, by
        self.wrong: list[str] = []
        self.chance = random.Random(thing.pk)

    def run(self) -> None:
        for _ in range(ROUNDS):
            try:
                self.chance.choice([self.act, self.act, self.fail, self.change_without, self.look])()
            finally:
                connection.close()

    def change(self) -> None:
        Thing.objects.filter(pk=self.thing.pk).update(count=self.chance.randrange(10**9))

    def act(self) -> None:
        with operation(by=self.by) as act:
            self.change()
        version = Thing.history.filter(id=self.thing.pk).first()
        if (version.operation, version.history_user_id) != (act.operation, self.by.pk):
            self.wrong.append(f"an act of {self.by} is credited to {version.history_user_id}")

    def fail(self) -> None:
        try:
            with operation(by=self.by):
                self.change()
                raise ZeroDivisionError
        except ZeroDivisionError:
            pass

    def change_without(self) -> None:
        self.change()
        version = Thing.history.filter(id=self.thing.pk).first()
        entries = Entry.objects.filter(operation=version.operation)
        if version.history_user_id is not None or entries.count() != 1:
            self.wrong.append("an unexplained change is credited to somebody")

    def look(self) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('labelop.operation', true)")
            if cursor.fetchone()[0] or act_under_way():
                self.wrong.append("an operation is left over")


def what_goes_wrong() -> list[str]:
    with operation():
        scene = Scene()
        workers = [Worker(scene.thing(), a_user()) for _ in range(WORKERS)]
    _all(workers, threading.Thread.start)
    _all(workers, threading.Thread.join)
    return [wrong for worker in workers for wrong in worker.wrong]


def _all(workers: list[Worker], do: Callable[[threading.Thread], None]) -> None:
    for worker in workers:
        do(worker)


def test_a_pooled_connection_carries_no_act_to_the_next(pooled: None, unexplained_changes_are_recorded: None) -> None:
    assert what_goes_wrong() == []


def test_threads_act_by_themselves(unexplained_changes_are_recorded: None) -> None:
    assert what_goes_wrong() == []


def test_an_operation_costs_one_statement_to_tell() -> None:
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries, operation():
        pass
    assert [query["sql"].split("(")[0] for query in queries] == ["BEGIN", "SELECT set_config", "COMMIT"]
