"""Sessions: how long they live, and what ends them at once."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.test import Client

from labelop.middleware import BEGAN, SEEN
from roles.services import change_password, deactivate_account, grant_superuser, revoke_role
from tests.cast import PASSWORD, Cast, person

HOUR = 60 * 60


def logged_in(name: str = "ravi") -> Client:
    client = Client()
    assert client.post("/login/", {"username": name, "password": PASSWORD, "next": "/"}).status_code == 302
    return client


def put_back(client: Client, **seconds: int) -> None:
    """Let a session have begun, or have been seen, so long ago."""
    session = client.session
    for key, ago in seconds.items():
        session[key] = int(time.time()) - ago
    session.save()


def lives(client: Client) -> bool:
    return client.get("/").status_code == 200


@pytest.mark.parametrize(
    ("began", "seen", "living"),
    [
        (12 * HOUR - 60, 60, True),
        (12 * HOUR + 60, 60, False),
        (3 * HOUR, 2 * HOUR - 60, True),
        (3 * HOUR, 2 * HOUR + 60, False),
    ],
)
def test_a_session_ends_hours_after_its_login_and_sooner_unused(
    cast: Cast, began: int, seen: int, living: bool
) -> None:
    client = logged_in()
    put_back(client, **{BEGAN: began, SEEN: seen})
    assert lives(client) == living
    if not living:
        assert not client.session.keys(), "nothing is left of it"


def test_being_used_keeps_a_session_and_is_written_down_now_and_then(cast: Cast) -> None:
    client = logged_in()
    put_back(client, **{BEGAN: HOUR, SEEN: 60})
    assert "Set-Cookie" not in client.get("/").headers
    seen = client.session[SEEN]
    put_back(client, **{SEEN: HOUR})
    assert lives(client)
    assert client.session[SEEN] >= seen
    assert client.session[BEGAN] <= time.time() - HOUR


def test_a_session_that_nobody_began_is_none(cast: Cast) -> None:
    client = logged_in()
    session = client.session
    del session[BEGAN], session[SEEN]
    session.save()
    assert not lives(client)


def test_another_password_ends_every_other_session(cast: Cast) -> None:
    here, there = logged_in(), logged_in()
    another = "rather many other words"
    key = here.session.session_key
    answers = {"old_password": PASSWORD, "new_password1": another, "new_password2": another}
    assert here.post("/password_change/", answers).status_code == 302
    assert lives(here)
    assert here.session.session_key != key
    assert not lives(there)
    change_password(cast.ravi, "and again some other words", by=cast.root)
    assert not lives(here)


def test_a_role_that_ends_and_an_account_that_closes_end_a_session(cast: Cast) -> None:
    ravi, ana = logged_in("ravi"), logged_in("ana")
    revoke_role(cast.membership_of(cast.ravi), by=cast.olga, reason="Left the team")
    deactivate_account(cast.ana, by=cast.root, reason="Left the house")
    assert not lives(ravi)
    assert not lives(ana)


def test_logging_in_gives_a_session_another_key_and_logging_out_ends_it(cast: Cast) -> None:
    client = logged_in()
    first = client.session.session_key
    client.post("/login/", {"username": "ana", "password": PASSWORD, "next": "/"})
    second = client.session.session_key
    assert second not in (None, first)
    stolen = Client()
    stolen.cookies.update(client.cookies)
    assert lives(stolen)
    client.post("/logout/")
    assert not lives(stolen)


def test_a_superuser_needs_no_role(cast: Cast) -> None:
    grant_superuser(person("sue"), by=None, reason="Keeps the site")
    assert lives(logged_in("sue"))


def test_cookies_are_for_this_site_and_for_no_script(cast: Cast, settings: Any) -> None:
    client = logged_in()
    for name in (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME):
        cookie = client.cookies[name]
        assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (True, "Lax", "/", "")
