"""Asking a Label Studio: GET alone, but for the exchange of a token; no redirects, answers of a bounded size."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import urllib3

from audit.webhooks.addresses import NoWayThere, Target

from .addresses import studio_at, whereabouts

TASKS_AT_ONCE = 50
_LARGEST_ANSWER = 100 * 2**20
_PIECE = 2**20
_TIMES = urllib3.Timeout(connect=10, read=60)
# An answer that was lost or put off is asked for again; nothing that is asked changes anything.
_AGAIN = urllib3.Retry(3, redirect=0, status_forcelist=(429, 502, 503, 504), backoff_factor=0.5, raise_on_status=False)
# A personal access token is a JWT, of three parts, and is exchanged for one that is good for minutes.
_PARTS_OF_A_JWT = 3


class NotTold(OSError):
    """A Label Studio that did not answer what it was asked; as a sentence without the token."""


class Gone(NotTold):
    """It answered that there is no such thing, or none that this token may see."""


class Studio:
    """One Label Studio, asked with one token."""

    def __init__(self, address: str, token: str) -> None:
        self._target = studio_at(address)
        self._token = token
        self._jwt = token.count(".") == _PARTS_OF_A_JWT - 1
        self._authorization = "" if self._jwt else f"Token {token}"
        self._pool = _pool_to(self._target)

    def project(self, number: int) -> dict[str, Any]:
        project = self._get(f"/api/projects/{number}/")
        if not isinstance(project, dict):
            raise NotTold("Label Studio answered with something else than a project.")
        return project

    def tasks(self, number: int) -> Iterator[list[Any]]:
        """The tasks of a project with their annotations, in the order of their ids, some at a time.

        Each is asked for by the id of the last, so none is passed over where others are deleted meanwhile.
        """
        last = 0
        while some := self._tasks_after(number, last):
            yield some
            last = max(_id_of(task) for task in some)

    def task(self, number: str) -> dict[str, Any] | None:
        """One task; None where there is none any more."""
        try:
            task = self._get(f"/api/tasks/{number}/")
        except Gone:
            return None
        if not isinstance(task, dict) or _id_of(task) != int(number):
            raise NotTold("Label Studio answered with something else than the task.")
        return task

    def _tasks_after(self, number: int, last: int) -> list[Any]:
        after = {"filter": "filter:tasks:id", "operator": "greater", "type": "Number", "value": last}
        query = {"filters": {"conjunction": "and", "items": [after]}, "ordering": ["tasks:id"]}
        asked = {"project": number, "fields": "all", "page": 1, "page_size": TASKS_AT_ONCE, "query": json.dumps(query)}
        answer = self._get(f"/api/tasks/?{urlencode(asked)}")
        tasks = answer.get("tasks") if isinstance(answer, dict) else None
        if not isinstance(tasks, list) or any(_id_of(task) <= last for task in tasks):
            raise NotTold("Label Studio answered with something else than the tasks that follow.")
        return tasks

    def _get(self, path: str) -> Any:
        if not self._authorization:
            self._exchange()
        status, answer = self._ask("GET", path, {"Authorization": self._authorization})
        if status == 401 and self._jwt:
            # What it was exchanged for is good for minutes, and a long pull takes longer.
            self._exchange()
            status, answer = self._ask("GET", path, {"Authorization": self._authorization})
        return _understood(status, answer)

    def _exchange(self) -> None:
        body = json.dumps({"refresh": self._token}).encode()
        status, answer = self._ask("POST", "/api/token/refresh", {"Content-Type": "application/json"}, body)
        access = _understood(status, answer)
        if not isinstance(access, dict) or not isinstance(access.get("access"), str):
            raise NotTold("Label Studio does not take this token.")
        self._authorization = f"Bearer {access['access']}"

    def _ask(self, method: str, path: str, headers: dict[str, str], body: bytes | None = None) -> tuple[int, bytes]:
        told = {"Host": _host_of(self._target), "Accept": "application/json", "User-Agent": "LabelOp", **headers}
        whole = self._target.path.rstrip("/") + path
        try:
            answer = self._pool.request(
                method, whole, body=body, headers=told, retries=_AGAIN, timeout=_TIMES, redirect=False,
                preload_content=False,
            )  # fmt: skip
            with answer:
                return answer.status, b"".join(_pieces(answer))
        except urllib3.exceptions.HTTPError as error:
            raise NotTold(f"Label Studio did not answer ({type(error).__name__}).") from error


def _pieces(answer: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    size = 0
    for piece in answer.stream(_PIECE):
        size += len(piece)
        if size > _LARGEST_ANSWER:
            raise NotTold(f"Label Studio answered with more than {_LARGEST_ANSWER:,} bytes.")
        yield piece


def _understood(status: int, answer: bytes) -> Any:
    if status == 404:
        raise Gone("Label Studio knows nothing of it, or lets this token not see it.")
    if status in (401, 403):
        raise NotTold("Label Studio does not take this token.")
    if status != 200:
        raise NotTold(f"Label Studio answered {status}.")
    try:
        return json.loads(answer)
    except (ValueError, RecursionError) as error:
        raise NotTold("Label Studio answered with something else than JSON.") from error


def _pool_to(target: Target) -> urllib3.HTTPConnectionPool:
    """Connections to where the host is now, which know it by its name: SNI, certificate and `Host`."""
    try:
        addresses = whereabouts(target)
    except NoWayThere as error:
        raise NotTold(str(error)) from error
    where = str(addresses[0])
    if not target.secure:
        return urllib3.HTTPConnectionPool(where, target.port, maxsize=1)
    return urllib3.HTTPSConnectionPool(
        where, target.port, maxsize=1, server_hostname=target.host, assert_hostname=target.host
    )


def _host_of(target: Target) -> str:
    host = f"[{target.host}]" if ":" in target.host else target.host
    return host if target.port == (443 if target.secure else 80) else f"{host}:{target.port}"


def _id_of(task: Any) -> int:
    number = task.get("id") if isinstance(task, dict) else None
    return number if isinstance(number, int) and not isinstance(number, bool) else 0
