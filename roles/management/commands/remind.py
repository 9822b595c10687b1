"""What is due: ends the memberships whose time is over."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from audit.management.command import ReportingCommand
from roles.models import Membership
from roles.services import expire_membership


class Command(ReportingCommand):
    help = "Do what is due: end memberships whose time is over. Run it daily; running it again does no harm."

    def report(self, **options: Any) -> dict[str, Any]:
        over = Membership.objects.filter(ended_at=None, valid_until__lte=timezone.now()).order_by("id")
        return {"expired": [str(expire_membership(membership)) for membership in over.select_related("user")]}

    def told(self, report: dict[str, Any]) -> str:
        return "\n".join([f"Expired: {name}" for name in report["expired"]] or ["Nothing is due."])
