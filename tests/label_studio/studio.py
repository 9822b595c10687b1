"""A small Label Studio on this very machine: real HTTP, its answers as the real one gives them, its state by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Studio:
    """Projects and tasks by number; a task holds its annotations. `breaks_at` is a number of requests it answers."""

    port: int = 0
    projects: dict[int, dict[str, Any]] = field(default_factory=dict)
    tasks: dict[int, dict[str, Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    breaks_at: int | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answer(self, path: str) -> tuple[int, Any]:
        self.asked.append(path)
        if self.breaks_at is not None and len(self.asked) > self.breaks_at:
            return 500, {"detail": "broken"}
        parts = urlsplit(path)
        noun, _, number = parts.path.removeprefix("/api/").strip("/").partition("/")
        if noun == "projects" and int(number) in self.projects:
            return 200, self.projects[int(number)]
        if noun == "tasks" and not number:
            return 200, {"tasks": self._page({key: values[0] for key, values in parse_qs(parts.query).items()})}
        if noun == "tasks" and int(number) in self.tasks:
            return 200, self.tasks[int(number)]
        return 404, {"detail": "Not found."}

    def _page(self, asked: dict[str, str]) -> list[dict[str, Any]]:
        last = json.loads(asked["query"])["filters"]["items"][0]["value"]
        after = [self.tasks[number] for number in sorted(self.tasks) if number > last]
        return [task for task in after if task["project"] == int(asked["project"])][: int(asked["page_size"])]


class _Handler(BaseHTTPRequestHandler):
    server: Any

    def do_GET(self) -> None:
        allowed = self.headers["authorization"] == f"Token {TOKEN}"
        status, answer = self.server.studio.answer(self.path) if allowed else (401, {"detail": "Invalid token."})
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Tests say what went wrong."""


@contextmanager
def studio_running() -> Iterator[Studio]:
    studio = Studio()
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        studio.port = server.server_address[1]
        server.studio = studio  # type: ignore[attr-defined]
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield studio
        finally:
            server.shutdown()
            thread.join()


# What a project, a task and an annotation look like there.


def config(*labels: str) -> dict[str, Any]:
    attributes = {label: {"value": label, "background": "#FF0000"} for label in labels}
    return {"label": {"type": "RectangleLabels", "labels": list(labels), "labels_attrs": attributes}}


def project(number: int, *labels: str) -> dict[str, Any]:
    return {"id": number, "title": "Pets", "token": "t0ken-of-the-project", "parsed_label_config": config(*labels)}


def region(label: str, x: int = 10) -> dict[str, Any]:
    value = {"x": x, "y": 20, "width": 30, "height": 40, "rotation": 0, "rectanglelabels": [label]}
    size = {"original_width": 100, "original_height": 100, "image_rotation": 0}
    names = {"id": f"r{x}", "type": "rectanglelabels", "from_name": "label", "to_name": "image"}
    return {**names, **size, "value": value}


def annotation(number: int, task: int, result: list[Any], by: int, at: str, **more: Any) -> dict[str, Any]:
    return {
        "id": number, "task": task, "project": 7, "result": result, "completed_by": by, "updated_by": by,
        "was_cancelled": False, "ground_truth": False, "created_at": at, "updated_at": at, "lead_time": 3.0,
        "created_username": "Ana A ana@example.test, 2", "created_ago": "0 minutes", **more,
    }  # fmt: skip


def task(number: int, *annotations: dict[str, Any], project: int = 7) -> dict[str, Any]:
    return {
        "id": number, "project": project, "inner_id": number, "data": {"image": f"/data/upload/{number}.jpg"},
        "meta": {}, "created_at": "2026-03-01T09:00:00Z", "updated_at": "2026-03-01T09:00:00Z", "file_upload": None,
        "annotations": list(annotations), "predictions": [], "drafts": [], "total_annotations": len(annotations),
    }  # fmt: skip
