"""Curated views: what a page tells, as plain data, described by the type of what is told."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from .described import Described
from .views import ApiView


class CuratedView(ApiView):
    """One answer; a subclass tells it, and names its type, a `TypedDict`."""

    answer: ClassVar[type]

    def get(self, request: Request, **kwargs: Any) -> Response:
        return Response(self.told(**kwargs))

    def told(self, **kwargs: Any) -> Any:
        raise NotImplementedError

    def described(self, method: str) -> Described:
        about = " ".join((type(self).__doc__ or "").split())
        return Described(self.operation, self.summary, about, self.answer)

    @property
    def operation(self) -> str:
        """Its name in the description: that of its class."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", type(self).__name__.removesuffix("View")).lower()
