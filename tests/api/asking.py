"""Asking the API as a tool would: with a token, in JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from labelop.models import Project
from roles.matrix import Scope
from roles.models import User
from roles.services import issue_token

V1 = "/api/v1/"
EVERYTHING = tuple(Scope)


def token_for(user: User, scopes: Iterable[Scope] = EVERYTHING, *projects: Project) -> str:
    """A token of one's own, as the admin would tell it."""
    expiry = timezone.now() + timedelta(days=30)
    return issue_token(user, "A tool", by=user, reason="Sync", scopes=scopes, expiry=expiry, projects=projects)[1]


@dataclass(frozen=True)
class Tool:
    """Somebody's tool."""

    secret: str

    def get(self, path: str, **parameters: Any) -> Any:
        return Client().get(V1 + path, parameters, headers=self._headers({}))

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        text = body if isinstance(body, str | bytes) else json.dumps({} if body is None else body)
        return Client().post(V1 + path, text, content_type="application/json", headers=self._headers(headers))

    def _headers(self, more: dict[str, str]) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self.secret}",
            **{name.replace("_", "-"): each for name, each in more.items()},
        }


def tool_of(user: User, *scopes: Scope, projects: Iterable[Project] = ()) -> Tool:
    return Tool(token_for(user, scopes or EVERYTHING, *projects))
