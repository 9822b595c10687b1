"""What went wrong, as `application/problem+json` (RFC 9457)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response

from audit.acting import GateBusy, Refused, record_refusal_after_rollback

from ..forms import Unreadable
from ..uploads import too_large

CONTENT_TYPE = "application/problem+json"
SECONDS_AT_THE_GATE = 5
# Its JSON schema.
PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "What went wrong (RFC 9457).",
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "description": "What is wrong with each part: a JSON pointer into the body, or a parameter.",
            "items": {
                "type": "object",
                "properties": {name: {"type": "string"} for name in ("pointer", "parameter", "detail")},
                "required": ["detail"],
            },
        },
    },
    "required": ["type", "title", "status", "detail"],
}


class Problem(exceptions.APIException):
    """A problem by its status, what it says, and where: `errors` name a pointer into the body or a parameter."""

    def __init__(self, status: HTTPStatus, detail: str, errors: list[dict[str, str]] | None = None) -> None:
        super().__init__(detail)
        self.status_code = status
        self.errors = errors or []


class Malformed(Problem):
    """A request that no state of the site would make a good one."""

    def __init__(self, detail: str, errors: list[dict[str, str]] | None = None) -> None:
        super().__init__(HTTPStatus.BAD_REQUEST, detail, errors)


class WrongParameter(Malformed):
    """A parameter of the address that is not known, or whose value is none."""

    def __init__(self, name: str, detail: str) -> None:
        super().__init__(detail, [{"parameter": name, "detail": detail}])


class TooLarge(Problem):
    """A file that is larger than the site takes."""

    def __init__(self) -> None:
        super().__init__(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, too_large(), [{"pointer": "/file", "detail": too_large()}]
        )


def problem_of(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """The answer to what went wrong; None for what nobody foresaw, which `labelop.pages.errors` answers."""
    headers: dict[str, str] = {}
    errors: list[dict[str, str]] = []
    if isinstance(error, Refused):
        # What was refused outside an act is kept now.
        record_refusal_after_rollback(error)
        status, detail = HTTPStatus.FORBIDDEN, str(error)
    elif isinstance(error, PermissionDenied):
        status, detail = HTTPStatus.FORBIDDEN, "You may not do this."
    elif isinstance(error, (Http404, exceptions.NotFound)):
        status, detail = HTTPStatus.NOT_FOUND, "Nothing is here."
    elif isinstance(error, Unreadable):
        status, detail, errors = HTTPStatus.BAD_REQUEST, "This cannot be read.", list(errors_of(error))
    elif isinstance(error, ValidationError):
        status, detail, errors = HTTPStatus.UNPROCESSABLE_ENTITY, "This cannot be done.", list(errors_of(error))
    elif isinstance(error, GateBusy):
        status, detail = HTTPStatus.SERVICE_UNAVAILABLE, "Nothing was done: try again in a moment."
        headers["Retry-After"] = str(SECONDS_AT_THE_GATE)
    elif isinstance(error, exceptions.APIException):
        status, detail = HTTPStatus(error.status_code), _detail(error)
        errors = getattr(error, "errors", [])
        headers = _headers(error)
    else:
        return None
    return _answer(status, detail, errors, headers)


def errors_of(error: ValidationError) -> Iterator[dict[str, str]]:
    """What is wrong with each field of a body, or with all of it, which is the empty pointer."""
    if hasattr(error, "error_dict"):
        for name, wrong in error.message_dict.items():
            for text in wrong:
                yield {"pointer": "" if name in ("__all__", "") else f"/{name}", "detail": text}
    else:
        for text in error.messages:
            yield {"pointer": "", "detail": text}


def problem_of_no_view(status: HTTPStatus, detail: str, headers: Mapping[str, str] | None = None) -> JsonResponse:
    """The answer to what went wrong before a view was there to say so, or in a way that nobody foresaw."""
    return JsonResponse(_told(status, detail), status=status, content_type=CONTENT_TYPE, headers=headers)


def _detail(error: exceptions.APIException) -> str:
    detail = error.detail
    return str(detail) if isinstance(detail, str) else "The request cannot be answered."


def _headers(error: exceptions.APIException) -> dict[str, str]:
    headers = {}
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = error.auth_header
    if getattr(error, "wait", None):
        headers["Retry-After"] = str(max(1, round(error.wait)))
    return headers


def _answer(status: HTTPStatus, detail: str, errors: list[dict[str, str]], headers: dict[str, str]) -> Response:
    told = _told(status, detail)
    if errors:
        told["errors"] = errors
    answer = Response(told, status=status.value, headers=headers, content_type=CONTENT_TYPE)
    # Whatever the view would have rendered, a problem is told as one.
    answer.exception = True
    return answer


def _told(status: HTTPStatus, detail: str) -> dict[str, Any]:
    return {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": detail}
