"""Production settings: what they refuse to start with, what Django's own checks say, and what browsers are told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
# What differs between places, and is none of the machine's on which the tests run.
OURS = ("LABELOP_", "SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL", "DEBUG", "DJANGO_", "BEHIND_PROXIES", "CSRF_")
SECRET_KEY = "".join(chr(33 + 7 * number % 94) for number in range(60))

TELL = """
import json, django
django.setup()
from django.conf import settings
from django.core.checks import run_checks
from django.test import Client
browser = Client()
there = {"HTTP_HOST": "labelop.example.org", "HTTP_X_FORWARDED_PROTO": "https"}
print(json.dumps({
    "checks": [str(each) for each in run_checks(include_deployment_checks=True)],
    "silenced": settings.SILENCED_SYSTEM_CHECKS,
    "plain": dict(browser.get("/", HTTP_HOST="labelop.example.org").headers),
    "secure": dict(browser.get("/", **there).headers),
    "cookies": {name: [getattr(settings, f"{name}_COOKIE_{word}") for word in ("NAME", "SECURE", "HTTPONLY", "SAMESITE",
        "PATH", "DOMAIN")] for name in ("SESSION", "CSRF")},
}))
"""


def in_production(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    environment = inherited | {"DJANGO_SETTINGS_MODULE": "labelop.settings"} | environment
    return subprocess.run(
        [sys.executable, "-W", "ignore", *command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    """What a site in production tells, asked once."""
    answer = in_production(
        "-c",
        TELL,
        SECRET_KEY=SECRET_KEY,
        ALLOWED_HOSTS="labelop.example.org",
        BEHIND_PROXIES="1",
        DATABASE_URL="sqlite:////nowhere/labelop.sqlite3",
    )
    assert answer.returncode == 0, answer.stderr
    said: dict[str, Any] = json.loads(answer.stdout)
    return said


@pytest.mark.parametrize("key", [{}, {"SECRET_KEY": ""}], ids=["unset", "empty"])
def test_without_a_secret_key_nothing_starts(key: dict[str, str]) -> None:
    answer = in_production("-c", "from django.conf import settings; settings.SECRET_KEY", **key)
    assert answer.returncode == 1
    assert "SECRET_KEY" in answer.stderr.splitlines()[-1]


def test_the_checks_for_deployment_find_nothing_and_none_is_silenced(told: dict[str, Any]) -> None:
    assert told["checks"] == told["silenced"] == []


def test_a_plain_request_is_sent_to_https(told: dict[str, Any]) -> None:
    assert told["plain"]["Location"] == "https://labelop.example.org/"


def test_browsers_are_told_what_holds(told: dict[str, Any]) -> None:
    headers = told["secure"]
    assert headers["Location"] == "/login/?next=/", "behind a proxy that speaks HTTPS there is no further redirect"
    assert headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert "default-src 'none'" in headers["Content-Security-Policy"]


def test_cookies_are_of_this_very_host_over_https(told: dict[str, Any]) -> None:
    assert told["cookies"] == {
        "SESSION": ["__Host-sessionid", True, True, "Lax", "/", None],
        "CSRF": ["__Host-csrftoken", True, True, "Lax", "/", None],
    }
