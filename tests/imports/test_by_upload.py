"""A file that is sent, on the page and through the API: what the command makes of it, once, and nothing left lying."""

from __future__ import annotations

import shutil
import threading
import uuid
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.utils import timezone

from audit.models import Entry
from labelop.connectors.formats import READERS
from labelop.models import Annotation, Item, Project
from labelop.services.imports import import_file
from labelop.services.projects import archive_project, create_project, freeze_project
from roles.api import idempotency
from roles.matrix import Scope
from roles.models import KeptAnswer, Token
from roles.services import operator_account
from tests.api.asking import V1, token_for
from tests.cast import Cast, assemble, what_is_left

from .small import SMALL, coco, jsonl, label_studio, spoiled_coco

API = f"{V1}projects/birds/import/"


@pytest.fixture(autouse=True)
def lying_about(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where files lie while they are asked for; whatever came of it, none stays."""
    folder = tmp_path / "lying-about"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


@pytest.fixture
def page(cast: Cast) -> str:
    return f"/labelop/project/{cast.project.pk}/acts/import/"


def as_sent(path: Path, name: str = "") -> SimpleUploadedFile:
    """A file, or a folder as a zip."""
    if path.is_dir():
        path = Path(shutil.make_archive(str(path), "zip", path))
    return SimpleUploadedFile(name or path.name, path.read_bytes())


def sent(cast: Cast, file: Any, key: str = "", *, by: str = "olga", scopes: Any = tuple(Scope), **more: Any) -> Any:
    """The answer of the API to a file."""
    headers = {"Authorization": f"Bearer {token_for(getattr(cast, by), scopes)}"}
    if key:
        headers["Idempotency-Key"] = key
    if isinstance(file, Path):
        file = as_sent(file)
    return Client().post(API, {"file": file, **more}, headers=headers)


def asked(page: str, user: Any, file: Any, **more: Any) -> Any:
    """The answer of the page to a file."""
    client = Client()
    client.force_login(user)
    return client.post(page, {"file": file, **more})


def dataset(project: Project) -> list[Any]:
    marks = Annotation.objects.filter(project=project).order_by("item__key", "key")
    items = Item.objects.filter(project=project).order_by("key")
    return [
        list(items.values_list("key", "data", "split", "metadata", "excluded")),
        list(marks.values_list("item__key", "key", "label_class__key", "value", "withdrawn", "origin")),
    ]


@contextmanager
def nothing_done() -> Iterator[None]:
    """But for the token that a tool shows."""
    with what_is_left() as left:
        yield
    assert set(left.events) <= {"token.issued"}
    assert {version.instance_type for version in left.versions} <= {Token}


@pytest.mark.parametrize("name", list(READERS))
def test_each_format_comes_in_as_the_command_brings_it(cast: Cast, page: str, tmp_path: Path, name: str) -> None:
    path = SMALL[name].write(tmp_path, False)
    by_command = create_project("boats", "Boats", by=cast.root, owner=cast.uma)
    imported = import_file(path, "boats", by=operator_account())
    answer = sent(cast, path)
    assert answer.status_code == 200, answer.content
    told = answer.json()
    assert {**imported.as_dict(), "not_in_file": 1} == {key: told[key] for key in imported.as_dict()}
    assert told["row"]["slug"] == "birds"
    brought = [[row for row in rows if row[0] != cast.item.key] for rows in dataset(cast.project)]
    assert brought == dataset(by_command)
    again = asked(page, cast.olga, as_sent(path))
    assert again.status_code == 302
    assert "Nothing changed" in " ".join(str(one) for one in get_messages(again.wsgi_request))


def test_the_trail_names_the_file_as_its_sender_does(cast: Cast, tmp_path: Path, lying_about: Path) -> None:
    with what_is_left() as left:
        told = sent(cast, as_sent(coco(tmp_path), "../../maps/Möwen_val2017.json")).json()
    entry = Entry.objects.get(event="items.imported")
    assert (entry.channel, entry.actor, entry.role) == ("api", cast.olga, "owner")
    assert entry.reason == "Import of Möwen_val2017.json"
    assert entry.source.startswith("coco ")
    assert entry.source.endswith(" Möwen_val2017.json")
    assert told["operation"] == str(left.entries[-1].operation)
    assert str(lying_about) not in repr([vars(one) for one in (*left.entries, *left.versions)])
    assert set(Item.objects.exclude(pk=cast.item.pk).values_list("split", flat=True)) == {"val"}


def test_a_name_longer_than_a_disk_takes_is_taken(cast: Cast, tmp_path: Path) -> None:
    answer = sent(cast, as_sent(coco(tmp_path), f"a.{'ö' * 300}"))
    assert answer.status_code == 200, answer.content


def test_acts_keep_the_times_they_are_told_of_and_are_told_together(cast: Cast, tmp_path: Path) -> None:
    with what_is_left() as left:
        told = sent(cast, label_studio(tmp_path)).json()
    imported = [entry for entry in left.entries if entry.event != "token.issued"]
    assert told["acts"] == len({entry.operation for entry in imported}) == 2
    saved = Entry.objects.get(event="annotation.saved", operation=told["operation"])
    assert (saved.at.isoformat()[:10], saved.attributed_to is not None) == ("2026-03-01", True)
    assert saved.recorded_at.date() == timezone.now().date()
    with nothing_done():
        told = sent(cast, label_studio(tmp_path)).json()
    assert (told["operation"], told["acts"]) == (None, 0)


def test_the_answers_are_those_of_the_command(cast: Cast, tmp_path: Path) -> None:
    told = sent(cast, spoiled_coco(tmp_path), split="test", keep_going="true", whole="false", format="coco").json()
    assert (told["skipped"], len(told["left_out"]), told["items"]) == (1, 1, 1)
    assert "instances_val2017.json" in told["left_out"][0]
    assert Item.objects.get(key="a.jpg").split == "test"
    told = sent(cast, coco(tmp_path), whole="true").json()
    assert (told["changes"]["items.excluded"], Item.objects.get(key="photo-1").excluded) == (1, True)


def test_the_page_tells_the_figures_and_names_what_was_left_out(cast: Cast, page: str, tmp_path: Path) -> None:
    answer = asked(page, cast.olga, as_sent(spoiled_coco(tmp_path)), keep_going="on")
    assert (answer.status_code, answer["Location"]) == (302, f"/labelop/project/{cast.project.pk}/change/")
    done, *left_out = [str(one) for one in get_messages(answer.wsgi_request)]
    assert "The file (coco) holds 1 items, 2 annotations. 1 other items of the project are not in it" in done
    assert "items imported 1" in done
    (record,) = left_out
    assert record.startswith("Left out: instances_val2017.json")
    assert Entry.objects.get(event="items.imported").channel == "admin"


def test_a_bad_file_is_told_by_place_and_field_and_leaves_nothing(
    cast: Cast, page: str, tmp_path: Path, lying_about: Path
) -> None:
    path = spoiled_coco(tmp_path)
    with nothing_done():
        answer, shown = sent(cast, path), asked(page, cast.olga, as_sent(path))
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert error["pointer"] == "/file"
    assert "instances_val2017.json" in error["detail"]
    assert "category_id" in error["detail"]
    assert shown.status_code == 422
    assert shown.context["form"].errors["file"] == [error["detail"]]
    assert str(lying_about) not in answer.content.decode() + shown.content.decode()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"a,b\n1,2\n", "none of label_studio, coco"),
        (b"PK\x05\x06" + b"\0" * 18, "none of"),
        (b"PK\x03\x04" + b"\0" * 60 + b"PK\x05\x06" + b"\xff" * 18, ""),
    ],
)
def test_what_is_none_of_the_formats_is_refused_by_its_name(
    cast: Cast, content: bytes, reason: str, lying_about: Path
) -> None:
    with nothing_done():
        answer = sent(cast, SimpleUploadedFile("mine.any", content))
    assert answer.status_code == 400, answer.content
    assert reason in answer.json()["errors"][0]["detail"]
    assert str(lying_about) not in answer.content.decode()


def test_a_file_beyond_the_limit_is_refused_and_kept_nowhere(cast: Cast, page: str, settings: Any) -> None:
    settings.LABELOP_UPLOAD_BYTES = 1000
    large, larger = SimpleUploadedFile("a.json", b" " * 1001), SimpleUploadedFile("a.json", b" " * 2_000_000)
    client = Client()
    client.force_login(cast.olga)
    for file in (large, larger):
        with nothing_done():
            file.seek(0)
            answer = sent(cast, file)
            file.seek(0)
            in_a_session = client.post(API, {"file": file})
            file.seek(0)
            shown = asked(page, cast.olga, file)
        for one in (answer, in_a_session):
            assert (one.status_code, one["Content-Type"]) == (413, "application/problem+json")
            assert "at most 1,000 bytes" in one.json()["detail"]
        assert shown.status_code == 422
        assert "at most 1,000 bytes" in shown.context["form"].errors["file"][0]
    assert sent(cast, SimpleUploadedFile("a.json", b" " * 1000)).status_code == 400


def test_no_more_of_what_is_sent_lies_on_disk_than_the_limit_says(
    rf: Any, settings: Any, lying_about: Path, db: None
) -> None:
    settings.LABELOP_UPLOAD_BYTES = 100_000
    files = {name: SimpleUploadedFile(name, b"x" * 70_000) for name in ("a", "b", "c")}
    request = rf.post("/", files)
    found = request.FILES
    assert [found[name].size for name in files] == [70_000] * 3
    assert sum(path.stat().st_size for path in lying_about.iterdir()) == 100_000
    request.close()


class TestAnswers:
    """What a form says is held to what is described, as JSON is."""

    def test_what_is_wrong_is_told_by_its_name(self, cast: Cast, tmp_path: Path) -> None:
        path = coco(tmp_path)
        for name, wrong in (("whole", "1"), ("format", "xls"), ("why", "x"), ("split", "x" * 256), ("split", "a\0b")):
            with nothing_done():
                answer = sent(cast, path, **{name: wrong})
            assert answer.status_code == 400
            assert [error["pointer"] for error in answer.json()["errors"]] == [f"/{name}"]
        with nothing_done():
            answer = sent(cast, "no file but a text")
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/file")

    def test_a_name_stands_once(self, cast: Cast, tmp_path: Path) -> None:
        with nothing_done():
            answer = sent(cast, coco(tmp_path), whole=["true", "false"])
        assert (answer.status_code, answer.json()["errors"]) == (
            400,
            [{"pointer": "/whole", "detail": "Stands twice."}],
        )

    @pytest.mark.parametrize("content_type", ["application/json", "text/csv", "application/x-www-form-urlencoded"])
    def test_another_content_type_is_not_taken(self, cast: Cast, content_type: str) -> None:
        headers = {"Authorization": f"Bearer {token_for(cast.olga)}"}
        with what_is_left() as left:
            answer = Client().post(API, "{}", content_type=content_type, headers=headers)
        assert (answer.status_code, answer["Content-Type"]) == (415, "application/problem+json")
        assert left.versions == []

    def test_a_session_needs_the_csrf_token(self, cast: Cast, tmp_path: Path) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(cast.olga)
        with nothing_done():
            assert client.post(API, {"file": as_sent(coco(tmp_path))}).status_code == 403
        client.cookies["csrftoken"] = token = "a" * 32
        answer = client.post(API, {"file": as_sent(coco(tmp_path))}, headers={"X-CSRFToken": token})
        assert answer.status_code == 200, answer.content


class TestWhoMay:
    @pytest.mark.parametrize(("who", "status"), [("ravi", 403), ("ana", 403), ("uma", 404)])
    def test_nobody_but_an_owner(self, cast: Cast, page: str, tmp_path: Path, who: str, status: int) -> None:
        path = coco(tmp_path)
        with what_is_left() as left:
            answers = [sent(cast, path, by=who), asked(page, getattr(cast, who), as_sent(path))]
        assert [answer.status_code for answer in answers] == [status] * 2
        denied = [event for event in left.events if event == "access.denied"]
        assert len(denied) == (2 if status == 403 else 0)
        assert not Item.objects.filter(key="a.jpg").exists()

    def test_a_token_needs_the_scope(self, cast: Cast, tmp_path: Path) -> None:
        assert sent(cast, coco(tmp_path), scopes=[Scope.READ, Scope.MANAGE]).status_code == 403
        assert sent(cast, coco(tmp_path), scopes=[Scope.WORK]).status_code == 200

    @pytest.mark.parametrize("stop", [freeze_project, archive_project])
    def test_a_project_that_takes_no_work_takes_no_file(self, cast: Cast, page: str, tmp_path: Path, stop: Any) -> None:
        client = Client()
        client.force_login(cast.olga)
        change = f"/labelop/project/{cast.project.pk}/change/"
        assert page in client.get(change).content.decode()
        freeze_project(cast.project, by=cast.olga, reason="Release")
        if stop is archive_project:
            archive_project(cast.project, by=cast.olga, reason="Over")
        assert page not in client.get(change).content.decode()
        with nothing_done():
            answer, shown = sent(cast, coco(tmp_path)), asked(page, cast.olga, as_sent(coco(tmp_path)))
        assert (answer.status_code, shown.status_code) == (422, 422)
        assert "its work does not change" in answer.content.decode()
        assert "its work does not change" in shown.content.decode()

    def test_who_overrides_says_so_once(self, cast: Cast, tmp_path: Path) -> None:
        with what_is_left() as left:
            assert sent(cast, coco(tmp_path), by="root").status_code == 200
        assert left.events.count("access.overridden") == 1


class TestDoneOnce:
    """The key of a request stands for one import."""

    def test_the_same_again_is_answered_as_it_was(self, cast: Cast, tmp_path: Path) -> None:
        first = sent(cast, coco(tmp_path), "monday")
        with nothing_done():
            again = sent(cast, coco(tmp_path), "monday")
        assert (first.status_code, again.status_code, again.content) == (200, 200, first.content)
        assert again["Idempotency-Replayed"] == "true"
        assert first.json()["acts"] > 0

    def test_another_file_or_another_name_is_another_request(self, cast: Cast, tmp_path: Path) -> None:
        path = coco(tmp_path)
        assert sent(cast, path, "monday").status_code == 200
        renamed, later = as_sent(path, "other.json"), coco(tmp_path / "later", True)
        with nothing_done():
            answers = [sent(cast, one, "monday") for one in (renamed, later)]
            answers.append(sent(cast, path, "monday", whole="true"))
        assert [answer.status_code for answer in answers] == [422] * 3

    def test_what_came_to_nothing_leaves_its_key_free(self, cast: Cast, tmp_path: Path) -> None:
        assert sent(cast, spoiled_coco(tmp_path), "monday").status_code == 400
        assert not KeptAnswer.objects.exists()
        assert sent(cast, coco(tmp_path), "monday").status_code == 200

    def test_what_is_being_done_is_not_done_beside_it(self, cast: Cast, tmp_path: Path) -> None:
        sent(cast, coco(tmp_path), "monday")
        KeptAnswer.objects.update(status=None, body="")
        with nothing_done():
            assert sent(cast, coco(tmp_path), "monday").status_code == 409

    def test_an_import_that_was_taken_over_is_undone(
        self, cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """While it reads its file, another request with its key takes it for dead, and claims the key."""
        reader = READERS["coco"]

        def slow(*asked: Any) -> Any:
            yield from reader(*asked)
            KeptAnswer.objects.update(claim=uuid.uuid4(), claimed_at=timezone.now())

        monkeypatch.setitem(READERS, "coco", slow)
        with nothing_done():
            answer = sent(cast, coco(tmp_path), "monday")
        assert answer.status_code == 409
        assert "took over" in answer.json()["detail"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one writer in at a time: nobody meets there")
def test_an_import_at_work_is_not_taken_over_however_long_it_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast, path, beside = assemble(), coco(tmp_path), []
    headers = {"Authorization": f"Bearer {token_for(cast.olga)}", "Idempotency-Key": "monday"}
    monkeypatch.setattr(idempotency, "GIVEN_UP_AFTER", timedelta(0))
    reader = READERS["coco"]

    def ask() -> Any:
        return Client().post(API, {"file": as_sent(path)}, headers=headers)

    def ask_beside() -> None:
        beside.append(ask())
        connection.close()

    def slow(*asked: Any) -> Any:
        yield from reader(*asked)
        other = threading.Thread(target=ask_beside)
        other.start()
        other.join()

    monkeypatch.setitem(READERS, "coco", slow)
    first = ask()
    assert (first.status_code, [answer.status_code for answer in beside]) == (200, [409])
    assert ask().content == first.content
    assert Entry.objects.filter(event="items.imported").count() == 1


def test_an_archive_is_taken_as_the_command_takes_it(cast: Cast, tmp_path: Path) -> None:
    path = tmp_path / "pets.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../val.jsonl", jsonl(tmp_path).read_text())
    with nothing_done():
        answer = sent(cast, path)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["detail"] == "../val.jsonl: a path that leads out of the archive"


def test_a_form_with_many_texts_is_refused(cast: Cast, tmp_path: Path) -> None:
    with nothing_done():
        assert sent(cast, coco(tmp_path), split="x" * 3_000_000).status_code == 400
