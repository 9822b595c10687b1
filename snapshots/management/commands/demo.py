"""Build the demo and serve it."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management import call_command

from audit.history import tracked_models, versions_of
from audit.management.command import ReportingCommand
from audit.models import Entry
from labelop.connectors.labelhist import BadHistory
from labelop.models import Project
from roles.models import User
from snapshots.models import Snapshot
from snapshots.services.replay import replay_history

from ..story import PASSWORD, TEAM, tell_story


class Command(ReportingCommand):
    help = "Build the demo team and its project, and serve the admin on this machine."
    bad_input = (BadHistory,)

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--history", type=Path, metavar="FILE", help="replay a labelhist/1 history beside it")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--no-serve", action="store_true", help="build only, and print the summary")

    def report(self, **options: Any) -> dict[str, Any]:
        if not settings.LOCAL:
            raise ValidationError("The demo has well-known passwords: it is built on one's own machine only.")
        tell_story()
        if options["history"]:
            self._replay(options["history"])
        return {
            "projects": Project.objects.count(),
            "snapshots": Snapshot.objects.count(),
            "entries": Entry.objects.count(),
            "versions": sum(versions_of(model)._default_manager.count() for model in tracked_models()),
            "logins": [{"username": name, "password": PASSWORD, "role": role.value} for name, role in TEAM.items()],
        }

    def _replay(self, path: Path) -> None:
        slug = path.name.split(".")[0]
        olga = User.objects.get(username="olga")
        replay_history(path, slug, by=olga, progress=lambda changes: self.progress(changes, None, "changes replayed"))

    def told(self, report: dict[str, Any]) -> str:
        lines = [
            f"{report['projects']} projects, {report['snapshots']} snapshots, {report['entries']:,} entries, "
            f"{report['versions']:,} versions.",
            f"Log in as {', '.join(login['username'] for login in report['logins'])}; the password is: {PASSWORD}",
        ]
        return "\n".join(lines)

    def handle(self, *args: Any, **options: Any) -> None:
        super().handle(*args, **options)
        if not options["no_serve"]:
            self.stderr.write(f"Serving http://127.0.0.1:{options['port']}/ until Ctrl-C.")
            call_command("runserver", f"127.0.0.1:{options['port']}", use_reloader=False)
