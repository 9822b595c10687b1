"""What is due: ends the memberships whose time is over, and notes what stands out."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from audit.management.command import ReportingCommand
from roles.models import Membership
from roles.services import expire_membership
from snapshots.services.anomalies import note_what_stands_out


class Command(ReportingCommand):
    help = "Do what is due: end memberships whose time is over, note anomalies. Run it daily; again does no harm."

    def report(self, **options: Any) -> dict[str, Any]:
        # Memberships first: the permissions of one whose time is over are gone before strays are looked for.
        return {"expired": _expire_memberships(), "anomalies": _note_anomalies()}

    def told(self, report: dict[str, Any]) -> str:
        lines = [f"{what.capitalize()}: {each}" for what, done in report.items() for each in done]
        return "\n".join(lines or ["Nothing is due."])


def _expire_memberships() -> list[str]:
    over = Membership.objects.filter(ended_at=None, valid_until__lte=timezone.now()).order_by("id")
    return [f"membership {expire_membership(membership).pk}" for membership in over]


def _note_anomalies() -> list[str]:
    return [f"{anomaly.pk}, {anomaly}" for anomaly in note_what_stands_out()]
