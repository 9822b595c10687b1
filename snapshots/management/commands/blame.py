"""Tell for each value of an item which act last set it."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from audit.management.command import ReportingCommand
from roles.telling import actor_told
from snapshots.past import blame_of

from ..arguments import add_item, item_asked


class Command(ReportingCommand):
    help = "Tell for each value of an item and its annotations the operation, role and reason that last set it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        add_item(parser)

    def report(self, **options: Any) -> dict[str, Any]:
        item, names = item_asked(options)
        values = []
        for (annotation, name), step in blame_of(item).items():
            entry = step.entry
            values.append(
                {
                    "annotation": annotation or None,
                    "field": name,
                    "at": step.version.history_date.isoformat(),
                    "operation": str(step.version.operation),
                    "event": entry.event if entry else "change.unexplained",
                    "actor": actor_told(entry, names) if entry else None,
                    "role": (entry.role or None) if entry else None,
                    "reason": (entry.reason or None) if entry else None,
                }
            )
        return {"project": item.project.slug, "item": item.key, "values": values}

    def told(self, report: dict[str, Any]) -> str:
        return "\n".join(
            f"{value['annotation'] or 'item':>8}  {value['field']:<14} {value['at'][:16]}  "
            f"{value['actor'] or 'not recorded'}: {value['reason'] or 'reason not recorded'}"
            for value in report["values"]
        )
