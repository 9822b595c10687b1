"""What is answered when a page fails: that it failed, or that the database is away; below /api/ as a problem."""

from __future__ import annotations

import sys
from http import HTTPStatus
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.views.defaults import bad_request

from roles.api.problems import problem_of_no_view

RETRY_AFTER = 30
# SQLite's word for a statement it cannot run at all, which no waiting mends.
NO_SUCH_THING = "SQLITE_ERROR"
# To a tool.
AWAY = "The database does not answer: nothing was done, try again in a moment."
FAILED = "Something went wrong; the log has it under the X-Request-ID of this answer."


def database_is_away(error: BaseException | None) -> bool:
    """Whether the database did not answer, or not now: it is gone, starting, full, or busy for too long."""
    if isinstance(error, OperationalError):
        return getattr(error.__cause__, "sqlite_errorname", "") != NO_SUCH_THING
    return isinstance(error, InterfaceError)


def failed(request: HttpRequest) -> HttpResponse:
    """Django's handler of whatever nobody caught; it comes while the exception is being handled."""
    away = database_is_away(sys.exception())
    status = HTTPStatus.SERVICE_UNAVAILABLE if away else HTTPStatus.INTERNAL_SERVER_ERROR
    headers = {"Retry-After": str(RETRY_AFTER)} if away else {}
    if of_the_api(request):
        return problem_of_no_view(status, AWAY if away else FAILED, headers)
    return HttpResponse(loader.render_to_string(f"{status.value}.html"), status=status, headers=headers)


def malformed(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler of a request that no view is asked to answer."""
    if of_the_api(request):
        return problem_of_no_view(HTTPStatus.BAD_REQUEST, "The request cannot be understood.")
    return bad_request(request, exception)


def of_the_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def say_that_the_database_is_away(exception: Exception, log_kwargs: dict[str, Any], **kwargs: Any) -> None:
    """Let the log name the answer that was given."""
    if database_is_away(exception):
        log_kwargs["code"] = 503
