"""The log: one line for each request, under its id, without names, reasons, or characters that deceive."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import closing
from io import StringIO
from typing import Any

import pytest
import structlog
from django.db import IntegrityError, transaction
from django.test import Client, RequestFactory

from audit.acting import operation
from labelop.logs import logging_to, plain
from labelop.pages.errors import failed
from roles.models import User
from tests.cast import PASSWORD, Cast

RENDERERS = {"json": structlog.processors.JSONRenderer(), "readable": structlog.dev.ConsoleRenderer(colors=False)}
DECEIVING = "one\ntwo\r\x1b[31m\u202ethree\u2066\u2028\x00"


class Log:
    def __init__(self) -> None:
        self.stream = StringIO()

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]

    @property
    def line(self) -> dict[str, Any]:
        (line,) = self.lines
        return line


def written_by(renderer: Any) -> Iterator[Log]:
    """Let a second handler write what the site's own would."""
    log = Log()
    formatter = dict(logging_to(renderer)["formatters"]["lines"])
    handler = logging.StreamHandler(log.stream)
    handler.setFormatter(formatter.pop("()")(**formatter))
    root = logging.getLogger()
    root.addHandler(handler)
    yield log
    root.removeHandler(handler)


@pytest.fixture
def log() -> Iterator[Log]:
    """The log as in production."""
    yield from written_by(RENDERERS["json"])


@pytest.fixture(params=RENDERERS)
def either_log(request: pytest.FixtureRequest) -> Iterator[Log]:
    yield from written_by(RENDERERS[request.param])


def test_a_request_leaves_one_line_with_its_id_its_answer_and_who_asked(cast: Cast, log: Log) -> None:
    client = Client()
    client.force_login(cast.olga)
    answer = client.get("/trail/?q=ana", headers={"x-request-id": "ticket-4711.a"})
    assert answer.headers["X-Request-ID"] == "ticket-4711.a"
    line = log.line
    assert (line["event"], line["request"], line["code"]) == ("request_finished", "GET /trail/", 200)
    assert (line["request_id"], line["user_id"]) == ("ticket-4711.a", cast.olga.pk)
    assert {"timestamp", "level", "logger"} < line.keys()


@pytest.mark.parametrize(
    "given", ["", "short", "x" * 65, "with space 1", "öäüöäüöä", "<script>alert", "a\u202ebcdefgh"]
)
def test_an_id_that_looks_like_none_is_replaced(db: None, given: str, log: Log) -> None:
    answer = Client().get("/login/", headers={"x-request-id": given})
    assert len(answer.headers["X-Request-ID"]) == 36
    assert log.line["request_id"] == answer.headers["X-Request-ID"]


def test_every_answer_has_an_id_whatever_it_is(db: None) -> None:
    client = Client()
    for address in ("/", "/nothing/", "/login/"):
        assert client.get(address).headers["X-Request-ID"]
    with closing(client.get("/static/labelop/skin.css")) as file:
        assert file.headers["X-Request-ID"]
    assert client.put("/login/").headers["X-Request-ID"]


def test_what_somebody_says_is_not_in_the_log(cast: Cast, log: Log) -> None:
    client = Client()
    client.post("/login/", {"username": "olga", "password": "wrong horse battery"})
    client.post("/login/", {"username": "olga", "password": PASSWORD, "next": "/?word=needle"})
    member = cast.membership_of(cast.ana).pk
    said = {f"change-{member}-role": "reviewer", f"change-{member}-reason": "because of the needle"}
    assert client.post(f"/projects/birds/access/{member}/change/", said).status_code == 302
    assert client.get("/trail/?q=%22needle+olga%22").status_code == 200
    assert len(log.lines) == 4
    for word in ("olga", "ana", "needle", "horse", PASSWORD):
        assert word not in log.text.replace("/projects/birds/", ""), word


def test_a_locked_login_names_nobody(cast: Cast, log: Log) -> None:
    for _ in range(6):
        Client().post("/login/", {"username": "olga", "password": "wrong horse battery"})
    assert log.lines[-1]["code"] == 429
    assert "olga" not in log.text


def test_characters_that_deceive_are_written_out(either_log: Log) -> None:
    structlog.get_logger("labelop").warning(DECEIVING, said={DECEIVING: [DECEIVING]}, other=RequestFactory().get("/"))
    logging.getLogger("somebody.else").warning("They said %s", DECEIVING)
    assert len(either_log.text.splitlines()) == 2
    assert all(character.isprintable() or character == "\n" for character in either_log.text)
    assert r"\u202e" in either_log.text
    assert plain("Ölmühle × 3") == "Ölmühle × 3"


def test_a_path_that_deceives_is_written_out(db: None, either_log: Log) -> None:
    Client().get("/no%0Asuch%E2%80%AEpage/")
    assert len(either_log.text.splitlines()) == 1
    assert "\u202e" not in either_log.text


def test_a_failure_tells_kinds_and_places_and_no_row(cast: Cast, log: Log) -> None:
    row = {"username": cast.olga.username, "email": "somebody@example.org"}
    try:
        with transaction.atomic(), operation():
            User.objects.create(**row)
    except IntegrityError:
        structlog.get_logger("labelop").exception("request_failed")
    line = log.line
    assert "IntegrityError: " in line["exception"]
    assert "test_logs.py" in line["exception"]
    assert "example.org" not in log.text
    assert "(username)" not in log.text


def test_a_page_that_fails_says_so_and_nothing_of_what_failed(rf: RequestFactory) -> None:
    try:
        raise KeyError("needle")
    except KeyError:
        answer = failed(rf.get("/"))
    assert answer.status_code == 500
    assert "needle" not in answer.content.decode()
