"""What is due: ends the memberships whose time is over, and raises the signals of weeks that are complete."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from audit.management.command import ReportingCommand
from labelop.models import Project
from labelop.services.quality import signal_quality
from roles.models import Membership
from roles.services import expire_membership


class Command(ReportingCommand):
    help = (
        "Do what is due: end memberships whose time is over, raise the quality signals of complete weeks. "
        "Run it daily; running it again does no harm."
    )

    def report(self, **options: Any) -> dict[str, Any]:
        over = Membership.objects.filter(ended_at=None, valid_until__lte=timezone.now()).order_by("id")
        return {
            "expired": [str(expire_membership(membership)) for membership in over.select_related("user")],
            "signals": [str(signal) for project in Project.objects.all() for signal in signal_quality(project)],
        }

    def told(self, report: dict[str, Any]) -> str:
        lines = [f"Expired: {name}" for name in report["expired"]]
        lines += [f"Quality signal: {name}" for name in report["signals"]]
        return "\n".join(lines or ["Nothing is due."])
