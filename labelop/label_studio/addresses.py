"""Where a Label Studio may be: at a public address by https, or at one of the hosts that the settings name.

Most stand inside, often without https, so `LABELOP_LABEL_STUDIO_HOSTS` says which of those may be asked, by `host` or
`host:port`. All others meet the rules of outgoing webhooks.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError

from audit.webhooks.addresses import IP, NoWayThere, Target, resolve, target_of

_OF_A_PROJECT = re.compile(r"/projects/([0-9]{1,18})(?:/.*)?$", re.ASCII)
_HTTP, _HTTPS = 80, 443


def base_and_number(address: str) -> tuple[str, int | None]:
    """The address of a Label Studio, and the number of a project where the address is that of one."""
    found = _OF_A_PROJECT.search(address)
    base = address[: found.start()] if found else address
    return base.rstrip("/"), int(found[1]) if found else None


def studio_at(address: str) -> Target:
    """Take an address apart; raises `ValidationError` where no Label Studio may be asked."""
    inside = _inside(address)
    if inside is not None:
        return inside
    try:
        return target_of(address)
    except ValidationError as error:
        said = " ".join(error.messages)
        hint = "One that stands inside is asked where LABELOP_LABEL_STUDIO_HOSTS names its host."
        raise ValidationError({"address": f"{said} {hint}"}) from error


def whereabouts(target: Target) -> list[IP]:
    """Where its host is, now; raises `NoWayThere`."""
    if not _is_named(target.host, target.port):
        return resolve(target)
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NoWayThere("The name of the host could not be resolved.") from error
    return list(dict.fromkeys(ipaddress.ip_address(str(where[0])) for *_, where in found))


def _inside(address: str) -> Target | None:
    try:
        parts = urlsplit(address)
        host, port = (parts.hostname or "").removesuffix("."), parts.port
    except ValueError:
        return None
    plain = not parts.username and not parts.password and not parts.query and not parts.fragment
    secure = parts.scheme == "https"
    port = port or (_HTTPS if secure else _HTTP)
    if not plain or parts.scheme not in ("http", "https") or "\\" in address or not address.isprintable():
        return None
    return Target(host, port, parts.path, secure) if host and _is_named(host, port) else None


def _is_named(host: str, port: int) -> bool:
    return bool({host, f"{host}:{port}"} & set(settings.LABELOP_LABEL_STUDIO_HOSTS))
