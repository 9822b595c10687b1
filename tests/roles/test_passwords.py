"""Passwords: good ones only, every change on the trail, and never the password itself."""

from __future__ import annotations

import getpass

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import CommandError, call_command
from django.test import Client

from audit.acting import act_under_way
from audit.models import Entry
from roles.models import User
from roles.services import change_password, create_account, service_account, stand_in_for
from tests.cast import PASSWORD, Cast, person, what_is_left

ANOTHER = "rather many other words"
POOR = {"short": "tern", "known": "1qaz2wsx3edc", "digits": "418230948120394", "like the name": "anabel.smith"}


def knows(user: User, password: str) -> bool:
    return User.objects.get(pk=user.pk).check_password(password)


@pytest.mark.parametrize("poor", POOR.values(), ids=list(POOR))
def test_an_account_is_not_opened_with_a_poor_password(cast: Cast, poor: str) -> None:
    with what_is_left() as left, pytest.raises(ValidationError) as refused:
        create_account("anabel.smith", poor, by=cast.root)
    assert refused.value.message_dict.keys() == {"password"}
    assert (left.events, left.versions) == ([], [])


def test_one_changes_ones_own_password(cast: Cast) -> None:
    change_password(cast.ana, ANOTHER, by=cast.ana)
    assert knows(cast.ana, ANOTHER)
    assert not knows(cast.ana, PASSWORD)


def test_a_superuser_changes_anybodys(cast: Cast) -> None:
    change_password(cast.ana, ANOTHER, by=cast.root)
    assert knows(cast.ana, ANOTHER)


@pytest.mark.parametrize("who", ["olga", "ravi", "uma"])
def test_nobody_else_does(cast: Cast, who: str) -> None:
    with what_is_left() as left, pytest.raises(PermissionDenied):
        change_password(cast.ana, ANOTHER, by=getattr(cast, who))
    assert (left.events, left.versions) == (["access.denied"], [])
    assert knows(cast.ana, PASSWORD)


def test_it_leaves_one_entry_that_holds_no_password(cast: Cast) -> None:
    with what_is_left() as left:
        change_password(cast.ana, ANOTHER, by=cast.root)
    assert left.events == ["account.password_changed"]
    entry = left.entry
    assert (entry.actor, entry.subject_name, entry.project_id) == (cast.root, "ana", None)
    assert (entry.before, entry.after, entry.reason) == (None, None, "")
    assert left.versions == [], "a version holds no password, so none is new"


def test_a_poor_one_is_refused_and_the_old_one_stays(cast: Cast) -> None:
    with what_is_left() as left, pytest.raises(ValidationError):
        change_password(cast.ana, "short", by=cast.ana)
    assert left.events == []
    assert knows(cast.ana, PASSWORD)


def test_an_account_without_login_stays_without(cast: Cast) -> None:
    for account in (service_account("connector"), stand_in_for("Grace", slug="birds")):
        with pytest.raises(ValidationError, match="nobody logs in"):
            change_password(account, ANOTHER, by=cast.root)


# The admin's page


def test_the_admins_page_changes_it_and_says_so(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.ana)
    answers = {"old_password": PASSWORD, "new_password1": ANOTHER, "new_password2": ANOTHER}
    with what_is_left() as left:
        assert client.post("/password_change/", answers).status_code == 302
    assert knows(cast.ana, ANOTHER)
    assert left.events == ["account.password_changed"]
    assert (left.entry.actor, left.entry.channel) == (cast.ana, "admin")
    assert client.get("/").status_code == 200, "the session lives on"


def test_the_admins_page_asks_for_the_old_one(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.ana)
    answers = {"old_password": "a guess", "new_password1": ANOTHER, "new_password2": ANOTHER}
    with what_is_left() as left:
        assert client.post("/password_change/", answers).status_code == 200
    assert left.events == []
    assert knows(cast.ana, PASSWORD)


# Django's command


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What somebody types at the prompt, one line after the other."""
    lines: list[str] = []
    monkeypatch.setattr(getpass, "getpass", lambda prompt: lines.pop(0))
    return lines


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("unexplained_changes_are_recorded")
def test_the_command_line_leaves_an_entry(typed: list[str]) -> None:
    ana = person("ana")
    typed += [ANOTHER, ANOTHER]
    with what_is_left() as left:
        call_command("changepassword", "ana", verbosity=0)
    assert knows(ana, ANOTHER)
    assert left.events == ["account.password_changed"]
    assert (left.entry.actor, left.entry.channel, left.entry.subject_id) == (None, "command", ana.pk)
    assert act_under_way() is None


@pytest.mark.django_db
def test_the_command_line_leaves_nothing_when_it_gives_up(typed: list[str]) -> None:
    ana = person("ana")
    typed += ["one", "other"] * 3
    with what_is_left() as left, pytest.raises(CommandError, match="Aborting"):
        call_command("changepassword", "ana", verbosity=0)
    with pytest.raises(CommandError, match="does not exist"):
        call_command("changepassword", "nobody", verbosity=0)
    assert left.events == []
    assert knows(ana, PASSWORD)
    assert not Entry.objects.filter(event="account.password_changed").exists()
    assert act_under_way() is None
