"""The trail as a page: what it opens on, how it is asked, by acts and chapters, and to whom it tells what."""

from __future__ import annotations

import csv
import io
import json
import re
import uuid
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from audit.acting import operation
from audit.models import Entry
from audit.query import parse
from labelop.models import Item, LabelClass
from labelop.services.assignments import assign_work
from labelop.services.projects import create_project
from labelop.services.schema import add_class, redefine_class
from labelop.services.work import add_item
from roles.models import User
from roles.services import reveal_identity
from snapshots.services.trail import export_trail
from snapshots.trail_files import neutralised
from tests.cast import what_is_left
from tests.street import CANARY, Street, street_scenes

pytestmark = [pytest.mark.django_db, pytest.mark.stage(set_by=street_scenes)]

TRAIL = "/projects/street/trail/"
EXPORT = "/projects/street/trail/export/"


@pytest.fixture
def street(standing: Street) -> Street:
    return standing


def as_(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def main_of(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, address
    return unescape(answer.content.decode().split("<h1>")[1])


def entries_on(page: str) -> list[int]:
    return [int(pk) for pk in re.findall(r'id="entry-(\d+)"', page)]


def acts_on(page: str) -> set[uuid.UUID]:
    return set(Entry.objects.filter(pk__in=entries_on(page)).values_list("operation", flat=True))


def links_on(page: str, label: str) -> list[str]:
    return re.findall(rf'href="(\?[^"]*)"[^>]*>\s*(?:<code>)?{re.escape(label)}', page)


def test_it_opens_on_what_weighs_most_lately_and_says_so(street: Street) -> None:
    page = main_of(as_(street.olga), TRAIL)
    newest = Entry.objects.filter(project=street.project)[0]
    shown = Entry.objects.filter(pk__in=entries_on(page))
    assert {entry.impact for entry in shown} == {3}
    assert f'value="impact:high created:>={newest.at.replace(tzinfo=None):%Y}' in page
    (without,) = links_on(page, "impact:high")
    assert {
        entry.impact for entry in Entry.objects.filter(pk__in=entries_on(main_of(as_(street.olga), TRAIL + without)))
    } == {1, 2, 3}


def test_an_empty_query_asks_for_everything(street: Street) -> None:
    page = main_of(as_(street.olga), TRAIL + "?q=")
    assert acts_on(page) == set(Entry.objects.filter(project=street.project).values_list("operation", flat=True))
    assert entries_on(page) == sorted(entries_on(page), reverse=True)


def test_a_facet_writes_the_query(street: Street) -> None:
    client = as_(street.olga)
    page = main_of(client, TRAIL + "?q=role:owner")
    (access,) = links_on(page, "Access")
    assert access == "?q=role%3Aowner+theme%3Aaccess"
    page = main_of(client, TRAIL + access)
    assert 'value="role:owner theme:access"' in page
    assert links_on(page, "Access") == ["?q=role%3Aowner"]


def test_parameters_of_the_filters_are_terms_of_the_query(street: Street) -> None:
    page = main_of(as_(street.olga), TRAIL + "?impact=high&not_theme=access&chapter=1")
    assert 'value="impact:high -theme:access"' in page
    assert entries_on(page) == entries_on(main_of(as_(street.olga), TRAIL + "?q=impact:high+-theme:access&chapter=1"))


def test_an_act_is_one_line_with_its_numbers(street: Street) -> None:
    car = LabelClass.objects.get(project=street.project, key="car")
    with operation(by=street.olga):
        for number in range(12):
            add_class(street.project, f"kind-{number}", f"Kind {number}", by=street.olga)
        redefine_class(car, definition="With an engine", by=street.olga, reason="Asked")
    page = main_of(as_(street.olga), TRAIL + "?q=")
    last = Entry.objects.filter(project=street.project)[0]
    assert entries_on(page)[0] == last.pk
    assert last.event == "class.redefined", "what weighs most leads the line"
    assert "one act: 13 entries, 13 records" in " ".join(page.split())
    assert "3 more of this question" in page
    whole = links_on(page, "The whole act")[0]
    assert f"operation%3A{last.operation}" in whole
    narrowed = main_of(as_(street.olga), TRAIL + "?q=event:class.added+kind")
    assert "one act: 12 entries, 12 records" in " ".join(narrowed.split())


def test_pages_of_acts_leave_out_none_and_repeat_none(street: Street) -> None:
    for number in range(30):
        with operation(by=street.olga):
            for part in range(3):
                add_item(street.project, f"more/{number}-{part}", {"uri": "x.jpg"}, by=street.olga)
    client, address, seen = as_(street.olga), "?q=", []
    while address:
        page = main_of(client, TRAIL + address)
        assert len(entries_on(page)) <= 25
        seen += [Entry.objects.get(pk=pk).operation for pk in entries_on(page)]
        address = next(iter(links_on(page, "Older")), "")
    assert len(seen) == len(set(seen))
    assert set(seen) == set(Entry.objects.filter(project=street.project).values_list("operation", flat=True))


def test_snapshots_part_the_trail(street: Street) -> None:
    page = main_of(as_(street.olga), TRAIL + "?q=")
    cuts = [page.index(f'href="/projects/street/snapshots/{number}/"') for number in (2, 1)]
    assert cuts == sorted(cuts)
    taken = page.index(f'id="entry-{street.first.entry_id}"')
    assert cuts[0] < cuts[1] < taken
    assert page.count("snapshot taken") == 2


WRONG = {
    "?q=impact:high+rolle:owner": ("Did you mean “role”?", "<mark>rolle</mark>", "at character 13"),
    "?q=event:class.aded": ("There is no event class.aded.", "<mark>event:class.aded</mark>", "class.added"),
    "?q=%22gull": ("This quote is not closed.", '<mark>"gull</mark>', "at character 1"),
    "?q=a%00b": ("cannot be printed", "cannot be read"),
    "?q=" + "a" * 2001: ("at most 2,000 characters",),
    "?actor_name=olga": ("cannot be narrowed by actor_name",),
    "?event__in=x": ("cannot be narrowed by event__in",),
    "?q=project:elsewhere": ("There is no project elsewhere here.",),
    "?q=actor:ana": ("Nobody is told here as ana.",),
    "?q=<script>:1": ("There is no key “<script>”.",),
}


@pytest.mark.parametrize("address", WRONG)
def test_a_wrong_question_is_answered_with_its_place(street: Street, address: str) -> None:
    for start in (TRAIL, "/trail/", EXPORT):
        page = main_of(as_(street.olga), start + address, status=400)
        said = WRONG[address] if start != EXPORT else WRONG[address][:1]
        assert all(part in page for part in said)
    assert "<script>:" not in as_(street.olga).get(TRAIL + address).content.decode()


def test_a_page_begins_below_an_entry(street: Street) -> None:
    assert "number of an entry" in main_of(as_(street.olga), TRAIL + "?q=&before=x", status=400)
    assert entries_on(main_of(as_(street.olga), TRAIL + "?q=&before=1")) == []


def test_nothing_found_offers_to_ask_for_more(street: Street) -> None:
    page = main_of(as_(street.olga), TRAIL + "?q=impact:high+created:2020-01-01")
    assert "Nothing on the trail fits this question." in page
    assert links_on(page, "The same at any time") == ["?q=impact%3Ahigh"]
    assert links_on(page, "The same of any impact") == ["?q=created%3A2020-01-01"]


def test_the_trail_of_all_merges_the_projects_of_the_viewer_alone(street: Street) -> None:
    page = main_of(as_(street.olga), "/trail/?q=")
    assert acts_on(page) == set(Entry.objects.filter(project=street.project).values_list("operation", flat=True))
    assert CANARY not in page
    assert "Street scenes" in page
    everything = main_of(as_(street.sue), "/trail/?q=")
    newest = dict.fromkeys(Entry.objects.values_list("operation", "project"))
    assert acts_on(everything) == {act for act, _ in list(newest)[:25]}
    assert CANARY in everything


def test_an_entry_and_its_act_are_cited_with_the_snapshot_they_led_to(street: Street) -> None:
    entry = Entry.objects.get(project=street.project, event="class.added", subject_name="Van")
    page = main_of(as_(street.ravi), f"/audit/entry/{entry.pk}/change/")
    cited = page.split('<pre class="cite"')[1].split("</pre>")[0]
    for said in (
        f"Street scenes, entry {entry.pk}: Label class added",
        f"act      {entry.operation}",
        f"snapshot v1 (no. 1), to which it led\nmanifest {street.first.manifest_hash}",
        f"http://testserver/audit/entry/{entry.pk}/change/\n",
        f"http://testserver{TRAIL}?q=operation:{entry.operation}",
    ):
        assert said in cited
    assert entries_on(main_of(as_(street.ravi), f"{TRAIL}?q=operation:{entry.operation}")) == [entry.pk]


def test_uma_asks_her_own_trail_alone(street: Street) -> None:
    uma = as_(street.uma)
    for address in (TRAIL, EXPORT, TRAIL + "?q=actor:x"):
        assert uma.get(address).status_code == 404
    assert uma.post(EXPORT, {"form": "csv", "reason": "Curious"}).status_code == 404
    operation_elsewhere = Entry.objects.filter(project=street.project)[0].operation
    assert entries_on(main_of(uma, f"/trail/?q=operation:{operation_elsewhere}")) == []
    assert "street" not in main_of(uma, "/trail/?q=project:street", status=400).replace("project:street", "").replace(
        "There is no project street here.", ""
    )


def test_an_annotator_reads_the_trail_of_own_work(street: Street) -> None:
    item = Item.objects.get(project=street.project, key="cam/0")
    assign_work([item], street.ana, by=street.olga)
    ana = as_(street.ana)
    for address in (TRAIL, "/trail/"):
        page = main_of(ana, address)
        assert "what concerns your own work" in page
        assert 'value="created:>=' in page, "own work is shown whole"
        shown = Entry.objects.filter(pk__in=entries_on(page))
        assert {entry.event for entry in shown} >= {"work.assigned", "items.added"}
        assert not {entry.event for entry in shown} & {"role.granted", "snapshot.taken", "class.added"}
        for entry in shown:
            assert ana.get(f"/audit/entry/{entry.pk}/change/").status_code == 200
    assert ana.get(TRAIL + "?chapter=1").status_code == 404
    assert ana.get(EXPORT).status_code == 404


def test_a_revealed_name_can_be_asked_for(street: Street) -> None:
    reveal_identity(street.membership_of(street.ana), by=street.olga, reason="A certificate")
    page = main_of(as_(street.olga), TRAIL + "?q=actor:ana")
    assert {entry.actor_id for entry in Entry.objects.filter(pk__in=entries_on(page))} == {street.ana.pk}


@pytest.mark.parametrize(("address", "queries"), [(TRAIL, 18), (TRAIL + "?q=", 16), ("/trail/?q=", 14)])
def test_the_number_of_queries_does_not_grow(
    street: Street, address: str, queries: int, django_assert_max_num_queries: Any
) -> None:
    client = as_(street.sue)
    for number in range(30):
        add_item(street.project, f"more/{number}", {"uri": "x.jpg"}, by=street.olga)
    with django_assert_max_num_queries(queries):
        client.get(address)


class TestAnExport:
    """Of the trail, as a file."""

    def take(self, user: User, form: str, query: str = "") -> str:
        answer = as_(user).post(f"{EXPORT}?q={query}", {"form": form, "reason": "For the customer’s auditor"})
        assert answer.status_code == 200
        assert answer["Content-Disposition"].startswith('attachment; filename="street-trail-')
        return answer.getvalue().decode()

    def test_is_what_the_query_finds_oldest_first(self, street: Street) -> None:
        lines = [json.loads(line) for line in self.take(street.ravi, "ndjson", "theme:access").splitlines()]
        expected = Entry.objects.filter(project=street.project, event__startswith="role.").order_by("pk")
        overriding = Entry.objects.filter(project=street.project, event="access.overridden")
        wanted = {*expected.values_list("pk", flat=True), *overriding.values_list("pk", flat=True)}
        assert [line["id"] for line in lines] == sorted(wanted)
        assert {line["theme"] for line in lines} == {"access"}

    def test_holds_the_same_as_table(self, street: Street) -> None:
        rows = list(csv.DictReader(io.StringIO(self.take(street.olga, "csv"), newline="")))
        last = Entry.objects.filter(project=street.project)[0]
        assert [int(row["id"]) for row in rows] == list(
            Entry.objects.filter(project=street.project).order_by("pk").values_list("pk", flat=True)
        )
        assert (rows[-1]["id"], rows[-1]["event"]) == (str(last.pk), "trail.exported"), "itself is the last"
        assert {row["actor"] for row in rows} <= {"", "Owner 1", "Reviewer 2", "Annotator 3", "Somebody without a role"}

    def test_is_on_the_trail_with_its_question_and_without_names(self, street: Street) -> None:
        reveal_identity(street.membership_of(street.ana), by=street.olga, reason="A certificate")
        with what_is_left() as left:
            text = self.take(street.olga, "ndjson", "actor:ana")
        assert left.entry.event == "trail.exported"
        assert left.entry.after == {"query": 'actor:"a revealed name"', "format": "ndjson"}
        assert left.entry.reason == "For the customer’s auditor"
        assert text
        assert "ana" not in text.replace("annotation", "").replace("Annotator", "")

    def test_wants_a_reason(self, street: Street) -> None:
        with what_is_left() as left:
            answer = as_(street.olga).post(EXPORT, {"form": "csv", "reason": " "})
        assert answer.status_code == 422
        assert not left.entries

    def test_of_all_ones_projects_is_recorded_on_each_of_which_something_is_taken(self, street: Street) -> None:
        ours = create_project("lanes", "Lanes", by=street.sue, owner=street.olga, reason="Pilot")
        create_project("paths", "Paths", by=street.sue, owner=street.olga, reason="Pilot")
        add_class(ours, "lane", "Lane", by=street.olga)
        answers = {"form": "ndjson", "reason": "For the customer’s auditor"}
        with what_is_left() as left:
            answer = as_(street.olga).post("/trail/export/?q=event:class.added+created:1d", answers)
            lines = [json.loads(line) for line in answer.getvalue().splitlines()]
        assert {(line["project"], line["event"]) for line in lines} == {
            ("street", "class.added"),
            ("lanes", "class.added"),
        }
        assert [(entry.event, entry.project) for entry in left.entries] == [
            ("trail.exported", street.project),
            ("trail.exported", ours),
        ]
        assert {(entry.after or {})["query"] for entry in left.entries} == {
            f"event:class.added created:>={timezone.now() - timedelta(days=1):%Y-%m-%d}"
        }, "the days are told by their dates"
        assert CANARY not in answer.getvalue().decode()

    def test_of_nothing_is_none(self, street: Street) -> None:
        with what_is_left() as left:
            answer = as_(street.olga).post(
                "/trail/export/?q=event:snapshot.sealed+nowhere", {"form": "csv", "reason": "x"}
            )
        assert (answer.status_code, left.entries) == (422, [])
        assert "Nothing on the trail fits this question." in answer.content.decode()
        assert as_(street.ana).get("/trail/export/").status_code == 404

    def test_is_refused_to_an_annotator_by_the_service(self, street: Street) -> None:
        with pytest.raises(Exception, match="inspect the trail"):
            export_trail([street.project], parse(""), form="csv", by=street.ana, reason="Curious")

    def test_is_the_same_read_in_pieces(self, street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
        whole = self.take(street.olga, "ndjson", "-event:trail.exported")
        monkeypatch.setattr("snapshots.trail_files.AT_ONCE", 3)
        assert self.take(street.olga, "ndjson", "-event:trail.exported") == whole


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@sum", "\tx", "\rx", "\nx"])
def test_a_cell_is_no_formula(cell: str) -> None:
    assert neutralised(cell) == f"'{cell}"
    assert neutralised(f"a{cell}") == f"a{cell}"


def test_the_list_of_entries_in_the_admin_is_the_trail(street: Street) -> None:
    olga = as_(street.olga)
    assert olga.get("/audit/entry/").headers["Location"] == "/trail/?"
    assert olga.get("/audit/entry/?impact=all").headers["Location"] == "/trail/?q="
    assert olga.get("/audit/entry/?impact=medium", follow=True).status_code == 200
    assert olga.get("/audit/entry/?actor_name=olga", follow=True).status_code == 400
