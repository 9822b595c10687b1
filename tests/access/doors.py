"""Every address of the site with an object in it, and asking at it as a browser would."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, urlsplit

from django.conf import settings
from django.contrib import admin
from django.test import RequestFactory
from django.test.client import ClientHandler
from django.urls import get_resolver
from django.utils.html import escape

from .stage import BIRDS, OUTSIDE, PRINCIPALS, SHIPS, Furnished, Stage

CATCH_ALL = "(?P<url>.*)$"
# Where a matrix of its own holds, and what is no address of it.
API = ("api/v1/", "^api(/|$)")


@dataclass(frozen=True)
class Door:
    """One address: the line of the table that speaks of it, and whose object is in it ("" for nobody's)."""

    line: str
    address: str
    whose: str = ""


def patterns(resolver: Any = None, prefix: str = "") -> Iterator[tuple[str, str]]:
    """The name and the pattern of every address that the site answers at."""
    for pattern in (resolver or get_resolver()).url_patterns:
        whole = prefix + str(pattern.pattern)
        if whole in API:
            continue
        if hasattr(pattern, "url_patterns"):
            yield from patterns(pattern, whole)
        else:
            yield _name(pattern, whole), whole


def _name(pattern: Any, whole: str) -> str:
    if pattern.name:
        return str(pattern.name)
    if whole == CATCH_ALL:
        return "catch_all"
    return "_".join([*whole.split("/")[:2], "bare"])


def doors_of(stage: Stage, lines: set[str]) -> list[Door]:
    """Every address, with its object in this project and in the other, and each act that the table knows."""
    acts: dict[str, list[str]] = {}
    for line in sorted(lines):
        name, _, act = line.partition(":")
        acts.setdefault(name, []).append(act)
    found = []
    for name, pattern in patterns():
        for act in acts.get(name, [""]):
            line = f"{name}:{act}" if act else name
            addresses = [_address(name, pattern, act, furnished) for furnished in (stage.birds, stage.ships)]
            if addresses[0] == addresses[1]:
                found.append(Door(line, addresses[0]))
            else:
                found.extend([Door(line, addresses[0], "birds"), Door(line, addresses[1], "ships")])
    return found


def _address(name: str, pattern: str, act: str, furnished: Furnished) -> str:
    row = row_of(name, furnished)
    filled = {
        "<slug:slug>": furnished.project.slug,
        "<int:number>": "2",
        "<path:content_type_id>": "1",
        "<path:object_id>": str(row.pk),
        "<int:pk>": str(row.pk),
        "<path:key>": furnished.rows["item"].key,
        "<slug:name>": act,
        "<uuid:receiver>": str(furnished.rows["connection"].receiver),
        CATCH_ALL: f"nowhere/{furnished.project.pk}",
    }
    if name == "app_list":
        return "/labelop/"
    for part, value in filled.items():
        pattern = pattern.replace(part, value)
    return f"/{pattern}"


def row_of(name: str, furnished: Furnished) -> Any:
    """The row of a model's admin; for an assignment, work in review."""
    told_of = {"quality_signal": "qualitysignal", "log_review": "logreview"}
    model = told_of.get(name) or (name.split("_")[1] if name.count("_") > 1 else name)
    return (
        furnished.project if model in ("project", "site") else furnished.rows.get(model, furnished.rows["membership"])
    )


def acts_of_the_admin() -> set[str]:
    """Every act that some row or list offers, as the table names it."""
    found = set()
    for model, model_admin in admin.site._registry.items():
        prefix = f"{model._meta.app_label}_{model._meta.model_name}"
        found |= {f"{prefix}_act:{form.name}" for form in getattr(model_admin, "acts", ())}
        found |= {f"{prefix}_list_act:{form.name}" for form in getattr(model_admin, "list_acts", ())}
    return found


_factory, _handler = RequestFactory(), ClientHandler(enforce_csrf_checks=False)


def ask(stage: Stage, principal: str, method: str, address: str, answers: dict[str, Any] | None = None) -> Any:
    """One request with the principal's session. Leaner than Django's client, which keeps every template's context."""
    session = stage.clients[principal].cookies.get(settings.SESSION_COOKIE_NAME)
    headers = {"cookie": f"{settings.SESSION_COOKIE_NAME}={session.value}"} if session else {}
    if method == "POST":
        request = _factory.post(address, answers or {}, headers=headers)
    else:
        request = _factory.generic(method, address, headers=headers)
    return _handler(request.environ)


def said_in(answer: Any) -> str:
    """All that an answer says: its body and its headers."""
    headers = " ".join(f"{name}: {value}" for name, value in answer.headers.items())
    cookies = answer.cookies.output()
    return f"{headers} {cookies} {answer.content.decode()}"


def leaks(stage: Stage, principal: str, address: str, answer: Any, *, names: bool = False) -> list[str]:
    """The words in an answer that this principal must not read; what they said themselves is no news to them."""
    said = said_in(answer)
    own = stage.people.get(PRINCIPALS[principal])
    asked = [address, quote(address), address.replace("&", "&amp;"), quote(address, safe=""), *address.split("/")]
    for _, value in parse_qsl(urlsplit(address).query):
        asked += [escape(value), quote_plus(value)]
    for known in filter(None, [*asked, *([own.username] if own else [])]):
        said = said.replace(known, "")
    return [word for word in forbidden(principal, names=names) if word in said]


def forbidden(principal: str, *, names: bool) -> list[str]:
    birds = [BIRDS.said, BIRDS.work, BIRDS.inner, BIRDS.name]
    ships = [SHIPS.said, SHIPS.work, SHIPS.inner, SHIPS.name]
    if principal in OUTSIDE:
        return birds + ships
    if principal == "superuser":
        return [] if names else [BIRDS.name, SHIPS.name]
    if principal == "elsewhere":
        return birds if names else [*birds, SHIPS.name]
    hidden = {"assigned": [BIRDS.inner], "unassigned": [BIRDS.inner, BIRDS.work]}.get(principal, [])
    return [*ships, *hidden] if names else [*ships, *hidden, BIRDS.name]
