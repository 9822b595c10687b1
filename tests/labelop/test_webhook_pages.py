"""Webhooks in the admin: what an owner does there, and what they are shown once."""

from __future__ import annotations

from typing import Any

from django.test import Client

from audit.events import Impact
from audit.models import Webhook
from audit.webhooks.signing import secret_of
from roles.matrix import Role
from roles.services import change_role
from roles.services.webhooks import Wanted, add_webhook, change_webhook
from tests.cast import Cast

ADDRESS = "https://hooks.example.org/labelop"


def page_of(client: Client, cast: Cast, address: str, answers: dict[str, Any] | None = None) -> Any:
    client.force_login(cast.olga)
    return client.get(address) if answers is None else client.post(address, answers)


def a_webhook(cast: Cast) -> Webhook:
    wanted = Wanted(Impact.HIGH, ["release.released"], ["", "owner"])
    return add_webhook(cast.project, "Tickets", ADDRESS, by=cast.olga, reason="They ask", wanted=wanted)


def test_the_secret_is_shown_when_a_webhook_is_added_and_never_again(cast: Cast, client: Client) -> None:
    answers = {
        "project": cast.project.pk,
        "title": "Tickets",
        "address": ADDRESS,
        "least_impact": "3",
        "events": ["role.granted", "role.revoked"],
        "roles": ["owner", "none"],
        "reason": "They ask",
    }
    answer = page_of(client, cast, "/audit/webhook/acts/add/", answers)
    webhook = Webhook.objects.get()
    assert (webhook.least_impact, webhook.events) == (3, ["role.granted", "role.revoked"])
    assert webhook.roles == ["", "owner"]
    assert secret_of(webhook) in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    for address in ("/audit/webhook/", f"/audit/webhook/{webhook.pk}/change/", f"/audit/webhook/{webhook.pk}/history/"):
        page = page_of(client, cast, address)
        assert page.status_code == 200
        assert secret_of(webhook) not in page.content.decode()
        assert webhook.salt not in page.content.decode()


def test_what_the_service_refuses_stands_beside_its_field(cast: Cast, client: Client) -> None:
    answers = {"project": cast.project.pk, "title": "T", "address": "http://a.example/", "least_impact": "1"}
    answer = page_of(client, cast, "/audit/webhook/acts/add/", {**answers, "reason": "They ask"})
    assert answer.status_code == 422
    assert answer.context["form"].errors == {
        "address": ["Only https leaves the building: the address begins with https://."]
    }
    assert not Webhook.objects.exists()


def test_the_form_of_a_change_says_what_is_and_changes_it(cast: Cast, client: Client) -> None:
    webhook = a_webhook(cast)
    address = f"/audit/webhook/{webhook.pk}/acts/change/"
    form = page_of(client, cast, address).context["form"]
    assert form.initial == {
        "title": "Tickets",
        "address": ADDRESS,
        "least_impact": 3,
        "events": ["release.released"],
        "roles": ["none", "owner"],
    }
    answers = {**form.initial, "title": "Pager", "roles": [], "reason": "Everybody counts"}
    assert page_of(client, cast, address, answers).status_code == 302
    webhook.refresh_from_db()
    assert (webhook.name, webhook.roles, webhook.events) == ("Pager", [], ["release.released"])


def test_acts_are_offered_where_they_fit(cast: Cast, client: Client) -> None:
    webhook = a_webhook(cast)

    def offered() -> list[str]:
        return [act.name for act in page_of(client, cast, f"/audit/webhook/{webhook.pk}/change/").context["acts"]]

    assert offered() == ["change", "renew-secret", "switch-off", "remove"]
    page_of(client, cast, f"/audit/webhook/{webhook.pk}/acts/switch-off/", {})
    assert offered() == ["change", "renew-secret", "switch-on", "remove"]
    page_of(client, cast, f"/audit/webhook/{webhook.pk}/acts/switch-on/", {})
    page_of(client, cast, f"/audit/webhook/{webhook.pk}/acts/remove/", {"reason": "Not needed"})
    assert offered() == []


def test_what_was_given_up_is_found_and_sent_again(cast: Cast, client: Client) -> None:
    webhook = add_webhook(cast.project, "Tickets", ADDRESS, by=cast.olga, reason="They ask")
    webhook.deliveries.update(state="dead", tries=10, answer="Answered 500.")
    delivery = webhook.deliveries.get()
    page = page_of(client, cast, "/audit/delivery/?state=dead").content.decode()
    assert "Given up" in page
    assert "Answered 500." in page
    assert page_of(client, cast, f"/audit/delivery/{delivery.pk}/acts/resend/", {}).status_code == 302
    delivery.refresh_from_db()
    assert delivery.state == "waiting"


def test_deliveries_name_nobody(cast: Cast, client: Client) -> None:
    webhook = a_webhook(cast)
    change_webhook(webhook, "Tickets", ADDRESS, by=cast.olga, reason="All of it", wanted=Wanted())
    change_role(cast.membership_of(cast.ana), Role.REVIEWER, by=cast.olga, reason="Knows birds by now")
    delivery = webhook.deliveries.get(entry__event="role.changed")
    for address in ("/audit/delivery/", f"/audit/delivery/{delivery.pk}/change/"):
        page = page_of(client, cast, address).content.decode()
        assert "Role changed" in page
        assert "ana" not in page.replace("manage", "")
