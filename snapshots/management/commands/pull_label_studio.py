"""Pull a project from Label Studio."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError

from audit.management.command import FOUND, ReportingCommand
from labelop.connectors.errors import BadFile
from labelop.label_studio.addresses import base_and_number
from labelop.models import Connection, Project
from labelop.services.label_studio import pull

from ..arguments import project_called, user_called

TOKEN = "LABEL_STUDIO_TOKEN"  # noqa: S105 - the name of a variable


class Command(ReportingCommand):
    help = f"Bring a project to what Label Studio holds now; its token is read from {TOKEN} or a file, never stored."
    bad_input = (BadFile,)

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("url", metavar="URL", help="the address of the Label Studio that is connected")
        parser.add_argument("--project", required=True, metavar="SLUG")
        parser.add_argument("--token-file", type=Path, metavar="FILE", help=f"instead of {TOKEN}")
        parser.add_argument("--as", dest="by", metavar="USER", help="default: the service account operator")
        parser.add_argument("--keep-going", action="store_true", help="leave out tasks not understood, and list them")

    def report(self, **options: Any) -> dict[str, Any]:
        connection = _connection_of(project_called(options["project"]), options["url"])
        pulled = pull(
            connection,
            _token(options["token_file"]),
            by=user_called(options["by"]),
            keep_going=options["keep_going"],
            progress=lambda done, of: self.progress(done, of, "tasks pulled"),
        )
        counts = pulled.counts
        return {
            "tasks": pulled.tasks,
            "annotations": pulled.annotations,
            "added": counts.added,
            "changed": counts.changed,
            "removed": counts.removed,
            "explained_by_hook": counts.explained,
            "unexplained_by_hook": counts.unexplained,
            "only_told": pulled.told,
            "left_out": pulled.left_out,
        }

    def told(self, report: dict[str, Any]) -> str:
        lines = [f"left out: {left}" for left in report["left_out"]]
        lines.append(f"{report['tasks']:,} tasks, {report['annotations']:,} annotations.")
        lines.append(f"Added {report['added']:,}, changed {report['changed']:,}, removed {report['removed']:,}.")
        lines.append(
            f"Webhooks told of {report['explained_by_hook']:,} of them, and not of {report['unexplained_by_hook']:,}."
        )
        return "\n".join(lines)

    def exit_code(self, report: dict[str, Any]) -> int:
        return FOUND if report["left_out"] else 0


def _connection_of(project: Project, url: str) -> Connection:
    connection = Connection.objects.filter(project=project, removed_at=None).select_related("project").first()
    if connection is None:
        raise ValidationError(f"{project.slug} is not connected: an owner connects it, or connect_label_studio does.")
    base, number = base_and_number(url)
    if base != connection.address or number not in (None, connection.number):
        raise ValidationError(f"{project.slug} is connected with {connection}, not with {url}.")
    return connection


def _token(file: Path | None) -> str:
    token = file.read_text().strip() if file else os.environ.get(TOKEN, "").strip()
    if not token:
        raise ValidationError(f"Label Studio is asked with a token: set {TOKEN}, or name a file with --token-file.")
    if not token.isascii() or not token.isprintable():
        raise ValidationError("This is no token.")
    return token
