"""What an owner does with a file of another tool: sends it, is told what was wrong with it, and what came of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.imports.small import coco, spoiled_coco

from .looking import bring_axe, look_once
from .people import Person
from .told import Site

pytestmark = pytest.mark.browser

STREET = "/projects/street-scenes/"


def test_a_file_is_sent_and_leads_to_its_project(loud_page: Page, site: Site, tmp_path: Path) -> None:
    olga, page = Person(loud_page, "olga"), loud_page
    bring_axe(page.context)
    (row,) = site.ask_row("SELECT id FROM labelop_project WHERE slug = 'street-scenes'")
    page.goto(f"/labelop/project/{row}/change/")
    olga.follow("Import a file")
    field, button = page.get_by_label("File:", exact=True), page.get_by_role("button", name="Import a file")
    field.set_input_files(spoiled_coco(tmp_path))
    button.click()
    expect(page.locator(".errorlist")).to_contain_text("instances_val2017.json")
    assert look_once(page) == []
    field.set_input_files(coco(tmp_path))
    button.click()
    expect(page.locator(".messagelist")).to_contain_text("The file (coco) holds 2 items, 3 annotations.")
    assert look_once(page) == []
    page.goto(f"{STREET}trail/?q=event:items.imported")
    expect(page.locator(".lines-of-trail > li").first).to_contain_text("Import of instances_val2017.json")
