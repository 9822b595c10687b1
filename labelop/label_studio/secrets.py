"""The secret that Label Studio sends with each webhook, in a header. It is not stored, but follows from a salt."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode

from django.conf import settings
from django.utils.crypto import salted_hmac

from ..models import Connection

HEADER = "X-LabelOp-Secret"
PREFIX = "lsin_"


def secret_of(connection: Connection) -> str:
    """The secret as it is typed into Label Studio."""
    return _secret(connection.salt, settings.SECRET_KEY)


def is_secret_of(connection: Connection | None, told: str) -> bool:
    """Whether this is its secret, found out in the same time whatever is told, and where there is no connection too."""
    salt = connection.salt if connection is not None else ""
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    fits = [hmac.compare_digest(_secret(salt, key).encode(), told.encode(errors="replace")) for key in keys]
    return any(fits) and connection is not None


def _secret(salt: str, site: str) -> str:
    key = salted_hmac("labelop.label_studio.secret", salt, secret=site, algorithm="sha256").digest()
    return PREFIX + urlsafe_b64encode(key).decode().rstrip("=")
