"""What is sent arrives where its name led when it was checked, and nothing that is answered holds anybody up."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import pytest

from audit.webhooks import sending
from audit.webhooks.addresses import target_of
from audit.webhooks.sending import Answer, post
from tests.receiver import CERTIFICATE, receiving


@pytest.fixture(autouse=True)
def _loopback(settings: Any) -> None:
    settings.LABELOP_WEBHOOK_LOOPBACK = True


@contextmanager
def speaking(*pieces: bytes, endless: bytes = b"") -> Iterator[str]:
    """A server that says these words to the first who connects, then these others until that one leaves."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def speak() -> None:
            connection, _ = server.accept()
            with connection:
                try:
                    for piece in pieces:
                        connection.sendall(piece)
                    while endless or connection.recv(65536):
                        connection.sendall(endless)
                except OSError:
                    """They have left."""

        thread = Thread(target=speak)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        thread.join()


def test_what_is_sent_arrives_whole() -> None:
    with receiving() as receiver:
        answer = post(target_of(receiver.address("/a?b=c")), {"x-one": "1"}, b"{}")
    assert answer == Answer(204, "Answered 204.")
    (received,) = receiver.received
    assert (received.path, received.body) == ("/a?b=c", b"{}")
    assert received.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert (received.headers["x-one"], received.headers["content-length"]) == ("1", "2")


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    with receiving() as elsewhere, receiving() as receiver:
        receiver.statuses, receiver.headers = [307], {"location": elsewhere.address()}
        assert post(target_of(receiver.address()), {}, b"{}").status == 307
    assert (len(receiver.received), elsewhere.received) == (1, [])


def test_the_connection_goes_to_the_address_that_was_checked_by_the_name_that_was_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def resolver(host: str, port: int, *args: Any, **kwargs: Any) -> list[Any]:
        if host == "hooks.example.org":
            asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    with receiving(tls=True) as receiver:
        monkeypatch.setattr(socket, "getaddrinfo", resolver)
        monkeypatch.setattr("django.conf.settings.LABELOP_WEBHOOK_PORTS", [receiver.port])
        answer = post(target_of(f"https://hooks.example.org:{receiver.port}/"), {}, b"{}")
    assert answer.status == 204
    assert asked == receiver.asked_for == ["hooks.example.org"], "asked for once, and named to the server"
    assert receiver.received[0].headers["host"] == f"hooks.example.org:{receiver.port}"


def test_a_certificate_that_nobody_vouches_for_or_of_another_host_is_not_trusted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with receiving(tls=True) as receiver:
        target = target_of(receiver.address(scheme="https"))
        unknown = post(target, {}, b"{}")
        monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
        another = post(target, {}, b"{}")
    assert unknown.status is another.status is None
    assert unknown.sentence.startswith("Its certificate is not trusted: self-signed")
    assert "IP address mismatch" in another.sentence
    assert receiver.received == []


def test_nobody_there_is_told_as_such() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/"
    assert post(target_of(address), {}, b"{}") == Answer(None, "It refused the connection.")


def test_what_answers_with_nonsense_or_not_at_all_has_not_answered() -> None:
    with speaking(b"SSH-2.0-OpenSSH\r\n") as address:
        assert post(target_of(address), {}, b"{}") == Answer(None, "The connection ended without an answer.")


def test_a_body_without_an_end_is_not_read() -> None:
    with speaking(b"HTTP/1.1 200 OK\r\n\r\n", endless=b"x" * 65536) as address:
        assert post(target_of(address), {}, b"{}") == Answer(200, "Answered 200.")


def test_an_answer_that_never_comes_to_its_point_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "WHOLE", 0.2)
    with speaking(endless=b"HTTP/1.1 100 Continue\r\n\r\n") as address:
        assert post(target_of(address), {}, b"{}").status is None


def test_silence_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "STEP", 0.1)
    with speaking() as address:
        assert post(target_of(address), {}, b"{}") == Answer(None, "It took too long to answer.")
