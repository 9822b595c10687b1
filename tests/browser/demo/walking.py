"""Walking through the site by its own links, and by the addresses that the table of access knows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from django.urls import Resolver404, resolve

from tests.access.doors import CATCH_ALL
from tests.access.table import COLUMNS, TABLE

# Addresses that answer with something else than a page.
NO_PAGES = {"jsi18n"}


def lines_of(column: str) -> set[str]:
    """Every line of the table at which somebody of this column is answered with a page."""
    at = COLUMNS.index(column)
    return {line for get, _, lines in TABLE for line in lines.split() if get.split()[at] == "200"} - NO_PAGES


def line_at(address: str) -> str | None:
    """The line of the table that speaks of an address."""
    try:
        match = resolve(urlsplit(address).path)
    except Resolver404:
        return None
    if match.route == CATCH_ALL or match.url_name is None:
        return None
    act = match.kwargs.get("name") if match.url_name.endswith("_act") else None
    return f"{match.url_name}:{act}" if act else match.url_name


@dataclass
class Walk:
    """One address for each line: where to begin, then what the pages link to, then what can be written from it."""

    wanted: set[str]
    known: dict[str, str] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)

    def learn(self, base: str, links: list[str]) -> None:
        for link in links:
            address = urljoin(base, link)
            if urlsplit(address).netloc == urlsplit(base).netloc and (line := line_at(address)):
                path = urlsplit(address)
                self.known.setdefault(line, f"{path.path}?{path.query}" if path.query else path.path)

    def addresses(self) -> Iterator[tuple[str, str]]:
        """Each line once; pages visited meanwhile may bring more."""
        while True:
            rest = sorted(line for line in self.wanted - self.seen if line in self.known or self._written(line))
            if not rest:
                return
            for line in rest:
                self.seen.add(line)
                yield line, self.known.get(line) or self._written(line)

    @property
    def missed(self) -> set[str]:
        return self.wanted - self.seen

    def _written(self, line: str) -> str:
        """The address of an act or a history that no page links to at the moment, from that of its row."""
        name, _, act = line.partition(":")
        model = name.removesuffix("_list_act").removesuffix("_act").removesuffix("_history").removesuffix("_change")
        row = self.known.get(f"{model}_change") or self.known.get(f"{model}_history")
        begin = "/" + model.replace("_", "/", 1) + "/"
        if name.endswith("_list_act"):
            return f"{begin}acts/{act}/"
        if row is None:
            return ""
        pk = urlsplit(row).path.removeprefix(begin).partition("/")[0]
        return f"{begin}{pk}/acts/{act}/" if act else f"{begin}{pk}/{name.rpartition('_')[2]}/"
