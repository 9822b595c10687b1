"""What the API's streams cost: rows per second, and how far the process grows while they are sent.

    DATABASE_URL=… python benchmarks/streams.py [--rows 100000] [--json]

Builds a project of as many marks and as many entries in a scratch database, and asks for its snapshot, its versions and
its trail, and for its exports as archives, with a token through the whole WSGI application; what is sent is counted and
thrown away, as a fast reader would take it. Each is asked twice, and the second is what is told.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from datetime import timedelta
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from django.core.wsgi import get_wsgi_application
from django.test import RequestFactory
from django.test.utils import override_settings
from django.utils import timezone

import benchmarks.measure as measure  # before any model: it sets Django up
from audit.acting import operation
from audit.events import Event
from audit.models import Entry
from benchmarks.export import build
from labelop.models import Project
from roles.matrix import Role, Scope
from roles.models import User
from roles.services import issue_token, operator_account, service_account
from snapshots.forms.streams import ExportSnapshot
from snapshots.services.snapshots import take_snapshot

AT_ONCE = 5000


def tell(project: Project, entries: int, by: User) -> None:
    """Fill a trail with entries as work leaves them."""
    for start in range(0, entries, AT_ONCE):
        with operation(by=by) as act:
            Entry.objects.bulk_create(
                Entry(
                    operation=act.operation,
                    project=project,
                    event=Event.ANNOTATION_SAVED,
                    impact=Event.ANNOTATION_SAVED.impact,
                    actor=by,
                    actor_name=str(by),
                    role=Role.ANNOTATOR,
                    channel="api",
                    subject_type="labelop.annotation",
                    subject_id=number,
                    subject_name=f"{number:06}.jpg",
                    after={"class": "class 1"},
                    at=timezone.now(),
                )
                for number in range(start, min(start + AT_ONCE, entries))
            )


class Reader:
    """Whoever asks with a token, and counts the lines and the octets of what comes."""

    def __init__(self, secret: str) -> None:
        self.application = get_wsgi_application()
        self.headers = {"authorization": f"Bearer {secret}"}
        self.lines = self.octets = 0

    def take(self, address: str, body: dict[str, Any]) -> None:
        asked = RequestFactory().post(
            f"/api/v1/{address}", json.dumps(body), content_type="application/json", headers=self.headers
        )
        environ = {**asked.environ, "wsgi.input": BytesIO(json.dumps(body).encode())}
        self.lines = self.octets = 0
        answer = self.application(environ, partial(self._begin, address))
        for piece in answer:
            self.lines += piece.count(b"\n")
            self.octets += len(piece)
        answer.close()

    def _begin(self, address: str, status: str, headers: list[Any], error: Any = None) -> Any:
        if not status.startswith("200"):
            raise SystemExit(f"{address} answered {status}.")


def figures(reader: Reader, rows: int, address: str, **asked: str) -> dict[str, Any]:
    body = {**asked, "reason": "To measure"}
    reader.take(address, body)
    told = measure.of_rows("rows", rows, partial(reader.take, address, body))
    return {**told, "MB": reader.octets / 1e6}


def main() -> None:
    parser = argparse.ArgumentParser(description="Stream a snapshot, its versions and a trail through the API.")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    logging.disable(logging.CRITICAL)
    with measure.scratch_database(), override_settings(ALLOWED_HOSTS=["testserver"]):
        operator, tool = operator_account(), service_account("bench")
        project = build(asked.rows, tool)
        snapshot = take_snapshot(project, "all", by=operator, reason="To measure").snapshot
        tell(project, asked.rows, tool)
        until = timezone.now() + timedelta(days=1)
        secret = issue_token(tool, "bench", by=operator, reason="To measure", scopes=Scope, expiry=until)[1]
        reader = Reader(secret)
        told: dict[str, Any] = {"rows": asked.rows}
        told["trail"] = figures(reader, asked.rows, f"projects/{project.slug}/stream-trail/")
        told["snapshot"] = figures(reader, asked.rows, f"snapshots/{snapshot.pk}/stream/")
        told["versions"] = figures(reader, asked.rows, f"projects/{project.slug}/stream-versions/")
        for form, _ in ExportSnapshot.base_fields["form"].choices:  # type: ignore[attr-defined]
            told[f"{form}, as a zip"] = figures(reader, asked.rows, f"snapshots/{snapshot.pk}/export/", form=form)
        measure.report("Streams of the API", told, as_json=asked.json)


if __name__ == "__main__":
    main()
