"""The review of a release and a log review, as a reader goes through them; axe finds nothing on either."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from snapshots.log_reviews import brought_by, decision_points
from snapshots.services.log_reviews import open_log_review
from snapshots.services.releases import propose_release
from tests.street import PASSWORD, street_scenes

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SNAPSHOT = "/projects/street/snapshots/1/"


def test_a_release_is_reviewed_by_keyboard_and_cited(page: Page) -> None:
    street = street_scenes()
    release = propose_release(street.first, by=street.olga, reason="The customer waits")
    log_review = open_log_review(street.project, brought_by(release), by=street.ravi)
    newest, second, third = [entry.pk for entry in decision_points(log_review).order_by("-id")[:3]]
    page.goto(SNAPSHOT)
    page.fill("#id_username", "ravi")
    page.fill("#id_password", PASSWORD)
    page.click("input[type=submit]")
    page.click("button[data-copies=cite]")
    page.wait_for_selector("button[data-copies=cite]:has-text('Copied'), button[data-copies=cite]:has-text('Selected')")
    found = _violations(page)
    page.click(f"text=Release {release}")
    page.wait_for_url(f"**/log-reviews/{log_review.pk}/")
    found += _violations(page)
    page.keyboard.press("j")
    page.keyboard.press("1")
    # The keyboard is at the next entry that waits.
    page.wait_for_function("id => document.activeElement?.closest('.trail > li')?.id === id", arg=f"entry-{second}")
    page.keyboard.press("3")
    page.keyboard.type("Nobody asked for 1")
    page.keyboard.press("Enter")
    page.wait_for_function("id => document.activeElement?.closest('.trail > li')?.id === id", arg=f"entry-{third}")
    given = {each.entry_id: (each.verdict, each.note) for each in log_review.dispositions.all()}
    assert given == {newest: ("expected", ""), second: ("unexpected", "Nobody asked for 1")}
    for path in (SNAPSHOT, "/projects/street/releases/", "/projects/street/log-reviews/"):
        page.emulate_media(color_scheme="dark")
        page.set_viewport_size({"width": 390, "height": 844})
        page.goto(path)
        found += _violations(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
    assert not found


def _violations(page: Page) -> list[str]:
    page.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true })")
    return [
        f"{page.url}: {violation['id']} {node['target']}"
        for violation in Axe().run(page).response["violations"]
        for node in violation["nodes"]
    ]
