"""Import what was labelled with another tool."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from audit.management.command import FOUND, ReportingCommand
from labelop.connectors.errors import BadFile
from labelop.connectors.formats import READERS
from labelop.services.imports import import_file, sentences_of

from ..arguments import user_called


class Command(ReportingCommand):
    help = "Bring a project to what a file of another tool says; the same file again changes nothing."
    bad_input = (BadFile,)

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("path", type=Path, metavar="PATH", help="a file, a folder or a zip archive")
        parser.add_argument("--project", required=True, metavar="SLUG", help="made when missing")
        parser.add_argument("--format", default="", metavar="F", help=f"one of {', '.join(READERS)}; else recognised")
        parser.add_argument("--split", default="", help="the split of all its items, whatever the file says")
        parser.add_argument("--whole", action="store_true", help="exclude the items that the file does not hold")
        parser.add_argument("--as", dest="by", metavar="USER", help="default: the service account operator")
        parser.add_argument("--keep-going", action="store_true", help="leave bad records out, and list them")

    def report(self, **options: Any) -> dict[str, Any]:
        imported = import_file(
            options["path"],
            options["project"],
            by=user_called(options["by"]),
            format_name=options["format"],
            split=options["split"],
            keep_going=options["keep_going"],
            whole=options["whole"],
            progress=lambda items: self.progress(items, None, "items read"),
        )
        return {**imported.as_dict()}

    def told(self, report: Any) -> str:
        lines = [f"left out: {left}" for left in report["left_out"]] + report["notes"]
        return "\n".join([*lines, *sentences_of(report)])

    def exit_code(self, report: dict[str, Any]) -> int:
        return FOUND if report["left_out"] else 0
