"""Answer who changed what between two moments, in which role, and why."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError

from audit.events import Impact
from audit.management.command import ReportingCommand
from audit.models import Entry
from labelop.models import Project
from roles.telling import Pseudonyms, actor_told, subject_told
from snapshots.acts import Act, acts_of, as_markdown, span

from ..arguments import add_viewer, moment, project_called, pseudonyms_told, snapshot_called


class Command(ReportingCommand):
    help = "Answer who changed what between two snapshots or dates, in which role, and why."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("project", metavar="PROJECT")
        parser.add_argument("before", metavar="FROM", nargs="?", help="a snapshot or a date")
        parser.add_argument("after", metavar="TO", nargs="?", help="a snapshot or a date")
        parser.add_argument("--release", metavar="NAME", help="the chapter that led to this snapshot")
        parser.add_argument("--impact", choices=[impact.name.lower() for impact in Impact])
        parser.add_argument("--markdown", action="store_true", help="a page to paste into a ticket")
        add_viewer(parser)

    def report(self, **options: Any) -> dict[str, Any]:
        project = project_called(options["project"])
        entries, title = self._entries(project, options)
        if options["impact"]:
            entries = entries.filter(impact=Impact[options["impact"].upper()])
        self.title, self.acts, self.markdown = title, acts_of(entries), options["markdown"]
        self.names = pseudonyms_told(project, options)
        return {"project": project.slug, "window": title, "acts": [act.as_dict(self.names) for act in self.acts]}

    def told(self, report: dict[str, Any]) -> str:
        if self.markdown:
            return as_markdown(report["project"], self.title, self.acts, self.names)
        if not self.acts:
            return f"Nothing is recorded for {self.title}."
        return "\n".join(line for act in self.acts for line in _lines(act, self.names))

    def _entries(self, project: Project, options: dict[str, Any]) -> tuple[Any, str]:
        if options["release"]:
            snapshot = snapshot_called(project, options["release"])
            return span(project, snapshot.parent, snapshot), f"the chapter of {snapshot.name}"
        if not options["before"] or not options["after"]:
            raise ValidationError("Name FROM and TO, or --release NAME.")
        ends = [_end(project, options[name]) for name in ("before", "after")]
        return span(project, *ends), f"{options['before']} – {options['after']}"


def _end(project: Project, text: str) -> Any:
    """A snapshot of that name, else a moment."""
    if project.snapshots.filter(name=text).exists():
        return snapshot_called(project, text)
    at = moment(text)
    if at is None:
        raise ValidationError(f"{text} is neither a snapshot of {project.slug} nor a date (2026-10-31).")
    return at


def _lines(act: Act, names: Pseudonyms) -> list[str]:
    return [_line(entry, names) for entry in act.entries]


def _line(entry: Entry, names: Pseudonyms) -> str:
    many = f" × {entry.records:,}" if entry.records > 1 else ""
    return (
        f"{entry.at:%Y-%m-%d %H:%M}  {entry.label}{many}  {subject_told(entry, names)}  "
        f"by {actor_told(entry, names)}: {entry.reason or 'reason not recorded'}"
    )
