"""Finding one's way: what a few words find for whom, as a page and as the palette of the keyboard asks for it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from audit.query import parse
from labelop.models import Item
from labelop.services.assignments import assign_work
from labelop.services.work import add_item
from roles.matrix import Role
from roles.models import User
from roles.services import change_role, revoke_role
from snapshots.services.releases import propose_release
from snapshots.services.views import save_view
from tests.street import CANARY, Street, street_scenes

HERE = "/projects/street/"


def street_to_search() -> Street:
    street = street_scenes()
    propose_release(street.second, by=street.olga, reason="Due")
    save_view(street.project, "Who may do what", parse("theme:access"), shared=True, by=street.olga)
    save_view(street.project, "What Ravi reads", parse("theme:review"), shared=False, by=street.ravi)
    return street


pytestmark = [pytest.mark.django_db, pytest.mark.stage(set_by=street_to_search)]


@pytest.fixture
def street(standing: Street) -> Street:
    return standing


def as_(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def answer_to(user: User, text: str = "", here: str = "") -> Any:
    return as_(user).get("/find/", {"q": text, "here": here}, headers={"accept": "application/json"})


def found(user: User, text: str = "", here: str = "") -> dict[tuple[str, str], str]:
    """The addresses of what was found, by kind and label."""
    return {(jump["kind"], jump["label"]): jump["address"] for jump in answer_to(user, text, here).json()["jumps"]}


FOUND = {
    ("street", ""): {
        ("Project", "Street scenes"): HERE,
        ("Page", "Trail"): f"{HERE}trail/",
        ("Page", "Access"): f"{HERE}access/",
        ("Snapshot", "v1"): f"{HERE}snapshots/1/",
        ("Ask the trail", "street"): "/trail/?q=street",
    },
    ("SCENES qual", ""): {("Page", "Quality"): f"{HERE}quality/"},
    ("v2", ""): {("Snapshot", "v2"): f"{HERE}snapshots/2/"},
    ("street v2", HERE): {("Ask the trail", "street v2"): f"{HERE}trail/?q=street+v2"},
    ("cam/1", ""): {("Item", "cam/1"): f"{HERE}items/cam/1/"},
    ("cam/", f"{HERE}trail/"): {("Item", f"cam/{number}"): f"{HERE}items/cam/{number}/" for number in range(3)},
    ("log", ""): {("Page", "Log reviews"): "/snapshots/logreview/"},
    ("impact:high", HERE): {("Ask the trail", "impact:high"): f"{HERE}trail/?q=impact%3Ahigh"},
}


@pytest.mark.parametrize(("text", "here"), FOUND)
def test_words_find_what_is_called_so(street: Street, text: str, here: str) -> None:
    wanted = FOUND[text, here]
    jumps = found(street.olga, text, here)
    assert {key: jumps.get(key) for key in wanted} == wanted


def test_releases_and_views_are_found_by_name(street: Street) -> None:
    jumps = found(street.olga, "v2")
    assert as_(street.olga).get(jumps["Release", "v2"]).status_code == 200
    opened = as_(street.olga).get(found(street.olga, "may do")["Saved view", "Who may do what"])
    assert 'value="theme:access"' in opened.content.decode()
    assert ("Saved view", "What Ravi reads") in found(street.ravi, "reads")
    assert ("Saved view", "What Ravi reads") not in found(street.olga, "reads")


def test_without_words_it_offers_what_lies_nearest(street: Street) -> None:
    assert list(found(street.olga, "", f"{HERE}items/cam/1/"))[:6] == [
        ("Page", "Trail"),
        ("Page", "Quality"),
        ("Page", "Access"),
        ("Page", "Releases"),
        ("Page", "Log reviews"),
        ("Project", "Street scenes"),
    ]
    assert ("Page", "Quality") not in found(street.olga)


def test_nobody_finds_more_than_is_theirs(street: Street) -> None:
    for text in ("street", "v1", "v2", "cam/1", "may do", "elsewhere", "canary", CANARY):
        for user, foreign in ((street.uma, "street"), (street.olga, CANARY)):
            for here in ("", HERE, "/projects/elsewhere/", "/nowhere/", "//", "x"):
                answer = answer_to(user, text, here)
                assert answer.status_code == 200
                assert f"/projects/{foreign}" not in answer.content.decode()
    for text, kinds in (("v2", {"Ask the trail"}), ("cam/1", {"Ask the trail"}), ("may do", {"Ask the trail"})):
        assert {kind for kind, _ in found(street.ana, text, HERE)} == kinds
    assert ("Page", "Quality") not in found(street.ana, "", HERE)
    assign_work([Item.objects.get(project=street.project, key="cam/1")], street.ana, by=street.olga)
    assert ("Item", "cam/1") in found(street.ana, "cam/", HERE)
    assert ("Item", "cam/2") not in found(street.ana, "cam/", HERE)


def test_a_role_that_ended_finds_nothing_from_the_next_letter_on(street: Street) -> None:
    ravi = as_(street.ravi)
    asked: dict[str, Any] = {"headers": {"accept": "application/json"}}
    kept = ravi.get("/find/?q=v2", **asked)
    assert {"private", "no-store"} <= set(kept["Cache-Control"].split(", "))
    assert "Accept" in kept["Vary"]
    change_role(street.membership_of(street.ravi), Role.ANNOTATOR, by=street.olga, reason="Back to drawing")
    assert [jump["kind"] for jump in ravi.get("/find/?q=v2", **asked).json()["jumps"]] == ["Ask the trail"]
    revoke_role(street.membership_of(street.ravi), by=street.olga, reason="Left")
    assert ravi.get("/find/?q=v2", **asked).headers["Location"].startswith("/login/")


def test_the_page_says_the_same_without_a_script(street: Street) -> None:
    page = as_(street.olga).get("/find/", {"q": "cam/", "here": HERE}).content.decode()
    assert all(f'href="{address}"' in page for address in found(street.olga, "cam/", HERE).values())
    assert f'name="here" value="{HERE}"' in page
    assert "&lt;script&gt;" in as_(street.olga).get("/find/?q=<script>").content.decode()
    assert 'href="/find/?here=%2Ffind%2F"' in page


@pytest.mark.parametrize(
    "text", ["", "cam", "street scenes of the whole wide world and all else there is", "a\0b", "%_\\'"]
)
def test_the_answer_and_its_cost_are_bounded(street: Street, text: str, django_assert_max_num_queries: Any) -> None:
    for number in range(20):
        add_item(street.project, f"cam/more-{number}", {"uri": "x.jpg"}, by=street.olga)
    client = as_(street.olga)
    with django_assert_max_num_queries(16):
        answer = client.get("/find/", {"q": text, "here": HERE}, headers={"accept": "application/json"})
    assert len(answer.json()["jumps"]) <= 40
    assert len([jump for jump in answer.json()["jumps"] if jump["kind"] == "Item"]) <= 6
