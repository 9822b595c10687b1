"""Every page in light, dark and on a phone: axe finds nothing, the console stays silent, nobody else is asked."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.street import PASSWORD, street_scenes

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGES = [
    "/",
    "/projects/street/",
    "/projects/street/access/?at=1",
    "/projects/street/quality/",
    "/projects/street/trail/",
    "/projects/street/trail/?q=&chapter=1",
    "/projects/street/trail/?q=impact:high+created:2020-01-01",
    "/projects/street/trail/export/",
    "/projects/street/snapshots/2/",
    "/trail/",
    "/find/?q=street",
    "/projects/street/items/cam/0/",
]
MODES = {
    "light": ("light", 1280),
    "dark": ("dark", 1280),
    "phone": ("light", 390),
    "phone in the dark": ("dark", 390),
}


def test_pages_are_accessible_and_stay_at_home(page: Page) -> None:
    street_scenes()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto("/")
    found = _violations(page, "log in")
    _log_in(page)
    for mode, (scheme, width) in MODES.items():
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.set_viewport_size({"width": width, "height": 844})
        for path in PAGES:
            # What axe itself says while it works is not the page's.
            said.clear()
            page.goto(path)
            found += [f"{mode} {path} says: {message}" for message in said]
            page.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true })")
            found += _violations(page, f"{mode} {path}")
            if page.evaluate("document.documentElement.scrollWidth") > width:
                found.append(f"{mode} {path} is wider than the window")
    assert not found


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


def _violations(page: Page, where: str) -> list[str]:
    return [
        f"{where}: {violation['id']} {node['target']}"
        for violation in Axe().run(page).response["violations"]
        for node in violation["nodes"]
    ]
