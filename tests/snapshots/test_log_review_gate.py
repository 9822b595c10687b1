"""A log review waits for what is under way, so that its scope never grows afterwards."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from audit.acting import operation
from labelop.models import Project
from labelop.services.projects import describe_project
from roles.models import User
from snapshots.log_reviews import digest_of, entries_in_scope, saved_query
from snapshots.models import LogReview
from snapshots.services.log_reviews import open_due_log_reviews, open_log_review
from tests.audit.test_gate import Elsewhere, all_at_once

from .reading import Reading, set_for_reading

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite lets one writer in at a time"),
]


@pytest.fixture
def reading() -> Reading:
    return set_for_reading()


def somebody_waits_for_a_gate() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database"
            " WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted"
        )
        return bool(cursor.fetchone()[0])


@pytest.mark.parametrize("opens", ["by hand", "by itself"])
def test_an_act_under_way_is_waited_for_and_read_whole(reading: Reading, opens: str) -> None:
    """Otto has written one entry and not ended his act when the log review is asked for; he then writes another."""
    if opens == "by itself":
        reading.propose()
    written, go_on = threading.Event(), threading.Event()
    opened: list[LogReview] = []

    def describe_twice() -> None:
        with operation(by=reading.otto):
            describe_project(reading.project, "Birds", "Of the sea", by=reading.otto)
            written.set()
            assert go_on.wait(30)
            describe_project(reading.project, "Birds", "Of the coast", by=reading.otto)

    def open_it() -> None:
        if opens == "by itself":
            opened.extend(open_due_log_reviews(reading.project))
        else:
            opened.append(open_log_review(reading.project, saved_query("All", {}), by=reading.rita))

    writer, opener = Elsewhere(describe_twice), Elsewhere(open_it)
    writer.start()
    assert written.wait(30)
    opener.start()
    while not somebody_waits_for_a_gate() and opener.is_alive():
        pass
    assert opener.is_alive(), "it must not read past an act under way"
    assert not LogReview.objects.exists()
    go_on.set()
    writer.join()
    opener.join()
    assert (writer.error, opener.error) == (None, None)

    [log_review] = opened
    described = entries_in_scope(log_review).filter(event="project.described").count()
    assert described == (0 if opens == "by itself" else 2), "a chapter ended before; all until now is both or none"
    size, digest = digest_of(entries_in_scope(log_review))
    describe_project(reading.project, "Birds", "Of the cliffs", by=reading.otto)
    assert digest_of(entries_in_scope(log_review)) == (size, digest)


def test_many_write_while_log_reviews_are_opened_and_no_scope_grows(reading: Reading) -> None:
    seen: list[tuple[LogReview, tuple[int, str]]] = []

    def write(name: str) -> None:
        user = User.objects.get(username=name)
        for number in range(15):
            project = Project.objects.get(pk=reading.project.pk)
            with operation(by=user):
                describe_project(project, "Birds", f"{name} {number}", by=user)
                describe_project(project, "Birds", f"{name} {number} again", by=user)

    def read() -> None:
        for number in range(6):
            log_review = open_log_review(reading.project, saved_query(f"Until {number}", {}), by=reading.rita)
            seen.append((log_review, digest_of(entries_in_scope(log_review))))

    errors = all_at_once(lambda: write("olga"), lambda: write("otto"), read)
    assert errors == [None] * 3
    assert len(seen) == 6
    for log_review, digest in seen:
        assert digest_of(entries_in_scope(log_review)) == digest
        assert entries_in_scope(log_review).filter(event="project.described").count() % 2 == 0, "whole acts only"


def test_two_reminders_at_once_open_each_log_review_once(reading: Reading) -> None:
    reading.propose()
    reading.propose()
    opened: list[LogReview] = []
    errors = all_at_once(*[lambda: opened.extend(open_due_log_reviews(reading.project))] * 3)
    assert errors == [None] * 3
    assert len(opened) == LogReview.objects.count() == 2
    assert len({log_review.release_id for log_review in opened}) == 2
