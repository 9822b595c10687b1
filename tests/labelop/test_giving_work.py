"""Giving work in bulk in the admin, and wanting it on another day."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from labelop.models import Assignment
from labelop.services.assignments import move_due_date
from labelop.services.work import add_item
from tests.cast import what_is_left

from .team import Team, assemble_team

pytestmark = [pytest.mark.django_db, pytest.mark.stage(set_by=assemble_team)]

ASSIGN = "/labelop/assignment/acts/assign/"


@pytest.fixture
def team(standing: Team) -> Team:
    return standing


def test_a_moved_due_date_leaves_one_entry_with_both_days(team: Team) -> None:
    assignment = team.assigned()
    with what_is_left() as left:
        move_due_date(assignment, date(2030, 5, 6), by=team.olga)
        move_due_date(assignment, None, by=team.olga, reason="No hurry")
    told = [(entry.event, entry.impact, entry.before, entry.after, entry.reason) for entry in left.entries]
    assert told == [("due.moved", 2, None, "2030-05-06", ""), ("due.moved", 2, "2030-05-06", None, "No hurry")]
    assert {entry.subject_id for entry in left.entries} == {assignment.pk}
    with what_is_left() as left, pytest.raises(ValidationError, match="its due date already"):
        move_due_date(assignment, None, by=team.olga)
    assert not left.operations


def test_many_items_are_given_at_once_in_the_admin(team: Team, client: Client) -> None:
    for number in range(3):
        add_item(team.project, f"n{number}", {}, by=team.olga)
    answers = {"project": team.project.pk, "items": "n0\n n1 \n\nn1", "annotator": "ana", "priority": 3}
    client.force_login(team.olga)
    assert client.get(ASSIGN).status_code == 200
    with what_is_left() as left:
        assert client.post(ASSIGN, {**answers, "due_on": "2030-05-06"}).status_code == 302
    given = Assignment.objects.order_by("item__key")
    assert [(one.item.key, one.annotator, one.priority) for one in given] == [("n0", team.ana, 3), ("n1", team.ana, 3)]
    assert (left.entry.event, left.entry.records, left.entry.channel) == ("work.assigned", 2, "admin")
    with what_is_left() as left:
        answer = client.post(ASSIGN, {**answers, "items": "n2\nn9"})
    assert (answer.status_code, left.events) == (422, [])
    assert "no item n9" in answer.content.decode()


@pytest.mark.parametrize("name", ["ravi", "ana", "uma"])
def test_many_items_are_given_by_owners_alone(team: Team, client: Client, name: str) -> None:
    client.force_login(team.people[name])
    answers = {"project": team.project.pk, "items": "photo-1", "annotator": "ana", "priority": 2}
    assert client.post(ASSIGN, answers).status_code in (404, 422)
    assert not Assignment.objects.exists()
