"""One POST to one address: to where its host was found, whatever is answered, within a time that is bounded."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from threading import Timer

from .addresses import IP, NoWayThere, Target, resolve

# Seconds: for each step of the connection, and for all of it.
STEP, WHOLE = 10.0, 20.0
# A host with many addresses is not tried at all of them.
AT_MOST = 3


@dataclass(frozen=True)
class Answer:
    """What a try met with: a status, or a sentence about why there was none."""

    status: int | None
    sentence: str


class _Connection(http.client.HTTPSConnection):
    """Connects to the address that was checked, and knows the host by its name: SNI, certificate and `Host`."""

    def __init__(self, target: Target, addresses: list[IP]) -> None:
        self._tls = ssl.create_default_context()
        super().__init__(target.host, target.port, timeout=STEP, context=self._tls)
        self._target, self._addresses = target, addresses
        if not target.secure:
            self.default_port = http.client.HTTP_PORT

    def connect(self) -> None:
        self.sock = self._first_that_answers()
        if self._target.secure:
            # Not yet spoken: so that whoever cuts the connection can reach the handshake too.
            self.sock = self._tls.wrap_socket(
                self.sock, server_hostname=self._target.host, do_handshake_on_connect=False
            )

    def _first_that_answers(self) -> socket.socket:
        refusal: OSError = OSError()
        for address in self._addresses[:AT_MOST]:
            try:
                return socket.create_connection((str(address), self._target.port), timeout=STEP)
            except OSError as error:
                refusal = error
        raise refusal

    def shake_hands(self) -> None:
        if isinstance(self.sock, ssl.SSLSocket):
            self.sock.do_handshake()

    def cut(self) -> None:
        """End whatever is awaited, from another thread."""
        with contextlib.suppress(OSError):
            # Not the socket's own method: that of TLS would forget, while it is read, that it was encrypted.
            socket.socket.shutdown(self.sock, socket.SHUT_RDWR)


def post(target: Target, headers: Mapping[str, str], body: bytes) -> Answer:
    """Send it. A redirect is an answer like any other; what is said beyond the status is not read."""
    try:
        connection = _Connection(target, resolve(target))
    except NoWayThere as error:
        return Answer(None, str(error))
    try:
        connection.connect()
        with _cut_after(WHOLE, connection):
            connection.shake_hands()
            connection.request("POST", target.path, body, {**headers, "connection": "close"})
            status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return Answer(None, _told(error))
    finally:
        connection.close()
    return Answer(status, f"Answered {status}.")


@contextlib.contextmanager
def _cut_after(seconds: float, connection: _Connection) -> Iterator[None]:
    timer = Timer(seconds, connection.cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _told(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"Its certificate is not trusted: {error.verify_message}."
    if isinstance(error, ssl.SSLError):
        return "No secure connection came about."
    if isinstance(error, TimeoutError):
        return "It took too long to answer."
    if isinstance(error, ConnectionRefusedError):
        return "It refused the connection."
    return "The connection ended without an answer."
