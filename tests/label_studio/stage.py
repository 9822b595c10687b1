"""A project connected with a small Label Studio, its webhooks posted as it would, and its pulls."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from django.db import connection as database
from django.test import Client

from audit.models import Entry
from labelop.label_studio.secrets import secret_of
from labelop.models import Connection, Project
from labelop.services.connections import connect_label_studio
from labelop.services.label_studio import Pulled, pull
from labelop.services.projects import create_project
from roles.models import User

from .studio import TOKEN, Studio


@dataclass
class Connected:
    """`olga` owns the project; `post` is a webhook, `pull` what follows it."""

    olga: User
    project: Project
    studio: Studio
    connection: Connection
    client: Client = field(default_factory=Client)

    @property
    def secret(self) -> dict[str, str]:
        return {"X-LabelOp-Secret": secret_of(self.connection)}

    def post(self, body: Any, headers: dict[str, str] | None = None) -> int:
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = self.client.post(
            f"/api/v1/connect/label-studio/{self.connection.receiver}/",
            text,
            content_type="application/json",
            headers=self.secret if headers is None else headers,
        )
        return answer.status_code

    def told(self, action: str, **rows: Any) -> int:
        return self.post({"action": action, "project": self.studio.projects[self.connection.number], **rows})

    def pull(self, **options: Any) -> Pulled:
        return pull(self.connection, TOKEN, by=self.olga, **options)


def connected(olga: User, studio: Studio, slug: str, number: int) -> Connected:
    project = create_project(slug, slug, by=olga, owner=olga)
    connection = connect_label_studio(project, f"{studio.address}/projects/{number}", by=olga, reason="Work is there")
    return Connected(olga, project, studio, connection)


def told_of(entry: Entry) -> tuple[str, str, str]:
    """An entry as a story's last line: what, by whom there, and how it is known."""
    return entry.event, str(entry.attributed_to or "").rpartition("/")[2], entry.source.split(" ", 2)[2]


def texts_of_every_table() -> str:
    """All that the database holds, as one text."""
    found = []
    with database.cursor() as cursor:
        for table in database.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            found += [str(value) for row in cursor.fetchall() for value in row]
    return "\n".join(found)
