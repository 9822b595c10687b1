"""A page of the trail reads a bounded number of entries, however long the trail is, and says where it stopped."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.events import BY_CODE, Event
from audit.models import Entry
from labelop.models import Annotation
from labelop.selectors import trail
from labelop.services.assignments import assign_work
from roles.models import User
from snapshots.pages import asking
from snapshots.services.days import count_days
from tests.plans import on_postgresql, planned_anew, rows_read
from tests.street import Street, street_scenes

pytestmark = [pytest.mark.django_db, pytest.mark.stage(set_by=street_scenes)]

TRAIL = "/projects/street/trail/"


@pytest.fixture
def street(standing: Street) -> Street:
    return standing


def as_(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def written(street: Street, number: int, *, at: datetime, name: str = "busy/{}", **told: Any) -> None:
    """So many acts of one entry each, by Ana unless something else is told."""
    event = told.pop("event", Event.ANNOTATION_SAVED)
    told = {"actor": street.ana, "role": "annotator", "subject_type": Annotation._meta.label_lower, **told}
    rows = (
        Entry(
            operation=uuid.uuid4(), project=street.project, event=event, impact=BY_CODE[event].impact, at=at,
            subject_name=name.format(each), **told,
        )
        for each in range(number)
    )  # fmt: skip
    Entry.objects.bulk_create(rows)


def pages(client: Client, address: str) -> Iterator[str]:
    """A page, and those that it leads back to."""
    trail = address.split("?")[0]
    while address:
        answer = client.get(address)
        assert answer.status_code == 200
        page = unescape(answer.content.decode().split("<h1>")[1])
        yield page
        address = next((trail + link for link in re.findall(r'href="(\?[^"]*)" rel="next"', page)), "")


def acts_on(page: str) -> list[uuid.UUID]:
    pks = [int(pk) for pk in re.findall(r'id="entry-(\d+)"', page)]
    return list(Entry.objects.filter(pk__in=pks).values_list("operation", flat=True))


def test_a_page_says_how_far_back_it_looked_and_the_reader_goes_on(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "NEAR", 20)
    monkeypatch.setattr(asking, "FAR", 40)
    now = timezone.now()
    written(street, 1, at=now, name="needle", reason="Found at last")
    written(street, 70, at=now)
    found = list(pages(as_(street.olga), TRAIL + "?q=last"))
    assert "Nothing so far fits this question." in found[0]
    assert "Searched back to what was recorded on" in found[0]
    assert [len(acts_on(page)) for page in found[:3]] == [0, 0, 1]
    assert "Searched back" not in found[-1], "the beginning is reached"


QUESTIONS = [
    "",
    "impact:high",
    "impact:high impact:medium",
    "theme:schema",
    "event:class.added event:snapshot.taken",
    "role:owner",
    "role:owner role:annotator -event:items.added",
    'actor:"Owner 1"',
    "actor:me",
    "object:cam/1",
    "object:CAM/1/1",
    "object:cam/*",
    "object:van object:car",
    "reader",
    "created:>=2020-01-01",
    "created:<=2020-01-01",
    "-channel:admin v2",
]


@pytest.mark.parametrize("place", [TRAIL, "/trail/"])
def test_a_short_reach_finds_the_same_in_more_pages(
    street: Street, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = as_(street.olga)
    for question in QUESTIONS:
        address = f"{place}?q={question.replace(' ', '+')}"
        if place == "/trail/" and "actor" in question:
            continue
        (whole,) = pages(client, address)
        with monkeypatch.context() as patched:
            patched.setattr(asking, "NEAR", 4)
            patched.setattr(asking, "FAR", 7)
            found = [act for page in pages(client, address) for act in acts_on(page)]
        assert sorted(found) == sorted(acts_on(whole)), question


def test_own_work_is_found_however_far_back(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "NEAR", 20)
    assign_work([street.project.items.get(key="cam/1")], street.ana, by=street.olga)
    written(street, 50, at=timezone.now())
    (page,) = pages(as_(street.ana), TRAIL + "?q=event:work.assigned")
    assert len(acts_on(page)) == 1


def test_of_much_work_a_page_tells_the_same_as_of_little(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    assign_work([street.project.items.get(key="cam/1")], street.ana, by=street.olga)
    (little,) = pages(as_(street.ana), TRAIL + "?q=")
    monkeypatch.setattr(trail, "FEW", 0)
    (much,) = pages(as_(street.ana), TRAIL + "?q=")
    assert acts_on(much) == acts_on(little) != []
    monkeypatch.setattr(asking, "NEAR", 20)
    written(street, 50, at=timezone.now())
    found = list(pages(as_(street.ana), TRAIL + "?q="))
    assert "Search further back" in found[0]
    assert [act for page in found for act in acts_on(page)] == acts_on(much)


def test_a_long_past_day_is_found_at_once_when_days_are_counted(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "NEAR", 60)
    now = timezone.now()
    long_ago = now - timedelta(days=500)
    written(street, 3, at=long_ago, name="old/{}")
    written(street, 100, at=now)
    asked = f"{TRAIL}?q=created:{long_ago:%Y-%m-%d}"
    first, *_ = pages(as_(street.olga), asked)
    assert acts_on(first) == []
    count_days(street.project)
    written(street, 1, at=long_ago, name="told/late")
    (page,) = pages(as_(street.olga), asked)
    assert len(acts_on(page)) == 4, "what is recorded today of that day is there, too"
    count_days(street.project)
    first, *_ = pages(as_(street.olga), asked)
    assert len(acts_on(first)) == 1, "from the day's first entry to its last now lies all that came in between"


FEW = {
    "impact:high": 150,
    "event:class.added": 150,
    "theme:schema": 150,
    "role:owner": 150,
    "object:cam/1": 150,
    "object:nowhere": 150,
    "actor:me": 150,
    "operation:{operation}": 150,
    "created:{day}": 150,
    "created:{day} impact:high": 150,
    "": 750,
    "nowhere": 1100,
    "channel:connector": 1100,
}


@on_postgresql
def test_a_page_reads_few_entries_of_a_long_trail(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "NEAR", 500)
    now = timezone.now()
    long_ago = now - timedelta(days=500)
    written(street, 5, at=long_ago)
    written(street, 5000, at=now)
    count_days(street.project)
    planned_anew("audit_entry")
    client = as_(street.olga)
    facts = {"day": f"{long_ago:%Y-%m-%d}", "operation": Entry.objects.filter(at=long_ago)[0].operation}
    for question, most in FEW.items():
        with CaptureQueriesContext(connection) as captured:
            next(pages(client, f"{TRAIL}?q={question.format(**facts).replace(' ', '+')}"))
        asked = [query["sql"] for query in captured if 'FROM "audit_entry"' in query["sql"]]
        read = sum(rows_read(sql, "audit_entry") for sql in asked)
        assert read <= most, question


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite compiles nothing.")
def test_no_query_is_compiled_for_the_processor(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SHOW jit")
        assert cursor.fetchone() == ("off",)
