"""Who outside is told of a project's entries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from audit.acting import Actor, locked, operation
from audit.events import BY_CODE, Event, Impact
from audit.models import Delivery, Webhook
from audit.services import record
from audit.webhooks.addresses import target_of
from audit.webhooks.signing import new_salt

from ..matrix import Can, Role
from ..models import User
from .permission import authorize

# Each entry is put down once for each of them.
AT_MOST = 20
# How long what is sent is signed with the earlier secret as well.
BOTH_SECRETS_FOR = timedelta(hours=24)
WITHOUT_A_ROLE = ""


@dataclass(frozen=True)
class Wanted:
    """Which entries a webhook is told of; of all events, of all roles, where none is named."""

    least_impact: Impact = Impact.MEDIUM
    events: Iterable[str] = ()
    roles: Iterable[str] = ()


EVERYTHING_THAT_MATTERS = Wanted()


@operation()
def add_webhook(
    project: models.Model,
    name: str,
    address: str,
    *,
    by: User,
    reason: str,
    wanted: Wanted = EVERYTHING_THAT_MATTERS,
) -> Webhook:
    """Tell an address outside of what happens on a project from now on."""
    project = locked(project)
    actor = authorize(by, Can.CONNECT_TOOLS, project)
    if Webhook.objects.filter(project=project.pk, removed_at=None).count() >= AT_MOST:
        raise ValidationError(f"A project has at most {AT_MOST} webhooks.")
    webhook = Webhook(project_id=project.pk, salt=new_salt())
    _describe(webhook, name, address, wanted)
    webhook.save()
    record(Event.WEBHOOK_ADDED, webhook, actor, reason=reason, after=_told(webhook))
    return webhook


@operation()
def change_webhook(webhook: Webhook, name: str, address: str, *, by: User, reason: str, wanted: Wanted) -> Webhook:
    """Give a webhook another name, address or filters."""
    webhook, actor = _kept(webhook, by)
    before = _told(webhook)
    _describe(webhook, name, address, wanted)
    webhook.save()
    record(Event.WEBHOOK_CHANGED, webhook, actor, reason=reason, before=before, after=_told(webhook))
    return webhook


@operation()
def renew_secret(webhook: Webhook, *, by: User, reason: str = "") -> Webhook:
    """Give a webhook another secret; for a day its deliveries are signed with both."""
    webhook, actor = _kept(webhook, by)
    webhook.earlier_salt, webhook.salt = webhook.salt, new_salt()
    webhook.earlier_until = timezone.now() + BOTH_SECRETS_FOR
    webhook.save()
    record(Event.WEBHOOK_SECRET_RENEWED, webhook, actor, reason=reason)
    return webhook


@operation()
def switch_off(webhook: Webhook, *, by: User, reason: str = "") -> Webhook:
    """Tell a webhook nothing for now: what happens meanwhile is not sent later, what waits already is."""
    webhook, actor = _kept(webhook, by)
    if not webhook.active:
        raise ValidationError("This webhook is switched off already.")
    return _end(webhook, actor, Event.WEBHOOK_SWITCHED_OFF, reason)


@operation()
def switch_off_unanswered(webhook: Webhook, why: str) -> Webhook:
    """Switch off what nobody is behind any more, as deliveries found out."""
    webhook = locked(webhook)
    if not webhook.active:
        return webhook
    return _end(webhook, Actor(None), Event.WEBHOOK_SWITCHED_OFF, why)


@operation()
def switch_on(webhook: Webhook, *, by: User, reason: str = "") -> Webhook:
    webhook, actor = _kept(webhook, by)
    if webhook.active:
        raise ValidationError("This webhook is switched on already.")
    webhook.active = True
    webhook.save()
    record(Event.WEBHOOK_SWITCHED_ON, webhook, actor, reason=reason)
    return webhook


@operation()
def remove_webhook(webhook: Webhook, *, by: User, reason: str) -> Webhook:
    """End a webhook for good; what was still waiting is given up."""
    webhook, actor = _kept(webhook, by)
    webhook.removed_at = timezone.now()
    webhook.deliveries.filter(state=Delivery.State.WAITING).update(
        state=Delivery.State.DEAD, answer="The webhook was removed."
    )
    return _end(webhook, actor, Event.WEBHOOK_REMOVED, reason)


@operation()
def resend(delivery: Delivery, *, by: User, reason: str = "") -> Delivery:
    """Try a delivery that was given up once more from the beginning."""
    delivery = locked(delivery)
    webhook, actor = _kept(delivery.webhook, by)
    if delivery.state != Delivery.State.DEAD:
        raise ValidationError("Only what was given up is sent again.")
    delivery.state, delivery.tries = Delivery.State.WAITING, 0
    delivery.since = delivery.due_at = timezone.now()
    delivery.save()
    record(Event.DELIVERY_RESENT, webhook, actor, reason=reason, after={"entry": delivery.entry_id})
    return delivery


def _kept(webhook: Webhook, by: User) -> tuple[Webhook, Actor]:
    webhook = locked(webhook)
    actor = authorize(by, Can.CONNECT_TOOLS, webhook.project)
    if webhook.removed_at is not None:
        raise ValidationError("This webhook was removed.")
    return webhook, actor


def _end(webhook: Webhook, actor: Actor, event: Event, reason: str) -> Webhook:
    webhook.active = False
    webhook.save()
    record(event, webhook, actor, reason=reason)
    return webhook


def _describe(webhook: Webhook, name: str, address: str, wanted: Wanted) -> None:
    target_of(address)
    events, roles = sorted(set(wanted.events)), sorted(set(wanted.roles))
    if unknown := [code for code in events if code not in BY_CODE]:
        raise ValidationError({"events": f"There is no event {unknown[0]}."})
    if unknown := [role for role in roles if role not in (*Role.values, WITHOUT_A_ROLE)]:
        raise ValidationError({"roles": f"There is no role {unknown[0]}."})
    webhook.name, webhook.address = name.strip(), address
    webhook.least_impact, webhook.events, webhook.roles = wanted.least_impact, events, roles
    webhook.full_clean(exclude=["events", "roles", "salt"])


def _told(webhook: Webhook) -> dict[str, Any]:
    """What the trail keeps of it. Whatever lets somebody in often stands behind the host: that stays out."""
    target = target_of(webhook.address)
    return {
        "name": webhook.name,
        "host": target.host,
        "least_impact": Impact(webhook.least_impact).name.lower(),
        "events": webhook.events or "all",
        "roles": webhook.roles or "all",
    }
