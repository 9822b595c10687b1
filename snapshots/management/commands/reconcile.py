"""Hold the versions of a project against its entries."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError

from audit.management.command import FOUND, ReportingCommand
from snapshots.reconciliation import Finding, reconcile

from ..arguments import project_called, snapshot_called


class Command(ReportingCommand):
    help = "Give every difference the account of it; without FROM and TO, from the beginning until now."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("project", metavar="PROJECT")
        parser.add_argument("before", metavar="FROM", nargs="?")
        parser.add_argument("after", metavar="TO", nargs="?")
        parser.add_argument("--full", action="store_true", help="also hold live rows and kept hashes against versions")

    def report(self, **options: Any) -> dict[str, Any]:
        project = project_called(options["project"])
        if options["before"] and not options["after"]:
            raise ValidationError("Name both snapshots, or none.")
        before = snapshot_called(project, options["before"]) if options["before"] else None
        after = snapshot_called(project, options["after"]) if options["after"] else None
        found = reconcile(project, before, after, live=options["full"])
        return {
            **found.counts,
            "differences": found.differences,
            "returned": found.returned,
            "live_checked": found.live_checked,
            "findings": [_plain(finding) for finding in found.findings],
            "adjusted_findings": [{**_plain(finding), "adjustment": finding.adjustment} for finding in found.adjusted],
        }

    def told(self, report: dict[str, Any]) -> str:
        lines = [
            f"{report['differences']:,} differences = {report['accounted']:,} accounted for and reviewed "
            f"+ {report['not_reviewed']:,} not reviewed + {report['bulk']:,} in bulk "
            f"+ {report['adjusted']:,} adjusted by two people "
            f"+ {report['unexplained']:,} unexplained + {report['out_of_step']:,} out of step. "
            f"{report['returned']:,} more changed and came back; {report['live_checked']:,} live rows checked."
        ]
        lines += [
            f"  {finding['table']} {finding['id']}, {finding['field']}: "
            + (f"operation {finding['operation']}" if finding["operation"] else "differs from its newest version")
            for finding in report["findings"]
        ]
        lines += [
            f"  {finding['table']} {finding['id']}, {finding['field']}: operation {finding['operation']}, "
            f"adjusted by adjustment {finding['adjustment']}"
            for finding in report["adjusted_findings"]
        ]
        return "\n".join(lines)

    def exit_code(self, report: dict[str, Any]) -> int:
        return FOUND if report["findings"] else 0


def _plain(finding: Finding) -> dict[str, Any]:
    return {
        "table": finding.table,
        "id": finding.id,
        "field": finding.field,
        "operation": str(finding.operation) if finding.operation else None,
    }
