"""What is answered when a page fails: that it failed, or that the database is away."""

from __future__ import annotations

import sys
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template import loader

RETRY_AFTER = 30
# SQLite's word for a statement it cannot run at all, which no waiting mends.
NO_SUCH_THING = "SQLITE_ERROR"


def database_is_away(error: BaseException | None) -> bool:
    """Whether the database did not answer, or not now: it is gone, starting, full, or busy for too long."""
    if isinstance(error, OperationalError):
        return getattr(error.__cause__, "sqlite_errorname", "") != NO_SUCH_THING
    return isinstance(error, InterfaceError)


def failed(request: HttpRequest) -> HttpResponse:
    """Django's handler of whatever nobody caught; it comes while the exception is being handled."""
    if not database_is_away(sys.exception()):
        return HttpResponse(loader.render_to_string("500.html"), status=500)
    return HttpResponse(loader.render_to_string("503.html"), status=503, headers={"Retry-After": str(RETRY_AFTER)})


def say_that_the_database_is_away(exception: Exception, log_kwargs: dict[str, Any], **kwargs: Any) -> None:
    """Let the log name the answer that was given."""
    if database_is_away(exception):
        log_kwargs["code"] = 503
