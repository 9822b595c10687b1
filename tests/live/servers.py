"""A real Label Studio and a LabelOp beside it, both on this machine alone, both in a folder that is thrown away."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parents[2]
VERSION = "1.23.2"
OWNER, PASSWORD = "owner@example.test", "a password of nobody 1"
STARTS_WITHIN = 300.0
_NO_PROXY = urllib.request.ProxyHandler({})


def label_studio_made_in(folder: Path) -> Path:
    """Install Label Studio into an environment of its own."""
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", f"label-studio=={VERSION}"], check=True)
    return python.with_name("label-studio")


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def answer_of(request: urllib.request.Request | str, opener: urllib.request.OpenerDirector | None = None) -> Any:
    with (opener or urllib.request.build_opener(_NO_PROXY)).open(request, timeout=60) as answer:
        text = answer.read()
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text.decode()


@contextmanager
def running(command: list[Any], environment: dict[str, str], log: Path, asked: str) -> Iterator[None]:
    """Run a server until it is needed no more; it is up when it answers."""
    with log.open("w") as written:
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=written, stderr=subprocess.STDOUT)
        try:
            until = time.monotonic() + STARTS_WITHIN
            while not _answers(asked):
                if server.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"{command[0]} did not start: {log.read_text()[-2000:]}")
                time.sleep(0.5)
            yield
        finally:
            server.terminate()
            server.wait(30)


def _answers(address: str) -> bool:
    try:
        answer_of(address)
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


class LabelStudio:
    """The server, told by whoever speaks: each person has a token of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.tokens = {"owner": "0" * 39 + "1"}
        self.numbers: dict[str, int] = {}

    def environment(self) -> dict[str, str]:
        """Its own database, nothing sent to anybody, and a proxy that leads nowhere for whatever tries all the same."""
        nowhere = "http://127.0.0.1:9"
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "LABEL_STUDIO_BASE_DATA_DIR": str(self.folder / "label-studio"),
            "DJANGO_DB": "sqlite",
            **dict.fromkeys(("COLLECT_ANALYTICS", "collect_analytics", "LATEST_VERSION_CHECK"), "False"),
            **dict.fromkeys(("SENTRY_DSN", "FRONTEND_SENTRY_DSN"), ""),
            "SSRF_PROTECTION_ENABLED": "False",
            "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
            "LABEL_STUDIO_USER_TOKEN": self.tokens["owner"],
            **dict.fromkeys(("http_proxy", "https_proxy"), nowhere),
            **dict.fromkeys(("no_proxy", "NO_PROXY"), "127.0.0.1,localhost"),
        }

    def command(self, executable: Path) -> list[Any]:
        place = ["--internal-host", "127.0.0.1", "--port", str(self.port), "--host", self.address]
        owner = ["--username", OWNER, "--password", PASSWORD]
        return [executable, "start", "--no-browser", *place, *owner]

    def ask(self, who: str, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Token {self.tokens[who]}", "Content-Type": "application/json"}
        sent = json.dumps(body).encode() if body is not None else None
        return answer_of(urllib.request.Request(self.address + path, sent, headers, method=method))

    def join(self, who: str) -> None:
        """Sign somebody up by the organisation's invitation, and get their token."""
        invitation = self.ask("owner", "GET", "/api/invite")["token"]
        jar = CookieJar()
        opener = urllib.request.build_opener(_NO_PROXY, urllib.request.HTTPCookieProcessor(jar))
        page = f"{self.address}/user/signup/?token={invitation}"
        answer_of(page, opener)
        csrf = next(str(cookie.value) for cookie in jar if cookie.name == "csrftoken")
        form = {"email": f"{who}@example.test", "password": PASSWORD, "csrfmiddlewaretoken": csrf}
        answer_of(urllib.request.Request(page, urlencode(form).encode()), opener)
        self.tokens[who] = answer_of(f"{self.address}/api/current-user/token", opener)["token"]

    def learn_numbers(self) -> None:
        for who in self.tokens:
            self.numbers[who] = self.ask(who, "GET", "/api/current-user/whoami")["id"]


class LabelOp:
    """This very checkout, with a database of its own."""

    def __init__(self, folder: Path, studio: LabelStudio) -> None:
        self.port, self.studio = free_port(), studio
        self.address = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **os.environ,
            "LABELOP_LOCAL": "1",
            "DATABASE_URL": f"sqlite:///{folder / 'labelop.sqlite3'}",
            "LABELOP_LABEL_STUDIO_HOSTS": f"127.0.0.1:{studio.port}",
            "LABEL_STUDIO_TOKEN": studio.tokens["owner"],
        }

    def command(self) -> list[Any]:
        return [sys.executable, "manage.py", "runserver", "--noreload", f"127.0.0.1:{self.port}"]

    def manage(self, *arguments: str) -> Any:
        """Run a command and give what it reports; 1 means that it found something, which it reports as well."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments], cwd=ROOT, env=self.environment, capture_output=True, text=True
        )
        if done.returncode not in (0, 1):
            raise RuntimeError(f"{' '.join(arguments)}: {done.stderr[-2000:]}")
        return json.loads(done.stdout) if "--json" in arguments else done.stdout
