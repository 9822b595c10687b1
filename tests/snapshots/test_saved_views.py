"""Saved views: questions to the trail under a name, one's own or shared, that never ask for anybody by name."""

from __future__ import annotations

from html import unescape

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client

from audit.query import parse
from roles.matrix import Role
from roles.models import User
from roles.services import change_role, reveal_identity
from snapshots.models import SavedView
from snapshots.selectors import saved_views_visible_to
from snapshots.services.views import remove_view, rename_view, save_view
from tests.cast import what_is_left
from tests.street import Street, street_scenes

pytestmark = [pytest.mark.django_db, pytest.mark.stage(set_by=street_scenes)]

TRAIL = "/projects/street/trail/"
VIEWS = "/snapshots/savedview/"


@pytest.fixture
def street(standing: Street) -> Street:
    return standing


def as_(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def saved(
    street: Street, by: User, name: str = "Roles", *, shared: bool = True, query: str = "theme:access"
) -> SavedView:
    return save_view(street.project, name, parse(query), shared=shared, by=by)


def seen_by(user: User) -> list[str]:
    return [view.name for view in saved_views_visible_to(user)]


class TestSaving:
    def test_keeps_the_question_and_leaves_one_entry(self, street: Street) -> None:
        with what_is_left() as left:
            view = saved(street, street.ravi, query='theme:access actor:"Annotator 3" created:7d')
        assert (view.query, view.made_by) == ('theme:access actor:"Annotator 3" created:7d', street.ravi)
        assert (left.entry.event, left.entry.subject_name, left.entry.role) == ("view.saved", "Roles", "reviewer")
        assert left.entry.after == {"query": view.query, "shared": True}
        assert [version.history_type for version in left.versions_of(SavedView)] == ["+"]
        assert left.operations == {left.entry.operation}

    @pytest.mark.parametrize("name", ["ana", "uma"])
    def test_is_for_who_inspects_the_trail(self, street: Street, name: str) -> None:
        with what_is_left() as left, pytest.raises(PermissionDenied):
            saved(street, getattr(street, name))
        assert left.events == ["access.denied"]
        assert not left.versions

    @pytest.mark.parametrize("shared", [True, False])
    def test_never_asks_for_a_revealed_name(self, street: Street, shared: bool) -> None:
        reveal_identity(street.membership_of(street.ana), by=street.olga, reason="A certificate")
        with what_is_left() as left, pytest.raises(ValidationError, match="by role and number"):
            saved(street, street.olga, query="actor:ana", shared=shared)
        assert not left.entries
        assert not left.versions

    @pytest.mark.parametrize("query", ["event:class.aded", "project:elsewhere", 'actor:"Reviewer 77"'])
    def test_takes_no_question_that_this_trail_cannot_answer(self, street: Street, query: str) -> None:
        with pytest.raises(ValidationError):
            saved(street, street.olga, query=query)

    def test_takes_each_name_once(self, street: Street) -> None:
        saved(street, street.ravi)
        saved(street, street.olga, shared=False)
        for by, shared, sentence in (
            (street.olga, True, "You have a view of this name already"),
            (street.ravi, False, "You have a view of this name already"),
        ):
            with pytest.raises(ValidationError, match=sentence):
                saved(street, by, shared=shared)
        saved(street, street.olga, "Mine")
        with pytest.raises(ValidationError, match="shares a view of this name"):
            saved(street, street.ravi, "Mine")
        with pytest.raises(ValidationError):
            saved(street, street.olga, "  ")


class TestChanging:
    def test_renaming_leaves_one_entry(self, street: Street) -> None:
        view = saved(street, street.ravi)
        with what_is_left() as left:
            rename_view(view, " Who may do what ", by=street.ravi)
        assert (left.entry.event, left.entry.before, left.entry.after) == (
            "view.renamed",
            {"name": "Roles"},
            {"name": "Who may do what"},
        )
        assert [version.name for version in left.versions_of(SavedView)] == ["Who may do what"]

    def test_removing_leaves_what_it_asked_on_the_trail(self, street: Street) -> None:
        view = saved(street, street.ravi, shared=False)
        with what_is_left() as left:
            remove_view(view, by=street.ravi)
        assert (left.entry.event, left.entry.subject_name) == ("view.removed", "Roles")
        assert left.entry.before == {"query": "theme:access", "shared": False}
        assert [version.history_type for version in left.versions_of(SavedView)] == ["-"]
        assert seen_by(street.ravi) == []

    def test_an_owner_sees_to_what_is_shared(self, street: Street) -> None:
        rename_view(saved(street, street.ravi), "Access", by=street.olga)
        remove_view(SavedView.objects.get(), by=street.olga)
        assert not SavedView.objects.exists()

    def test_nobody_else_changes_it(self, street: Street) -> None:
        shared, own = saved(street, street.olga), saved(street, street.olga, "Own", shared=False)
        ravis = saved(street, street.ravi, "Ravi’s", shared=False)
        for view, by in ((shared, street.ravi), (own, street.ravi), (ravis, street.olga), (shared, street.uma)):
            for change in (call_it_other, drop_it):
                with what_is_left() as left, pytest.raises(PermissionDenied):
                    change(view, by)
                assert left.events == ["access.denied"]
                assert not left.versions


def call_it_other(view: SavedView, by: User) -> None:
    rename_view(view, "Other", by=by)


def drop_it(view: SavedView, by: User) -> None:
    remove_view(view, by=by)


def test_who_sees_which(street: Street) -> None:
    saved(street, street.olga, "Shared")
    saved(street, street.olga, "Olga’s", shared=False)
    saved(street, street.ravi, "Ravi’s", shared=False)
    assert seen_by(street.olga) == ["Olga’s", "Shared"]
    assert seen_by(street.ravi) == ["Ravi’s", "Shared"]
    assert seen_by(street.sue) == ["Shared"]
    assert seen_by(street.ana) == seen_by(street.uma) == []
    change_role(street.membership_of(street.ravi), Role.ANNOTATOR, by=street.olga, reason="Back to drawing")
    assert seen_by(street.ravi) == [], "not even one's own, once the trail is closed to its maker"


class TestThePages:
    def test_a_view_is_saved_from_the_question_and_opened_by_its_address(self, street: Street) -> None:
        ravi = as_(street.ravi)
        page = unescape(ravi.get(f"{TRAIL}?q=theme:access").content.decode())
        address = f"{VIEWS}acts/save/?project={street.project.pk}&query=theme%3Aaccess"
        assert address in page
        assert 'value="theme:access"' in ravi.get(address).content.decode()
        answers = {
            "project": street.project.pk,
            "called": "Roles",
            "query": "theme:access",
            "shared": "on",
            "reason": "",
        }
        answer = ravi.post(address, answers)
        view = SavedView.objects.get()
        assert answer["Location"] == f"{TRAIL}?view={view.pk}"
        for user in (street.ravi, street.olga):
            opened = unescape(as_(user).get(answer["Location"]).content.decode())
            assert 'value="theme:access"' in opened
            assert f'href="{TRAIL}?view={view.pk}"' in opened
            assert 'aria-current="true">Roles' in opened

    def test_it_is_renamed_and_removed(self, street: Street) -> None:
        view, olga = saved(street, street.ravi), as_(street.olga)
        assert "acts/rename/" in olga.get(f"{VIEWS}{view.pk}/change/").content.decode()
        renamed = olga.post(f"{VIEWS}{view.pk}/acts/rename/", {"called": "Access", "reason": ""})
        assert renamed["Location"] == f"{TRAIL}?view={view.pk}"
        assert olga.post(f"{VIEWS}{view.pk}/acts/remove/", {"reason": ""})["Location"] == VIEWS
        assert olga.get(renamed["Location"]).status_code == 404

    def test_what_cannot_be_saved_is_told_beside_its_field(self, street: Street) -> None:
        answers = {"project": street.project.pk, "called": "Roles", "query": "event:nothing", "reason": ""}
        for query, said in (("event:nothing", "There is no event nothing."), ("“a:b", "There is no key")):
            answer = as_(street.ravi).post(f"{VIEWS}acts/save/", {**answers, "query": query})
            assert answer.status_code == 422
            assert said in unescape(answer.content.decode())

    def test_it_is_hidden_from_others(self, street: Street) -> None:
        own, shared = saved(street, street.olga, "Own", shared=False), saved(street, street.olga)
        for user, view in ((street.ravi, own), (street.ana, shared), (street.uma, shared)):
            for address in (f"{TRAIL}?view={view.pk}", f"{VIEWS}{view.pk}/change/", f"{VIEWS}{view.pk}/acts/remove/"):
                assert as_(user).get(address).status_code == 404, (user, address)
        assert as_(street.olga).get(f"/trail/?view={shared.pk}").status_code == 404
        assert ">Own<" not in as_(street.ravi).get(TRAIL).content.decode()
        assert "Save this question" not in as_(street.ana).get(TRAIL).content.decode()
