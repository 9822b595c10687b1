"""Pages speak of roles: whoever may not see a name finds none on any page, and an owner only where it is revealed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress

import pytest
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db import models
from django.test import Client, RequestFactory
from django.urls import reverse

from audit.acting import operation
from audit.models import Entry
from labelop.models import Verdict
from labelop.services.assignments import assign_work, complete_work, start_work
from labelop.services.disputes import contest_review
from labelop.services.projects import change_setting
from labelop.services.reviews import decide_review
from labelop.services.work import add_item
from roles.admin import AuditedAdmin
from roles.matrix import Role
from roles.models import Anomaly, User
from roles.services import change_role, grant_role, reveal_identities, reveal_identity
from snapshots.models import Adjustment
from snapshots.services.releases import begin_review, propose_release
from tests.street import Street, street_scenes

CAST = ("sue", "olga", "ravi", "ana", "eve", "uma")
TEAM = "/projects/street/access/"
CURATED = (
    "/",
    "/projects/street/",
    TEAM,
    "/projects/street/trail/",
    "/projects/street/trail/?chapter=1",
    "/projects/street/trail/?q=",
    "/projects/street/trail/export/",
    "/trail/",
    "/trail/export/",
    "/find/?q=street",
    "/projects/street/snapshots/1/",
    "/projects/street/snapshots/2/?impact=routine",
    "/projects/street/snapshots/2/?from=1&impact=medium",
    "/projects/street/snapshots/2/markdown/?impact=routine",
    "/projects/street/snapshots/2/file/",
    "/projects/street/releases/",
    "/projects/street/log-reviews/",
    "/projects/street/items/cam/0/",
    "/projects/street/items/cam/0/?version=mark-1",
    "/projects/elsewhere/",
    "/nowhere/",
)
ROWS = 40


def much_on_the_street() -> Street:
    """The street, after an override, a refusal, changes of roles and what stands out of all that."""
    street = street_scenes()
    change_setting(street.project, "sample_percent", 50, by=street.sue, reason="Nobody was there")
    grant_role(street.project, street.eve, Role.OWNER, by=street.sue, reason="Came back")
    change_role(
        street.project.memberships.get(user=street.eve, ended_at=None), Role.REVIEWER, by=street.eve, reason="–"
    )
    with suppress(PermissionDenied):
        change_setting(street.project, "sample_percent", 10, by=street.ravi, reason="Trying")
    assert Anomaly.objects.count() == 3
    decide_much(street)
    return street


def decide_much(street: Street) -> None:
    """Work that was rejected and contested, a change that two people adjusted, and a release on its way."""
    item = add_item(street.project, "cam/9", {}, by=street.olga)
    (assignment,) = assign_work([item], street.ana, by=street.olga, reason="Batch 2")
    complete_work(start_work(assignment, by=street.ana), by=street.ana)
    review = decide_review(assignment, Verdict.REJECTED, by=street.ravi, reason="Empty", reason_code="missed")
    contest_review(review, by=street.ana, reason="Nothing is there")
    with operation(by=street.olga) as act:
        Adjustment.objects.create(
            project=street.project,
            adjusts=act.operation,
            state=Adjustment.State.ACCEPTED,
            reason="Rounded on the way",
            proposed_by=street.olga,
            decided_by=street.ravi,
        )
    begin_review(propose_release(street.second, by=street.olga, reason="The customer waits"), by=street.olga)


pytestmark = [pytest.mark.django_db, pytest.mark.stage(set_by=much_on_the_street)]


@pytest.fixture
def street(standing: Street) -> Street:
    return standing


def as_(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def audited() -> list[AuditedAdmin]:
    return [registered for registered in admin.site._registry.values() if isinstance(registered, AuditedAdmin)]


def addresses(viewer: User) -> Iterator[str]:
    """Every page of the site: the curated ones, each list, and each row's page, past and acts."""
    yield from CURATED
    for of in audited():
        name = f"admin:{of.opts.app_label}_{of.opts.model_name}"
        yield reverse(f"{name}_changelist")
        yield reverse(f"{name}_changelist") + "?impact=all"
        for form in of.list_acts:
            yield reverse(f"{name}_list_act", args=[form.name])
        for row in rows_of(of, viewer):
            yield reverse(f"{name}_change", args=[row.pk])
            yield reverse(f"{name}_history", args=[row.pk])
            for form in of.acts:
                yield reverse(f"{name}_act", args=[row.pk, form.name])


