"""Replaying a history: once, twice, interrupted anywhere, and from a file that is not what it says."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.db import transaction
from django.test import RequestFactory

from audit.history import versions_of
from audit.models import Entry
from labelop.models import Annotation, Item, Project
from labelop.services import imports
from labelop.services.imports.importing import Importing
from roles.models import Kind, User
from snapshots.differences import differences
from snapshots.models import Snapshot
from snapshots.reconciliation import reconcile
from snapshots.services import replay as replaying
from snapshots.services import snapshots as taking
from snapshots.services.replay import replay_history
from tests.labelhist.stories import images

from .stage import Ran, run, short_story, trace, written

pytestmark = pytest.mark.django_db

SLUG = "story"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return written(tmp_path / "story.ndjson", short_story())


@pytest.fixture
def project(path: Path) -> Project:
    replay_history(path, SLUG)
    return Project.objects.get(slug=SLUG)


def entries_of_batch(project: Project, place: str) -> list[Entry]:
    return list(Entry.objects.filter(project=project, source__endswith=f" {place}").order_by("id"))


class TestAReplay:
    def test_makes_the_project_its_work_and_its_releases(self, path: Path) -> None:
        replayed = replay_history(path, SLUG)
        assert (replayed.items, replayed.changes, replayed.operations, replayed.snapshots) == (2, 6, 4, 3)
        assert replayed.new_operations == 4
        assert replayed.left_out == []

    def test_writes_one_entry_for_each_batch_and_event_with_its_records(self, project: Project) -> None:
        told = [(entry.event, entry.records) for entry in entries_of_batch(project, "1-2")]
        assert told == [("class.added", 3), ("items.imported", 2), ("annotation.saved", 3)]
        told = [(entry.event, entry.records) for entry in entries_of_batch(project, "3-3")]
        assert told == [("class.added", 1), ("items.changed", 1), ("annotation.saved", 1)]
        told = [(entry.event, entry.records) for entry in entries_of_batch(project, "8-8")]
        assert told == [("items.reinstated", 1)]

    def test_keeps_message_and_person_and_leaves_an_empty_message_unsaid(self, project: Project) -> None:
        for entry in entries_of_batch(project, "3-3"):
            assert (entry.reason, str(entry.attributed_to), entry.actor_name) == ("fix", f"{SLUG}/ana", "replay")
            assert entry.role == "owner"
        assert {entry.reason for entry in entries_of_batch(project, "5-6")} == {""}

    def test_gives_the_person_no_way_in(self, project: Project, client: Any) -> None:
        person = User.objects.get(username=f"{SLUG}/ana")
        assert person.kind == Kind.ATTRIBUTED
        assert not person.has_usable_password()
        for password in ("", "!", person.password):
            asked = RequestFactory().post("/login/")
            assert authenticate(asked, username=person.username, password=password) is None

    def test_keeps_people_apart_whose_names_look_alike(self, tmp_path: Path) -> None:
        stream = short_story()
        for actor in ("ana b", "ana/b", "ana_b"):
            stream.begin(f"{len(stream.lines):012x}", actor)
            label = {**stream.labels["s1"], "text": f"by {actor}"}
            stream.change("update", "s1", label, ["text"])
        replay_history(written(tmp_path / "alike.ndjson", stream), "alike")
        names = Entry.objects.filter(project__slug="alike").exclude(source="").values_list("attributed_to", flat=True)
        # user000, ana, bob, and the three of them; "ana/b" brought an item back before.
        assert len(set(names)) == 6

    def test_happened_when_the_history_says(self, tmp_path: Path) -> None:
        stream = short_story()
        stream.at = stream.at.replace(year=2021, month=5, day=4, hour=3, minute=2, second=1)
        stream.begin("e" * 12, "bob")
        stream.change("update", "s1", {**stream.labels["s1"], "text": "later"}, ["text"])
        replay_history(written(tmp_path / "later.ndjson", stream), SLUG)
        project = Project.objects.get(slug=SLUG)
        entry = Entry.objects.filter(project=project).exclude(source="").latest("id")
        moment = datetime(2021, 5, 4, 3, 2, 1, tzinfo=UTC)
        assert entry.at == moment
        assert entry.recorded_at > moment
        assert entry.backdated
        version = versions_of(Item)._default_manager.filter(operation=entry.operation).get()
        assert version.history_date == moment  # type: ignore[attr-defined]
        opened = Snapshot.objects.get(project=project, name="r1").entry
        assert opened.at == datetime(2020, 1, 1, tzinfo=UTC)

    def test_an_import_counts_as_bulk_and_what_follows_as_not_reviewed(self, project: Project) -> None:
        first, second, third = Snapshot.objects.filter(project=project).order_by("number")
        opening = reconcile(project, None, first).counts
        assert opening["bulk"] > 0
        # The batch after the import brought a class of its own.
        assert (opening["not_reviewed"], opening["accounted"], opening["unexplained"]) == (1, 0, 0)
        for before, after in ((first, second), (second, third)):
            found = reconcile(project, before, after)
            assert found.counts["not_reviewed"] == found.differences > 0

    def test_an_item_added_again_comes_back_with_its_annotations(self, project: Project) -> None:
        first, second, third = Snapshot.objects.filter(project=project).order_by("number")
        gone, back = differences(project, first, second), differences(project, second, third)
        assert (gone.removed, back.added) == (["s1"], ["s1"])
        assert back.classes["NOUN"]["added"] == 1
        assert back.classes["AUX"]["added"] == 1
        assert Item.objects.get(project=project, key="s1").excluded is False
        assert Annotation.objects.filter(item__key="s1", project=project, withdrawn=False).count() == 2

    def test_an_image_set_back_is_as_it_was_though_its_objects_have_no_ids(self, tmp_path: Path) -> None:
        stream = images()
        stream.lines[0] = stream.lines[0].replace('["r1"]', '["r1", "r2"]')
        before = stream.labels["i1"]
        turned = {**before, "objects": [{"category": "bus", "bbox": [9, 9, 9, 9], "seg": "z"}]}
        for rev, label in (("b" * 12, turned), ("c" * 12, before)):
            stream.begin(rev, "bob")
            stream.change("update", "i1", label, ["objects"])
        stream.release("r2")
        replay_history(written(tmp_path / "images.ndjson", stream), "images")
        project = Project.objects.get(slug="images")
        first, second = Snapshot.objects.filter(project=project).order_by("number")
        assert differences(project, first, second).unchanged == 1
        assert first.content_hash == second.content_hash


class TestASecondReplay:
    def test_changes_nothing(self, project: Project, path: Path) -> None:
        before, entries = trace(project), Entry.objects.count()
        replayed = replay_history(path, SLUG)
        assert trace(project) == before
        assert Entry.objects.count() == entries
        assert (replayed.new_operations, replayed.operations, replayed.snapshots) == (0, 4, 3)

    def test_of_another_history_is_refused_by_name(self, project: Project, tmp_path: Path) -> None:
        before = trace(project)
        ran = run("replay", written(tmp_path / "other.ndjson", images()), "--project", SLUG)
        assert ran.code == 2
        assert f"{SLUG} was built from another history" in ran.error
        assert trace(project) == before


# Where a replay can be interrupted: a function, and whether before or after its work.
PLACES: list[tuple[Any, str]] = [
    (replaying, "import_batch"),
    (Importing, "bring_items"),
    (Importing, "write"),
    (Importing, "record"),
    (replaying, "take_snapshot"),
    (taking, "seal_snapshot"),
    (taking, "whole_tally"),
    (taking, "tally_after"),
    (taking, "manifest_of"),
]


class Interruption:
    """Lets the k-th call of a function end in Ctrl-C, before or after it did its work."""

    def __init__(self, call: Callable[..., Any], turn: int, *, after: bool) -> None:
        self.call, self.turn, self.after, self.calls = call, turn, after, 0

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.calls += 1
        if self.calls != self.turn:
            return self.call(*args, **kwargs)
        if self.after:
            self.call(*args, **kwargs)
        raise KeyboardInterrupt


class TestAnInterruptedReplay:
    @pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
    @pytest.mark.parametrize(("where", "name"), PLACES, ids=[name for _, name in PLACES])
    def test_run_again_ends_as_if_it_had_never_been_interrupted(
        self, path: Path, monkeypatch: pytest.MonkeyPatch, where: Any, name: str, after: bool
    ) -> None:
        calls, whole = self._interrupted(path, monkeypatch, where, name, 0, after=after)
        assert calls > 0
        for turn in range(1, calls + 1):
            interrupted, ended = self._interrupted(path, monkeypatch, where, name, turn, after=after)
            assert (interrupted, ended) == (turn, whole)

    def _interrupted(
        self, path: Path, monkeypatch: pytest.MonkeyPatch, where: Any, name: str, turn: int, *, after: bool
    ) -> tuple[int, dict[str, Any]]:
        """Interrupt at this call (0: at none) and run again; how many calls there were till then, and what is left."""
        with transaction.atomic(), monkeypatch.context() as patch:
            interruption = Interruption(getattr(where, name), turn, after=after)
            patch.setattr(where, name, lambda *args, **kwargs: interruption(*args, **kwargs))
            with suppress(KeyboardInterrupt):
                replay_history(path, SLUG)
            calls = interruption.calls
            if turn:
                replay_history(path, SLUG)
            ended = trace(Project.objects.get(slug=SLUG))
            transaction.set_rollback(True)
        return calls, ended

    def test_says_that_it_can_be_run_again(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        interruption = Interruption(imports.import_batch, 2, after=False)
        monkeypatch.setattr(replaying, "import_batch", interruption)
        ran = run("replay", path, "--project", SLUG)
        assert ran.code == 130
        assert "run the command again" in ran.error


def at_line(number: int, **fields: Any) -> Callable[[list[str]], list[str]]:
    """Give the record in this line other values."""

    def spoil(lines: list[str]) -> list[str]:
        lines[number - 1] = json.dumps({**json.loads(lines[number - 1]), **fields}, ensure_ascii=False)
        return lines

    return spoil


def cut_short(lines: list[str]) -> list[str]:
    lines[6] = lines[6][:40]
    return lines


class TestAFileThatIsNotWhatItSays:
    @pytest.mark.parametrize(
        ("spoil", "line", "field", "taken_in"),
        [
            (cut_short, 7, "JSON", 3),
            (at_line(7, op="rename"), 7, "op", 3),
            (at_line(7, before_hash="0" * 16), 7, "before_hash", 3),
            (at_line(7, seq=60), 7, "seq", 3),
            (at_line(7, extra=1), 7, "extra", 3),
            (at_line(7, item="unknown"), 7, "item", 3),
            (at_line(6, after_hash="0" * 16), 6, "after_hash", 3),
            (at_line(8, state_hash="0" * 64), 8, "state_hash", 6),
            (at_line(8, items=5), 8, "items", 6),
        ],
    )
    def test_is_refused_with_line_and_reason_and_whole_batches_before_are_kept(
        self, tmp_path: Path, spoil: Callable[[list[str]], list[str]], line: int, field: str, taken_in: int
    ) -> None:
        ran = run("replay", written(tmp_path / "bad.ndjson", short_story(), spoil), "--project", SLUG, "--json")
        assert (ran.code, ran.out) == (2, "")
        assert f"line {line}" in ran.error
        assert field in ran.error
        project = Project.objects.get(slug=SLUG)
        assert imports.imported_up_to(project)[1] == taken_in
        assert list(Snapshot.objects.filter(project=project).values_list("name", flat=True)) == ["r1"]
        assert reconcile(project, None, None).findings == []

    def test_with_a_bad_header_leaves_nothing(self, tmp_path: Path) -> None:
        ran = run("replay", written(tmp_path / "bad.ndjson", short_story(), at_line(1, type="head")), "--project", SLUG)
        assert ran.code == 2
        assert "line 1" in ran.error
        assert not Project.objects.exists()

    def test_that_is_not_there_is_refused(self, tmp_path: Path) -> None:
        ran = run("replay", tmp_path / "missing.ndjson", "--project", SLUG)
        assert ran.code == 2
        assert "missing.ndjson" in ran.error

    def test_mended_later_it_goes_on_where_it_stopped(self, tmp_path: Path, path: Path) -> None:
        with transaction.atomic():
            replay_history(path, SLUG)
            whole = trace(Project.objects.get(slug=SLUG))
            transaction.set_rollback(True)
        assert run("replay", written(tmp_path / "bad.ndjson", short_story(), cut_short), "--project", SLUG).code == 2
        assert run("replay", path, "--project", SLUG).code == 0
        assert trace(Project.objects.get(slug=SLUG)) == whole


class TestKeepingGoing:
    def test_lists_what_it_left_out_and_takes_the_rest(self, tmp_path: Path) -> None:
        spoilt = written(tmp_path / "bad.ndjson", short_story(), at_line(7, before_hash="0" * 16))
        ran: Ran = run("replay", spoilt, "--project", SLUG, "--keep-going", "--json")
        assert ran.code == 1
        assert any(left.startswith("line 7, before_hash") for left in ran.report["left_out"])
        assert ran.report["snapshots"] == 3
        doubted = Snapshot.objects.get(project__slug=SLUG, name="r2")
        assert "items" in doubted.note

    def test_of_a_good_file_leaves_nothing_out(self, path: Path) -> None:
        ran = run("replay", path, "--project", SLUG, "--keep-going", "--json")
        assert (ran.code, ran.report["left_out"]) == (0, [])
