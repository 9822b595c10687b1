"""What stands on paper."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.street import PASSWORD, street_scenes

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_what_was_found_is_printed_without_the_search(page: Page) -> None:
    street_scenes()
    page.goto("/find/?q=v2")
    page.fill("#id_username", "olga")
    page.fill("#id_password", PASSWORD)
    page.click("input[type=submit]")
    page.wait_for_selector("#found")
    assert page.is_visible("#words")
    page.emulate_media(media="print")
    assert not page.is_visible("#words")
    assert page.is_visible("#found h2:has-text('v2')")
    assert page.is_visible("#found .jumps a:has-text('v2')")
