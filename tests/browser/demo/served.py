"""The site as in production, behind a proxy that this module plays itself: `python -m tests.browser.demo.served`.

It says its port on the first line of its output, then serves until it is ended.
"""

from __future__ import annotations

import os
import socketserver
import sys
from collections.abc import Iterable
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer


class Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Handler(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        """The site writes its own log."""


def serve() -> None:
    server = Server(("127.0.0.1", 0), Handler)
    # Browsers take the loopback for as safe as HTTPS; Django is told of HTTPS, as a proxy would tell it.
    os.environ["CSRF_TRUSTED_ORIGINS"] = f"http://127.0.0.1:{server.server_port}"
    from labelop.wsgi import application

    def behind_a_proxy(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        environ |= {"HTTP_X_FORWARDED_PROTO": "https", "HTTP_X_FORWARDED_FOR": "192.0.2.1"}
        return application(environ, start_response)

    server.set_app(behind_a_proxy)
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    serve()
