"""Go back to a snapshot, or see what that would change."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError

from audit.management.command import FOUND, ReportingCommand
from labelop.models import Project
from snapshots.restore import Preview, preview_restore
from snapshots.scopes import EditsBetween, EditsOf, Everything, OneClass, Scope
from snapshots.services.restore import restore

from ..arguments import class_called, moment, person_called, project_called, snapshot_called, user_called

# How many records are named for people; JSON names them all.
_NAMED = 50


class Command(ReportingCommand):
    help = "Bring a project back to a snapshot by a new act; nothing newer is lost."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("project", metavar="PROJECT")
        parser.add_argument("snapshot", metavar="SNAPSHOT")
        parser.add_argument("--class", dest="label_class", metavar="KEY", help="only the marks of this class")
        parser.add_argument("--person", help="only this person's edits since: a username or a pseudonym")
        parser.add_argument("--from", dest="start", metavar="TIME", help="only what was done from then on")
        parser.add_argument("--to", dest="end", metavar="TIME", help="only what was done before then")
        parser.add_argument("--reason", default="")
        parser.add_argument("--as", dest="by", metavar="USER", help="default: the service account operator")
        parser.add_argument("--dry-run", action="store_true", help="change nothing, only tell")

    def report(self, **options: Any) -> dict[str, Any]:
        project = project_called(options["project"])
        snapshot = snapshot_called(project, options["snapshot"])
        scope = _scope(project, options)
        if options["dry_run"]:
            preview, entry = preview_restore(project, snapshot, scope), None
        else:
            done = restore(
                project,
                snapshot,
                scope,
                by=user_called(options["by"]),
                reason=options["reason"],
                progress=lambda records: self.progress(records, None, "records restored"),
            )
            preview, entry = done.preview, done.entry.pk
        return {"entry": entry, "scope": scope.told(project), **_plain(preview)}

    def told(self, report: dict[str, Any]) -> str:
        done = "would go back" if report["entry"] is None else "went back"
        lines = [
            f"{report['records']:,} records {done} ({report['scope']}): {len(report['differences']):,} differences, "
            f"{report['unseen']:,} without a visible one; {len(report['left_alone']):,} left alone."
        ]
        lines += [f"  {one['kind']} {one['key']}" for one in report["differences"][:_NAMED]]
        lines += [f"  left alone: {one['key']}: {one['why']}" for one in report["left_alone"][:_NAMED]]
        return "\n".join(lines)

    def exit_code(self, report: dict[str, Any]) -> int:
        return FOUND if report["left_alone"] else 0


def _scope(project: Project, options: dict[str, Any]) -> Scope:
    by_time = options["start"] or options["end"]
    if sum(bool(chosen) for chosen in (options["label_class"], options["person"], by_time)) > 1:
        raise ValidationError("Name a class, a person or a time range, not several of them.")
    if options["label_class"]:
        return OneClass(class_called(project, options["label_class"]))
    if options["person"]:
        return EditsOf(person_called(project, options["person"]), project)
    if by_time:
        return EditsBetween(_moment(options["start"]), _moment(options["end"]))
    return Everything()


def _moment(text: str | None) -> datetime | None:
    if not text:
        return None
    at = moment(text)
    if at is None:
        raise ValidationError(f"{text} is no date and no time.")
    return at


def _plain(preview: Preview) -> dict[str, Any]:
    return {
        "records": preview.records,
        "unseen": preview.unseen,
        "differences": [
            {
                "section": one.section,
                "key": one.key,
                "kind": one.kind,
                "before": one.before,
                "after": one.after,
                "operations": [str(operation) for operation in one.operations],
            }
            for one in preview.differences
        ],
        "left_alone": [{"section": one.section, "key": one.key, "why": one.why} for one in preview.left_alone],
    }
