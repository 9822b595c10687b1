"""A receiver of webhooks on this very machine: a real HTTP server in a thread, which keeps what it was sent."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

CERTIFICATE = Path(__file__).parent / "certificates" / "hooks.example.org.pem"


@dataclass
class Received:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """Answers with the statuses it was told, one after the other, and with 204 when there are none left."""

    port: int = 0
    received: list[Received] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    asked_for: list[str | None] = field(default_factory=list)
    after_each: Callable[[], object] = lambda: None

    def address(self, path: str = "/hook", scheme: str = "http") -> str:
        return f"{scheme}://127.0.0.1:{self.port}{path}"


class _Handler(BaseHTTPRequestHandler):
    server: Any

    def do_POST(self) -> None:
        receiver: Receiver = self.server.receiver
        body = self.rfile.read(int(self.headers["content-length"]))
        receiver.received.append(Received(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
        self.send_response(receiver.statuses.pop(0) if receiver.statuses else 204)
        for name, value in receiver.headers.items():
            self.send_header(name, value)
        self.end_headers()
        receiver.after_each()

    def log_message(self, *args: object) -> None:
        """Tests say what went wrong."""


@contextmanager
def receiving(*, tls: bool = False) -> Iterator[Receiver]:
    receiver = Receiver()
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        receiver.port = server.server_address[1]
        server.receiver = receiver  # type: ignore[attr-defined]
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(CERTIFICATE)
            context.sni_callback = lambda socket, name, context: receiver.asked_for.append(name)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()
