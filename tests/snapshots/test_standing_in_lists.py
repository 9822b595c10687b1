"""Lists of items and marks say what became of each since its approval and since the last release."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from labelop.models import Annotation
from labelop.services.assignments import assign_work
from labelop.services.work import add_item
from tests.marks import brought_in

from .release_stage import ReleaseStage, set_the_release_stage

pytestmark = pytest.mark.django_db

ITEMS, MARKS = "/labelop/item/", "/labelop/annotation/"


@pytest.fixture
def stage() -> ReleaseStage:
    """Two photos were released; then one mark was changed, and a photo came."""
    made = set_the_release_stage()
    made.released()
    made.stage.relabel(0, made.stage.tern)
    item = add_item(made.project, "photo-later", {}, by=made.olga)
    brought_in(item, made.stage.gull, {"box": [1]}, by=made.ana, key="later")
    return made


def badges(viewer: Any, address: str) -> dict[str, str]:
    """What each row of a list says in its last column, where it says anything."""
    page = _as(viewer).get(address).content.decode()
    rows = re.findall(
        r'(?s)<tr><th class="field-[^"]*"><a[^>]*>(.*?)</a>.*?<td class="field-standing">(.*?)</td></tr>', page
    )
    told = {name: " ".join(re.sub(r"<[^>]+>", " ", said).split()) for name, said in rows}
    return {name: said for name, said in told.items() if said != "–"}


def test_each_row_says_what_became_of_it(stage: ReleaseStage) -> None:
    assert badges(stage.ravi, ITEMS) == {"photo-later": "new since release v1"}
    assert badges(stage.ravi, MARKS) == {
        "photo-0/1": "changed since its approval changed since release v1",
        "photo-later/later": "new since release v1",
    }
    assert badges(stage.uma, MARKS) == {}


def test_the_page_of_a_row_says_so_too(stage: ReleaseStage) -> None:
    mark = Annotation.objects.get(pk=stage.stage.marks[0].pk)
    assert "changed since its approval" in _as(stage.ravi).get(f"{MARKS}{mark.pk}/change/").content.decode()


def test_a_release_is_named_to_nobody_who_may_not_see_it(stage: ReleaseStage) -> None:
    assign_work([stage.stage.items[0]], stage.ana, by=stage.olga)
    assert badges(stage.ana, MARKS) == {"photo-0/1": "changed since its approval"}


def test_a_list_asks_no_more_for_many_standings_than_for_one(stage: ReleaseStage) -> None:
    ravi = _as(stage.ravi)
    with CaptureQueriesContext(connection) as few:
        ravi.get(f"{MARKS}?item=photo-0")
    item = add_item(stage.project, "photo-full", {}, by=stage.olga)
    for number in range(6):
        brought_in(item, stage.stage.gull, {"box": [number]}, by=stage.ana, key=str(number))
    with CaptureQueriesContext(connection) as many:
        ravi.get(f"{MARKS}?item=photo-0&item=photo-full")
    # One more, to find the other item by its key.
    assert len(many) == len(few) + 1


def _as(viewer: Any) -> Client:
    client = Client()
    client.force_login(viewer)
    return client
