"""What happens around each request: its acts name their channel, and its refusals are recorded."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from audit.acting import Channel, Refused, record_refusal_after_rollback, through


class ChannelMiddleware:
    """Let every act of a request name its channel, and keep what was refused."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with through(Channel.API if request.path.startswith("/api/") else Channel.ADMIN):
            return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        # A page may ask outside an operation, or inside a transaction of Django's own that is gone by now.
        if isinstance(exception, Refused):
            record_refusal_after_rollback(exception)
