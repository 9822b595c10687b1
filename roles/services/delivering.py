"""Sending what waits for webhooks: at least once, some of each webhook in its turn.

A delivery is taken by moving the time at which it is due, in a transaction that ends before anything is sent; who
sends it and never says what came of it has it taken by somebody else then. So several may deliver at once.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from audit.models import Delivery, Webhook
from audit.webhooks.addresses import target_of
from audit.webhooks.sending import Answer, post
from audit.webhooks.signing import signed_headers, signing_keys

from ..envelopes import CONTENT_TYPE, envelope, message_id
from ..telling import pseudonyms_in
from .webhooks import switch_off_unanswered

# The waits of Standard Webhooks, each lengthened by chance by a fifth at most; ten tries in some three days.
WAITS = tuple(
    timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600)
)
PATIENCE = sum(WAITS, timedelta()) * 1.2
# Whatever answers so, or not at all, is left alone for a while; nothing else of its queue counts as tried.
UNREACHED = frozenset({None, 429, 503})
LEFT_ALONE_FOR = timedelta(minutes=30)
GONE = 410
AT_ONCE = 20
# Longer than AT_ONCE tries can take.
TAKEN_FOR = timedelta(minutes=30)
KEPT_FOR = timedelta(days=30)


@dataclass
class Delivered:
    """What a round has done: `later` will be tried again, `dead` will not."""

    delivered: int = 0
    later: int = 0
    dead: int = 0

    def __add__(self, other: Delivered) -> Delivered:
        return Delivered(self.delivered + other.delivered, self.later + other.later, self.dead + other.dead)


def deliver_due() -> Delivered:
    """Send what is due, some of each webhook; none left over is due when it has done nothing."""
    done = Delivered()
    for webhook in _webhooks_with_something_due(timezone.now()):
        done += _deliver_to(webhook)
    return done


def forget_delivered() -> int:
    """Drop what was delivered long ago: the entries stay on the trail."""
    old = Delivery.objects.filter(state=Delivery.State.DELIVERED, delivered_at__lt=timezone.now() - KEPT_FOR)
    some = old.order_by("delivered_at").values_list("pk", flat=True)[:10_000]
    return Delivery.objects.filter(pk__in=list(some)).delete()[0]


def _webhooks_with_something_due(now: datetime) -> Iterable[Webhook]:
    due = Delivery.objects.filter(webhook=OuterRef("pk"), state=Delivery.State.WAITING, due_at__lte=now)
    return Webhook.objects.filter(Exists(due), active=True).select_related("project").order_by("pk")


def _deliver_to(webhook: Webhook) -> Delivered:
    done = Delivered()
    taken = _take(webhook)
    pseudonyms = pseudonyms_in([webhook.project_id])
    while taken:
        delivery = taken.pop(0)
        body = envelope(delivery.entry, webhook.project, pseudonyms)
        answer = _send(webhook, message_id(delivery.entry), body)
        done += _note(delivery, answer)
        if answer.status == GONE:
            switch_off_unanswered(webhook, "The receiver answered 410: gone")
        elif answer.status in UNREACHED and _given_up(webhook, delivery):
            switch_off_unanswered(webhook, f"Nothing has answered there since {delivery.since:%Y-%m-%d}")
        elif answer.status not in UNREACHED:
            continue
        _leave_alone(webhook, taken, min(delivery.due_at, timezone.now() + LEFT_ALONE_FOR))
        break
    return done


def _given_up(webhook: Webhook, delivery: Delivery) -> bool:
    """Whether neither this delivery nor any other has come through since it was first tried."""
    since = webhook.deliveries.filter(state=Delivery.State.DELIVERED, delivered_at__gte=delivery.since)
    return delivery.state == Delivery.State.DEAD and not since.exists()


def _take(webhook: Webhook) -> list[Delivery]:
    now = timezone.now()
    with transaction.atomic():
        due = webhook.deliveries.filter(state=Delivery.State.WAITING, due_at__lte=now).order_by("due_at", "pk")
        people = due.select_related("entry", "entry__actor", "entry__attributed_to")
        taken = list(people.select_for_update(skip_locked=True, of=("self",))[:AT_ONCE])
        Delivery.objects.filter(pk__in=[delivery.pk for delivery in taken]).update(due_at=now + TAKEN_FOR)
    for delivery in taken:
        delivery.due_at = now + TAKEN_FOR
    return taken


def _send(webhook: Webhook, identity: str, body: bytes) -> Answer:
    try:
        target = target_of(webhook.address)
    except ValidationError as error:
        return Answer(None, " ".join(error.messages))
    now = timezone.now()
    headers = {
        "content-type": CONTENT_TYPE,
        "user-agent": "LabelOp",
        **signed_headers(identity, now, body, signing_keys(webhook, now)),
    }
    return post(target, headers, body)


def _note(delivery: Delivery, answer: Answer) -> Delivered:
    """Keep what came of a try; somebody who took it over meanwhile notes it instead."""
    now, taken_until = timezone.now(), delivery.due_at
    delivery.tries += 1
    delivery.answer = answer.sentence[:200]
    if answer.status is not None and 200 <= answer.status < 300:
        delivery.state, delivery.delivered_at = Delivery.State.DELIVERED, now
    elif delivery.tries > len(WAITS) or now - delivery.since > PATIENCE:
        delivery.state = Delivery.State.DEAD
    delivery.due_at = now + _wait(delivery.tries)
    noted = Delivery.objects.filter(pk=delivery.pk, due_at=taken_until, state=Delivery.State.WAITING).update(
        state=delivery.state,
        tries=delivery.tries,
        answer=delivery.answer,
        due_at=delivery.due_at,
        delivered_at=delivery.delivered_at,
    )
    if delivery.state == Delivery.State.WAITING:
        return Delivered(later=noted)
    return Delivered(delivered=noted) if delivery.state == Delivery.State.DELIVERED else Delivered(dead=noted)


def _leave_alone(webhook: Webhook, taken: list[Delivery], until: datetime) -> None:
    waiting = webhook.deliveries.filter(state=Delivery.State.WAITING)
    waiting.filter(pk__in=[delivery.pk for delivery in taken]).update(due_at=until)
    waiting.filter(tries=0, due_at__lt=until).update(due_at=until)


def _wait(tries: int) -> timedelta:
    wait = WAITS[min(tries, len(WAITS)) - 1]
    return wait + wait * secrets.randbelow(200) / 1000
