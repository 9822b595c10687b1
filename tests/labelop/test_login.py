"""Logging in: who is let in, what locks it and for how long, and that nobody learns which accounts there are."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib import admin
from django.test import Client, RequestFactory
from django.utils import timezone

from labelop.throttle import address_of
from roles.services import revoke_role
from tests.cast import PASSWORD, Cast, person, what_is_left

HOME, ABROAD = "192.0.2.7", "198.51.100.9"


def log_in(username: str, password: str, *, at: str = HOME, agent: str = "a browser") -> Any:
    answers = {"username": username, "password": password, "next": "/"}
    return Client().post("/login/", answers, REMOTE_ADDR=at, headers={"user-agent": agent})


def fail(username: str, times: int, *, at: str = HOME) -> list[int]:
    """Try wrong passwords, each from another browser; give the answers."""
    return [log_in(username, "a guess", at=at, agent=f"browser {number}").status_code for number in range(times)]


def failed_before(username: str, address: str, times: int) -> None:
    """Failures that were counted a moment ago."""
    AccessAttempt.objects.create(
        username=username, ip_address=address, user_agent="-", failures_since_start=times, attempt_time=timezone.now()
    )


def test_a_member_is_let_in_and_failures_before_are_forgiven(cast: Cast) -> None:
    assert fail("ana", 4) == [200] * 4
    assert log_in("ana", PASSWORD).status_code == 302
    assert fail("ana", 4) == [200] * 4


def test_the_fifth_failure_locks_and_then_the_right_password_helps_no_more(cast: Cast) -> None:
    assert fail("ana", 5) == [200, 200, 200, 200, 429]
    assert log_in("ana", PASSWORD).status_code == 429


def test_a_lock_is_of_that_account_at_that_address_alone(cast: Cast) -> None:
    fail("ana", 5)
    assert log_in("ana", PASSWORD, at=ABROAD).status_code == 302
    assert log_in("ravi", PASSWORD).status_code == 302


def test_a_lock_ends_and_attempts_meanwhile_do_not_lengthen_it(cast: Cast) -> None:
    fail("ana", 5)
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=14))
    assert fail("ana", 2) == [429, 429]
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=15))
    assert log_in("ana", PASSWORD).status_code == 302


def test_an_account_that_there_is_not_is_locked_in_the_same_words(cast: Cast) -> None:
    known = [log_in("ana", "a guess") for _ in range(6)]
    unknown = [log_in("nobody", "a guess") for _ in range(6)]
    assert [each.status_code for each in known] == [each.status_code for each in unknown] == [200] * 4 + [429] * 2
    assert known[-1].content == unknown[-1].content
    assert "ana" not in known[-1].content.decode()
    assert "nobody" not in unknown[-1].content.decode()


def test_the_right_password_without_a_role_counts_as_a_wrong_one(cast: Cast) -> None:
    revoke_role(cast.membership_of(cast.ana), by=cast.olga, reason="Left the team")
    answers = [log_in("ana", PASSWORD) for _ in range(5)]
    assert [each.status_code for each in answers] == [200, 200, 200, 200, 429]


def test_guesses_at_many_accounts_from_one_address_lock_the_address(cast: Cast) -> None:
    for number in range(12):
        failed_before(f"guess-{number}", HOME, 4)
    assert fail("guess-12", 2) == [200, 429]
    assert log_in("ravi", PASSWORD).status_code == 429
    assert log_in("ravi", PASSWORD, at=ABROAD).status_code == 302


def test_a_login_forgives_no_guesses_at_others(cast: Cast) -> None:
    for number in range(12):
        failed_before(f"guess-{number}", HOME, 4)
    assert log_in("ana", PASSWORD).status_code == 302
    assert fail("guess-12", 2) == [200, 429]


def test_guesses_at_one_account_from_many_addresses_lock_the_account(cast: Cast) -> None:
    for number in range(25):
        failed_before("ana", f"203.0.113.{number}", 4)
    assert log_in("ana", PASSWORD).status_code == 429
    assert log_in("ravi", PASSWORD).status_code == 302


@pytest.mark.parametrize(("username", "subject"), [("ana", "ana"), ("a password by mistake", "")])
def test_a_lock_leaves_one_entry_for_superusers_which_holds_nothing_that_was_typed(
    cast: Cast, username: str, subject: str
) -> None:
    with what_is_left() as left:
        fail(username, 7)
    assert left.events == ["login.locked_out"]
    entry = left.entry
    assert (entry.subject_name, entry.project_id, entry.actor, entry.channel) == (subject, None, None, "admin")
    assert entry.after == "Failures of one account from one address"
    assert HOME not in str(entry.__dict__)
    client = Client()
    client.force_login(cast.root)
    assert "Logins locked after many failures" in client.get("/trail/").content.decode()
    client.force_login(cast.olga)
    assert "Logins locked after many failures" not in client.get("/trail/").content.decode()


def test_what_is_counted_has_no_page_and_holds_no_password(cast: Cast) -> None:
    fail("ana", 2)
    kept = str(list(AccessAttempt.objects.values()))
    assert "a guess" not in kept
    assert "csrf" not in kept
    assert not {model._meta.app_label for model in admin.site._registry} & {"axes"}


def test_an_account_without_login_is_refused_as_any_other(cast: Cast) -> None:
    person("nora")
    right, wrong = log_in("nora", PASSWORD), log_in("nora", "a guess")
    assert right.content.count(b"errornote") == wrong.content.count(b"errornote") == 1


@pytest.mark.parametrize(
    ("proxies", "peer", "forwarded", "address"),
    [
        (0, HOME, "", HOME),
        (0, HOME, "203.0.113.1", HOME),
        (1, "127.0.0.1", f"203.0.113.1, {HOME}", HOME),
        (2, "127.0.0.1", f"203.0.113.1, {HOME}, 10.0.0.1", HOME),
        (1, "127.0.0.1", "", None),
        (1, "", "nonsense", None),
        (0, "2001:db8:1:2:3:4:5:6", "", "2001:db8:1:2::"),
        (0, f"::ffff:{HOME}", "", HOME),
    ],
)
def test_an_address_is_what_our_own_proxies_vouch_for(
    settings: Any, proxies: int, peer: str, forwarded: str, address: str | None
) -> None:
    settings.BEHIND_PROXIES = proxies
    request = RequestFactory().get("/", REMOTE_ADDR=peer, headers={"x-forwarded-for": forwarded})
    assert address_of(request) == address
