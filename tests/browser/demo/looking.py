"""Looking at a page: axe in each mode, its width, its weight, its policy."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, Response, ViewportSize

DESKTOP, PHONE = ViewportSize(width=1280, height=844), ViewportSize(width=390, height=844)
# A page with all its files, compressed, on a cold cache.
HEAVIEST = 150_000

# The whole of axe is asked of every page in the light on a desktop. Of its rules only these can find something else in
# another mode: on a phone the size of what is touched and what has to be scrolled, asked of every page; and colours,
# asked of one element of each kind, where a kind is shown for the first time.
OF_SIZES = ["target-size", "scrollable-region-focusable"]
OF_COLOURS = ["color-contrast", "link-in-text-block"]

# Axe reads the same few colours anew for every element and all that lies under it, a third of its time; with this it
# reads each once.
READ_COLOURS_ONCE = """(colour => {
    const read = colour.parseString, known = new Map();
    colour.parseString = function (words) {
        if (!known.has(words)) {
            read.call(this, words);
            known.set(words, {r: this.r, g: this.g, b: this.b, alpha: this.alpha});
        }
        return Object.assign(this, known.get(words));
    };
})(axe.commons.color.Color.prototype);"""
AXE = f"{Axe().axe_script};{READ_COLOURS_ONCE}"

# What the page weighs: what came of it and of each of its files, with some 300 bytes for the headers of each. Then
# everything is open, and nothing on its way from one colour to another. And the kinds of written elements, each told
# by its own class and those of the two around it: colours and sizes hang on these.
MEET = """() => {
    const came = ["navigation", "resource"].flatMap(each => performance.getEntriesByType(each));
    document.querySelectorAll("details").forEach(details => { details.open = true });
    const still = new CSSStyleSheet();
    still.replaceSync("* { transition: none !important; animation: none !important }");
    document.adoptedStyleSheets = [still];
    window.kinds = new Map();
    for (const one of document.body.querySelectorAll("*")) {
        const writes = [...one.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim());
        if (writes || one.matches("a, button, input, select, textarea")) {
            const around = [one.parentElement?.parentElement, one.parentElement, one];
            const kind = around.map(each => `${each?.localName}.${each?.getAttribute("class")}`).join(" ");
            window.kinds.has(kind) || window.kinds.set(kind, one);
        }
    }
    return [came.reduce((sum, each) => sum + each.encodedBodySize + 300, 0), [...window.kinds.keys()]];
}"""
# Without `preload`: of the rules that are on none needs the style sheets, and what they import axe seeks in vain.
FIND = """([rules, kinds]) => axe.run(kinds ? {include: kinds.map(kind => window.kinds.get(kind))} : document, {
    resultTypes: ["violations"],
    preload: false,
    ...(rules ? {runOnly: {type: "rule", values: rules}} : {}),
    rules: {"target-size": {enabled: true}},
}).then(found => found.violations.flatMap(each => each.nodes.map(node => `${each.id} ${node.target}`)))"""


def bring_axe(context: BrowserContext) -> None:
    """Have axe ready on each page that is opened from now on."""
    context.add_init_script(AXE)


def look_at(page: Page, response: Response | None, shown: set[str]) -> list[str]:
    """What is wrong with the page that is open in the light, in all modes; `shown` are the kinds of earlier pages."""
    found = [] if response is None else _unsafe(response)
    weight, kinds = page.evaluate(MEET)
    if weight > HEAVIEST:
        found.append(f"weighs {weight} bytes")
    new = [kind for kind in kinds if kind not in shown]
    shown.update(new)
    page.set_viewport_size(DESKTOP)
    found += _violations(page, "light")
    if new:
        page.emulate_media(color_scheme="dark")
        found += _violations(page, "dark", OF_COLOURS, new)
        page.set_viewport_size(PHONE)
        found += _violations(page, "phone in the dark", OF_COLOURS, new)
        page.emulate_media(color_scheme="light")
        found += _violations(page, "phone", OF_COLOURS, new)
    page.set_viewport_size(PHONE)
    found += _violations(page, "phone", OF_SIZES)
    if page.evaluate("document.documentElement.scrollWidth") > PHONE["width"]:
        found.append("is wider than a phone")
    return found


def look_once(page: Page) -> list[str]:
    """What axe finds in the light on a desktop."""
    page.evaluate(MEET)
    page.set_viewport_size(DESKTOP)
    return _violations(page, "light")


def _violations(page: Page, mode: str, rules: list[str] | None = None, kinds: list[str] | None = None) -> list[str]:
    """What axe finds, by some rules or all, on some kinds of elements or all there are."""
    return [f"{mode}: {each}" for each in page.evaluate(FIND, [rules, kinds])]


def _unsafe(response: Response) -> list[str]:
    policy = response.headers.get("content-security-policy", "")
    if "default-src 'none'" in policy and "unsafe" not in policy:
        return []
    return [f"is served under the policy {policy!r}"]
