"""Acts through the API: what a form of the admin asks, as JSON, done by the same service."""

from __future__ import annotations

import pytest
from django.test import Client

from labelop.models import Item
from labelop.services.work import exclude_item
from roles.matrix import Scope
from tests.cast import Cast, what_is_left

from .asking import tool_of


def test_an_act_is_done_and_told_with_the_number_of_its_operation(cast: Cast) -> None:
    tool = tool_of(cast.olga)
    with what_is_left() as left:
        answer = tool.post(f"items/{cast.item.pk}/exclude/", {"reason": "Blurred"})
    assert answer.status_code == 200, answer.content
    told = answer.json()
    assert told["operation"] == str(left.entry.operation)
    assert told["row"]["excluded"] is True
    assert (left.entry.event, left.entry.channel, left.entry.reason) == ("items.excluded", "api", "Blurred")


def test_an_entry_names_the_request_that_it_was_written_for(cast: Cast) -> None:
    tool = tool_of(cast.olga)
    with what_is_left() as left:
        answer = tool.post(f"items/{cast.item.pk}/exclude/", {"reason": "Blurred"}, X_Request_ID="ticket-4711")
        named = tool.post(f"items/{cast.item.pk}/reinstate/", {"reason": "Sharp"})
    assert (answer["X-Request-ID"], left.entries[0].request_id) == ("ticket-4711", "ticket-4711")
    assert left.entries[1].request_id == named["X-Request-ID"]
    assert tool.get(f"entries/{left.entries[0].pk}/").json()["request_id"] == "ticket-4711"
    client = Client()
    client.force_login(cast.olga)
    assert "<code>ticket-4711</code>" in client.get(f"/audit/entry/{left.entries[0].pk}/change/").content.decode()


def test_a_refusal_names_its_request_too(cast: Cast) -> None:
    tool = tool_of(cast.ravi)
    with what_is_left() as left:
        answer = tool.post(f"items/{cast.item.pk}/exclude/", {"reason": "Blurred"})
    assert left.entry.request_id == answer["X-Request-ID"]


def test_an_entry_names_the_token_that_was_shown_and_is_found_by_it(cast: Cast) -> None:
    tool, client = tool_of(cast.olga), Client()
    client.force_login(cast.olga)
    with what_is_left() as left:
        tool.post(f"items/{cast.item.pk}/exclude/", {"reason": "Blurred"}, X_Request_ID="ticket-4711")
        client.post(f"/labelop/item/{cast.item.pk}/acts/reinstate/", {"reason": "Sharp"})
        refused = tool_of(cast.ravi).post(f"items/{cast.item.pk}/exclude/", {"reason": "Blurred"})
    told = {entry.event: entry.token for entry in left.entries if entry.event != "token.issued"}
    assert refused.status_code == 403
    assert told == {"items.excluded": "A tool", "items.reinstated": "", "access.denied": "A tool"}
    act = next(entry for entry in left.entries if entry.event == "items.excluded")
    for asked in ("request_id:ticket-4711", 'token:"A tool" event:items.excluded'):
        assert [each["id"] for each in tool.get("entries/", q=asked).json()["results"]] == [act.pk]
    assert tool.get(f"entries/{act.pk}/").json()["token"] == "A tool"
    assert "A tool" in client.get(f"/audit/entry/{act.pk}/change/").content.decode()
    page = client.get("/projects/birds/trail/", {"q": 'token:"A tool" -event:access.denied'})
    assert [told.lead.entry.pk for told in page.context["lines"]] == [act.pk]


def test_what_no_request_asked_for_names_none(cast: Cast) -> None:
    with what_is_left() as left:
        exclude_item(cast.item, by=cast.olga, reason="Blurred")
    assert left.entry.request_id == ""


def test_what_is_new_is_told_where_it_is_found(cast: Cast) -> None:
    answer = tool_of(cast.olga).post("items/", {"project": "birds", "key": "photo-2", "content": {"uri": "2.jpg"}})
    assert answer.status_code == 201, answer.content
    made = Item.objects.get(key="photo-2")
    assert answer["Location"] == answer.json()["url"] == f"/api/v1/items/{made.pk}/"
    assert answer.json()["row"]["project"] == "birds"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"reason": "Blurred", "why": "x"}, "/why"),
        ({"reason": 1}, "/reason"),
        ({}, "/reason"),
    ],
)
def test_what_does_not_fit_is_pointed_at(cast: Cast, body: object, pointer: str) -> None:
    answer = tool_of(cast.olga).post(f"items/{cast.item.pk}/exclude/", body)
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


@pytest.mark.parametrize("body", ["", "[]", "{", '{"reason": "a", "reason": "b"}', '{"reason": NaN}', "[" * 3000])
def test_a_body_that_is_no_object_is_refused(cast: Cast, body: str) -> None:
    answer = tool_of(cast.olga).post(f"items/{cast.item.pk}/exclude/", body)
    assert answer.status_code == 400, answer.content


def test_a_service_refuses_and_the_attempt_is_kept(cast: Cast) -> None:
    tool = tool_of(cast.ravi)
    with what_is_left() as left:
        answer = tool.post(f"items/{cast.item.pk}/exclude/", {"reason": "Blurred"})
    assert answer.status_code == 403
    assert (left.entry.event, left.entry.channel) == ("access.denied", "api")


def test_a_token_does_no_more_than_its_scopes(cast: Cast) -> None:
    tool = tool_of(cast.olga, Scope.READ, Scope.TRAIL)
    answer = tool.post(f"items/{cast.item.pk}/exclude/", {"reason": "Blurred"})
    assert answer.status_code == 403
    assert tool.get("items/").status_code == 200


def test_a_snapshot_is_taken_by_an_act_of_its_own(cast: Cast) -> None:
    answer = tool_of(cast.olga).post("snapshots/take/", {"project": "birds", "called": "v1", "purpose": "routine"})
    assert answer.status_code == 201, answer.content
    assert answer.json()["row"]["name"] == "v1"
    assert answer.json()["row"]["manifest_hash"]
