"""Take a snapshot of a project."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from audit.acting import GateBusy
from audit.management.command import ReportingCommand
from snapshots.models import Purpose
from snapshots.services.snapshots import take_snapshot

from ..arguments import project_called, user_called


class Command(ReportingCommand):
    help = "Name the state of a project."
    bad_input = (GateBusy,)

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("project", metavar="PROJECT")
        parser.add_argument("name", metavar="NAME")
        parser.add_argument("--purpose", choices=Purpose.values, default=Purpose.ROUTINE)
        parser.add_argument("--note", default="")
        parser.add_argument("--as", dest="by", metavar="USER", help="default: the service account operator")

    def report(self, **options: Any) -> dict[str, Any]:
        taken = take_snapshot(
            project_called(options["project"]),
            options["name"],
            by=user_called(options["by"]),
            purpose=Purpose(options["purpose"]),
            note=options["note"],
            reason=options["note"] or "Taken on the command line",
        )
        return {
            "name": taken.snapshot.name,
            "number": taken.snapshot.number,
            "content_hash": taken.snapshot.content_hash,
            "manifest_hash": taken.snapshot.manifest_hash,
            "seconds_gate_held": taken.seconds_gate_held,
            "seconds_gate_waited": taken.seconds_gate_waited,
        }