def rows_of(of: AuditedAdmin, viewer: User) -> Iterable[models.Model]:
    """The newest rows of a list; of the trail the newest entry of each event, since all of one event are told alike."""
    rows = of.visible_to(viewer).order_by("-pk")
    return {entry.event: entry for entry in reversed(rows)}.values() if of.model is Entry else rows[:ROWS]


def names_on(client: Client, address: str, viewer: User) -> set[str]:
    """The names of the cast in an answer, but for the viewer's own in the header of the page."""
    answer = client.get(address, follow=True)
    assert answer.status_code in (200, 400, 403, 404), address
    page = re.sub(
        r"(?s)<header.*?</header>", lambda header: header[0].replace(viewer.username, ""), answer.content.decode()
    )
    said = page + " ".join(f"{name}: {value}" for name, value in answer.headers.items())
    return {name for name in CAST if re.search(rf"\b{name}\b", said, re.IGNORECASE)}


@pytest.mark.parametrize("who", ["ravi", "ana", "eve"])
def test_whoever_may_not_see_names_finds_none_anywhere(street: Street, who: str) -> None:
    viewer: User = getattr(street, who)
    client = as_(viewer)
    # Eve reviews as Ravi does, whose walk is the long one: of hers, what may tell her own acts from those of others.
    walked = CURATED if who == "eve" else list(addresses(viewer))
    assert {address: found for address in walked if (found := names_on(client, address, viewer))} == {}
    assert who == "eve" or len(walked) > (20 if who == "ana" else 100)
    hidden = {"adjustment", "release"} if who == "ana" else set()
    for model in {"assignment", "review", "dispute", "adjustment", "release"} - hidden:
        assert who == "eve" or any(f"/{model}/" in address and "/change/" in address for address in walked), model


def test_an_owner_finds_them_on_the_team_page_alone(street: Street) -> None:
    client = as_(street.olga)
    shown = {address: found for address in addresses(street.olga) if (found := names_on(client, address, street.olga))}
    # A membership's own page is the team page.
    elsewhere = {address for address in shown if address != TEAM and not address.startswith("/roles/membership/")}
    assert elsewhere == set()
    assert shown[TEAM] == {"olga", "ravi", "ana", "eve"}
    assert all(address.endswith("/change/") for address in shown if address != TEAM)


def test_an_owner_finds_a_revealed_name_wherever_that_member_acted(street: Street) -> None:
    client = as_(street.olga)
    trail = "/projects/street/trail/"
    assert names_on(client, trail, street.olga) == set()
    reveal_identity(street.membership_of(street.ana), by=street.olga, reason="She asked for a certificate")
    assert names_on(client, trail, street.olga) == {"ana"}
    assert names_on(client, "/projects/street/snapshots/1/?impact=routine", street.olga) == {"ana"}
    assert names_on(as_(street.ravi), trail, street.ravi) == set()
    reveal_identities(street.project, by=street.olga, reason="An audit")
    assert names_on(client, trail, street.olga) == {"sue", "olga", "ravi", "ana", "eve"}


@pytest.mark.parametrize("of", audited(), ids=lambda of: str(of.opts.label))
def test_no_list_orders_filters_or_searches_by_person(of: AuditedAdmin) -> None:
    """What a list can be narrowed or put in order by; whether a page counts by person no test can tell."""
    people = {field.name for field in of.opts.concrete_fields if field.related_model is User}
    people |= {"actor_name", "subject_name", "username"}
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    asked = [*of.list_filter, *of.search_fields, *(of.ordering or ()), of.date_hierarchy or ""]
    assert not [name for name in asked if str(name).strip("^=@-").split("__")[0] in people]
    assert not people & {column for column in of.get_list_display(request) if isinstance(column, str)}


def test_a_list_does_not_answer_questions_by_name(street: Street) -> None:
    ravi = as_(street.ravi)
    for address in (
        "/audit/entry/?actor=1",
        "/audit/entry/?actor__username=ana",
        "/audit/entry/?actor_name=ana",
        "/roles/membership/?user__username__startswith=a",
        "/roles/anomaly/?people__contains=1",
        "/labelop/annotation/?author=1",
    ):
        assert ravi.get(address, follow=True).status_code == 400, address
