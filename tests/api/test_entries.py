"""Pages of entries: whole, in order, and read with the same few queries however many entries and projects there are."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.models import Entry
from labelop.services.projects import create_project
from labelop.services.work import exclude_item, reinstate_item
from roles.services import service_account
from tests.cast import Cast

from .asking import Tool, tool_of


def everything(tool: Tool, **asked: Any) -> list[Any]:
    found, path = [], "entries/"
    while path:
        page = tool.get(path, **asked).json()
        found += page["results"]
        path, asked = (page["next"] or "").removeprefix("/api/v1/"), {}
    return found


def by_turns(cast: Cast, times: int) -> None:
    for _ in range(times):
        exclude_item(cast.item, by=cast.olga, reason="Blurred")
        reinstate_item(cast.item, by=cast.olga, reason="Sharp")


@pytest.mark.parametrize("asked", [{}, {"q": "-event:access.denied"}], ids=["nothing", "something"])
def test_page_by_page_everything_is_told_once_newest_first(cast: Cast, asked: dict[str, str]) -> None:
    by_turns(cast, 3)
    other = create_project("boats", "Boats", by=service_account("setup"), owner=cast.olga)
    found = everything(tool_of(cast.olga), limit=4, **asked)
    seen = Entry.objects.filter(project__in=[cast.project, other]).order_by("-pk")
    assert [entry["id"] for entry in found] == list(seen.values_list("pk", flat=True))
    assert {entry["project"] for entry in found} == {"birds", "boats"}


def test_entries_of_several_events_are_told_once_newest_first(cast: Cast) -> None:
    by_turns(cast, 3)
    asked = ["items.excluded", "items.reinstated", "project.created"]
    found = everything(tool_of(cast.olga), limit=2, event=asked)
    seen = Entry.objects.filter(project=cast.project, event__in=asked).order_by("-pk")
    assert [entry["id"] for entry in found] == list(seen.values_list("pk", flat=True))
    assert {entry["event"] for entry in found} == {*asked}


def test_an_entry_is_told_where_it_is_found(cast: Cast) -> None:
    by_turns(cast, 1)
    for told in everything(tool_of(cast.olga)):
        assert told["url"] == reverse("api:audit.entry", args=[told["id"]])
        assert told["page"] == reverse("admin:audit_entry_change", args=[told["id"]])


def test_more_entries_ask_the_database_no_more(cast: Cast) -> None:
    tool = tool_of(cast.olga)
    by_turns(cast, 1)
    counted = []
    for times in (1, 10):
        tool.get("entries/", limit=200)
        with CaptureQueriesContext(connection) as queries:
            assert tool.get("entries/", limit=200).status_code == 200
        counted.append(len(queries))
        by_turns(cast, times)
    assert counted[0] == counted[1] < 20
