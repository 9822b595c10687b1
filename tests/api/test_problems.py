"""Whatever goes wrong below /api/ is told as a problem (RFC 9457), under an id, and never as a page."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client

from tests.cast import Cast

from .asking import V1, token_for

PROBLEM = "application/problem+json"


def needle(execute: Any, sql: str, *args: Any) -> Any:
    """A database that fails in a way nobody foresaw, where items are read."""
    if "labelop_item" in sql:
        raise KeyError("needle")
    return execute(sql, *args)


@pytest.mark.parametrize(
    "address",
    [
        *(f"{V1}{below}" for below in ("nowhere/", "items/7/nothing/", "items/99999999999999999999/", "é")),
        "/api/v2/items/",
        "/api/",
    ],
)
def test_what_is_nowhere_is_a_problem_and_no_page(cast: Cast, address: str) -> None:
    secret = token_for(cast.olga)
    for headers, status in (({"Authorization": f"Bearer {secret}"}, 404), ({}, 401)):
        answer = Client().get(address, headers=headers)
        assert (answer.status_code, answer["Content-Type"]) == (status, PROBLEM)
        assert answer.json()["status"] == status


def test_what_nobody_foresaw_is_a_problem_that_tells_nothing_of_it(cast: Cast) -> None:
    client = Client(raise_request_exception=False, headers={"Authorization": f"Bearer {token_for(cast.olga)}"})
    with connection.execute_wrapper(needle):
        answer = client.get(f"{V1}items/", headers={"X-Request-ID": "ticket-4711"})
    assert (answer.status_code, answer["Content-Type"], answer["X-Request-ID"]) == (500, PROBLEM, "ticket-4711")
    assert answer.json()["title"] == "Internal Server Error"
    assert "needle" not in answer.content.decode()


def test_a_host_that_is_not_ours_is_a_problem(db: None) -> None:
    for address, content_type in ((f"{V1}items/", PROBLEM), ("/login/", "text/html; charset=utf-8")):
        answer = Client().get(address, headers={"Host": "elsewhere.example"})
        assert (answer.status_code, answer["Content-Type"]) == (400, content_type)
