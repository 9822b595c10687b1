"""How often one account may ask, counted for reading and writing apart; the rates are settings."""

from __future__ import annotations

from typing import Any

from rest_framework.throttling import UserRateThrottle

READING = ("GET", "HEAD")


class ReadThrottle(UserRateThrottle):
    scope = "read"

    def allow_request(self, request: Any, view: Any) -> bool:
        return request.method not in READING or bool(super().allow_request(request, view))


class WriteThrottle(UserRateThrottle):
    scope = "write"

    def allow_request(self, request: Any, view: Any) -> bool:
        return request.method in READING or bool(super().allow_request(request, view))
