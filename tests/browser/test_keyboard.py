"""The trail by keyboard, as a reader goes through it, and the palette that leads anywhere."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from audit.acting import operation
from labelop.services.schema import add_class
from tests.street import PASSWORD, street_scenes

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def line_of(page: Page) -> str:
    """The line in which the keyboard is."""
    found = page.evaluate("document.activeElement.closest('.lines-of-trail > li')?.id")
    return str(found)


def test_lines_are_walked_unfolded_and_searched_by_keyboard(page: Page) -> None:
    street = street_scenes()
    with operation(by=street.olga):
        add_class(street.project, "bus", "Bus", by=street.olga)
        add_class(street.project, "tram", "Tram", by=street.olga)
    page.goto("/projects/street/trail/?q=")
    page.fill("#id_username", "olga")
    page.fill("#id_password", PASSWORD)
    page.click("input[type=submit]")
    page.wait_for_selector(".lines-of-trail")
    first, second = page.eval_on_selector_all(".lines-of-trail > li:not(.part)", "all => all.map(one => one.id)")[:2]
    page.keyboard.press("j")
    assert line_of(page) == first
    page.keyboard.press("o")
    assert page.evaluate("document.activeElement.closest('li').querySelector('details').open")
    page.keyboard.press("j")
    assert line_of(page) == second
    page.keyboard.press("k")
    assert line_of(page) == first
    page.keyboard.press("?")
    assert page.is_visible("#keys")
    page.keyboard.press("?")
    assert not page.is_visible("#keys")
    page.keyboard.press("/")
    page.keyboard.type("event:snapshot.taken j")
    assert page.input_value("#q") == "event:snapshot.taken j", "in the field letters are letters"
    page.keyboard.press("Backspace")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=event%3Asnapshot.taken*")
    page.keyboard.press("j")
    assert line_of(page) == f"entry-{street.second.entry_id}"
    page.keyboard.press("o")
    page.wait_for_url(f"**/audit/entry/{street.second.entry_id}/change/")


def test_the_palette_leads_anywhere_and_keeps_the_keyboard(page: Page) -> None:
    street_scenes()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto("/projects/street/")
    page.fill("#id_username", "olga")
    page.fill("#id_password", PASSWORD)
    page.click("input[type=submit]")
    page.wait_for_selector("nav.site-nav")
    page.wait_for_load_state()
    page.keyboard.press("Control+k")
    page.wait_for_selector("#jump-0[aria-selected=true]")
    page.keyboard.type("cam/")
    page.wait_for_selector("#jump-2 >> text=cam/2")
    assert page.get_attribute("[role=combobox]", "aria-activedescendant") == "jump-0"
    assert page.get_attribute("[role=combobox]", "aria-expanded") == "true"
    page.keyboard.press("Tab")
    assert not page.evaluate("document.activeElement.closest('#container')"), "what lies behind is out of reach"
    assert not [node["target"] for found in Axe().run(page).response["violations"] for node in found["nodes"]]
    page.keyboard.press("Escape")
    assert not page.is_visible("#palette")
    page.keyboard.press("Control+k")
    page.wait_for_selector("#jump-2 >> text=cam/2")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_url("**/projects/street/items/cam/1/")
    assert not said
