"""The browser before the demo, served as in production from a database of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page

from .people import Person
from .told import Site, served


@pytest.fixture(scope="session")
def running_site(chromium: str, demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The site with the demo. It keeps its own database, in a file, whatever the tests beside it run on."""
    with served(demo, tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture
def site(running_site: Site) -> Site:
    running_site.begin_anew()
    return running_site


@pytest.fixture
def loud_page(browser: Browser, site: Site) -> Iterator[Page]:
    """A fresh page; what it asks of anybody else fails the test."""
    with browser.new_context(base_url=site.url) as context:
        context.set_default_timeout(30_000)
        page, strangers = context.new_page(), list[str]()
        page.on("request", lambda request: None if request.url.startswith(site.url) else strangers.append(request.url))
        yield page
    assert not strangers, f"the page asked others: {strangers}"


@pytest.fixture
def page(loud_page: Page) -> Iterator[Page]:
    """A fresh page, whose warnings and errors on the console fail the test too."""
    page, said = loud_page, list[str]()
    page.on(
        "console",
        lambda message: said.append(f"{message.location['url']}: {message.text}") if _is_of_the_page(message) else None,
    )
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    assert not said, f"the page said: {said}"


@pytest.fixture
def olga(page: Page) -> Person:
    """An owner, logged in."""
    return Person(page, "olga")


@pytest.fixture
def ravi(page: Page) -> Person:
    """A reviewer, logged in."""
    return Person(page, "ravi")


def _is_of_the_page(message: ConsoleMessage) -> bool:
    """Whether a message warns of something in the page itself: what axe or a test evaluates there has no address."""
    return message.type in ("error", "warning") and bool(message.location["url"])
