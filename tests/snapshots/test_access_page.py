"""The page of access tells what stands out, which permissions stray, and who could do what at any past moment."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.test import Client
from guardian.shortcuts import assign_perm

from audit.acting import operation
from labelop.services.projects import change_setting
from roles.matrix import Can, Role
from roles.models import Anomaly, Membership, User
from roles.services import change_role, create_account, deactivate_account, grant_role, grant_superuser, revoke_role
from snapshots.models import Snapshot

from .stage import Stage, set_the_stage

PAGE = "/projects/birds/access/"
MONDAY = date(2026, 3, 2)
WEDNESDAY = MONDAY + timedelta(days=2)


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)


def set_around_wednesday() -> Stage:
    """On Wednesday Ana becomes a reviewer, Ravi's role ends and Uma joins; v1 was taken before."""
    with operation(at=noon(MONDAY)):
        stage = set_the_stage()
    stage.snapshot("v1")
    with operation(at=noon(WEDNESDAY)):
        change_role(membership(stage, stage.ana), Role.REVIEWER, by=stage.olga, reason="Knows the birds")
        revoke_role(membership(stage, stage.ravi), by=stage.olga, reason="Moved on")
        grant_role(stage.project, stage.uma, Role.ANNOTATOR, by=stage.olga, reason="Joins")
    return stage


pytestmark = [pytest.mark.django_db, pytest.mark.stage(set_by=set_around_wednesday)]


@pytest.fixture
def stage(standing: Stage) -> Stage:
    return standing


def membership(stage: Stage, user: User) -> Membership:
    return Membership.objects.in_force().get(project=stage.project, user=user)


def superuser() -> User:
    root = create_account("root", "a long sentence nobody guesses", by=None)
    grant_superuser(root, by=None, reason="Keeps the site")
    root.refresh_from_db()
    return root


@pytest.fixture
def olga(stage: Stage, client: Client) -> Client:
    client.force_login(stage.olga)
    return client


def then(client: Client, at: str) -> dict[str, tuple[str, str, str]]:
    """By pseudonym: the role then, the role now, and what the page makes of it."""
    members = client.get(PAGE, {"at": at}).context["then"].members
    return {member.pseudonym: (member.then, member.now, member.told) for member in members}


BEFORE_WEDNESDAY = {
    "Owner 1": ("Owner", "Owner", ""),
    "Reviewer 2": ("Reviewer", "no role", "holds no role now"),
    "Annotator 3": ("Annotator", "Reviewer", "changed since"),
    "Annotator 4": ("no role", "Annotator", "came later"),
}


@pytest.mark.parametrize("at", ["2026-03-02", "2026-03-03", "1"])
def test_a_day_or_a_snapshot_shows_the_roles_of_its_time(olga: Client, at: str) -> None:
    assert then(olga, at) == BEFORE_WEDNESDAY


def test_a_day_is_looked_at_from_its_end(olga: Client) -> None:
    assert {told for _, _, told in then(olga, WEDNESDAY.isoformat()).values()} == {""}


def test_before_the_first_member_nothing_is_on_record(olga: Client) -> None:
    context = olga.get(PAGE, {"at": "2026-03-01"}).context["then"]
    assert {member.then for member in context.members} == {"no role"}


def test_abilities_are_told_by_who_held_them(olga: Client) -> None:
    abilities = dict(olga.get(PAGE, {"at": "1"}).context["then"].abilities)
    assert abilities[Can.MANAGE_ROLES.label] == "Owner 1"
    assert abilities[Can.DECIDE_REVIEWS.label] == "Owner 1, Reviewer 2"
    assert abilities[Can.ANNOTATE.label] == "Annotator 3"


