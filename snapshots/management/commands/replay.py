"""Replay a labelhist/1 history into a project."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from audit.management.command import FOUND, ReportingCommand
from labelop.connectors.labelhist import BadHistory
from snapshots.services.replay import replay_history

from ..arguments import user_called


class Command(ReportingCommand):
    help = "Replay a labelhist/1 history: its batches become acts, its releases snapshots."
    bad_input = (BadHistory,)

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--project", required=True, metavar="SLUG")
        parser.add_argument("--as", dest="by", metavar="USER", help="default: the service account replay")
        parser.add_argument("--keep-going", action="store_true", help="leave bad changes out, and list them")

    def report(self, **options: Any) -> dict[str, Any]:
        replayed = replay_history(
            options["file"],
            options["project"],
            by=user_called(options["by"]) if options["by"] else None,
            keep_going=options["keep_going"],
            progress=lambda changes: self.progress(changes, None, "changes replayed"),
        )
        return {
            "items": replayed.items,
            "changes": replayed.changes,
            "operations": replayed.operations,
            "snapshots": replayed.snapshots,
            "new_operations": replayed.new_operations,
            "left_out": list(replayed.left_out),
        }

    def told(self, report: dict[str, Any]) -> str:
        lines = [f"left out: {left}" for left in report["left_out"]]
        lines.append(
            f"{report['changes']:,} changes in {report['operations']:,} acts, "
            f"{report['new_operations']:,} of them new; {report['items']:,} items, {report['snapshots']} snapshots."
        )
        return "\n".join(lines)

    def exit_code(self, report: dict[str, Any]) -> int:
        return FOUND if report["left_out"] else 0
