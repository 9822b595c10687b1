"""What all tests share."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.operations import BaseDatabaseOperations
from pytest_django.plugin import DjangoDbBlocker

from tests.standing import Standing

if TYPE_CHECKING:
    from tests.cast import Cast

pytest.register_assert_rewrite("tests.audit.ways")

# Whether a test passes says nothing about the speed of the machine.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


def pytest_configure() -> None:
    _let_test_teardown_empty_the_tables()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the modules in which no test asks for a database: run on one engine, they have said all they can say."""
    asking = {item.path for item in items if _asks_for_a_database(item)}
    for item in items:
        if item.path not in asking:
            item.add_marker(pytest.mark.engineless)


def pytest_collection_finish() -> None:
    # What is loaded by now stays to the end: looking through it for garbage makes migrating dearer by a tenth.
    gc.freeze()


def _asks_for_a_database(item: pytest.Item) -> bool:
    fixtures = {"db", "transactional_db", "live_server"} & set(getattr(item, "fixturenames", ()))
    return bool(fixtures) or item.get_closest_marker("django_db") is not None


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Keep SQLite's test database in a file.

    In memory, the live server's threads would have to share the connection of the test, and now and then
    crash the interpreter.
    """
    if connection.vendor == "sqlite":
        connection.settings_dict["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")


@pytest.fixture(scope="session")
def what_stands(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Standing]:
    """The stage that was left standing by the last test; whoever opens a transaction for a module takes it down."""
    what_stands = Standing()
    yield what_stands
    with django_db_blocker.unblock():
        what_stands.take_down()


@pytest.fixture
def _stage_of_this_test(
    request: pytest.FixtureRequest, what_stands: Standing, django_db_blocker: DjangoDbBlocker
) -> None:
    begins_on_one = "standing" in request.fixturenames and _is_undone(request)
    with django_db_blocker.unblock():
        what_stands.have(_setting_of(request) if begins_on_one else None)


@pytest.fixture
def _django_db_helper(_stage_of_this_test: None, _django_db_helper: None) -> None:
    """pytest-django's, which opens the transaction of a test: the stage is set before."""


@pytest.fixture
def standing(request: pytest.FixtureRequest, db: None, what_stands: Standing) -> Any:
    """The stage that this test's mark `stage` names, the cast's if it has none; set anew where nothing is undone."""
    return what_stands.stage if what_stands.set_by is not None else _setting_of(request)()


def _setting_of(request: pytest.FixtureRequest) -> Callable[[], Any]:
    mark = request.node.get_closest_marker("stage")
    if mark is not None:
        setting: Callable[[], Any] = mark.kwargs["set_by"]
        return setting
    # Imported late, since models wait for Django.
    from tests.cast import assemble

    return assemble


def _is_undone(request: pytest.FixtureRequest) -> bool:
    """Whether the test is played in a transaction that is rolled back, as pytest-django tells it."""
    mark = request.node.get_closest_marker("django_db")
    committed = {"transactional_db", "live_server"} & set(request.fixturenames)
    return not committed and not (mark is not None and mark.kwargs.get("transaction"))


@pytest.fixture
def cast(standing: Any) -> Cast:
    """Everybody on stage."""
    played: Cast = standing
    return played


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the demo, told once for all test processes."""
    from tests.browser.demo.told import told_once

    own = tmp_path_factory.getbasetemp()
    return told_once((own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "demo")


@pytest.fixture
def unexplained_changes_are_recorded(settings: Any) -> Iterator[None]:
    """As in production: a change outside an operation is kept, and said to be unexplained."""
    from audit.capture import engine_of

    settings.LABELOP_UNEXPLAINED = "record"
    engine_of(connection).say_what_an_unexplained_change_meets(connection)
    yield
    settings.LABELOP_UNEXPLAINED = "refuse"
    if not connection.needs_rollback:
        engine_of(connection).say_what_an_unexplained_change_meets(connection)


def _let_test_teardown_empty_the_tables() -> None:
    """Lay the triggers aside around the SQL of `flush`, which ends every TransactionTestCase.

    Production code has no such door: there `flush` is refused.
    """
    flush = BaseDatabaseOperations.execute_sql_flush

    def flush_with_triggers_aside(self: BaseDatabaseOperations, sql_list: Iterable[str]) -> None:
        with transaction.atomic(using=self.connection.alias), _truncation_let_through(self.connection):
            flush(self, sql_list)

    BaseDatabaseOperations.execute_sql_flush = flush_with_triggers_aside  # type: ignore[method-assign]


@contextmanager
def triggers_laid_aside(on: BaseDatabaseWrapper) -> Iterator[None]:
    """No trigger of ours inside: what is changed here is changed past all of them."""
    from audit.capture import engine_of

    with on.cursor() as cursor:
        if on.vendor == "postgresql":
            # PostgreSQL alters no table that still waits for a deferred check.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        aside = engine_of(on).lay_aside(on)
        yield
        if on.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for trigger in aside.values():
            cursor.execute(trigger.definition)


@contextmanager
def _truncation_let_through(on: BaseDatabaseWrapper) -> Iterator[None]:
    """Let `flush` pass. PostgreSQL needs only TRUNCATE, and switching a trigger off is cheaper than dropping it."""
    from audit.capture import engine_of

    if on.vendor != "postgresql":
        with triggers_laid_aside(on):
            yield
        return
    truncates = [key for key in engine_of(on).installed_triggers(on) if key[1] == "capture_truncate"]
    _switch("DISABLE", truncates, on)
    yield
    _switch("ENABLE", truncates, on)


def _switch(which: str, triggers: list[tuple[str, str]], on: BaseDatabaseWrapper) -> None:
    with on.cursor() as cursor:
        cursor.execute("; ".join(f'ALTER TABLE "{table}" {which} TRIGGER {name}' for table, name in triggers))
