"""A database that goes away: a page that says so, nothing half done, and no repair when it comes back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from tests.cast import Cast, assemble, what_is_left

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def database_away() -> Iterator[None]:
    """Nobody answers where the database was."""
    settings = connection.settings_dict
    kept = dict(settings)
    connection.close()
    settings.update(
        NAME="/nowhere/at/all.sqlite3" if connection.vendor == "sqlite" else "postgres", HOST="127.0.0.1", PORT="9"
    )
    yield
    connection.close()
    settings.update(kept)


@contextmanager
def database_going() -> Iterator[None]:
    """The database goes away as an act is about to say why."""

    def go(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if 'INSERT INTO "audit_entry"' not in sql:
            return execute(sql, params, many, context)
        if connection.vendor == "postgresql":
            return execute("SELECT pg_terminate_backend(pg_backend_pid())", (), False, context)
        execute("PRAGMA max_page_count = 1", (), False, context)
        return execute(sql, [each if each != "Because" else "b" * 10_000_000 for each in params], many, context)

    with connection.execute_wrapper(go):
        yield
    connection.close()


def asked_to_freeze(client: Client, cast: Cast) -> Any:
    return client.post(f"/labelop/project/{cast.project.pk}/acts/freeze-schema/", {"reason": "Because"})


def test_a_database_that_is_away_is_said_and_then_it_goes_on_as_before() -> None:
    cast, client = assemble(), Client(raise_request_exception=False)
    client.force_login(cast.olga)
    with database_away():
        for answer in (client.get("/"), client.get("/projects/birds/trail/"), asked_to_freeze(client, cast)):
            assert answer.status_code == 503
            assert answer.headers["Retry-After"] == "30"
            assert "The database does not answer" in answer.content.decode()
            assert "unsafe" not in answer.headers["Content-Security-Policy"]
        told = client.get("/api/v1/items/")
        assert (told.status_code, told["Content-Type"]) == (503, "application/problem+json")
        assert (told["Retry-After"], told.json()["status"]) == ("30", 503)
    assert client.get("/").status_code == 200
    with what_is_left() as left, database_going():
        answer = asked_to_freeze(client, cast)
    assert answer.status_code == 503
    cast.project.refresh_from_db()
    assert (left.events, left.versions, cast.project.schema_frozen) == ([], [], False)
    assert asked_to_freeze(client, cast).status_code == 302
