"""What waits for a webhook arrives, at least once, and what does not arrive is told as such."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.utils import timezone

from audit.events import Impact
from audit.models import Delivery, Entry, Webhook
from audit.webhooks.sending import Answer
from audit.webhooks.signing import secret_of
from labelop.services.work import add_item, exclude_item
from roles.management.commands.deliver import follow
from roles.services import delivering
from roles.services.delivering import WAITS, Delivered, deliver_due, forget_delivered
from roles.services.webhooks import Wanted, add_webhook, renew_secret
from tests.cast import Cast, what_is_left
from tests.receiver import Received, Receiver, receiving

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "webhooks.md"


@pytest.fixture(autouse=True)
def _loopback(settings: Any) -> None:
    settings.LABELOP_WEBHOOK_LOOPBACK = True


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def webhook(cast: Cast, receiver: Receiver) -> Webhook:
    """Told of everything; that it was added is not waiting any more."""
    webhook = add_webhook(
        cast.project, "Tickets", receiver.address(), by=cast.olga, reason="They ask", wanted=Wanted(Impact.ROUTINE)
    )
    Delivery.objects.all().delete()
    return webhook


def make_due(**fields: Any) -> None:
    Delivery.objects.filter(state="waiting").update(due_at=timezone.now(), **fields)


def signed_rightly(secret: str, received: Received) -> bool:
    """Checked by the very text that docs/webhooks.md gives to receivers."""
    (example,) = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(example, names)
    return bool(names["is_ours"](secret, received.headers, received.body))


def test_an_entry_arrives_signed_in_an_envelope_that_names_nobody(
    cast: Cast, webhook: Webhook, receiver: Receiver
) -> None:
    exclude_item(cast.item, by=cast.olga, reason="Blurred")
    assert deliver_due() == Delivered(delivered=1)
    (received,) = receiver.received
    entry = Entry.objects.get(event="items.excluded")
    assert received.headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    assert received.headers["webhook-id"] == f"{entry.operation}-{entry.pk}"
    assert abs(int(received.headers["webhook-timestamp"]) - timezone.now().timestamp()) < 60
    assert signed_rightly(secret_of(webhook), received)
    assert not signed_rightly(secret_of(webhook), replace(received, body=received.body + b" "))
    assert not signed_rightly("whsec_" + base64.b64encode(b"x" * 32).decode(), received)
    told = json.loads(received.body)
    data = told.pop("data")
    assert told == {
        "specversion": "1.0",
        "id": f"{entry.operation}-{entry.pk}",
        "source": "/projects/birds/",
        "type": "labelop.items.excluded",
        "subject": f"labelop.item/{cast.item.pk}",
        "time": entry.at.isoformat(),
        "datacontenttype": "application/json",
    }
    assert (data["actor"], data["role"], data["reason"], data["impact"]) == ("Owner 1", "owner", "Blurred", "high")
    assert (data["id"], data["operation"], data["project"]) == (entry.pk, str(entry.operation), "birds")
    assert b"olga" not in received.body
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.tries, delivery.answer) == ("delivered", 1, "Answered 204.")
    assert delivery.delivered_at is not None
    assert deliver_due() == Delivered()


def test_for_a_day_both_secrets_sign(cast: Cast, webhook: Webhook, receiver: Receiver) -> None:
    renewed = renew_secret(webhook, by=cast.olga)
    deliver_due()
    (received,) = receiver.received
    assert secret_of(renewed) != secret_of(webhook)
    assert signed_rightly(secret_of(webhook), received)
    assert signed_rightly(secret_of(renewed), received)


def test_what_is_refused_is_tried_again_under_the_same_id(cast: Cast, webhook: Webhook, receiver: Receiver) -> None:
    receiver.statuses = [500]
    add_item(cast.project, "photo-2", {}, by=cast.olga)
    before = timezone.now()
    assert deliver_due() == Delivered(later=1)
    waiting = Delivery.objects.get()
    assert (waiting.state, waiting.tries, waiting.answer) == ("waiting", 1, "Answered 500.")
    assert WAITS[0] <= waiting.due_at - before < WAITS[0] * 1.2 + timedelta(seconds=5)
    assert deliver_due() == Delivered(), "not before it is due"
    make_due()
    assert deliver_due() == Delivered(delivered=1)
    first, second = receiver.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body


def test_after_so_many_tries_it_is_given_up_and_the_webhook_stays(
    cast: Cast, webhook: Webhook, receiver: Receiver
) -> None:
    receiver.statuses = [400]
    add_item(cast.project, "photo-2", {}, by=cast.olga)
    make_due(tries=len(WAITS))
    assert deliver_due() == Delivered(dead=1)
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.tries, delivery.answer) == ("dead", 10, "Answered 400.")
    webhook.refresh_from_db()
    assert webhook.active


def test_a_redirect_is_no_delivery(cast: Cast, webhook: Webhook, receiver: Receiver) -> None:
    receiver.statuses, receiver.headers = [301], {"location": receiver.address("/elsewhere")}
    add_item(cast.project, "photo-2", {}, by=cast.olga)
    assert deliver_due() == Delivered(later=1)
    assert [each.path for each in receiver.received] == ["/hook"]


def test_who_is_gone_is_switched_off_and_what_waited_waits_on(cast: Cast, webhook: Webhook, receiver: Receiver) -> None:
    receiver.statuses = [410]
    for number in range(2, 5):
        add_item(cast.project, f"photo-{number}", {}, by=cast.olga)
    with what_is_left() as left:
        assert deliver_due() == Delivered(later=1)
    assert (left.entry.event, left.entry.impact) == ("webhook.switched_off", Impact.HIGH)
    assert left.entry.reason == "The receiver answered 410: gone"
    assert len(receiver.received) == 1
    make_due()
    assert deliver_due() == Delivered(), "nothing is sent while it is switched off"
    assert Delivery.objects.filter(state="waiting").count() == 3


def test_what_does_not_answer_is_left_alone_and_the_others_are_served(
    cast: Cast, webhook: Webhook, receiver: Receiver
) -> None:
    receiver.statuses = [503]
    with receiving() as well:
        other = add_webhook(
            cast.project, "Pager", well.address(), by=cast.olga, reason="At night", wanted=Wanted(Impact.ROUTINE)
        )
        Delivery.objects.all().delete()
        for number in range(2, 5):
            add_item(cast.project, f"photo-{number}", {}, by=cast.olga)
        assert deliver_due() == Delivered(delivered=3, later=1)
        assert (len(receiver.received), len(well.received)) == (1, 3)
    assert other.deliveries.filter(state="delivered").count() == 3
    tried, *untried = webhook.deliveries.order_by("pk")
    assert [each.tries for each in (tried, *untried)] == [1, 0, 0]
    assert {each.due_at for each in untried} == {tried.due_at}


def test_what_answered_nothing_for_days_is_switched_off(cast: Cast, webhook: Webhook, receiver: Receiver) -> None:
    for number in (2, 3):
        add_item(cast.project, f"photo-{number}", {}, by=cast.olga)
    since = datetime(2026, 1, 2, tzinfo=UTC)
    make_due(since=since, tries=3)
    receiver.statuses = [503]
    with what_is_left() as left:
        assert deliver_due() == Delivered(dead=1)
    assert (left.entry.event, left.entry.reason) == (
        "webhook.switched_off",
        "Nothing has answered there since 2026-01-02",
    )
    assert len(receiver.received) == 1


def test_what_answers_others_is_not_switched_off_for_one(cast: Cast, webhook: Webhook, receiver: Receiver) -> None:
    add_item(cast.project, "photo-2", {}, by=cast.olga)
    deliver_due()
    add_item(cast.project, "photo-3", {}, by=cast.olga)
    make_due(since=timezone.now() - timedelta(days=9))
    receiver.statuses = [429]
    assert deliver_due() == Delivered(dead=1)
    webhook.refresh_from_db()
    assert webhook.active


def test_an_address_that_is_no_longer_allowed_is_not_sent_to(
    cast: Cast, webhook: Webhook, receiver: Receiver, settings: Any
) -> None:
    add_item(cast.project, "photo-2", {}, by=cast.olga)
    settings.LABELOP_WEBHOOK_LOOPBACK = False
    assert deliver_due() == Delivered(later=1)
    assert receiver.received == []
    assert "https" in Delivery.objects.get().answer


def test_what_somebody_took_and_never_told_of_is_taken_by_another_later(
    cast: Cast, webhook: Webhook, receiver: Receiver
) -> None:
    add_item(cast.project, "photo-2", {}, by=cast.olga)
    (taken,) = delivering._take(webhook)
    assert deliver_due() == Delivered(), "somebody is at it"
    make_due()
    assert deliver_due() == Delivered(delivered=1)
    assert delivering._note(taken, Answer(500, "Answered 500.")) == Delivered(), "too late to say so"
    assert Delivery.objects.get().state == "delivered"


def test_what_was_delivered_long_ago_is_forgotten_and_the_trail_is_not(
    cast: Cast, webhook: Webhook, receiver: Receiver
) -> None:
    for number in (2, 3):
        add_item(cast.project, f"photo-{number}", {}, by=cast.olga)
    deliver_due()
    first = Delivery.objects.earliest("pk")
    Delivery.objects.filter(pk=first.pk).update(delivered_at=timezone.now() - timedelta(days=31))
    assert forget_delivered() == 1
    assert Entry.objects.filter(pk=first.entry_id).exists()
    assert Delivery.objects.count() == 1


def test_the_command_delivers_all_there_is_and_says_so(
    cast: Cast,
    webhook: Webhook,
    receiver: Receiver,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(delivering, "AT_ONCE", 2)
    for number in range(5):
        add_item(cast.project, f"more-{number}", {}, by=cast.olga)
    call_command("deliver", "--json")
    assert json.loads(capsys.readouterr().out) == {"delivered": 5, "later": 0, "dead": 0, "forgotten": 0}
    keys = [json.loads(each.body)["data"]["subject"] for each in receiver.received]
    assert keys == [f"more-{number}" for number in range(5)]


def test_the_command_says_what_it_gave_up(cast: Cast, webhook: Webhook, receiver: Receiver) -> None:
    receiver.statuses = [400]
    add_item(cast.project, "photo-2", {}, by=cast.olga)
    make_due(tries=len(WAITS))
    with pytest.raises(SystemExit) as ended:
        call_command("deliver", verbosity=0)
    assert ended.value.code == 1


def test_a_follower_goes_on_until_it_is_told_to_end(cast: Cast, webhook: Webhook, receiver: Receiver) -> None:
    ended = Event()
    receiver.after_each = ended.set
    add_item(cast.project, "photo-2", {}, by=cast.olga)
    assert follow(ended) == Delivered(delivered=1)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
def test_two_at_once_take_different_deliveries(cast: Cast, webhook: Webhook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivering, "AT_ONCE", 3)
    for number in range(5):
        add_item(cast.project, f"more-{number}", {}, by=cast.olga)
    other = connections.create_connection("default")
    try:
        with transaction.atomic():
            mine = [delivery.pk for delivery in delivering._take(webhook)]
            with other.cursor() as cursor:
                cursor.execute(
                    "SELECT id FROM audit_delivery WHERE state = 'waiting' AND due_at <= now() FOR UPDATE SKIP LOCKED"
                )
                theirs = [pk for (pk,) in cursor.fetchall()]
    finally:
        other.close()
    assert (len(mine), len(theirs)) == (3, 2)
    assert not set(mine) & set(theirs)
