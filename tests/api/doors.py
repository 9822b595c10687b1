"""Every endpoint of the API with an object in it, and asking at it with a token."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory
from django.test.client import BOUNDARY, MULTIPART_CONTENT, ClientHandler, encode_multipart
from django.urls import get_resolver
from django.utils import timezone

from audit.acting import operation
from labelop.services.projects import create_project
from roles.api.answers import answers_to, example_of, takes_files
from roles.forms import MemberField, ProjectField
from roles.matrix import Role, Scope
from roles.models import Membership, Token, User
from roles.services import deactivate_account, issue_token, revoke_token
from snapshots.pages.snapshot_export import ZIP
from tests.access.stage import BIRDS, SHIPS, Furnished, Stage

from .asking import V1

NOT_OF_THE_MATRIX = ("nowhere",)
# What tells of a row where its noun is not the name of its model.
ROWS = {
    "members": "membership",
    "anomalies": "anomaly",
    "tokens": "token",
    "classes": "labelclass",
    "items": "item",
    "annotations": "annotation",
    "assignments": "assignment",
    "reviews": "review",
    "disputes": "dispute",
    "quality-signals": "qualitysignal",
    "snapshots": "snapshot",
    "releases": "release",
    "adjustments": "adjustment",
    "log-reviews": "logreview",
    "dispositions": "disposition",
    "findings": "finding",
    "sign-offs": "signoff",
    "entries": "entry",
    "webhooks": "webhook",
    "deliveries": "delivery",
    "saved-views": "savedview",
    "connections": "connection",
    "pulls": "pull",
}
WANTED = {
    "projects/access-then": "?at=1",
    **{f"projects/{view}": "?to=2" for view in ("differences", "reconcile", "statement", "who")},
}


@dataclass(frozen=True)
class Door:
    """One endpoint: the line of the table that speaks of it, whether it takes POST, and what an act is told."""

    line: str
    address: str
    takes: frozenset[str]
    body: str | bytes
    content_type: str


def doors_of(furnished: Furnished) -> Iterator[Door]:
    patterns: list[Any] = get_resolver("snapshots.api.urls").url_patterns
    for pattern in patterns:
        if pattern.name in NOT_OF_THE_MATRIX:
            continue
        view = pattern.callback.cls
        form = getattr(view, "form_class", None)
        told = {**example_of(answers_to(form)), **_of(furnished, form)} if form else {}
        body, content_type = _as_a_form(told) if form and takes_files(form) else (json.dumps(told), "application/json")
        takes = frozenset(method.upper() for method in ("get", "post") if hasattr(view, method))
        address = V1 + _filled(str(pattern.pattern), furnished) + WANTED.get(str(pattern.name), "")
        yield Door(str(pattern.name), address, takes, body, content_type)


def _as_a_form(told: dict[str, Any]) -> tuple[bytes, str]:
    file = SimpleUploadedFile("example.jsonl", told["file"].encode())
    return encode_multipart(BOUNDARY, {**told, "file": file}), MULTIPART_CONTENT


def _of(furnished: Furnished, form: Any) -> dict[str, Any]:
    """What an example cannot know: the project, and a member of it."""
    owner = Membership.objects.in_force().filter(project=furnished.project, role=Role.OWNER).earliest("id")
    known = {ProjectField: furnished.project.slug, MemberField: owner.pk}
    return {name: known[type(each)] for name, each in form.base_fields.items() if type(each) in known}


def _filled(pattern: str, furnished: Furnished) -> str:
    noun = pattern.split("/")[0]
    pk = furnished.people["rita"].pk if noun == "accounts" else furnished.rows[ROWS[noun]].pk if noun in ROWS else 0
    filled = {"<slug:row>": furnished.project.slug, "<slug:slug>": furnished.project.slug, "<int:row>": str(pk)}
    for part, value in filled.items():
        pattern = pattern.replace(part, value)
    return pattern


def tokens_on(stage: Stage) -> dict[str, str]:
    """What each principal shows; the last ones are told apart by their tokens, not by whom they are of."""
    birds, people = stage.birds, stage.people
    users = {"elsewhere": "uma", "assigned": "ana", "unassigned": "ben", "reviewer": "ravi"}
    users |= {"author": "rita", "owner": "olga", "superuser": "root", "staff": "stan", "ended": "eve"}
    secrets = {principal: _issued(people[name]) for principal, name in users.items()}
    secrets["service"] = birds.secret
    secrets["read-only"] = _issued(people["olga"], Scope.READ)
    # Good for two others: one project alone is what the token of the service account is good for.
    others = [stage.ships.project, create_project("boats", "Boats", by=people["root"], owner=people["root"])]
    secrets["other project"] = _issued(people["root"], *Scope, projects=others)
    secrets["revoked"] = _issued(people["olga"])
    revoke_token(Token.objects.latest("id"), by=people["olga"], reason="Lost")
    secrets["expired"] = _issued(people["olga"])
    with operation():
        Token.objects.filter(pk=Token.objects.latest("id").pk).update(expiry=timezone.now() - timedelta(hours=1))
    secrets["closed"] = _issued(people["nora"])
    deactivate_account(people["nora"], by=people["root"], reason="Left")
    return secrets


def _issued(user: User, *scopes: Scope, projects: Any = ()) -> str:
    expiry = timezone.now() + timedelta(days=9)
    account = User.objects.get(pk=user.pk)
    told: dict[str, Any] = {"scopes": scopes or tuple(Scope), "expiry": expiry, "projects": projects}
    return issue_token(account, "t", by=user, reason="t", **told)[1]


_factory, _handler = RequestFactory(), ClientHandler(enforce_csrf_checks=False)


def ask(secret: str, method: str, door: Door) -> Any:
    headers = {"authorization": f"Bearer {secret}"} if secret else {}
    body = door.body if method == "POST" else ""
    asked = _factory.generic(method, door.address, body, content_type=door.content_type, headers=headers)
    return _handler(asked.environ)


def said_in(answer: Any) -> str:
    headers = " ".join(f"{name}: {value}" for name, value in answer.headers.items())
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return f"{headers} {_unpacked(body) if answer['Content-Type'] == ZIP else body.decode()}"


def _unpacked(body: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        return " ".join(f"{name}: {archive.read(name).decode()}" for name in archive.namelist())


def forbidden(principal: str) -> list[str]:
    """The words that this principal must not read."""
    birds, ships = [BIRDS.said, BIRDS.work, BIRDS.inner], [SHIPS.said, SHIPS.work, SHIPS.inner]
    names = [BIRDS.name, SHIPS.name]
    hidden = {"assigned": [BIRDS.inner], "unassigned": [BIRDS.inner, BIRDS.work]}
    if principal in ("reviewer", "author", "owner", "service", "read-only", *hidden):
        return [*ships, *names, *hidden.get(principal, [])]
    if principal in ("elsewhere", "other project"):
        return [*birds, *names]
    # A superuser reads the names of accounts where accounts are told.
    return names if principal == "superuser" else [*birds, *ships, *names]
