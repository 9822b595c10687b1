"""How a view says what it is, for the description of the API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any


@dataclass(frozen=True)
class Page:
    """Some rows, and where to go on."""

    serializer: type[Any]


@dataclass(frozen=True)
class Described:
    """One thing that can be asked: its name, what it tells, and what it answers when all is well.

    `answer` is a serializer, a `Page` of one, a `TypedDict`, or the media type of a stream. `beside` is a `TypedDict`
    of what is told beside a serializer, `also` what may go wrong here and not everywhere.
    """

    name: str
    summary: str
    about: str
    answer: Any
    status: HTTPStatus = HTTPStatus.OK
    request: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    beside: Any = None
    also: tuple[HTTPStatus, ...] = ()


READING = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
ALWAYS = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
ACTING = (
    HTTPStatus.CONFLICT,
    HTTPStatus.PRECONDITION_FAILED,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
)
