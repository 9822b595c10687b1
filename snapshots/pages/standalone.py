"""A page as a file that stands alone: it asks nobody for anything, and does nothing.

What is let through is a list, so that whatever a template says, a file holds no script, no form, no button, no style
but its own, and no link but those that lead to another place of the same file.
"""

from __future__ import annotations

from html import escape
from html.parser import HTMLParser

# Left out with all that is in them.
_DROPPED = frozenset({"script", "style", "form", "button", "input", "select", "textarea", "nav", "template", "iframe"})
_DROPPED_CLASSES = frozenset({"button-row", "object-tools", "on-page"})
_VOID = frozenset({"br", "hr", "wbr"})
_TAGS = frozenset(
    {
        *("a", "abbr", "article", "b", "caption", "code", "col", "colgroup", "dd", "del", "desc", "details", "div"),
        *("dl", "dt", "em", "figcaption", "figure", "footer", "h1", "h2", "h3", "h4", "header", "i", "ins", "kbd"),
        *("li", "main", "mark", "ol", "p", "pre", "q", "s", "section", "small", "span", "strong", "sub", "summary"),
        *("sup", "table", "tbody", "td", "tfoot", "th", "thead", "time", "title", "tr", "u", "ul"),
        *("circle", "defs", "ellipse", "g", "line", "path", "pattern", "polygon", "polyline", "rect", "svg", "text"),
        "tspan",
    }
)
_ATTRIBUTES = frozenset(
    {
        *("id", "class", "title", "lang", "dir", "datetime", "open", "scope", "colspan", "rowspan", "reversed"),
        *("start", "value", "role", "tabindex", "viewbox", "width", "height", "x", "y", "x1", "x2", "y1", "y2"),
        *("dx", "dy", "cx", "cy", "r", "rx", "ry", "d", "points", "transform", "fill", "fill-opacity", "stroke"),
        *("stroke-width", "opacity", "text-anchor", "dominant-baseline", "vector-effect", "preserveaspectratio"),
        *("patternunits", "aria-label", "aria-labelledby", "aria-describedby", "aria-hidden", "aria-current"),
    }
)
# What the parser writes small, and SVG does not.
_CAPITALS = {"viewbox": "viewBox", "preserveaspectratio": "preserveAspectRatio", "patternunits": "patternUnits"}


def alone(html: str) -> str:
    """The part of this HTML that may stand in a file."""
    sieve = _Sieve()
    sieve.feed(html)
    sieve.close()
    return "".join(sieve.written)


class _Sieve(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.written: list[str] = []
        # Each open element: its tag, and whether it is written, passed through ("") or dropped with what is in it.
        self.open: list[tuple[str, str]] = []
        self.dropping = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        classes = set((given.get("class") or "").split())
        dropped = self.dropping or tag in _DROPPED or classes & _DROPPED_CLASSES or "hidden" in given
        if tag in _VOID or tag == "input":
            if not dropped:
                self.written.append(f"<{tag}>")
            return
        leads_away = tag == "a" and not (given.get("href") or "").startswith("#")
        if dropped:
            self.dropping += 1
        elif tag in _TAGS and not leads_away:
            self.written.append(f"<{tag}{''.join(_kept(tag, given))}>")
        way = "dropped" if dropped else "written" if tag in _TAGS and not leads_away else ""
        self.open.append((tag, way))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID and tag != "input":
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in [one for one, _ in self.open]:
            return
        while self.open:
            one, way = self.open.pop()
            if way == "dropped":
                self.dropping -= 1
            elif way == "written":
                self.written.append(f"</{one}>")
            if one == tag:
                return

    def handle_data(self, data: str) -> None:
        if not self.dropping:
            self.written.append(escape(data, quote=False))


def _kept(tag: str, given: dict[str, str | None]) -> list[str]:
    """The attributes that are let through. No address is: a link keeps its place in the file, a fill its colour."""
    kept = [
        f' {_CAPITALS.get(name, name)}="{escape(value or "")}"'
        for name, value in given.items()
        if name in _ATTRIBUTES and "url(" not in (value or "").lower()
    ]
    if tag == "a":
        kept.append(f' href="{escape(given.get("href") or "")}"')
    return kept
