"""A real Chromium for the tests marked `browser`; it may speak to nobody but the live server."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Request, Route, sync_playwright
from pytest_django.live_server_helper import LiveServer

import dev

FLAGS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    # Whatever a page asks of another host is asked of nobody, and stands among what it asked.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE localhost , EXCLUDE 127.0.0.1",
]


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where Chromium is; the tests are skipped without it, except in CI, where they fail."""
    path = dev.chromium()
    if path:
        return path
    if dev.IN_CI:
        pytest.fail(dev.NO_CHROMIUM)
    pytest.skip(dev.NO_CHROMIUM)


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright, pytest.MonkeyPatch.context() as patch:
        # Playwright keeps an event loop in this thread, which Django takes for asynchronous code.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        # Chromium's sandbox refuses to run as root, as in most containers.
        flags = [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else FLAGS
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    """A fresh page of the live server; a request to anyone else fails the test."""
    strangers: list[str] = []

    def keep_at_home(route: Route, request: Request) -> None:
        if request.url.startswith((live_server.url, "data:")):
            route.continue_()
        else:
            strangers.append(request.url)
            route.abort()

    with browser.new_context(base_url=live_server.url) as context:
        context.set_default_timeout(10_000)
        context.route("**/*", keep_at_home)
        yield context.new_page()
    assert not strangers, f"the page asked others: {strangers}"
