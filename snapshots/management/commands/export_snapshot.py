"""Export a snapshot with what is needed to verify it."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from audit.management.command import ReportingCommand
from roles.models import User
from snapshots.formats import Format
from snapshots.models import Snapshot
from snapshots.services.exports import export_dataset, export_snapshot

from ..arguments import project_called, snapshot_called, user_called


class Command(ReportingCommand):
    help = (
        "Write a snapshot into a folder: its records, manifest, changes and entries with a verifier, or a format for"
        " training with a manifest that says what it could not hold."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("project", metavar="PROJECT")
        parser.add_argument("name", metavar="NAME")
        parser.add_argument("folder", metavar="DIR", type=Path)
        parser.add_argument("--format", choices=Format.values, help="default: what can be verified")
        parser.add_argument("--as", dest="by", metavar="USER", help="default: the service account operator")

    def report(self, **options: Any) -> dict[str, Any]:
        snapshot = snapshot_called(project_called(options["project"]), options["name"])
        by = user_called(options["by"])
        if options["format"]:
            return self.dataset(snapshot, Format(options["format"]), options["folder"], by)
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

    def dataset(self, snapshot: Snapshot, form: Format, folder: Path, by: User) -> dict[str, Any]:
        written = export_dataset(
            snapshot,
            form,
            folder,
            by=by,
            reason="Exported on the command line",
            progress=lambda done: self.progress(done, None, "annotations written"),
        )
        hashes = {"content_hash": snapshot.content_hash, "manifest_hash": snapshot.manifest_hash}
        return {"folder": str(folder), "format": form.value, **written.as_dict(), **hashes}
