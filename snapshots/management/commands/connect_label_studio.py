"""Connect a project with one of Label Studio's."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.db import transaction
from django.urls import reverse

from audit.management.command import ReportingCommand
from labelop.label_studio.secrets import HEADER, secret_of
from labelop.models import Project
from labelop.services.connections import connect_label_studio
from labelop.services.projects import create_project

from ..arguments import user_called


class Command(ReportingCommand):
    help = "Bring a project in from one of Label Studio's; tells the secret of its webhooks this once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("url", metavar="URL", help="the page of the project there: …/projects/3")
        parser.add_argument("--project", required=True, metavar="SLUG", help="made when missing")
        parser.add_argument("--reason", required=True)
        parser.add_argument("--as", dest="by", metavar="USER", help="default: the service account operator")

    def report(self, **options: Any) -> dict[str, Any]:
        slug, reason, by = options["project"], options["reason"], user_called(options["by"])
        with transaction.atomic():
            project = Project.objects.filter(slug=slug).first() or create_project(slug, slug, by=by, reason=reason)
            connection = connect_label_studio(project, options["url"], by=by, reason=reason)
        return {
            "receiver": reverse("label_studio", args=[connection.receiver]),
            "header": HEADER,
            "secret": secret_of(connection),
        }
