"""Curated views: what a page tells, as plain data, described by the type of what is told."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular import plumbing
from rest_framework.request import Request
from rest_framework.response import Response

from .views import ApiView


class CuratedView(ApiView):
    """One answer; a subclass tells it, and names its type, a `TypedDict`."""

    answer: ClassVar[type]

    def get(self, request: Request, **kwargs: Any) -> Response:
        return Response(self.told(**kwargs))

    def told(self, **kwargs: Any) -> Any:
        raise NotImplementedError


def schema_of(answer: type) -> dict[str, Any]:
    """The JSON schema of what a view tells."""
    schema: dict[str, Any] = plumbing.resolve_type_hint(answer)
    return schema
