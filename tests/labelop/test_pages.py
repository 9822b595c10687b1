"""Who is shown which page; everybody else meets 404, the login form, or a refusal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from labelop.models import Annotation, Item
from tests.street import CANARY, Street, street_scenes

pytestmark = [pytest.mark.django_db, pytest.mark.stage(set_by=street_scenes)]

As = Callable[[Any], Client]


@pytest.fixture
def street(standing: Street) -> Street:
    return standing


@pytest.fixture
def browse() -> As:
    def of(user: Any) -> Client:
        client = Client()
        if user is not None:
            client.force_login(user)
        return client

    return of


OF_THE_PROJECT = {
    # path: what owner, reviewer and annotator get
    "/projects/street/": (200, 200, 200),
    "/projects/street/access/": (200, 200, 200),
    "/projects/street/access/?at=1": (200, 200, 200),
    "/projects/street/access/?at=2026-01-01": (200, 200, 200),
    "/projects/street/access/?at=9": (404, 404, 200),
    "/projects/street/access/?at=then": (422, 422, 200),
    "/projects/street/access/?at=2999-01-01": (422, 422, 200),
    "/projects/street/quality/": (200, 200, 404),
    "/projects/street/quality/?class=car": (200, 200, 404),
    "/projects/street/quality/?class=tram": (404, 404, 404),
    "/projects/street/quality/?until=2026-01-05": (200, 200, 404),
    "/projects/street/quality/?until=never": (404, 404, 404),
    "/projects/street/quality/signals/9/": (404, 404, 404),
    "/projects/street/trail/": (200, 200, 200),
    "/projects/street/trail/?impact=high&chapter=1": (200, 200, 404),
    "/projects/street/snapshots/1/": (200, 200, 404),
    "/projects/street/releases/": (200, 200, 404),
    "/projects/street/log-reviews/": (200, 200, 404),
    "/projects/street/snapshots/2/": (200, 200, 404),
    "/projects/street/snapshots/2/?from=1&impact=routine&kind=changed": (200, 200, 404),
    "/projects/street/snapshots/2/?from=9": (404, 404, 404),
    "/projects/street/snapshots/2/?from=x": (404, 404, 404),
    "/projects/street/snapshots/9/": (404, 404, 404),
    "/projects/street/snapshots/1/restore/": (200, 403, 404),
    "/projects/street/snapshots/9/restore/": (404, 404, 404),
}
FOR_EVERY_MEMBER = [
    "/",
    "/trail/",
    "/trail/?q=",
    "/labelop/project/",
    "/labelop/labelclass/",
    "/labelop/item/",
    "/labelop/annotation/",
    "/roles/membership/",
    "/snapshots/snapshot/",
    "/snapshots/adjustment/",
    "/snapshots/logreview/",
    "/snapshots/disposition/",
    "/snapshots/finding/",
    "/snapshots/signoff/",
    "/labelop/",
    "/password_change/",
]


@pytest.mark.parametrize("path", OF_THE_PROJECT)
def test_a_page_of_a_project_is_for_its_members(street: Street, browse: As, path: str) -> None:
    owner, reviewer, annotator = OF_THE_PROJECT[path]
    page = browse(street.olga).get(path)
    assert page.status_code == owner
    assert carries_nothing_inline(page)
    assert browse(street.ravi).get(path).status_code == reviewer
    assert browse(street.ana).get(path).status_code == annotator
    assert browse(street.uma).get(path).status_code == 404
    assert browse(street.sue).get(path).status_code == owner
    assert browse(street.eve).get(path).status_code == 302, "her role has ended, though her session lives"
    assert browse(None).get(path).status_code == 302


@pytest.mark.parametrize("path", FOR_EVERY_MEMBER)
def test_lists_show_nothing_of_other_projects(street: Street, browse: As, path: str) -> None:
    for member in (street.olga, street.ravi, street.ana):
        response = browse(member).get(path)
        assert response.status_code == 200
        assert CANARY not in response.content.decode()
        assert carries_nothing_inline(response)
    assert browse(street.uma).get(path).status_code == 200
    assert browse(street.eve).get(path).status_code == 302
    assert browse(None).get(path).status_code == 302


def carries_nothing_inline(page: Any) -> bool:
    """Whether there is no script and no style in a page, which the site's policy would not let through."""
    return not any(inline in page.content.decode() for inline in ("<style", " style=", "<script>", " onclick="))


