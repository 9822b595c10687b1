"""Secrets and signatures as in Standard Webhooks 1.0 (symmetric, `v1`).

A secret is not stored: it is HMAC-SHA256 of a random salt under the site's SECRET_KEY. Whoever has the database alone
cannot sign, whoever has SECRET_KEY as well can. While an old key stands in SECRET_KEY_FALLBACKS, what it would have
signed is signed under both.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import b64encode
from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.utils.crypto import salted_hmac

from ..models import Webhook

PREFIX = "whsec_"


def new_salt() -> str:
    return secrets.token_hex(32)


def secret_of(webhook: Webhook) -> str:
    """The secret as its receiver is given it."""
    return PREFIX + b64encode(_key(webhook.salt, settings.SECRET_KEY)).decode()


def signing_keys(webhook: Webhook, now: datetime) -> list[bytes]:
    """The keys to sign with, the newest first."""
    salts = [webhook.salt]
    if webhook.earlier_until is not None and webhook.earlier_until > now:
        salts.append(webhook.earlier_salt)
    return [_key(salt, site) for salt in salts for site in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]


def signed_headers(message_id: str, now: datetime, body: bytes, keys: Iterable[bytes]) -> dict[str, str]:
    """The three headers by which a receiver knows a message."""
    timestamp = str(int(now.timestamp()))
    signed = f"{message_id}.{timestamp}.".encode() + body
    signatures = (b64encode(hmac.digest(key, signed, hashlib.sha256)).decode() for key in keys)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }


def _key(salt: str, site: str) -> bytes:
    return salted_hmac("audit.webhooks.secret", salt, secret=site, algorithm="sha256").digest()
