"""Acts in the admin: offered to whom they are open, handed to a service, refused like everywhere else."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from labelop.models import Item
from tests.cast import Cast, what_is_left


def address(item: Item, name: str) -> str:
    return reverse("admin:labelop_item_act", args=[item.pk, name])


def test_a_row_offers_the_acts_that_its_state_lets_be_done(cast: Cast, client: Client) -> None:
    client.force_login(cast.olga)
    page = client.get(reverse("admin:labelop_item_change", args=[cast.item.pk])).content.decode()
    assert address(cast.item, "exclude") in page
    assert address(cast.item, "reinstate") not in page


def test_a_row_offers_nothing_to_who_may_not(cast: Cast, client: Client) -> None:
    client.force_login(cast.ravi)
    page = client.get(reverse("admin:labelop_item_change", args=[cast.item.pk])).content.decode()
    assert "/acts/" not in page


def test_an_act_asks_and_hands_the_answers_to_its_service(cast: Cast, client: Client) -> None:
    client.force_login(cast.olga)
    assert "Exclude item" in client.get(address(cast.item, "exclude")).content.decode()
    with what_is_left() as left:
        answer = client.post(address(cast.item, "exclude"), {"reason": "Out of focus"})
    assert answer.status_code == 302
    assert answer["Location"] == reverse("admin:labelop_item_change", args=[cast.item.pk])
    assert (left.entry.event, left.entry.reason, left.entry.channel) == ("items.excluded", "Out of focus", "admin")
    assert Item.objects.get(pk=cast.item.pk).excluded


def test_what_a_service_refuses_stands_on_the_page_and_nothing_is_left(cast: Cast, client: Client) -> None:
    client.force_login(cast.olga)
    with what_is_left() as left:
        answer = client.post(address(cast.item, "reinstate"), {"reason": "Back"})
    assert answer.status_code == 422
    assert "This item is not excluded." in answer.content.decode()
    assert not left.entries
    assert not left.versions


def test_a_missing_answer_is_asked_for_again(cast: Cast, client: Client) -> None:
    client.force_login(cast.olga)
    assert client.post(address(cast.item, "exclude"), {"reason": " "}).status_code == 422
    assert not Item.objects.get(pk=cast.item.pk).excluded


@pytest.mark.parametrize("method", ["get", "post"])
def test_who_may_not_is_refused_on_record(cast: Cast, client: Client, method: str) -> None:
    client.force_login(cast.ravi)
    with what_is_left() as left:
        answer = getattr(client, method)(address(cast.item, "exclude"), {"reason": "Hm"})
    assert answer.status_code == 403
    assert left.events == ["access.denied"]
    assert not left.versions


@pytest.mark.parametrize("method", ["get", "post"])
def test_who_is_from_elsewhere_finds_nothing(cast: Cast, client: Client, method: str) -> None:
    client.force_login(cast.uma)
    assert getattr(client, method)(address(cast.item, "exclude"), {"reason": "Hm"}).status_code == 404
    client.logout()
    assert getattr(client, method)(address(cast.item, "exclude")).status_code == 302


def test_an_act_that_there_is_not_is_not_found(cast: Cast, client: Client) -> None:
    client.force_login(cast.olga)
    assert client.get(address(cast.item, "delete")).status_code == 404
    assert client.get(reverse("admin:labelop_item_list_act", args=["exclude"])).status_code == 404
