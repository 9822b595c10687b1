"""Lists of the admin: narrowed by their filters, paged without counting, and telling why nothing is found."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.admin import site
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit.acting import operation
from labelop.models import Annotation, Item
from labelop.services.projects import create_project
from labelop.services.work import add_item, exclude_item
from roles.admin import AuditedAdmin
from roles.admin.values import MOST, parts_of
from roles.filters import StrictFilterSet
from roles.services import issue_token, service_account
from tests.cast import Cast
from tests.plans import on_postgresql, planned_anew, rows_read

pytestmark = pytest.mark.django_db

ITEMS = "/labelop/item/"


def as_(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def keys(page: Any) -> list[str]:
    return [row.key for row in page.context["cl"].result_list]


def many_items(cast: Cast, number: int) -> None:
    with operation(by=cast.olga):
        Item.objects.bulk_create(Item(project=cast.project, key=f"many/{n:03}") for n in range(number))


def test_a_list_is_narrowed_by_its_address_and_links_to_what_it_would_be_without(cast: Cast) -> None:
    exclude_item(add_item(cast.project, "photo-2", {}, by=cast.olga), by=cast.olga, reason="Blurred")
    page = as_(cast.olga).get(ITEMS, {"excluded": "true", "key": ["photo*", "nothing"], "split": ""})
    assert keys(page) == ["photo-2"]
    terms = {term.label: term.address for term in page.context["cl"].terms}
    assert terms == {
        "Excluded: Yes": "?key=photo%2A&key=nothing",
        "Key: photo*": "?excluded=true&key=nothing",
        "Key: nothing": "?excluded=true&key=photo%2A",
    }
    chosen = {option.label: option.chosen for facet in page.context["cl"].facets for option in facet.options}
    assert chosen == {"Yes": True, "No": False}
    said = page.content.decode()
    assert 'value="photo*"' in said
    assert '<input type="hidden" name="excluded" value="true">' in said


def test_a_wrong_question_is_answered_by_what_is_wrong_with_it(cast: Cast) -> None:
    page = as_(cast.olga).get(ITEMS, {"project": "ships", "excluded": "perhaps", "key": "photo-1"})
    assert page.status_code == 400
    assert keys(page) == []
    said = page.content.decode()
    assert "There is no project ships here." in said
    assert "There is no excluded perhaps." in said
    assert "photo-1/1" not in said


@pytest.mark.parametrize("before", ["x", "-1", "²", "9" * 19, "1&before=2x"])
def test_a_page_begins_at_a_number_or_not_at_all(cast: Cast, before: str) -> None:
    assert as_(cast.olga).get(f"{ITEMS}?before={before}").status_code == 400


def test_pages_lead_on_to_older_rows_and_keep_the_question(cast: Cast) -> None:
    many_items(cast, 101)
    olga, seen, address = as_(cast.olga), [], f"{ITEMS}?key=many*"
    while address:
        page = olga.get(address)
        seen += keys(page)
        address = page.context["cl"].older and ITEMS + page.context["cl"].older
    assert seen == [f"many/{n:03}" for n in reversed(range(101))]
    assert page.context["cl"].newest == "?key=many%2A"


def test_a_list_asks_as_much_for_many_rows_as_for_few_and_counts_none(cast: Cast) -> None:
    olga = as_(cast.olga)
    with CaptureQueriesContext(
        connection,
    ) as few:
        olga.get(ITEMS)
    many_items(cast, 60)
    with CaptureQueriesContext(connection) as many:
        assert len(keys(olga.get(ITEMS))) == 50
    assert len(many) == len(few)
    assert not [query["sql"] for query in many if re.search(r"SELECT COUNT", query["sql"])]


def test_rows_of_several_projects_stand_in_one_list_newest_first(cast: Cast) -> None:
    other = create_project("boats", "Boats", by=service_account("setup"), owner=cast.olga)
    for number in range(104):
        with operation(by=cast.olga):
            place = other if number % 3 == 0 else cast.project
            Item.objects.create(project=place, key=f"many/{number:03}")
    olga, seen, address = as_(cast.olga), [], f"{ITEMS}?key=many*"
    while address:
        page = olga.get(address)
        seen += keys(page)
        address = page.context["cl"].older and ITEMS + page.context["cl"].older
    assert seen == [f"many/{number:03}" for number in reversed(range(104))]


@on_postgresql
def test_a_list_reads_few_rows_though_later_ones_are_of_projects_that_are_not_seen(cast: Cast) -> None:
    other = create_project("boats", "Boats", by=service_account("setup"), owner=cast.uma)
    with operation(by=cast.uma):
        for place, number in ((cast.project, 8000), (other, 2000)):
            Item.objects.bulk_create(Item(project=place, key=f"many/{each:04}") for each in range(number))
    planned_anew("labelop_item")
    for address in (ITEMS, f"{ITEMS}?before={Item.objects.filter(project=cast.project).latest('pk').pk}"):
        with CaptureQueriesContext(connection) as captured:
            assert len(keys(as_(cast.olga).get(address))) == 50
        asked = [query["sql"] for query in captured if 'FROM "labelop_item"' in query["sql"]]
        assert sum(rows_read(sql, "labelop_item") for sql in asked) < 200, address


def test_every_list_asks_few_questions(cast: Cast) -> None:
    olga, asked = as_(cast.olga), {}
    for of in _audited():
        with CaptureQueriesContext(connection) as queries:
            olga.get(f"/{of.opts.app_label}/{of.opts.model_name}/")
        asked[str(of.opts.model_name)] = len(queries)
    # The session, the user, whether they are a member, their projects and the rows; then their roles and what stands
    # beside those.
    beside = {"item": 5, "annotation": 7, "logreview": 5}
    assert {name: number for name, number in asked.items() if number > 5 + beside.get(name, 3)} == {}


def test_an_empty_list_says_why(cast: Cast) -> None:
    for of in _audited():
        address = f"/{of.opts.app_label}/{of.opts.model_name}/"
        page = as_(cast.uma).get(address)
        if page.status_code == 200 and not page.context["cl"].result_list:
            assert of.empty, address
            assert of.empty in page.content.decode().replace("&#x27;", "'"), address
    found = as_(cast.olga).get(ITEMS, {"key": "nothing"}).content.decode()
    assert "Nothing here fits." in found


def test_no_list_is_narrowed_by_other_means() -> None:
    for of in _audited():
        assert [*of.list_filter, *of.search_fields, of.date_hierarchy] == [None], of
        assert of.opts.label == "audit.Entry" or of.filters is not StrictFilterSet, of


def test_values_of_json_are_told_as_tables(cast: Cast) -> None:
    with operation(by=cast.olga):
        Item.objects.filter(pk=cast.item.pk).update(
            data={"uri": "a.jpg", "<b>": [1, 2], "size": {"w": 10, "lit": True}}, metadata={}
        )
    page = as_(cast.olga).get(f"{ITEMS}{cast.item.pk}/change/").content.decode()
    told = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    assert "uri a.jpg" in told
    assert "&lt;b&gt; 1, 2" in told
    assert "size lit yes w 10" in told
    assert "Metadata: –" in told
    assert "{" not in told


def test_a_value_is_told_so_far_and_no_further() -> None:
    deep: Any = "core"
    for _ in range(50):
        deep = {"in": deep}
    assert "core" not in str(parts_of(deep))
    assert parts_of({str(n): n for n in range(MOST + 7)})["more"] == 7
    assert parts_of(list(range(MOST + 2)))["text"].endswith("and 2 more")
    assert parts_of([{"a": 1}, [2]])["rows"][1] == ("2", {"text": "2"})


def test_a_mark_under_an_earlier_definition_is_told_in_words(cast: Cast) -> None:
    with operation(by=cast.olga):
        Annotation.objects.filter(pk=cast.annotation.pk).update(edition=0)
    said = as_(cast.ravi).get("/labelop/annotation/").content.decode()
    assert "class redefined since" in said


def _audited() -> list[AuditedAdmin]:
    return [of for of in site._registry.values() if isinstance(of, AuditedAdmin)]


def test_a_moment_is_told_in_lists_and_pages_as_everywhere(cast: Cast) -> None:
    expiry = datetime(2027, 3, 1, 13, 5, tzinfo=UTC)
    token, _ = issue_token(cast.olga, "sync", by=cast.olga, reason="Sync", scopes=[], expiry=expiry)
    for address in ("", f"{token.pk}/change/"):
        assert "1 Mar 2027, 13:05 UTC" in as_(cast.olga).get(f"/roles/token/{address}").content.decode()


@pytest.mark.parametrize("page", ["change/", "history/", "acts/rename/"])
def test_a_page_of_a_row_begins_with_its_project(cast: Cast, page: str) -> None:
    found = as_(cast.olga).get(f"/labelop/labelclass/{cast.label_class.pk}/{page}").content.decode()
    crumbs = re.search(r'<div class="breadcrumbs">(.*?)</div>', found, re.DOTALL)
    assert crumbs is not None
    assert re.findall(r'href="([^"]*)"', crumbs[1])[:3] == ["/", "/projects/birds/", "/labelop/labelclass/"]
