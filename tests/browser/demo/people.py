"""Somebody of the demo's team before the browser."""

from __future__ import annotations

from playwright.sync_api import Page

from snapshots.management.story import PASSWORD


class Person:
    """Logs in as somebody would."""

    def __init__(self, page: Page, name: str) -> None:
        self.page = page
        page.goto("/login/")
        page.get_by_label("Username").fill(name)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.get_by_role("heading", name="Projects", level=1).wait_for()

    def follow(self, link: str) -> None:
        self.page.get_by_role("link", name=link, exact=True).first.click()
