"""The harness itself: a real browser, kept at home, and axe reading what it shows."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def test_the_browser_asks_the_live_server(page: Page) -> None:
    response = page.goto("/no-such-page/")
    assert response is not None
    assert response.headers["content-type"].startswith("text/html")


def test_axe_finds_what_is_wrong(page: Page) -> None:
    page.set_content("<html><body><main><img src='data:,'></main></body></html>")
    found = {violation["id"] for violation in Axe().run(page).response["violations"]}
    assert {"image-alt", "html-has-lang"} <= found
