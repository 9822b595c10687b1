"""The page of one item: how it stands, who set what, and its versions beside the entries that explain them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from labelop.models import Annotation, Item, LabelClass, Verdict
from labelop.services.reviews import decide_review
from labelop.services.schema import rename_class
from labelop.services.work import add_item, exclude_item
from roles.models import User
from snapshots.services.snapshots import take_snapshot
from tests.marks import brought_in, taken_back
from tests.snapshots.release_stage import set_the_release_stage
from tests.street import Street, street_scenes

pytestmark = [pytest.mark.django_db, pytest.mark.stage(set_by=street_scenes)]

PAGE = "/projects/street/items/{}/"


@pytest.fixture
def street(standing: Street) -> Street:
    return standing


def browse(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def car(street: Street) -> LabelClass:
    return LabelClass.objects.get(project=street.project, key="car")


def history(street: Street, key: str, data: dict[str, Any], *values: dict[str, Any]) -> Annotation:
    """A new item with one mark that had each of these values in turn."""
    item = add_item(street.project, key, data, by=street.olga)
    mark = brought_in(item, car(street), values[0], by=street.ana, key="1")
    for value in values[1:]:
        mark = brought_in(item, car(street), value, by=street.ana, key="1", reason="Looked again")
    return mark


def body(user: User, address: str) -> str:
    answer = browse(user).get(address)
    assert answer.status_code == 200
    return answer.content.decode().split("<main")[1]


def test_a_moved_box_is_drawn_where_it_was_and_where_it_is(street: Street) -> None:
    history(street, "a", {"width": 640, "height": 480}, {"bbox": [10, 10, 50, 50]}, {"bbox": [22, 6, 50, 50]})
    page = body(street.ravi, PAGE.format("a"))
    assert "moved 12 px right, 4 px up" in page
    assert re.search(r'<polygon class="old" points="10.0,10.0 60.0,10.0', page)
    assert re.search(r'<polygon class="new" points="22.0,6.0 72.0,6.0', page)
    assert "Looked again" in page


def test_a_redrawn_polygon_a_moved_span_and_an_interval_are_drawn(street: Street) -> None:
    history(street, "p", {"width": 9, "height": 9}, {"points": "0,0;5,0;5,5"}, {"points": "0,0;5,0;5,5;0,5"})
    assert "3 points → 4" in body(street.ravi, PAGE.format("p"))
    history(street, "s", {"text": "My router blinks"}, {"start": 3, "end": 9}, {"start": 0, "end": 9})
    page = body(street.ravi, PAGE.format("s"))
    assert '<del class="old" title="Car">router</del>' in page
    assert '<ins class="new" title="Car">My router</ins>' in page
    history(street, "i", {"seconds": 60}, {"start": 3, "end": 9}, {"start": 3, "end": 10.5})
    assert "ends 1.5 s later" in body(street.ravi, PAGE.format("i"))


def test_tokens_and_attributes_stand_in_tables(street: Street) -> None:
    history(street, "t", {"text": "hers"}, {"form": "hers", "lemma": "hers"}, {"form": "hers", "lemma": "she"})
    page = body(street.ravi, PAGE.format("t"))
    assert '<del class="old">hers</del>' in page
    assert '<ins class="new">she</ins>' in page
    history(street, "o", {}, {"occluded": False, "odd": [1]}, {"occluded": True, "odd": [1]})
    page = body(street.ravi, PAGE.format("o"))
    assert re.search(r'occluded</th>\s*<td><del class="old">no</del></td>\s*<td><ins class="new">yes</ins>', page)
    assert "1 value unchanged" in page


def test_each_value_is_told_with_who_set_it_and_why(street: Street) -> None:
    answer = browse(street.ravi).get(PAGE.format("cam/0"))
    blame = {(one.mark, one.field): one for one in answer.context["blame"]}
    label = blame["1", "label"]
    assert (label.value, label.told.actor, label.told.entry.reason) == ("van", "Annotator 3", "It is a van")
    assert blame["1", "bbox"].told.entry.pk < label.told.entry.pk
    assert blame["", "uri"].told.actor == "Owner 1"
    assert f"/audit/entry/{label.told.entry.pk}/change/" in answer.content.decode()


def test_of_a_crowded_item_a_part_is_drawn_and_it_says_so(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("snapshots.item_past.MARKS_OF_AN_ITEM", 1)
    mark = history(street, "a", {"width": 64, "height": 48}, {"bbox": [1, 1, 9, 9]})
    assert "Too many marks" not in body(street.ravi, PAGE.format("a"))
    brought_in(mark.item, car(street), {"bbox": [5, 5, 9, 9]}, by=street.ana)
    answer = browse(street.ravi).get(PAGE.format("a"))
    assert len(answer.context["drawing"].pictures.whole.outlines) == 1
    assert "Too many marks to draw them all" in answer.content.decode()
    assert answer.context["blame"] == []


def test_a_version_has_an_address_of_its_own(street: Street) -> None:
    ravi = browse(street.ravi)
    whole = ravi.get(PAGE.format("cam/0")).context["past"].moments
    places = [version.place for moment in whole for version in moment.versions]
    assert [place.partition("-")[0] for place in places] == ["mark", "mark", "item"]
    [moment] = ravi.get(PAGE.format("cam/0"), {"version": places[0]}).context["past"].moments
    assert moment.versions[0].drawing == whole[0].versions[0].drawing
    assert [line.entry.reason for line in moment.entries] == ["It is a van"]
    other = Annotation.objects.filter(project=street.project).order_by("pk")[1].history.get()
    for wrong in (f"mark-{other.history_id}", "mark-x", "entry-1", "mark-999999", "item-" + "9" * 30):
        assert ravi.get(PAGE.format("cam/0"), {"version": wrong}).status_code == 404


def test_the_past_is_paged_and_each_page_draws_what_came_before(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = [{"bbox": [place, 0, 9, 9]} for place in range(7)]
    history(street, "a", {"width": 64, "height": 48}, *values)
    ravi = browse(street.ravi)
    whole = ravi.get(PAGE.format("a")).context["past"]
    assert not whole.older
    monkeypatch.setattr("snapshots.item_past.PAGE", 3)
    paged: list[Any] = []
    older = ""
    while True:
        past = ravi.get(PAGE.format("a"), {"before": older}).context["past"]
        paged += past.moments
        older = past.older
        if not older:
            break
    assert [moment.versions for moment in paged] == [moment.versions for moment in whole.moments]
    assert len(paged) == 8


def test_withdrawn_marks_and_excluded_items_keep_their_past(street: Street) -> None:
    item = Item.objects.get(project=street.project, key="cam/1")
    taken_back(item.annotations.get(), by=street.ana, reason="Nothing there")
    exclude_item(item, by=street.olga, reason="Blurred")
    moments = browse(street.ravi).get(PAGE.format("cam/1")).context["past"].moments
    kinds = [version.kind for moment in moments for version in moment.versions]
    assert kinds == ["changed", "was withdrawn", "came to be", "came to be"]
    assert [row.name for row in moments[0].versions[0].drawing.table.changed] == ["excluded"]


def test_what_no_act_explains_is_said_to_be_unexplained(street: Street, unexplained_changes_are_recorded: None) -> None:
    mark = Annotation.objects.filter(project=street.project).order_by("pk")[1]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE labelop_annotation SET withdrawn = %s WHERE id = %s", [True, mark.pk])
        cursor.execute("DELETE FROM labelop_annotation WHERE id = %s", [mark.pk])
    answer = browse(street.ravi).get(PAGE.format("cam/1"))
    doubtful, *others = answer.context["past"].moments
    assert [version.kind for version in doubtful.versions] == ["was withdrawn", "was deleted"]
    assert not doubtful.explained
    assert all(moment.explained for moment in others)
    assert answer.content.decode().count(">unexplained<") == 1


def test_what_changed_since_its_approval_and_since_the_release_says_so(street: Street) -> None:
    mark = Annotation.objects.get(project=street.project, item__key="cam/2")
    decide_review(mark, Verdict.APPROVED, by=street.ravi)
    assert "changed since its approval" not in body(street.ravi, PAGE.format("cam/2"))
    brought_in(mark.item, mark.label_class, {"bbox": [9, 9, 9, 9]}, by=street.ana, key=mark.key)
    assert "changed since its approval" in body(street.ravi, PAGE.format("cam/2"))


def test_what_changed_since_the_last_release_says_so_and_what_is_new_too() -> None:
    released = set_the_release_stage()
    gone_out, at = released.released(released.snapshot("v1")), "/projects/birds/items/photo-0/"
    assert "since release" not in body(released.ravi, at)
    item = Item.objects.get(project=released.project, key="photo-0")
    mark = item.annotations.get()
    brought_in(item, mark.label_class, {"box": [9, 9, 12, 12]}, by=released.ana, key=mark.key)
    brought_in(item, mark.label_class, {"box": [1, 1, 2, 2]}, by=released.ana)
    page = body(released.ravi, at)
    assert page.count("changed since release v1") == page.count("new since release v1") == 1
    assert gone_out.snapshot.name == "v1"


def test_a_rename_and_a_split_read_as_what_they_are(street: Street) -> None:
    rename_class(car(street), "Passenger car", by=street.olga, reason="Clearer")
    third = take_snapshot(street.project, "v3", by=street.olga).snapshot
    page = body(street.ravi, f"/projects/street/snapshots/{third.number}/")
    assert '<ins class="new">Passenger car</ins>' in page
    assert "class changed: name Car → Passenger car" in " ".join(page.split())
    add_item(street.project, "split", {"text": "x"}, by=street.olga, split="train")
    page = body(street.ravi, PAGE.format("split"))
    assert re.search(r'split</th>\s*<td>–</td>\s*<td><ins class="new">train</ins>', page)


def test_differences_of_a_snapshot_are_drawn_with_their_surroundings(street: Street) -> None:
    line = browse(street.ravi).get("/projects/street/snapshots/2/").context["differences"].lines[0]
    assert line.history == PAGE.format("cam/0")
    assert [outline.kind for outline in line.drawing.pictures.whole.outlines] == ["still"]


def test_nobody_from_elsewhere_finds_it_and_annotators_find_their_own_work(street: Street) -> None:
    assert browse(street.uma).get(PAGE.format("cam/0")).status_code == 404
    assert browse(street.ana).get(PAGE.format("cam/0")).status_code == 404
    assert browse(street.ravi).get(PAGE.format("nowhere")).status_code == 404
    assert browse(street.uma).get(f"/projects/elsewhere/items/{street.elsewhere.items.get().key}/").status_code == 200


def queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as caught:
        assert client.get(address).status_code == 200
    return len(caught)


def test_the_number_of_queries_does_not_follow_the_number_of_versions_or_marks(street: Street) -> None:
    ravi = browse(street.ravi)
    ravi.get("/")
    few = queries(ravi, PAGE.format("cam/1"))
    item = Item.objects.get(project=street.project, key="cam/1")
    for number in range(6):
        brought_in(item, car(street), {"bbox": [number, 1, 2, 3]}, by=street.ana)
        brought_in(item, car(street), {"bbox": [9, number, 2, 3]}, by=street.ana, key="1")
    assert queries(ravi, PAGE.format("cam/1")) == few
    assert few <= 44


def test_the_differences_of_a_snapshot_take_no_more_queries_the_more_there_are(street: Street) -> None:
    ravi = browse(street.ravi)
    items = [
        add_item(street.project, f"n/{number}", {"width": 99, "height": 99}, by=street.olga) for number in range(6)
    ]
    marks = [brought_in(item, car(street), {"bbox": [1, 2, 3, 4]}, by=street.ana) for item in items]
    take_snapshot(street.project, "v3", by=street.olga)
    brought_in(items[0], car(street), {"bbox": [5, 2, 3, 4]}, by=street.ana, key=marks[0].key)
    take_snapshot(street.project, "v4", by=street.olga)
    for item, mark in zip(items, marks, strict=True):
        brought_in(item, car(street), {"bbox": [7, 2, 3, 4]}, by=street.ana, key=mark.key)
    take_snapshot(street.project, "v5", by=street.olga)
    one, six = "/projects/street/snapshots/4/", "/projects/street/snapshots/5/"
    # The statement of a pair of snapshots is worked out once and kept.
    assert [len(ravi.get(page).context["differences"].lines) for page in (one, six)] == [1, 6]
    assert queries(ravi, one) == queries(ravi, six)


def test_the_histories_of_the_admin_are_drawn_too(street: Street) -> None:
    mark = history(street, "a", {"width": 640, "height": 480}, {"bbox": [10, 10, 50, 50]}, {"bbox": [22, 6, 50, 50]})
    assert "moved 12 px right, 4 px up" in body(street.ravi, f"/labelop/annotation/{mark.pk}/history/")
    assert re.search(r"width</th>\s*<td>–</td>", body(street.ravi, f"/labelop/item/{mark.item_id}/history/"))
    rename_class(car(street), "Passenger car", by=street.olga, reason="Clearer")
    page = body(street.ravi, f"/labelop/labelclass/{car(street).pk}/history/")
    assert '<ins class="new">Passenger car</ins>' in page
    ravi = browse(street.ravi)
    before = queries(ravi, f"/labelop/annotation/{mark.pk}/history/")
    for number in range(4):
        brought_in(mark.item, mark.label_class, {"bbox": [number, 1, 2, 3]}, by=street.ana, key="1")
    assert queries(ravi, f"/labelop/annotation/{mark.pk}/history/") == before
