"""An owner without staff or superuser rights runs the team from its page, and the trail says so at once."""

from __future__ import annotations

import pytest
from django.test import Client

from audit.acting import Channel
from audit.events import Event
from audit.models import Entry
from roles.matrix import Role
from roles.models import Membership, User
from roles.services import create_account, stand_in_for
from tests.audience import CANARY, PASSWORD, Cast, street_scenes

pytestmark = pytest.mark.django_db

TEAM = "/projects/street/team/"


@pytest.fixture
def cast() -> Cast:
    return street_scenes()


def as_(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def latest(cast: Cast) -> Entry:
    return Entry.objects.filter(project=cast.project).order_by("-id")[0]


def test_an_owner_grants_a_role_and_finds_it_in_the_trail(cast: Cast) -> None:
    newcomer = create_account("nina", PASSWORD, by=cast.sue)
    answer = as_(cast.olga).post(TEAM, {"user": "nina", "role": "reviewer", "reason": "Holiday cover"}, follow=True)
    assert answer.redirect_chain == [(TEAM, 302)]
    assert Membership.objects.in_force().get(project=cast.project, user=newcomer).role == Role.REVIEWER
    entry = latest(cast)
    assert (entry.event, entry.reason, entry.channel) == (Event.ROLE_GRANTED, "Holiday cover", Channel.ADMIN)
    assert answer.context["entries"][0].entry == entry
    assert not cast.olga.is_staff
    assert not cast.olga.is_superuser


def test_an_owner_changes_and_ends_a_role(cast: Cast) -> None:
    membership = cast.membership_of(cast.ana)
    olga = as_(cast.olga)
    prefix = f"change-{membership.pk}"
    form = {f"{prefix}-role": "reviewer", f"{prefix}-reason": "Knows the rules"}
    assert olga.post(f"{TEAM}{membership.pk}/change/", form).status_code == 302
    assert latest(cast).event == Event.ROLE_CHANGED
    form = {f"end-{membership.pk}-reason": "Left the team"}
    assert olga.post(f"{TEAM}{membership.pk}/end/", form).status_code == 302
    assert latest(cast).event == Event.ROLE_REVOKED
    membership.refresh_from_db()
    assert membership.ended_at is not None


def test_a_role_needs_a_reason(cast: Cast) -> None:
    create_account("nina", PASSWORD, by=cast.sue)
    answer = as_(cast.olga).post(TEAM, {"user": "nina", "role": "reviewer", "reason": "  "})
    assert answer.status_code == 422
    assert "reason" in answer.context["grant_form"].errors
    assert not Membership.objects.filter(user__username="nina").exists()


def test_the_last_owner_stays(cast: Cast) -> None:
    membership = cast.membership_of(cast.olga)
    answer = as_(cast.olga).post(f"{TEAM}{membership.pk}/end/", {f"end-{membership.pk}-reason": "Tired"})
    assert answer.status_code == 422
    assert "A project keeps an owner" in answer.content.decode()
    membership.refresh_from_db()
    assert membership.ended_at is None


def test_an_unknown_and_an_unusable_username_get_one_answer(cast: Cast) -> None:
    with_login = create_account("gone", PASSWORD, by=cast.sue)
    from roles.services import deactivate_account

    deactivate_account(with_login, by=cast.sue, reason="Left the company")
    stranger = stand_in_for("kim", slug="elsewhere")
    olga = as_(cast.olga)
    answers = [
        olga.post(TEAM, {"user": name, "role": "reviewer", "reason": "Help"}).context["grant_form"].errors["user"]
        for name in ("nobody-at-all", "gone", stranger.username)
    ]
    assert answers[0] == answers[1] == answers[2]


def test_nobody_but_an_owner_is_offered_forms(cast: Cast) -> None:
    owner, reviewer = (as_(user).get(TEAM).content.decode() for user in (cast.olga, cast.ravi))
    assert "Grant role" in owner
    assert "olga" in owner
    assert "Grant role" not in reviewer
    assert ">ana<" not in reviewer
    assert "Annotator 3" in reviewer


@pytest.mark.parametrize("who", ["ravi", "ana"])
def test_a_post_by_others_is_refused_and_recorded(cast: Cast, who: str) -> None:
    member = as_(getattr(cast, who))
    membership = cast.membership_of(cast.ana)
    for path in (TEAM, f"{TEAM}{membership.pk}/change/", f"{TEAM}{membership.pk}/end/"):
        before = Entry.objects.count()
        assert member.post(path, {"user": "eve", "role": "owner", "reason": "x"}).status_code == 403
        entry = latest(cast)
        assert (entry.event, entry.actor, entry.channel) == (Event.ACCESS_DENIED, getattr(cast, who), Channel.ADMIN)
        assert Entry.objects.count() == before + 1
    assert cast.membership_of(cast.ana).role == Role.ANNOTATOR


def test_strangers_find_no_team(cast: Cast) -> None:
    membership = cast.membership_of(cast.ana)
    uma = as_(cast.uma)
    for path in (TEAM, f"{TEAM}{membership.pk}/change/", f"{TEAM}{membership.pk}/end/"):
        assert uma.post(path, {"reason": "x"}).status_code == 404
    theirs = Membership.objects.get(project=cast.elsewhere)
    assert as_(cast.olga).post(f"{TEAM}{theirs.pk}/end/", {"reason": "x"}).status_code == 404
    assert CANARY not in as_(cast.olga).get(TEAM).content.decode()


def test_a_superuser_without_a_membership_leaves_a_mark(cast: Cast) -> None:
    create_account("nina", PASSWORD, by=cast.sue)
    as_(cast.sue).post(TEAM, {"user": "nina", "role": "reviewer", "reason": "Olga is ill"})
    events = set(Entry.objects.filter(project=cast.project).order_by("-id").values_list("event", flat=True)[:2])
    assert events == {Event.ROLE_GRANTED, Event.ACCESS_OVERRIDDEN}
