"""Tell the past of one item."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from audit.management.command import ReportingCommand
from roles.telling import entry_as_dict
from snapshots.past import history_of

from ..arguments import add_item, item_asked


class Command(ReportingCommand):
    help = "Tell every version of an item and its annotations, oldest first, with the entries that explain it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        add_item(parser)

    def report(self, **options: Any) -> dict[str, Any]:
        item, names = item_asked(options)
        return {
            "project": item.project.slug,
            "item": item.key,
            "versions": [
                {
                    "at": step.version.history_date.isoformat(),
                    "annotation": step.key or None,
                    "operation": str(step.version.operation),
                    "fields": step.fields,
                    "before": step.before,
                    "after": step.after,
                    "entries": [entry_as_dict(entry, names) for entry in step.entries],
                }
                for step in history_of(item)
            ],
        }

    def told(self, report: dict[str, Any]) -> str:
        lines = [f"{report['project']} · {report['item']}"]
        for version in report["versions"]:
            what = f"annotation {version['annotation']}" if version["annotation"] else "item"
            why = version["entries"][0] if version["entries"] else None
            account = f"{why['event']}: {why['reason'] or 'reason not recorded'}" if why else "unexplained"
            lines.append(f"{version['at'][:16]}  {what}  {', '.join(version['fields']) or 'no field'}  {account}")
        return "\n".join(lines)