def test_a_role_that_had_expired_counts_no_more(olga: Client, stage: Stage) -> None:
    guest = create_account("guest", "a long sentence nobody guesses", by=None)
    with operation(at=noon(MONDAY)):
        granted = grant_role(stage.project, guest, Role.REVIEWER, by=stage.olga, reason="Two days")
        granted.valid_until = noon(WEDNESDAY)
        granted.save()
    assert then(olga, "2026-03-03")["Reviewer 5"][0] == "Reviewer"
    assert then(olga, "2026-03-04").get("Reviewer 5", ("no role",))[0] == "no role"


def test_whoever_was_deactivated_could_do_nothing(olga: Client, stage: Stage) -> None:
    with operation(at=noon(MONDAY + timedelta(days=1))):
        deactivate_account(stage.ravi, by=superuser(), reason="On leave")
    assert then(olga, "2026-03-02")["Reviewer 2"][0] == "Reviewer"
    tuesday = olga.get(PAGE, {"at": "2026-03-03"}).context["then"]
    assert [member.then for member in tuesday.members][1] == "Reviewer, account deactivated"
    assert dict(tuesday.abilities)[Can.DECIDE_REVIEWS.label] == "Owner 1"
    assert tuesday.roles[1] == ("Reviewer", 0, 1)


@pytest.mark.parametrize("at", ["then", "2026-13-01", "2999-01-01", "12345678901"])
def test_what_is_no_moment_is_refused_in_words(olga: Client, at: str) -> None:
    answer = olga.get(PAGE, {"at": at})
    assert answer.status_code == 422
    assert answer.context["no_moment"] in answer.content.decode()
    assert "then" not in answer.context


def test_snapshots_of_others_are_no_moments_here(olga: Client, stage: Stage) -> None:
    other = set_the_stage("ships")
    other.snapshot("first")
    other.snapshot("second")
    assert Snapshot.objects.filter(number=2).exists()
    assert olga.get(PAGE, {"at": "2"}).status_code == 404


def test_what_stands_out_comes_with_its_entries_and_with_the_acts_one_may_do(client: Client, stage: Stage) -> None:
    root = superuser()
    change_setting(stage.project, "sample_percent", 10, by=root, reason="Nobody is there")
    anomaly = Anomaly.objects.get(project=stage.project)
    client.force_login(stage.olga)
    [out] = client.get(PAGE).context["anomalies"]
    assert [told.entry.pk for told in out.entries] == sorted(anomaly.entries, reverse=True)
    assert [act.name for act in out.acts] == ["acknowledge", "resolve"]
    client.force_login(root)
    [out] = client.get(PAGE).context["anomalies"]
    assert [act.name for act in out.acts] == ["acknowledge"], "it shows their own act"


def test_stray_permissions_are_told_without_a_name(olga: Client, stage: Stage) -> None:
    with operation():
        assign_perm(Can.MANAGE_ROLES.value, stage.ana, stage.project)
    page = olga.get(PAGE)
    assert [(stray.holder, stray.permission) for stray in page.context["strays"]] == [
        ("Member 3", "grant, change and end roles")
    ]


def test_annotators_see_neither_the_past_nor_what_stands_out(client: Client, stage: Stage) -> None:
    client.force_login(stage.uma)
    context = client.get(PAGE, {"at": "1"}).context
    assert not [name for name in ("then", "anomalies", "strays", "snapshots") if name in context]


def test_the_old_address_leads_here(olga: Client) -> None:
    answer = olga.get("/projects/birds/team/")
    assert (answer.status_code, answer["Location"]) == (301, PAGE)


@pytest.mark.parametrize("members", [0, 6])
def test_the_page_asks_the_same_number_of_questions_however_many_there_are(
    olga: Client, stage: Stage, members: int, django_assert_num_queries: Any
) -> None:
    for number in range(members):
        guest = create_account(f"guest-{number}", "a long sentence nobody guesses", by=None)
        grant_role(stage.project, guest, Role.REVIEWER, by=stage.olga, reason="Helps")
        with operation():
            assign_perm(Can.MANAGE_ROLES.value, guest, stage.project)
    with django_assert_num_queries(20):
        olga.get(PAGE, {"at": "1"})
