"""What a reviewer comes for: what changed in a release, who decided it and why; and a log review, by keyboard."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from .people import Person
from .told import Site

pytestmark = pytest.mark.browser


def test_from_the_login_to_the_act_behind_a_difference(ravi: Person) -> None:
    page = ravi.page
    ravi.follow("Street scenes")
    ravi.follow("Latest snapshot")
    expect(page.get_by_role("heading", level=1)).to_contain_text("v1.1")
    acts = page.locator("a[href*='/audit/entry/']")
    difference = page.locator("details.difference").filter(has=acts).first
    difference.locator("summary").first.click()
    act = difference.locator(acts).first
    label = act.inner_text()
    act.click()
    expect(page.get_by_role("heading", name=label, level=1)).to_be_visible()
    page.goto("/projects/street-scenes/trail/?q=event:class.redefined")
    expect(page.locator(".lines-of-trail > li").filter(has_text="Van").first).to_be_visible()


def test_a_log_review_is_signed_by_keyboard_alone(ravi: Person, site: Site) -> None:
    page = ravi.page
    log_review, entry = site.ask_row(
        "SELECT id, about_id FROM snapshots_logreview WHERE state = 'open' AND title LIKE 'Role granted%'"
        " AND project_id = (SELECT id FROM labelop_project WHERE slug = 'street-scenes')"
    )
    acts = f"/snapshots/logreview/{log_review}/acts"
    for place in range(3):
        page.goto(f"{acts}/answer/?place={place}")
        page.locator("#id_answer").focus()
        page.keyboard.type("Asked for in writing by whoever plans the release.")
        _submit(page)
    page.goto(f"{acts}/dispose/?entry={entry}")
    page.get_by_role("radio").first.focus()
    page.keyboard.press("Space")
    _submit(page)
    page.goto(f"{acts}/sign/")
    _submit(page)
    expect(page.get_by_text("The log review is signed.")).to_be_visible()
    page.goto("/projects/street-scenes/trail/?q=event:log_review.signed")
    expect(page.locator(".lines-of-trail > li").first).to_contain_text("I read every decision point")


def _submit(page: Page) -> None:
    """From a field on to the button, as the tabulator goes, and press it."""
    before = page.url
    if page.evaluate("document.activeElement === document.body"):
        page.locator("form textarea").first.focus()
    for _ in range(8):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('form button[type=submit]')"):
            break
    page.keyboard.press("Enter")
    expect(page).not_to_have_url(re.compile(re.escape(before)))
