"""The login's throttle: what is counted, which count locks what, and whose failures a login forgives.

django-axes keeps the counts and asks here how far they are from a lock. What is locked answers to a right password as
to a wrong one, and a name that nobody has is counted as one that somebody has: nobody learns which accounts there are.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from django.conf import settings
from django.db.models import Sum
from django.http import HttpRequest

from roles.services import record_lockout

# What is counted, and how many failures lock it. The second is for an office behind one address, the third for
# guesses at one account from many addresses.
LIMITS: tuple[tuple[str, list[str], int], ...] = (
    ("of one account from one address", ["username", "ip_address"], 5),
    ("from one address", ["ip_address"], 50),
    ("of one account", ["username"], 100),
)


def address_of(request: HttpRequest) -> str | None:
    """Where a request comes from, as far as our own proxies vouch for it; of IPv6 the network of one customer."""
    # Each proxy adds whom it speaks to; what stands further left was written by the client.
    forwarded = reversed(request.META.get("HTTP_X_FORWARDED_FOR", "").split(","))
    vouched_for = [request.META.get("REMOTE_ADDR", ""), *forwarded][: settings.BEHIND_PROXIES + 1]
    try:
        address = ip_address(vouched_for[-1].strip())
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return str(ip_network((address, 64), strict=False).network_address)
    return str(getattr(address, "ipv4_mapped", None) or address)


class LoginThrottle(AxesDatabaseHandler):
    """Counts by account, by address, and by both; a lock is kept on the trail when it begins."""

    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """How near the nearest lock is, on the scale of the first limit."""
        return max(
            counted * settings.AXES_FAILURE_LIMIT // limit for counted, _, limit in self._counts(request, credentials)
        )

    def user_login_failed(
        self, sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any
    ) -> None:
        locked_before = getattr(request, "axes_locked_out", False)
        super().user_login_failed(sender, credentials, request, **kwargs)
        if request is None or locked_before or not getattr(request, "axes_locked_out", False):
            return
        which = next(which for count, which, limit in self._counts(request, credentials) if count >= limit)
        record_lockout(credentials.get("username") or "", which)

    def reset_user_attempts(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """A login forgives the failures of that account at that address, and nobody else's."""
        deleted, _ = self.filter_user_attempts(request, credentials)[0].delete()
        return int(deleted)

    def _counts(self, request: HttpRequest, credentials: dict[str, Any] | None) -> Iterator[tuple[int, str, int]]:
        for attempts, (which, _, limit) in zip(self.get_user_attempts(request, credentials), LIMITS, strict=True):
            yield attempts.aggregate(sum=Sum("failures_since_start"))["sum"] or 0, which, limit
