"""Of large acts no more is read than what explains the rows that are asked about."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.events import BY_CODE, Event
from audit.models import Entry
from audit.selectors import entries_about, events_of, explaining
from tests.cast import Cast

pytestmark = pytest.mark.django_db
MARK, ITEM = "labelop.annotation", "labelop.item"


def written(cast: Cast, act: uuid.UUID, event: Event, kind: str, row: int) -> Entry:
    return Entry.objects.create(
        operation=act, project=cast.project, event=event, impact=BY_CODE[event].impact, at=timezone.now(),
        subject_type=kind, subject_id=row, actor=cast.olga, role="owner",
    )  # fmt: skip


def test_an_entry_about_the_very_row_explains_it_and_else_all_of_its_act(cast: Cast) -> None:
    saved, imported, silent = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()
    mine, _ = (written(cast, saved, Event.ANNOTATION_SAVED, MARK, row) for row in (1, 2))
    whole = [written(cast, imported, Event.CLASS_ADDED, "labelop.labelclass", 1)]
    whole.append(written(cast, imported, Event.ITEMS_IMPORTED, "labelop.project", cast.project.pk))
    written(cast, silent, Event.CHANGE_UNEXPLAINED, MARK, 1)
    asked = [(saved, MARK, 1), (imported, MARK, 1), (silent, MARK, 1)]
    assert entries_about(asked, explaining(cast.project.pk)) == {asked[0]: [mine], asked[1]: whole, asked[2]: []}
    assert entries_about([], explaining(cast.project.pk)) == {}


def test_a_row_of_another_kind_with_the_same_id_is_not_taken_for_it(cast: Cast) -> None:
    act = uuid.uuid4()
    mark, item = written(cast, act, Event.ANNOTATION_SAVED, MARK, 7), written(cast, act, Event.ITEMS_CHANGED, ITEM, 7)
    asked = [(act, MARK, 7), (act, ITEM, 7)]
    assert entries_about(asked, explaining(cast.project.pk)) == {asked[0]: [mark], asked[1]: [item]}


def test_who_may_see_less_is_told_less(cast: Cast) -> None:
    act = uuid.uuid4()
    written(cast, act, Event.ANNOTATION_SAVED, MARK, 1)
    other = written(cast, act, Event.ANNOTATION_SAVED, MARK, 2)
    among = Entry.objects.filter(pk=other.pk)
    assert entries_about([(act, MARK, 2)], explaining(cast.project.pk, among)) == {(act, MARK, 2): [other]}
    assert entries_about([(act, MARK, 1)], explaining(cast.elsewhere.pk)) == {(act, MARK, 1): []}


def test_of_an_act_on_a_thousand_rows_one_entry_is_read_for_one_row(cast: Cast) -> None:
    act, now = uuid.uuid4(), timezone.now()
    Entry.objects.bulk_create(
        Entry(
            operation=act, project=cast.project, event=Event.ANNOTATION_SAVED, at=now, subject_type=MARK,
            subject_id=row, impact=BY_CODE[Event.ANNOTATION_SAVED].impact, actor=cast.olga, role="owner",
        )
        for row in range(1000)
    )  # fmt: skip
    with CaptureQueriesContext(connection) as asked:
        [(_, entries)] = entries_about([(act, MARK, 500)], explaining(cast.project.pk)).items()
    assert [entry.subject_id for entry in entries] == [500]
    assert len(asked) == 1
    assert list(events_of([act], cast.project.pk).values()) == [
        {Event.ANNOTATION_SAVED: Entry.objects.filter(operation=act).latest("id").pk}
    ]


def test_what_explains_nothing_is_no_event_of_an_operation(cast: Cast) -> None:
    act = uuid.uuid4()
    written(cast, act, Event.CHANGE_UNEXPLAINED, MARK, 1)
    assert events_of([act], cast.project.pk) == {}
