"""Tell what differs between two snapshots."""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from audit.management.command import ReportingCommand
from snapshots.differences import differences

from ..arguments import project_called, snapshot_called


class Command(ReportingCommand):
    help = "Tell what differs between two snapshots of a project."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("project", metavar="PROJECT")
        parser.add_argument("before", metavar="FROM")
        parser.add_argument("after", metavar="TO")

    def report(self, **options: Any) -> dict[str, Any]:
        project = project_called(options["project"])
        before, after = (snapshot_called(project, options[name]) for name in ("before", "after"))
        return asdict(differences(project, before, after))

    def told(self, report: dict[str, Any]) -> str:
        identity = report["identity"]
        lines = [
            f"{len(report['added']):,} items added, {len(report['removed']):,} removed, "
            f"{len(report['changed']):,} changed, {report['unchanged']:,} unchanged.",
            f"{identity['opening']:,} + {identity['added']:,} − {identity['removed']:,} = {identity['closing']:,} "
            + ("✓" if identity["holds"] else "✗ does not add up"),
        ]
        lines += [f"  {name}: {count:,} items" for name, count in sorted(report["fields"].items())]
        lines += [f"  {move}: {count:,}" for move, count in report["moves"].items()]
        lines += [f"  class {_told(change)}" for change in report["schema"]]
        return "\n".join(lines)


def _told(change: dict[str, Any]) -> str:
    if change["kind"] != "changed":
        return f"{change['name'] or change['before']}: {change['kind']}"
    called = change["name"] if change["name"] == change["before"] else f"{change['before']}, now {change['name']}"
    return f"{called}: {', '.join(change['fields'])} changed"
