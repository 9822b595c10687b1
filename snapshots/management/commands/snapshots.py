"""List a project's snapshots."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from audit.management.command import ReportingCommand
from snapshots.chapters import chapters_of
from snapshots.services.snapshots import seal_snapshots

from ..arguments import project_called


class Command(ReportingCommand):
    help = "List a project's snapshots, oldest first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("project", metavar="PROJECT")

    def report(self, **options: Any) -> dict[str, Any]:
        project = project_called(options["project"])
        seal_snapshots(project)
        return {
            "project": project.slug,
            "snapshots": [
                {
                    "name": chapter.snapshot.name,
                    "number": chapter.snapshot.number,
                    "taken_at": chapter.snapshot.entry.at.isoformat(),
                    "items": chapter.snapshot.sealed("sections")["items"]["count"],
                    "annotations": chapter.snapshot.sealed("sections")["annotations"]["count"],
                    "content_hash": chapter.snapshot.content_hash,
                    "manifest_hash": chapter.snapshot.manifest_hash,
                    "entries_since_previous": chapter.entries,
                }
                for chapter in chapters_of(project)
            ],
        }

    def told(self, report: dict[str, Any]) -> str:
        if not report["snapshots"]:
            return f"{report['project']} has no snapshot yet: take one with take_snapshot."
        return "\n".join(
            f"{each['number']:>4}  {each['name']:<20} {each['taken_at'][:16]}  {each['items']:>8,} items "
            f"{each['annotations']:>9,} annotations  {each['content_hash'][:12]}  "
            f"{each['entries_since_previous']:,} entries before it"
            for each in report["snapshots"]
        )
