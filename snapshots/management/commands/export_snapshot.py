"""Export a snapshot with what is needed to verify it."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from audit.management.command import ReportingCommand
from snapshots.services.exports import export_snapshot

from ..arguments import project_called, snapshot_called, user_called


class Command(ReportingCommand):
    help = "Write a snapshot's records, manifest, changes and entries, and a verifier, into a folder."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("project", metavar="PROJECT")
        parser.add_argument("name", metavar="NAME")
        parser.add_argument("folder", metavar="DIR", type=Path)
        parser.add_argument("--as", dest="by", metavar="USER", help="default: the service account operator")

    def report(self, **options: Any) -> dict[str, Any]:
        snapshot = snapshot_called(project_called(options["project"]), options["name"])
        by = user_called(options["by"])
        records = export_snapshot(
            snapshot,
            options["folder"],
            by=by,
            reason="Exported on the command line",
            progress=lambda done: self.progress(done, None, "records written"),
        )
        return {
            "folder": str(options["folder"]),
            "records": records,
            "content_hash": snapshot.content_hash,
            "manifest_hash": snapshot.manifest_hash,
        }
