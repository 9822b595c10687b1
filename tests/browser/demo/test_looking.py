"""Looking itself: what is wrong in one mode alone is found, and what is not visited is missed."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, Route

from .looking import bring_axe, look_at
from .walking import Walk, line_at

STYLE = """
button { min-width: 24px; min-height: 24px; display: block }
@media (prefers-color-scheme: dark) { .faint { color: #777; background: #888 } }
@media (max-width: 500px) { .small { font-size: 6px; min-height: 9px; padding: 0 } .wide { width: 900px } }
"""
BUTTONS = "<button class='small'>a</button><button class='small'>b</button>"
BODY = f"<p class=faint>Hardly seen</p><p class=wide>Wide</p>{BUTTONS}"
PAGE = f"<!doctype html><html lang=en><title>x</title><style>{STYLE}</style><main><h1>x</h1>{BODY}</main></html>"


@pytest.mark.browser
def test_what_is_wrong_in_one_mode_alone_is_found(browser: Browser) -> None:
    def answer(route: Route) -> None:
        headers = {"content-type": "text/html", "content-security-policy": "style-src 'unsafe-inline'"}
        route.fulfill(body=PAGE + "<!--" + "x" * 150_000 + "-->", headers=headers)

    with browser.new_context() as context:
        bring_axe(context)
        page: Page = context.new_page()
        page.route("**/*", answer)
        found = look_at(page, page.goto("http://127.0.0.1:9/"), set())
    assert "dark: color-contrast .faint" in found
    assert any(each.startswith("phone: target-size") for each in found)
    assert any(each.startswith("weighs ") for each in found)
    assert any("unsafe-inline" in each for each in found)
    assert "is wider than a phone" in found
    assert not any(each.startswith("light: ") for each in found if "color" in each or "target" in each)


def test_a_page_that_no_page_leads_to_is_missed() -> None:
    walk = Walk({"index", "project", "labelop_item_act:exclude", "snapshots_release_history"})
    walk.learn("http://127.0.0.1/", ["/", "/labelop/item/7/change/", "https://elsewhere.example.org/projects/x/"])
    assert dict(walk.addresses()) == {"index": "/", "labelop_item_act:exclude": "/labelop/item/7/acts/exclude/"}
    assert walk.missed == {"project", "snapshots_release_history"}
    assert line_at("/projects/x/items/a/b/") == "item"
    assert line_at("/nothing/of/the/kind") is None
