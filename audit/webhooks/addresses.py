"""Where a webhook may point: public hosts, by https, at the ports that the settings allow.

`target_of` reads an address and says what is wrong with it; `resolve` finds out where its host is, which is asked
anew for every delivery and never kept.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError

IP = ipaddress.IPv4Address | ipaddress.IPv6Address

# What counts as public for Python and is not, or leads elsewhere: relays of 6to4, a cloud's own services.
_NOT_PUBLIC_4 = tuple(map(ipaddress.IPv4Network, ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32")))
# Of IPv6 only what is handed out to hosts, without what carries an IPv4 address inside and what is for documents.
_PUBLIC_6 = ipaddress.IPv6Network("2000::/3")
_NOT_PUBLIC_6 = tuple(map(ipaddress.IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")))

_LABEL = r"(?!-)[a-z0-9_-]{1,63}(?<!-)"
_HOST = re.compile(rf"(?:{_LABEL}\.)*{_LABEL}")
_PRINTABLE = re.compile(r"[\x21-\x7e]{1,1000}")


@dataclass(frozen=True)
class Target:
    """An address taken apart: `path` with its query, `secure` for https."""

    host: str
    port: int
    path: str
    secure: bool


class NoWayThere(Exception):
    """Why a host is not to be reached, as a sentence."""


def target_of(address: str) -> Target:
    """Take an address apart; raises `ValidationError` where a webhook may not point there."""
    if not _PRINTABLE.fullmatch(address):
        raise _wrong("Give the address in at most 1,000 letters, digits and signs of ASCII, without spaces.")
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as error:
        raise _wrong("This is no address.") from error
    host = (parts.hostname or "").removesuffix(".")
    if parts.username is not None or parts.password is not None or "#" in address or "\\" in address:
        raise _wrong("An address here has no username, no password and no fragment.")
    if not (_literal(host) or _HOST.fullmatch(host)):
        raise _wrong("This address names no host.")
    secure = parts.scheme == "https"
    if not secure and not (parts.scheme == "http" and settings.LABELOP_WEBHOOK_LOOPBACK and _is_loopback(host)):
        raise _wrong("Only https leaves the building: the address begins with https://.")
    target = Target(host, port or (443 if secure else 80), (parts.path or "/") + _query(parts.query), secure)
    _check_port(target)
    if (ip := _literal(host)) and not _may_be_reached(ip):
        raise _wrong("This address is not a public one.")
    return target


def resolve(target: Target) -> list[IP]:
    """Where the host is, now. One address that is not public makes all of them suspect: raises `NoWayThere`."""
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NoWayThere("The name of the host could not be resolved.") from error
    addresses = [ipaddress.ip_address(str(where[0])) for *_, where in found]
    if not addresses or not all(map(_may_be_reached, addresses)):
        raise NoWayThere("The host is not at a public address.")
    return list(dict.fromkeys(addresses))


def is_public(ip: IP) -> bool:
    """Whether an address is one of a host on the public internet, and leads nowhere else."""
    if isinstance(ip, ipaddress.IPv6Address):
        return ip in _PUBLIC_6 and ip.is_global and not any(ip in network for network in _NOT_PUBLIC_6)
    return ip.is_global and not ip.is_multicast and not any(ip in network for network in _NOT_PUBLIC_4)


def _may_be_reached(ip: IP) -> bool:
    return is_public(ip) or bool(settings.LABELOP_WEBHOOK_LOOPBACK and ip.is_loopback)


def _check_port(target: Target) -> None:
    if settings.LABELOP_WEBHOOK_LOOPBACK and _is_loopback(target.host):
        return
    if target.port not in settings.LABELOP_WEBHOOK_PORTS:
        allowed = ", ".join(map(str, settings.LABELOP_WEBHOOK_PORTS))
        raise _wrong(f"Port {target.port} is not one of those that webhooks may use here: {allowed}.")


def _is_loopback(host: str) -> bool:
    ip = _literal(host)
    return host == "localhost" or bool(ip and ip.is_loopback)


def _literal(host: str) -> IP | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _query(query: str) -> str:
    return f"?{query}" if query else ""


def _wrong(sentence: str) -> ValidationError:
    return ValidationError({"address": sentence})
