"""What happens around each request: its session, its channel, its refusals, and headers for the browser."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable
from typing import Any

import structlog
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django_structlog.middlewares import RequestMiddleware

from audit.acting import Channel, Refused, on_request, record_refusal_after_rollback, through

Answer = Callable[[HttpRequest], HttpResponse]

# When a session began and when it was last seen, in seconds; seen is written anew after so many of them.
BEGAN, SEEN = "began", "seen"
SEEN_EVERY = 5 * 60

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")

POLICIES = {
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class RequestLogMiddleware(RequestMiddleware):
    """A line for each request, under an id that the answer names too: the one it came with, if it looks like one."""

    def prepare(self, request: HttpRequest) -> None:
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        request.META["HTTP_X_REQUEST_ID"] = given if REQUEST_ID.fullmatch(given) else str(uuid.uuid4())
        super().prepare(request)

    def handle_response(self, request: HttpRequest, response: HttpResponse) -> None:
        super().handle_response(request, response)
        response.headers["X-Request-ID"] = request.META["HTTP_X_REQUEST_ID"]

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        return f"{request.method} {request.path}"


class HeadersMiddleware:
    """Tell the browser what no page of ours uses, beyond what Django tells it."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for header, policy in POLICIES.items():
            response.headers.setdefault(header, policy)
        return response


class CompressedPagesMiddleware(GZipMiddleware):
    """Compress pages. The API's answers stay as they are: compressing makes an ETag weak, which If-Match refuses."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        return response if request.path.startswith("/api/") else super().process_response(request, response)


def begin_session(request: HttpRequest, **kwargs: Any) -> None:
    """Note when somebody logged in."""
    request.session[BEGAN] = request.session[SEEN] = int(time.time())


class SessionEndMiddleware:
    """End a session some hours after its login, and sooner when nobody uses it.

    That a password was changed, an account closed or a role ended ends what it must without us: Django asks for the
    account, and our pages for the role, with every request.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and SESSION_KEY in request.session:
            self._end_or_go_on(request.session)
        return self.get_response(request)

    def _end_or_go_on(self, session: SessionBase) -> None:
        now = int(time.time())
        began, seen = session.get(BEGAN, 0), session.get(SEEN, 0)
        if now - began > settings.SESSION_COOKIE_AGE or now - seen > settings.SESSION_IDLE_AGE:
            session.flush()
            return
        structlog.contextvars.bind_contextvars(user_id=int(session[SESSION_KEY]))
        if now - seen > SEEN_EVERY:
            session[SEEN] = now


class ChannelMiddleware:
    """Let every act of a request name its channel and the request, and keep what was refused."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        channel = Channel.API if request.path.startswith("/api/") else Channel.ADMIN
        with through(channel), on_request(request.META["HTTP_X_REQUEST_ID"]):
            return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        # A page may ask outside an operation, or inside a transaction of Django's own that is gone by now.
        if isinstance(exception, Refused):
            record_refusal_after_rollback(exception)
