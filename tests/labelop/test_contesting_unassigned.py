"""A decision on marks that nobody was assigned to is seen, and contested, by who made them."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.test import Client

from audit.acting import operation
from labelop.models import Annotation, Review, Verdict
from labelop.selectors.trail import work_entries_visible_to
from labelop.selectors.work import (
    annotations_visible_to,
    assignments_visible_to,
    disputes_visible_to,
    items_visible_to,
    reviews_visible_to,
)
from labelop.services.disputes import contest_review, overturn_decision
from labelop.services.work import add_item
from roles.models import Membership, User
from roles.services import revoke_role
from tests.cast import what_is_left
from tests.marks import brought_in

from .team import Team, assemble_team

pytestmark = [pytest.mark.django_db, pytest.mark.stage(set_by=assemble_team)]


@pytest.fixture
def team(standing: Team) -> Team:
    return standing


@pytest.fixture(params=["the mark", "the item"])
def review(team: Team, request: pytest.FixtureRequest) -> Review:
    """Ben made the only mark on an item elsewhere; Ravi rejects it."""
    item = add_item(team.project, "photo-2", {}, by=team.olga)
    mark = brought_in(item, team.gull, {"box": [2]}, by=team.ben, key="ben")
    return team.decide(mark if request.param == "the mark" else item, "rejected")


def as_(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_its_author_contests_it_in_the_admin(team: Team, review: Review) -> None:
    ben, page = as_(team.ben), f"/labelop/review/{review.pk}"
    assert f"{page}/acts/contest/" in ben.get(f"{page}/change/").content.decode()
    with what_is_left() as left:
        answer = ben.post(f"{page}/acts/contest/", {"reason": "It is a gull"})
    assert (answer.status_code, left.events, left.entry.reason) == (302, ["review.disputed"], "It is a gull")
    assert ben.get(answer["Location"]).status_code == 200
    ruled = overturn_decision(review.dispute, Verdict.APPROVED, by=team.olga, reason="A gull indeed")
    assert list(reviews_visible_to(team.ben)) == [ruled, review]
    assert ruled.assignment is None


def test_nobody_else_finds_it(team: Team, review: Review) -> None:
    for other in (team.ana, team.people["uma"]):
        client = as_(other)
        assert client.get(f"/labelop/review/{review.pk}/change/").status_code == 404, other
        assert client.post(f"/labelop/review/{review.pk}/acts/contest/", {"reason": "Mine"}).status_code == 404
        with pytest.raises(PermissionDenied):
            contest_review(review, by=other, reason="Mine")


def test_nothing_else_of_it_comes_into_sight(team: Team, review: Review) -> None:
    contest_review(review, by=team.ben, reason="It is a gull")
    assert list(reviews_visible_to(team.ben)) == [review]
    assert list(disputes_visible_to(team.ben)) == [review.dispute]
    for selector in (assignments_visible_to, items_visible_to, annotations_visible_to, work_entries_visible_to):
        assert not selector(team.ben).exists(), selector.__name__


def test_another_mark_on_the_item_is_not_theirs(team: Team) -> None:
    brought_in(team.item, team.gull, {"box": [2]}, by=team.ben, key="ben")
    team.decide(Annotation.objects.get(key="rita"), "rejected")
    assert not reviews_visible_to(team.ben).exists()


def test_who_left_sees_it_no_more(team: Team, review: Review) -> None:
    revoke_role(Membership.objects.get(user=team.ben, ended_at=None), by=team.olga, reason="Left the team")
    assert not reviews_visible_to(team.ben).exists()


def test_a_mark_without_an_author_is_nobodys(team: Team, review: Review) -> None:
    with operation():
        Annotation.objects.filter(key="ben").update(author=None)
    for viewer in (AnonymousUser(), team.ben, team.ana):
        assert not reviews_visible_to(viewer).exists()
