"""Light and dark, and where the keyboard begins."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.street import PASSWORD, street_scenes

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_theme_toggle_and_the_keyboard_work(page: Page) -> None:
    street_scenes()
    page.goto("/")
    _log_in(page)
    page.goto("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to main content"
    shown = set()
    for _ in range(3):
        page.click("#user-tools .theme-toggle")
        shown.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(shown) == 2, "light and dark"


def _log_in(page: Page) -> None:
    page.fill("#id_username", "olga")
    page.fill("#id_password", PASSWORD)
    page.click("input[type=submit]")
