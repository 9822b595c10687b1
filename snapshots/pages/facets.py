"""Facets: links that write the query, each putting one term in or taking it out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from audit.acting import Channel
from audit.events import BY_CODE, Impact, Theme
from audit.query import Query
from roles.matrix import Role
from roles.pages import Facet, Option

IMPACTS = {impact.name.lower(): str(impact.label) for impact in Impact}
THEMES = {theme.value: str(theme.label) for theme in Theme}
ROLES = {role.value: str(role.label) for role in Role}
CHANNELS = {channel.value: str(channel.label) for channel in Channel}


def facets_of(query: Query, events: Collection[str], address: Callable[[Query], str]) -> list[Facet]:
    """The facets beside a query; of the events only those on this page, and those asked for."""
    asked = {term.value for term in query.terms if term.key == "event" and not term.negated}
    happened = {code: str(BY_CODE[code].label) for code in sorted({*events, *asked} & BY_CODE.keys())}
    vocabularies: dict[str, Mapping[str, str]] = {
        "impact": IMPACTS, "theme": THEMES, "event": happened, "role": ROLES, "channel": CHANNELS
    }  # fmt: skip
    return [
        Facet(
            key.capitalize(),
            [
                Option(
                    label, address(query.toggled(key, value)), query.has(key, value), value if key == "impact" else ""
                )
                for value, label in values.items()
            ],
        )
        for key, values in vocabularies.items()
        if values
    ]
