"""The receiver: who is heard, what is kept of a webhook, and what never is."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest

from audit.acting import Refused
from labelop.label_studio.secrets import secret_of
from labelop.models import Connection, Hint
from labelop.pages import label_studio as receiver
from labelop.services.connections import connect_label_studio, disconnect_label_studio, renew_connection_secret
from roles.models import User
from tests.cast import Cast, what_is_left

from .stage import Connected, connected, texts_of_every_table
from .studio import Studio, annotation, project, region, task

T1 = "2026-03-01T10:00:00.123456Z"


@pytest.fixture
def pets(olga: User, studio: Studio) -> Connected:
    studio.projects[7] = project(7, "cat") | {"task_data_password": "hunter2-of-the-project"}
    return connected(olga, studio, "pets", 7)


def test_a_webhook_is_kept_once_as_ids_times_and_numbers_and_changes_nothing(pets: Connected) -> None:
    saved = annotation(11, 1, [region("cat")], 2, T1)
    with what_is_left() as left:
        answers = [pets.told("ANNOTATION_CREATED", annotation=saved, task=task(1, saved)) for _ in range(2)]
    assert (answers, left.entries, left.versions) == ([202, 202], [], [])
    assert [(hint.action, hint.said) for hint in Hint.objects.all()] == [
        (
            "ANNOTATION_CREATED",
            {
                "tasks": ["1"],
                "annotations": [{"id": "11", "task": "1", "by": "user-2", "at": "2026-03-01T10:00:00.123456+00:00"}],
                "labels": ["cat"],
            },
        )
    ]


def test_no_token_password_or_address_of_a_person_is_in_any_table(pets: Connected, studio: Studio) -> None:
    saved = annotation(11, 1, [region("cat")], 2, T1)
    studio.tasks[1] = task(1, saved)
    pets.told("ANNOTATION_CREATED", annotation=saved, task=task(1, saved))
    pets.pull()
    stored = texts_of_every_table()
    assert "/data/upload/1.jpg" in stored
    for private in ("t0ken-of-the-project", "hunter2-of-the-project", "ana@example.test", secret_of(pets.connection)):
        assert private not in stored
    assert "0123456789abcdef0123456789abcdef" not in stored


@pytest.mark.parametrize(
    "body",
    [
        {"action": "ANNOTATION_CREATED"},
        {"action": "TASKS_DELETED", "tasks": [{"id": 2}, {}, None, 3, {"id": []}]},
        {"action": "ANNOTATION_UPDATED", "annotation": {"id": 1, "updated_by": [], "updated_at": "soon", "task": {}}},
        {"action": "ANNOTATIONS_DELETED", "annotations": None, "project": "?"},
        {"action": "SOMETHING_NEW", "project": {"id": 7, "parsed_label_config": [1]}},
    ],
)
def test_whatever_is_missing_the_webhook_is_kept_and_a_pull_can_follow(pets: Connected, body: Any) -> None:
    assert pets.post(body) == 202
    assert Hint.objects.get().action == body["action"]
    pets.pull()
    assert Hint.objects.get().settled_at is not None


def test_what_is_about_another_project_there_is_let_go(pets: Connected) -> None:
    assert pets.post({"action": "TASKS_CREATED", "project": {"id": 8}, "tasks": [{"id": 1}]}) == 202
    assert not Hint.objects.exists()


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'{"action": 1}', b'{"action": ""}', b'{"action": "A", "action": "B"}', b"\xff",
     b'{"action": "%s"}' % (b"A" * 61), b'{"action": "A\\u0000"}', b"[" * 100_000],
)  # fmt: skip
def test_what_is_no_webhook_is_refused_without_a_trace(pets: Connected, body: bytes) -> None:
    assert pets.post(body) == 400
    assert not Hint.objects.exists()


def test_a_body_beyond_all_measure_is_not_read(pets: Connected, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiver, "MAX_BYTES", 1000)
    assert pets.post(json.dumps({"action": "A", "filler": "x" * 2000}).encode()) == 413


def test_nobody_is_heard_who_does_not_bring_the_secret(pets: Connected, olga: User, studio: Studio) -> None:
    studio.projects[8] = project(8, "cat")
    other = connected(olga, studio, "ships", 8)
    body = {"action": "ANNOTATION_CREATED"}
    strangers: list[dict[str, str]] = [{}, {"X-LabelOp-Secret": ""}, {"X-LabelOp-Secret": "lsin_ü"}, other.secret]
    assert [pets.post(body, headers) for headers in strangers] == [404] * 4
    nowhere = pets.client.post(f"/api/v1/connect/label-studio/{uuid4()}/", headers=pets.secret)
    wrong = pets.client.post(f"/api/v1/connect/label-studio/{pets.connection.receiver}/", headers=other.secret)
    assert (nowhere.status_code, nowhere.content) == (404, wrong.content)
    earlier = pets.secret
    pets.connection = renew_connection_secret(pets.connection, by=olga)
    assert (pets.post(body, earlier), pets.post(body)) == (404, 202)
    disconnect_label_studio(pets.connection, by=olga, reason="Done there")
    assert pets.post(body) == 404
    assert Hint.objects.count() == 1


def test_a_webhook_is_answered_with_few_questions_to_the_database(
    pets: Connected, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(5):
        pets.told("ANNOTATION_CREATED", annotation=annotation(11, 1, [region("cat")], 2, T1))


def test_owners_alone_connect_and_the_trail_says_so(cast: Cast, studio: Studio) -> None:
    address = f"{studio.address}/projects/7"
    for by in (cast.ravi, cast.ana, cast.uma):
        with pytest.raises(Refused):
            connect_label_studio(cast.project, address, by=by, reason="Mine")
    assert not Connection.objects.exists()
    with what_is_left() as left:
        connection = connect_label_studio(cast.project, address, by=cast.olga, reason="Work is there")
        renew_connection_secret(connection, by=cast.olga)
        disconnect_label_studio(connection, by=cast.olga, reason="Done there")
    assert left.events == ["connection.added", "connection.secret_renewed", "connection.removed"]
    assert {(entry.impact, str(entry.actor)) for entry in left.entries} == {(3, "olga")}
    assert left.entries[0].after == {"host": "127.0.0.1", "project": 7}
    # A secret that is renewed leaves no version, for nothing is kept of it.
    assert [version.operation for version in left.versions] == [left.entries[0].operation, left.entries[2].operation]