def test_rows_of_other_projects_do_not_exist(street: Street, browse: As) -> None:
    item = Item.objects.get(project=street.elsewhere)
    owner, stranger = browse(street.olga), browse(street.uma)
    for path in ("change/", "history/"):
        assert owner.get(f"/labelop/item/{item.pk}/{path}").status_code == 404
        assert stranger.get(f"/labelop/item/{item.pk}/{path}").status_code == 200
        assert owner.get(f"/labelop/project/{street.elsewhere.pk}/{path}").status_code == 404
    assert owner.get(f"/audit/entry/{street.away.entry_id}/change/").status_code == 404
    assert owner.get(f"/snapshots/snapshot/{street.away.pk}/change/").status_code == 404
    assert owner.get("/labelop/item/999999/change/").status_code == 404


def test_an_annotator_sees_no_trail_and_no_work_of_others(street: Street, browse: As) -> None:
    annotation = Annotation.objects.filter(project=street.project)[0]
    ana = browse(street.ana)
    assert ana.get(f"/labelop/annotation/{annotation.pk}/history/").status_code == 404
    assert ana.get(f"/audit/entry/{street.second.entry_id}/change/").status_code == 404


def test_the_history_of_a_row_stands_beside_its_reasons(street: Street, browse: As) -> None:
    annotation = Annotation.objects.filter(project=street.project).order_by("pk")[0]
    page = browse(street.ravi).get(f"/labelop/annotation/{annotation.pk}/history/").content.decode()
    assert "It is a van" in page
    assert page.count("<details") == 2, "one for each version"
    assert "Annotator 3" in page
    assert "ana" not in page.split("<main")[1].replace("annotation", "").replace("Annotator", ""), "no name is shown"


def test_nothing_changes_through_the_admins_own_forms(street: Street, browse: As) -> None:
    item = Item.objects.filter(project=street.project)[0]
    owner = browse(street.olga)
    for path in (f"/labelop/item/{item.pk}/change/", f"/labelop/item/{item.pk}/delete/", "/labelop/item/add/"):
        assert owner.post(path, {"key": "other", "post": "yes"}).status_code == 405
    assert owner.post(f"/labelop/item/{item.pk}/history/", {"key": "other"}).status_code == 405
    item.refresh_from_db()
    assert item.key != "other"


@pytest.mark.parametrize(
    "query", ["actor_name__startswith=o", "actor__username=olga", "project__slug=elsewhere", "reason__contains=a"]
)
def test_a_list_answers_only_the_questions_it_offers(street: Street, browse: As, query: str) -> None:
    assert browse(street.ravi).get(f"/trail/?{query}").status_code == 400


def test_a_member_logs_in_without_staff_rights(street: Street) -> None:
    client = Client()
    form = {"username": "ana", "password": "a long pass phrase"}
    assert client.post("/login/?next=/", form).status_code == 302
    assert client.get("/").status_code == 200
    assert not street.ana.is_staff


def test_an_account_without_a_role_is_told_what_a_wrong_password_is_told(street: Street) -> None:
    without_role = Client().post("/login/", {"username": "eve", "password": "a long pass phrase"})
    wrong_password = Client().post("/login/", {"username": "ana", "password": "wrong"})
    assert without_role.status_code == wrong_password.status_code == 200
    assert without_role.context["form"].errors == wrong_password.context["form"].errors


@pytest.mark.parametrize(
    ("path", "queries"),
    [
        ("/", 12),
        ("/projects/street/", 18),
        ("/projects/street/access/", 18),
        ("/projects/street/access/?at=1", 22),
        ("/projects/street/quality/", 14),
        ("/trail/", 15),
        ("/labelop/item/", 10),
    ],
)
def test_pages_ask_the_database_little(
    street: Street, browse: As, path: str, queries: int, django_assert_max_num_queries: Any
) -> None:
    owner = browse(street.olga)
    with django_assert_max_num_queries(queries):
        owner.get(path)
