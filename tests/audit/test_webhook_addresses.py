"""Where a webhook may point, and where not, whatever its address looks like and wherever its name leads."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from audit.webhooks.addresses import NoWayThere, Target, is_public, resolve, target_of

PUBLIC = ["8.8.8.8", "93.184.216.34", "2606:4700:4700::1111"]
NOT_PUBLIC = [
    *("0.0.0.0", "10.1.2.3", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.8.9.1", "168.63.129.16"),
    *("169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.1.1"),
    *("198.18.0.1", "198.51.100.1", "203.0.113.5", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "::ffff:8.8.8.8", "::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::808:808", "64:ff9b:1::1"),
    *("100::1", "2001::1", "2001:db8::1", "2002:7f00:1::1", "3fff::1", "fc00::1", "fd00:ec2::254"),
    *("fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1"),
]
REFUSED = {
    "http://example.org/": "Only https",
    "ftp://example.org/": "Only https",
    "//example.org/": "Only https",
    "example.org": "names no host",
    "https://": "names no host",
    "https:///path": "names no host",
    "https://exa mple.org/": "without spaces",
    "https://example.org/\n": "without spaces",
    "https://éxample.org/": "without spaces",
    "https://user@example.org/": "no username",
    "https://user:word@example.org/": "no username",
    "https://example.org/#part": "no fragment",
    "https://example.org\\@10.0.0.1/": "no fragment",
    "https://exa%6dple.org/": "names no host",
    "https://example.org:80/": "Port 80",
    "https://example.org:22/": "Port 22",
    "https://example.org:99999/": "no address",
    "https://[::1": "no address",
    "https://127.0.0.1/": "not a public",
    "https://[::ffff:10.0.0.1]/": "not a public",
    "https://169.254.169.254/latest": "not a public",
    f"https://example.org/{'x' * 1000}": "at most 1,000",
}


@pytest.mark.parametrize("address", PUBLIC)
def test_hosts_on_the_internet_are_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_everything_else_is_not(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


def test_an_address_is_taken_apart(settings: Any) -> None:
    settings.LABELOP_WEBHOOK_PORTS = [443, 8443]
    assert target_of("https://Hooks.Example.org/a/b?c=d") == Target("hooks.example.org", 443, "/a/b?c=d", True)
    assert target_of("https://hooks.example.org.:8443") == Target("hooks.example.org", 8443, "/", True)
    assert target_of("https://8.8.8.8/") == Target("8.8.8.8", 443, "/", True)


@pytest.mark.parametrize("address", REFUSED)
def test_what_may_not_be_pointed_at_is_refused_with_a_sentence(address: str) -> None:
    with pytest.raises(ValidationError, match=REFUSED[address]) as refused:
        target_of(address)
    assert list(refused.value.message_dict) == ["address"]


def test_this_machine_is_reached_where_the_settings_say_so_alone(settings: Any) -> None:
    for address in ("http://127.0.0.1:8000/", "http://localhost:8000/", "https://[::1]:8000/"):
        with pytest.raises(ValidationError):
            target_of(address)
    settings.LABELOP_WEBHOOK_LOOPBACK = True
    assert target_of("http://127.0.0.1:8000/") == Target("127.0.0.1", 8000, "/", False)
    assert target_of("https://[::1]:8000/") == Target("::1", 8000, "/", True)
    for address in ("http://example.org/", "http://10.0.0.1/", "https://10.0.0.1/", "http://169.254.169.254/"):
        with pytest.raises(ValidationError):
            target_of(address)


@pytest.mark.parametrize("name", ["2130706433", "0x7f.1", "127.1", "localhost"])
def test_however_a_private_host_is_written_it_is_not_reached(name: str) -> None:
    with pytest.raises(NoWayThere, match="not at a public address"):
        resolve(target_of(f"https://{name}/"))


def test_a_name_that_leads_to_one_private_address_leads_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    def two_addresses(host: str, port: int, **kwargs: object) -> list[Any]:
        return [(2, 1, 6, "", (address, port)) for address in ("93.184.216.34", "10.0.0.7")]

    monkeypatch.setattr(socket, "getaddrinfo", two_addresses)
    with pytest.raises(NoWayThere, match="not at a public address"):
        resolve(target_of("https://hooks.example.org/"))


def test_a_name_that_is_not_known_leads_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(host: str, port: int, **kwargs: object) -> list[Any]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(NoWayThere, match="could not be resolved"):
        resolve(target_of("https://hooks.example.org/"))
