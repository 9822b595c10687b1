"""Owners let an address outside be told of a project's entries; the database puts each entry down for it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.acting import Channel, operation, through
from audit.events import Event, Impact
from audit.models import Delivery, Entry, Webhook
from audit.webhooks.signing import secret_of, signing_keys
from labelop.models import Item
from labelop.services.projects import describe_project
from labelop.services.work import add_item, exclude_item
from roles.services.webhooks import (
    AT_MOST,
    Wanted,
    add_webhook,
    change_webhook,
    remove_webhook,
    renew_secret,
    resend,
    switch_off,
    switch_off_unanswered,
    switch_on,
)
from tests.cast import Cast, what_is_left

ADDRESS = "https://hooks.example.org/labelop?key=between-us"
EVERYTHING = Wanted(Impact.ROUTINE)


def a_webhook(cast: Cast, wanted: Wanted = EVERYTHING, name: str = "Tickets") -> Webhook:
    return add_webhook(cast.project, name, ADDRESS, by=cast.olga, reason="They ask", wanted=wanted)


def put_down(webhook: Webhook) -> list[str]:
    return list(webhook.deliveries.order_by("pk").values_list("entry__event", flat=True))


def test_an_owner_adds_a_webhook_and_the_trail_does_not_keep_what_stands_behind_its_host(cast: Cast) -> None:
    with what_is_left() as left:
        webhook = a_webhook(cast, Wanted(Impact.HIGH, ["role.granted"], ["owner"]))
    assert (left.entry.event, left.entry.impact, left.entry.reason) == ("webhook.added", Impact.HIGH, "They ask")
    assert left.entry.after == {
        "name": "Tickets",
        "host": "hooks.example.org",
        "least_impact": "high",
        "events": ["role.granted"],
        "roles": ["owner"],
    }
    assert [version.name for version in left.versions_of(Webhook)] == ["Tickets"]
    assert webhook.active


@pytest.mark.parametrize("who", ["ravi", "ana", "uma"])
def test_nobody_else_touches_webhooks(cast: Cast, who: str) -> None:
    webhook, by = a_webhook(cast), getattr(cast, who)
    delivery = dead(webhook)
    acts: list[Any] = [
        lambda: add_webhook(cast.project, "Mine", ADDRESS, by=by, reason="Why not"),
        lambda: change_webhook(webhook, "Mine", ADDRESS, by=by, reason="Why not", wanted=EVERYTHING),
        lambda: renew_secret(webhook, by=by),
        lambda: switch_off(webhook, by=by),
        lambda: switch_on(webhook, by=by),
        lambda: remove_webhook(webhook, by=by, reason="Why not"),
        lambda: resend(delivery, by=by),
    ]
    before = list(Webhook.objects.values()), list(Delivery.objects.filter(state="dead").values())
    with what_is_left() as left:
        for act in acts:
            with pytest.raises(PermissionDenied):
                act()
    assert left.events == ["access.denied"] * len(acts)
    assert before == (list(Webhook.objects.values()), list(Delivery.objects.filter(state="dead").values()))


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"address": "http://hooks.example.org/"}, "address"),
        ({"address": "https://10.0.0.1/"}, "address"),
        ({"name": " "}, "name"),
        ({"wanted": Wanted(events=["nothing.happened"])}, "events"),
        ({"wanted": Wanted(roles=["stranger"])}, "roles"),
        ({"reason": " "}, "reason"),
    ],
)
def test_what_makes_no_webhook_is_refused_beside_its_field(cast: Cast, changed: dict[str, Any], field: str) -> None:
    said = {"name": "Tickets", "address": ADDRESS, "reason": "They ask", **changed}
    with what_is_left() as left, pytest.raises(ValidationError) as refused:
        add_webhook(cast.project, by=cast.olga, **said)
    assert list(refused.value.message_dict) == [field]
    assert (left.entries, left.versions) == ([], [])


def test_a_project_has_only_so_many(cast: Cast) -> None:
    for number in range(AT_MOST):
        a_webhook(cast, name=f"Number {number}")
    with pytest.raises(ValidationError, match="at most 20"):
        a_webhook(cast)
    remove_webhook(Webhook.objects.first() or Webhook(), by=cast.olga, reason="One too many")
    a_webhook(cast)


def test_a_change_of_filters_is_told_before_and_after(cast: Cast) -> None:
    webhook = a_webhook(cast)
    with what_is_left() as left:
        change_webhook(
            webhook,
            "Pager",
            ADDRESS,
            by=cast.olga,
            reason="Less of it",
            wanted=Wanted(Impact.HIGH, roles=["", "owner"]),
        )
    assert left.entry.event == "webhook.changed"
    before, after = left.entry.before or {}, left.entry.after or {}
    assert (before["name"], after["name"]) == ("Tickets", "Pager")
    assert (before["roles"], after["roles"]) == ("all", ["", "owner"])


def test_an_entry_and_its_outbox_row_are_kept_or_undone_together(cast: Cast) -> None:
    webhook = a_webhook(cast)
    with pytest.raises(RuntimeError), operation(by=cast.olga):
        add_item(cast.project, "photo-2", {}, by=cast.olga)
        assert put_down(webhook)[-1] == "items.added"
        raise RuntimeError
    assert put_down(webhook) == ["webhook.added"]
    add_item(cast.project, "photo-2", {}, by=cast.olga)
    assert put_down(webhook) == ["webhook.added", "items.added"]
    delivery = webhook.deliveries.latest("pk")
    assert (delivery.project, delivery.state, delivery.tries) == (cast.project, "waiting", 0)
    assert delivery.since == delivery.due_at == delivery.entry.recorded_at


def test_filters_by_impact_event_and_role_decide_what_is_put_down(cast: Cast) -> None:
    by_name = {
        name: a_webhook(cast, wanted, name)
        for name, wanted in {
            "all": EVERYTHING,
            "high": Wanted(Impact.HIGH),
            "two": Wanted(Impact.ROUTINE, ["items.excluded", "project.described"]),
            "reviewers": Wanted(Impact.ROUTINE, roles=["reviewer"]),
            "nobody": Wanted(Impact.ROUTINE, roles=[""]),
            "off": EVERYTHING,
        }.items()
    }
    switch_off(by_name["off"], by=cast.olga)
    Delivery.objects.all().delete()
    add_item(cast.project, "photo-2", {}, by=cast.olga)
    exclude_item(cast.item, by=cast.olga, reason="Blurred")
    describe_project(cast.project, "Birds", "Of the coast", by=cast.root, reason="As asked")
    assert {name: put_down(webhook) for name, webhook in by_name.items()} == {
        "all": ["items.added", "items.excluded", "access.overridden", "project.described", "anomaly.noted"],
        "high": ["items.excluded", "access.overridden"],
        "two": ["items.excluded", "project.described"],
        "reviewers": [],
        "nobody": ["access.overridden", "project.described", "anomaly.noted"],
        "off": [],
    }


def test_another_project_is_not_told(cast: Cast) -> None:
    webhook = a_webhook(cast)
    add_item(cast.elsewhere, "ship-1", {}, by=cast.uma)
    assert put_down(webhook) == ["webhook.added"]


def test_a_change_that_goes_round_the_services_is_put_down_too(
    cast: Cast, unexplained_changes_are_recorded: None
) -> None:
    webhook = a_webhook(cast, Wanted(Impact.HIGH, ["change.unexplained"]))
    Item.objects.filter(pk=cast.item.pk).update(split="test")
    assert put_down(webhook) == ["change.unexplained"]


def test_an_act_asks_the_database_no_more_for_being_told_outside(cast: Cast) -> None:
    def queries_of(key: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            add_item(cast.project, key, {}, by=cast.olga)
        return len(asked)

    without = queries_of("photo-2")
    a_webhook(cast)
    assert queries_of("photo-3") == without


def test_a_renewed_secret_is_another_and_the_earlier_one_counts_for_a_day(cast: Cast, settings: Any) -> None:
    webhook = a_webhook(cast)
    earlier = signing_keys(webhook, timezone.now())
    with what_is_left() as left:
        renewed = renew_secret(webhook, by=cast.olga, reason="It was in a screenshot")
    assert left.entry.event == "webhook.secret_renewed"
    assert secret_of(renewed) != secret_of(webhook)
    now = timezone.now()
    assert signing_keys(renewed, now)[1:] == earlier
    assert len(signing_keys(renewed, now + timedelta(hours=25))) == 1


def test_another_site_key_makes_other_secrets_and_the_old_key_still_signs(cast: Cast, settings: Any) -> None:
    webhook = a_webhook(cast)
    earlier, now = signing_keys(webhook, timezone.now()), timezone.now()
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [settings.SECRET_KEY]
    assert signing_keys(webhook, now)[0] not in earlier
    assert signing_keys(webhook, now)[1:] == earlier


def test_no_table_holds_a_secret(cast: Cast) -> None:
    webhook = a_webhook(cast)
    secret = secret_of(webhook)
    assert secret.startswith("whsec_")
    kept = " ".join(str(list(model.objects.values())) for model in (Webhook, Delivery, Entry))
    assert secret not in kept
    assert secret.removeprefix("whsec_") not in kept


def test_switched_off_and_on_and_off_for_good(cast: Cast) -> None:
    webhook = a_webhook(cast)
    with what_is_left() as left:
        switch_off(webhook, by=cast.olga, reason="Moving house")
        add_item(cast.project, "photo-2", {}, by=cast.olga)
        switch_on(webhook, by=cast.olga)
        switch_off_unanswered(webhook, "Nobody there")
        switch_off_unanswered(webhook, "Nobody there")
        removed = remove_webhook(webhook, by=cast.olga, reason="Not needed")
    acts = ["webhook.switched_off", "items.added", "webhook.switched_on", "webhook.switched_off", "webhook.removed"]
    assert left.events == acts
    assert [entry.role for entry in left.entries if entry.event == "webhook.switched_off"] == ["owner", ""]
    assert (removed.active, removed.removed_at is not None) == (False, True)
    assert {(each.state, each.answer) for each in webhook.deliveries.all()} == {("dead", "The webhook was removed.")}
    for act in (switch_on, switch_off, renew_secret):
        with pytest.raises(ValidationError, match="removed"):
            act(webhook, by=cast.olga)


def test_what_was_given_up_is_sent_again_and_nothing_else(cast: Cast) -> None:
    delivery = dead(a_webhook(cast))
    with what_is_left() as left:
        again = resend(delivery, by=cast.olga, reason="They are back")
    entry = next(entry for entry in left.entries if entry.event == Event.DELIVERY_RESENT)
    assert (entry.after, entry.reason) == ({"entry": delivery.entry_id}, "They are back")
    assert (again.state, again.tries) == ("waiting", 0)
    assert again.since == again.due_at > delivery.since
    with pytest.raises(ValidationError, match="given up"):
        resend(again, by=cast.olga)


def test_a_superuser_says_why(cast: Cast) -> None:
    webhook = a_webhook(cast)
    with pytest.raises(ValidationError, match="without a membership"):
        switch_off(webhook, by=cast.root)
    with what_is_left() as left, through(Channel.ADMIN):
        switch_off(webhook, by=cast.root, reason="It floods them")
    assert left.events[:2] == ["access.overridden", "webhook.switched_off"]


def dead(webhook: Webhook) -> Delivery:
    webhook.deliveries.update(state="dead", tries=10)
    return webhook.deliveries.select_related("webhook").latest("pk")
