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
from tests.street import CANARY, PASSWORD, Street, street_scenes

pytestmark = [pytest.mark.django_db, pytest.mark.stage(set_by=street_scenes)]

TEAM = "/projects/street/access/"


@pytest.fixture
def street(standing: Street) -> Street:
    return standing


def as_(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def latest(street: Street) -> Entry:
    return Entry.objects.filter(project=street.project).order_by("-id")[0]


def test_an_owner_grants_a_role_and_finds_it_in_the_trail(street: Street) -> None:
    newcomer = create_account("nina", PASSWORD, by=street.sue)
    answer = as_(street.olga).post(TEAM, {"user": "nina", "role": "reviewer", "reason": "Holiday cover"}, follow=True)
    assert answer.redirect_chain == [(TEAM, 302)]
    assert Membership.objects.in_force().get(project=street.project, user=newcomer).role == Role.REVIEWER
    entry = latest(street)
    assert (entry.event, entry.reason, entry.channel) == (Event.ROLE_GRANTED, "Holiday cover", Channel.ADMIN)
    assert answer.context["entries"][0].entry == entry
    assert not street.olga.is_staff
    assert not street.olga.is_superuser


def test_an_owner_changes_and_ends_a_role(street: Street) -> None:
    membership = street.membership_of(street.ana)
    olga = as_(street.olga)
    prefix = f"change-{membership.pk}"
    form = {f"{prefix}-role": "reviewer", f"{prefix}-reason": "Knows the rules"}
    assert olga.post(f"{TEAM}{membership.pk}/change/", form).status_code == 302
    assert latest(street).event == Event.ROLE_CHANGED
    form = {f"end-{membership.pk}-reason": "Left the team"}
    assert olga.post(f"{TEAM}{membership.pk}/end/", form).status_code == 302
    assert latest(street).event == Event.ROLE_REVOKED
    membership.refresh_from_db()
    assert membership.ended_at is not None


def test_a_role_needs_a_reason(street: Street) -> None:
    create_account("nina", PASSWORD, by=street.sue)
    answer = as_(street.olga).post(TEAM, {"user": "nina", "role": "reviewer", "reason": "  "})
    assert answer.status_code == 422
    assert "reason" in answer.context["grant_form"].errors
    assert not Membership.objects.filter(user__username="nina").exists()


def test_the_last_owner_stays(street: Street) -> None:
    membership = street.membership_of(street.olga)
    answer = as_(street.olga).post(f"{TEAM}{membership.pk}/end/", {f"end-{membership.pk}-reason": "Tired"})
    assert answer.status_code == 422
    assert "A project keeps an owner" in answer.content.decode()
    membership.refresh_from_db()
    assert membership.ended_at is None


def test_an_unknown_and_an_unusable_username_get_one_answer(street: Street) -> None:
    with_login = create_account("gone", PASSWORD, by=street.sue)
    from roles.services import deactivate_account

    deactivate_account(with_login, by=street.sue, reason="Left the company")
    stranger = stand_in_for("kim", slug="elsewhere")
    olga = as_(street.olga)
    answers = [
        olga.post(TEAM, {"user": name, "role": "reviewer", "reason": "Help"}).context["grant_form"].errors["user"]
        for name in ("nobody-at-all", "gone", stranger.username)
    ]
    assert answers[0] == answers[1] == answers[2]


def test_nobody_but_an_owner_is_offered_forms(street: Street) -> None:
    owner, reviewer = (as_(user).get(TEAM).content.decode() for user in (street.olga, street.ravi))
    assert "Grant role" in owner
    assert "olga" in owner
    assert "Grant role" not in reviewer
    assert ">ana<" not in reviewer
    assert "Annotator 3" in reviewer


@pytest.mark.parametrize("who", ["ravi", "ana"])
def test_a_post_by_others_is_refused_and_recorded(street: Street, who: str) -> None:
    member = as_(getattr(street, who))
    membership = street.membership_of(street.ana)
    for path in (TEAM, f"{TEAM}{membership.pk}/change/", f"{TEAM}{membership.pk}/end/"):
        before = Entry.objects.count()
        assert member.post(path, {"user": "eve", "role": "owner", "reason": "x"}).status_code == 403
        entry = latest(street)
        assert (entry.event, entry.actor, entry.channel) == (Event.ACCESS_DENIED, getattr(street, who), Channel.ADMIN)
        assert Entry.objects.count() == before + 1
    assert street.membership_of(street.ana).role == Role.ANNOTATOR


def test_strangers_find_no_team(street: Street) -> None:
    membership = street.membership_of(street.ana)
    uma = as_(street.uma)
    for path in (TEAM, f"{TEAM}{membership.pk}/change/", f"{TEAM}{membership.pk}/end/"):
        assert uma.post(path, {"reason": "x"}).status_code == 404
    theirs = Membership.objects.get(project=street.elsewhere)
    assert as_(street.olga).post(f"{TEAM}{theirs.pk}/end/", {"reason": "x"}).status_code == 404
    assert CANARY not in as_(street.olga).get(TEAM).content.decode()


def test_a_superuser_without_a_membership_leaves_a_mark(street: Street) -> None:
    create_account("nina", PASSWORD, by=street.sue)
    as_(street.sue).post(TEAM, {"user": "nina", "role": "reviewer", "reason": "Olga is ill"})
    events = list(Entry.objects.filter(project=street.project).order_by("-id").values_list("event", flat=True)[:3])
    assert events == [Event.ANOMALY_NOTED, Event.ROLE_GRANTED, Event.ACCESS_OVERRIDDEN]
    page = as_(street.ravi).get(TEAM)
    assert [out.anomaly.get_rule_display() for out in page.context["anomalies"]] == ["Act without a membership"]
    assert "Act without a membership" in page.content.decode()
    assert "anomalies" not in as_(street.ana).get(TEAM).context, "annotators resolve none"
