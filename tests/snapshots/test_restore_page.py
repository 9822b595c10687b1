"""The page that restores: a preview first, then the act, for owners only."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from audit.events import Event
from audit.models import Entry
from labelop.models import Annotation
from roles.models import User
from tests.cast import what_is_left
from tests.street import Street, street_scenes

pytestmark = [pytest.mark.django_db, pytest.mark.stage(set_by=street_scenes)]

PAGE = "/projects/street/snapshots/1/restore/"


@pytest.fixture
def street(standing: Street) -> Street:
    return standing


def browse(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def first_mark(street: Street) -> Annotation:
    return Annotation.objects.filter(project=street.project).order_by("pk")[0]


def test_the_first_answer_is_a_preview_and_changes_nothing(street: Street) -> None:
    with what_is_left() as left:
        answer = browse(street.olga).post(PAGE, {"what": "everything"})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "<b>cam/0/1</b>" in page
    assert re.search(r'class="old">Van</del>\s*→\s*<ins class="new">Car', page)
    assert "Restore what is shown above" in page
    assert not left.operations


def test_the_second_answer_does_what_was_shown(street: Street) -> None:
    olga = browse(street.olga)
    seen = olga.post(PAGE, {"what": "everything"}).context["preview"].digest
    answer = olga.post(PAGE, {"what": "everything", "reason": "A mistake", "seen": seen})
    entry = Entry.objects.get(event=Event.DATA_RESTORED)
    assert answer["Location"] == f"/audit/entry/{entry.pk}/change/"
    assert (entry.reason, entry.channel, entry.records) == ("A mistake", "admin", 1)
    assert first_mark(street).label_class.key == "car"


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"what": "everything", "seen": "0" * 64, "reason": "A mistake"}, "look again"),
        ({"what": "class", "seen": "x"}, "Choose the class."),
        ({"what": "person"}, "Choose the member."),
        ({"what": "range"}, "Give a beginning or an end."),
        ({"what": "range", "start": "2026-01-02T00:00", "end": "2026-01-01T00:00"}, "ends before it begins"),
    ],
)
def test_what_is_turned_down_stands_on_the_page(street: Street, answers: dict[str, str], said: str) -> None:
    with what_is_left() as left:
        answer = browse(street.olga).post(PAGE, answers)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not left.operations


def test_a_reason_is_asked_for_beside_the_preview(street: Street) -> None:
    olga = browse(street.olga)
    seen = olga.post(PAGE, {"what": "everything"}).context["preview"].digest
    answer = olga.post(PAGE, {"what": "everything", "reason": "", "seen": seen})
    assert answer.status_code == 422
    assert "say why" in answer.content.decode()
    assert answer.context["preview"].records == 1


def test_members_are_offered_by_number_and_classes_by_name(street: Street) -> None:
    olga = browse(street.olga)
    page = olga.get(PAGE).content.decode().split("<main")[1]
    assert "Member 3" in page
    assert ">ana<" not in page
    answer = olga.post(PAGE, {"what": "person", "person": street.ana.pk})
    assert [one.key for one in answer.context["preview"].differences] == ["annotation/cam//0/1"]
    car = first_mark(street).label_class
    assert olga.post(PAGE, {"what": "class", "label_class": car.pk}).context["preview"].records == 1
    assert olga.post(PAGE, {"what": "range", "end": "2020-01-01T00:00"}).context["preview"].records == 0


def test_it_is_offered_and_open_to_owners_only(street: Street) -> None:
    assert PAGE in browse(street.olga).get("/projects/street/snapshots/1/").content.decode()
    assert PAGE not in browse(street.ravi).get("/projects/street/snapshots/1/").content.decode()
    for method in ("get", "post"):
        with what_is_left() as left:
            assert getattr(browse(street.ravi), method)(PAGE).status_code == 403
        assert left.entry.event == Event.ACCESS_DENIED
        for hidden in (street.ana, street.uma):
            assert getattr(browse(hidden), method)(PAGE).status_code == 404
