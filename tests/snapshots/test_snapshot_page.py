"""The snapshot page tells what changed, why, and whether it adds up."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from audit.acting import operation
from labelop.models import Annotation, Item, LabelClass
from labelop.services.projects import change_setting
from labelop.services.schema import add_class
from labelop.services.work import add_item
from snapshots.models import Snapshot
from snapshots.services.snapshots import take_snapshot
from tests.marks import brought_in
from tests.street import Street, street_scenes

pytestmark = [pytest.mark.django_db, pytest.mark.stage(set_by=street_scenes)]

PAGE = "/projects/street/snapshots/{}/"


@pytest.fixture
def street(standing: Street) -> Street:
    return standing


@pytest.fixture
def ravi(street: Street) -> Client:
    client = Client()
    client.force_login(street.ravi)
    return client


def test_each_difference_opens_into_its_fields_and_its_reason(ravi: Client) -> None:
    answer = ravi.get(PAGE.format(2))
    [line] = answer.context["differences"].lines
    assert (line.kind, line.verdict) == ("changed", "Accounted for, not reviewed")
    assert (line.drawing.label.before.name, line.drawing.label.after.name) == ("Car", "Van")
    assert line.gist == "Car → Van"
    assert [told.entry.reason for told in line.acts] == ["It is a van"]
    assert answer.context["answer"].word == "Accounted for, not all reviewed"


def test_the_statement_adds_up(ravi: Client) -> None:
    statement = ravi.get(PAGE.format(2)).context["statement"]
    rows = {row["name"]: row for row in statement.rows}
    assert (rows["Car"]["opening"], rows["Car"]["moved_out"], rows["Car"]["closing"]) == (3, 1, 2)
    assert (rows["Van"]["opening"], rows["Van"]["moved_in"], rows["Van"]["closing"]) == (0, 1, 1)
    assert statement.told.identity["holds"]
    assert not statement.troubled


def test_moves_and_classes_are_drawn_beside_their_numbers(ravi: Client) -> None:
    context = ravi.get(PAGE.format(2)).context
    assert [(name, [cell.number for cell in cells]) for name, cells, _ in context["heat"].rows] == [("Car", [1])]
    assert context["heat"].joined == ["Van"]
    assert [(bar.name, bar.opening, bar.closing) for bar in context["bars"].bars] == [("Car", 3, 2), ("Van", 0, 1)]
    assert ravi.get(PAGE.format(1)).context["heat"] is None


def test_the_days_of_both_chapters_are_drawn_with_their_snapshots(ravi: Client, street: Street) -> None:
    assert ravi.get(PAGE.format(2)).context["days"].chart is None, "all happened on one day"
    with operation(at=timezone.now() - timedelta(days=3)):
        change_setting(street.project, "sample_percent", 40, by=street.olga, reason="Fewer")
    page = ravi.get(PAGE.format(1))
    chart = page.context["days"].chart
    assert (chart.bars[0].acts, chart.bars[0].high) == (1, 1)
    assert len(chart.bars) == 2
    assert chart.kinds[-1] == "Policy"
    assert [(cut.name, cut.here) for cut in chart.cuts] == [("v2", False), ("v1", True)]
    assert "The days as a table" in page.content.decode()


def test_what_led_here_and_what_followed_meet_at_the_snapshot(ravi: Client, street: Street) -> None:
    answer = ravi.get(PAGE.format(1), {"impact": "routine"})
    cut = street.first.entry_id
    timeline = answer.context["timeline"]
    [part] = timeline.earlier
    assert part.decisions
    assert all(told.entry.pk < cut for decided in part.decisions for told in decided.lines)
    assert all(cut < told.entry.pk < street.second.entry_id for decided in timeline.later for told in decided.lines)
    assert answer.context["next"] == street.second
    assert answer.context["previous"] is None


def test_another_snapshot_can_be_compared_with(ravi: Client, street: Street) -> None:
    third = take_snapshot(street.project, "v3", by=street.olga).snapshot
    straight = ravi.get(PAGE.format(third.number)).context["statement"]
    assert straight.reconciliation.differences == 0
    across = ravi.get(PAGE.format(third.number), {"from": "1"}).context["statement"]
    assert across.reconciliation.differences == 1


def test_kinds_narrow_the_differences(ravi: Client) -> None:
    assert len(ravi.get(PAGE.format(1), {"kind": "added"}).context["differences"].lines) == 8
    assert ravi.get(PAGE.format(1), {"kind": "removed"}).context["differences"].lines == []


def test_differences_are_paged_by_key(ravi: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("snapshots.pages.differences.PAGE", 3)
    seen: list[str] = []
    query = ""
    while True:
        page = ravi.get(f"{PAGE.format(1)}?{query}").context["differences"]
        seen.extend(line.name + line.section for line in page.lines)
        query = page.more
        if not query:
            break
    assert len(seen) == len(set(seen)) == 8


def test_roles_are_those_of_the_time(ravi: Client, street: Street) -> None:
    roles = ravi.get(PAGE.format(1)).context["roles"]
    assert {line.role: line.who for line in roles["lines"]} == {
        "Owner": "Owner 1",
        "Reviewer": "Reviewer 2",
        "Annotator": "Annotator 3",
    }


def test_an_unexplained_change_stands_out(ravi: Client, street: Street, unexplained_changes_are_recorded: None) -> None:
    van = LabelClass.objects.get(project=street.project, key="van")
    mark = Annotation.objects.filter(project=street.project).order_by("-pk")[0]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE labelop_annotation SET label_class_id = %s WHERE id = %s", [van.pk, mark.pk])
    third = take_snapshot(street.project, "v3", by=street.olga).snapshot
    answer = ravi.get(PAGE.format(third.number))
    assert answer.context["statement"].troubled
    assert [line.unexplained for line in answer.context["differences"].lines] == [True]
    assert answer.context["answer"].sentence == "The only difference is explained by no act."


def test_a_snapshot_that_is_being_computed_says_so(
    ravi: Client, street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("snapshots.services.snapshots.seal_snapshot", lambda snapshot: snapshot)
    unsealed: Snapshot = take_snapshot(street.project, "v3", by=street.olga).snapshot
    answer = ravi.get(PAGE.format(unsealed.number))
    assert answer.status_code == 200
    assert "Being computed" in answer.content.decode()
    assert answer.context["statement"] is None


def test_names_are_not_shown(ravi: Client) -> None:
    page = ravi.get(PAGE.format(2)).content.decode().split("<main")[1]
    for name in ("olga", ">ana", "eve<"):
        assert name not in page


def test_a_cell_of_the_relabelled_leads_to_its_records_and_their_acts(street: Street, ravi: Client) -> None:
    with operation(by=street.olga):
        add_item(street.project, "cam/3", {"uri": "x.jpg"}, by=street.olga)
    brought_in(Item.objects.get(key="cam/3"), LabelClass.objects.get(key="car"), {}, by=street.ana)
    third = take_snapshot(street.project, "v3", by=street.olga).snapshot
    page = ravi.get(PAGE.format(third.number) + "?from=1").content.decode()
    [address] = re.findall(r'href="(\?[^"]*moved=[^"]*)#differences"', page)
    answer = ravi.get(PAGE.format(third.number) + unescape(address))
    assert [line.name for line in answer.context["differences"].lines] == ["cam/0/1"]
    assert [chip.label for chip in answer.context["differences"].chips if chip.chosen] == ["Car → Van"]
    on_the_trail = ravi.get(answer.context["differences"].trail).context["lines"]
    assert [line.lead.entry.reason for line in on_the_trail] == ["It is a van"]
    assert len(ravi.get(PAGE.format(third.number) + "?from=1").context["differences"].lines) == 3
    assert ravi.get(PAGE.format(third.number) + "?from=1&moved=Van>Car").context["differences"].lines == []


def test_a_day_leads_to_its_acts(street: Street, ravi: Client) -> None:
    with operation(at=timezone.now() - timedelta(days=2)):
        add_class(street.project, "bus", "Bus", by=street.olga)
    page = unescape(ravi.get("/projects/street/").content.decode())
    days = set(re.findall(r'href="(/projects/street/trail/\?q=created:[^"]*)"', page))
    found = {day: len(ravi.get(day).context["lines"]) for day in days}
    assert len(found) == 2
    assert 1 in found.values()
