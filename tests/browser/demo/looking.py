"""Looking at a page: axe in each mode, its width, its weight, its policy."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Response, ViewportSize

LIGHT, DARK = "light", "dark"
DESKTOP, PHONE = ViewportSize(width=1280, height=844), ViewportSize(width=390, height=844)
# A page with all its files, compressed, on a cold cache.
HEAVIEST = 150_000

# The whole of axe is asked of every page in the light on a desktop. Of its rules only these can find something else in
# another mode: on a phone the size of what is touched and what has to be scrolled, asked of every page; and colours,
# asked of one element of each kind, where a kind is shown for the first time.
OF_SIZES = ["target-size", "scrollable-region-focusable"]
OF_COLOURS = ["color-contrast", "link-in-text-block"]
OTHER_MODES = (("dark", DARK, DESKTOP), ("phone in the dark", DARK, PHONE), ("phone", LIGHT, PHONE))
AXE = Axe().axe_script

# Everything open, and nothing on its way from one colour to another.
UNFOLD = """() => {
    document.querySelectorAll("details").forEach(details => { details.open = true });
    const still = new CSSStyleSheet();
    still.replaceSync("* { transition: none !important; animation: none !important }");
    document.adoptedStyleSheets = [still];
}"""
# The kinds of written elements on a page, each told by its own class and those of the two around it: colours and sizes
# hang on these.
KINDS = """() => {
    window.kinds = new Map();
    for (const one of document.body.querySelectorAll("*")) {
        const writes = [...one.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim());
        if (writes || one.matches("a, button, input, select, textarea")) {
            const around = [one.parentElement?.parentElement, one.parentElement, one];
            const kind = around.map(each => `${each?.localName}.${each?.getAttribute("class")}`).join(" ");
            window.kinds.has(kind) || window.kinds.set(kind, one);
        }
    }
    return [...window.kinds.keys()];
}"""
# Without `preload`: of the rules that are on none needs the style sheets, and what they import axe seeks in vain.
FIND = """([rules, kinds]) => axe.run(kinds ? {include: kinds.map(kind => window.kinds.get(kind))} : document, {
    resultTypes: ["violations"],
    preload: false,
    ...(rules ? {runOnly: {type: "rule", values: rules}} : {}),
    rules: {"target-size": {enabled: true}},
}).then(found => found.violations.flatMap(each => each.nodes.map(node => `${each.id} ${node.target}`)))"""
# What came of the page and of each of its files, with some 300 bytes for the headers of each.
WEIGH = """[...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
    .reduce((sum, each) => sum + each.encodedBodySize + 300, 0)"""


def look_at(page: Page, response: Response | None, shown: set[str]) -> list[str]:
    """What is wrong with the page that is open, in all modes; `shown` are the kinds of elements of earlier pages."""
    found = [] if response is None else _unsafe(response)
    weight = page.evaluate(WEIGH)
    if weight > HEAVIEST:
        found.append(f"weighs {weight} bytes")
    page.evaluate(UNFOLD)
    page.evaluate(AXE)
    new = [kind for kind in page.evaluate(KINDS) if kind not in shown]
    shown.update(new)
    found += [f"light: {violation}" for violation in violations(page, LIGHT, DESKTOP)]
    for mode, scheme, size in OTHER_MODES if new else ():
        found += [f"{mode}: {violation}" for violation in violations(page, scheme, size, OF_COLOURS, new)]
    found += [f"phone: {violation}" for violation in violations(page, LIGHT, PHONE, OF_SIZES)]
    if page.evaluate("document.documentElement.scrollWidth") > PHONE["width"]:
        found.append("is wider than a phone")
    return found


def look_once(page: Page) -> list[str]:
    """What axe finds in the light on a desktop."""
    page.evaluate(UNFOLD)
    page.evaluate(AXE)
    return violations(page, LIGHT, DESKTOP)


def violations(
    page: Page, scheme: Any, size: Any, rules: list[str] | None = None, kinds: list[str] | None = None
) -> list[str]:
    """What axe finds in one mode, by some rules or all, on some kinds of elements or all there are."""
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size(size)
    found: list[str] = page.evaluate(FIND, [rules, kinds])
    return found


def _unsafe(response: Response) -> list[str]:
    policy = response.headers.get("content-security-policy", "")
    if "default-src 'none'" in policy and "unsafe" not in policy:
        return []
    return [f"is served under the policy {policy!r}"]
