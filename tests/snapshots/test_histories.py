"""Real and random histories, replayed: what LabelOp says of them must equal their truth.

The truth comes from programs that share no code with LabelOp. The real histories lie in `LABELOP_DATA`, or in
`../shared/data` beside the checkout.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction
from pytest_django.plugin import DjangoDbBlocker

from labelop.models import Annotation, Item, Project, Verdict
from labelop.services.reviews import decide_review
from roles.matrix import Role
from roles.services import grant_role, service_account
from snapshots.differences import Differences, differences
from snapshots.models import Snapshot
from snapshots.reconciliation import reconcile
from snapshots.services.replay import replay_history
from snapshots.services.snapshots import take_snapshot
from tests.labelhist.generator import random_history
from tests.labelhist.stream import COCO_FIELDS, CONLLU_FIELDS
from tests.standing import Standing

from .expected import Expected, expected_releases
from .stage import person, tell_the_planner

pytestmark = pytest.mark.django_db

DATA = Path(os.environ.get("LABELOP_DATA") or settings.BASE_DIR.parent / "shared" / "data") / "histories"

# Two hundred made-up histories, of which SQLite replays those of even seeds and PostgreSQL the others: what a history
# leads to is the same on both, and each half holds every kind of change.
SEEDS = {"sqlite": range(0, 100, 2), "postgresql": range(1, 100, 2)}
# The long one, of a thousand items and nineteen releases, on the engine that holds such histories in life.
REAL = {"sqlite": ["pronouns"], "postgresql": ["pud", "pronouns"]}
KINDS_OF_CHANGE = {
    "conllu": {"added", "removed", "changed", "set back", "moved", *CONLLU_FIELDS},
    "coco": {"added", "removed", "changed", "set back", "moved", *COCO_FIELDS},
}

# Here an item returns to a state older than the release before, in which the object with the same polygon had
# another key. To be as it was comes before following the polygon, so one relabelling is told as two changes.
SET_BACK = {("coco-94", "r5")}

# What the truth calls by another name than LabelOp.
OURS = {"upos": "label", "tokenization": "annotations"}
THEIRS = {ours: theirs for theirs, ours in OURS.items()}


@dataclass(frozen=True)
class Chapter:
    """A release with what its history's truth says of it, and what LabelOp says."""

    truth: dict[str, Any]
    before: Snapshot | None
    snapshot: Snapshot
    told: Differences


@dataclass(frozen=True)
class Replayed:
    project: Project
    path: Path
    truth: dict[str, Any]
    chapters: list[Chapter]

    @property
    def expected(self) -> list[Expected]:
        return list(expected_releases(self.path, self.project.slug))


@pytest.fixture(scope="module")
def kept_for_this_module(what_stands: Standing, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """One transaction around all tests here, rolled back in the end: each history is replayed just once."""
    with django_db_blocker.unblock():
        what_stands.take_down()
        with transaction.atomic():
            yield
            transaction.set_rollback(True)


@pytest.fixture(scope="module", params=REAL[connection.vendor])
def real(request: pytest.FixtureRequest, kept_for_this_module: None) -> Replayed:
    path = DATA / f"{request.param}.events.ndjson.gz"
    if not path.exists():
        pytest.skip(f"NOT PROVED on real data: there is no {path}. Set LABELOP_DATA to where the histories lie.")
    truth = json.loads((DATA / f"{request.param}.truth.json").read_text())
    return _replayed(path, f"real-{request.param}", truth)


@pytest.fixture(scope="module", params=["conllu", "coco"])
def made_up(
    request: pytest.FixtureRequest, kept_for_this_module: None, tmp_path_factory: pytest.TempPathFactory
) -> list[Replayed]:
    folder = tmp_path_factory.mktemp("histories")
    replayed = []
    for seed in SEEDS[connection.vendor]:
        lines, truth = random_history(seed, request.param)
        path = folder / f"{seed}.ndjson"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
        replayed.append(_replayed(path, f"{request.param}-{seed}", truth))
    return replayed


def _replayed(path: Path, slug: str, truth: dict[str, Any]) -> Replayed:
    replay_history(path, slug)
    project = Project.objects.get(slug=slug)
    snapshots = {one.name: one for one in Snapshot.objects.filter(project=project).select_related("entry", "parent")}
    assert len(snapshots) == len(truth["releases"])
    # What waits for the end of the transaction is looked at once, not again with every test.
    connection.check_constraints()
    tell_the_planner()
    chapters: list[Chapter] = []
    before: Snapshot | None = None
    for release in truth["releases"]:
        after = snapshots[release["name"]]
        chapters.append(Chapter(release, before, after, differences(project, before, after)))
        before = after
    return Replayed(project, path, truth, chapters)


class TestRealHistories:
    def test_items_added_removed_changed_and_unchanged_are_the_truths(self, real: Replayed) -> None:
        for chapter in real.chapters:
            _check_items(chapter)

    def test_each_class_has_as_many_annotations_as_the_truth_counts(self, real: Replayed) -> None:
        for chapter in real.chapters:
            _check_label_counts(chapter)

    def test_relabellings_are_at_least_those_of_items_cut_alike(self, real: Replayed) -> None:
        """The truth looks for them only in items that are cut into the same tokens as before."""
        for chapter in real.chapters:
            for move, number in chapter.truth["top_label_moves"].items():
                if move.startswith("upos:"):
                    assert chapter.told.moves.get(move.removeprefix("upos:"), 0) >= number, (
                        chapter.truth["name"],
                        move,
                    )

    def test_changed_fields_are_the_truths(self, real: Replayed) -> None:
        for chapter in real.chapters:
            _check_fields(chapter)

    def test_the_identity_holds_for_items_and_every_class(self, real: Replayed) -> None:
        for chapter in real.chapters:
            _check_identity(chapter)

    def test_content_hashes_are_equal_exactly_where_the_states_are(self, real: Replayed) -> None:
        for earlier in real.chapters:
            for later in real.chapters:
                same = earlier.truth["state_hash"] == later.truth["state_hash"]
                equal = earlier.snapshot.content_hash == later.snapshot.content_hash
                assert equal is same, (earlier.truth["name"], later.truth["name"])

    def test_hashes_are_those_worked_out_without_a_database(self, real: Replayed) -> None:
        _check_hashes(real)

    def test_every_difference_is_accounted_for(self, real: Replayed) -> None:
        for chapter in real.chapters:
            _check_accounts(chapter)

    def test_now_everything_is_explained_and_every_row_in_step(self, real: Replayed) -> None:
        _check_until_now(real)

    def test_exactly_what_is_approved_is_accounted_for_afterwards(self, real: Replayed) -> None:
        _check_approvals(real)


class TestRandomHistories:
    def test_there_are_enough_of_them_on_each_engine(self) -> None:
        assert len({*SEEDS["sqlite"], *SEEDS["postgresql"]}) == 100
        assert min(map(len, SEEDS.values())) == 50

    def test_they_hold_every_kind_of_change(self, made_up: list[Replayed], request: pytest.FixtureRequest) -> None:
        """Each between several releases, or it would be proved by chance."""
        held: Counter[str] = Counter()
        for history in made_up:
            for earlier, later in pairwise(history.truth["releases"]):
                held.update(kind for kind in ("added", "removed", "changed") if later[kind])
                held.update(later["items_changed_by_field"].keys())
                held["moved"] += bool(later.get("moves_by_key") or later.get("certain_moves"))
                held["set back"] += (
                    bool(later["events_since_previous"]) and earlier["state_hash"] == later["state_hash"]
                )
        kinds = KINDS_OF_CHANGE[request.node.callspec.params["made_up"]]
        assert {kind: held[kind] for kind in kinds if held[kind] < 5} == {}

    def test_all_that_is_told_equals_the_truth(self, made_up: list[Replayed]) -> None:
        for history in made_up:
            for chapter in history.chapters:
                _check_items(chapter)
                _check_label_counts(chapter)
                _check_identity(chapter)
                if "moves_by_key" in chapter.truth:
                    assert chapter.told.moves == chapter.truth["moves_by_key"], _place(history, chapter)
                    _check_fields(chapter)
                certain = {} if _place(history, chapter) in SET_BACK else chapter.truth.get("certain_moves", {})
                for move, number in certain.items():
                    assert chapter.told.moves.get(move.removeprefix("category:"), 0) >= number, _place(history, chapter)
                for name in ("split", "size", "scene") if "certain_moves" in chapter.truth else ():
                    theirs = chapter.truth["items_changed_by_field"].get(name, 0)
                    assert chapter.told.fields.get(name, 0) == theirs, _place(history, chapter)

    def test_hashes_are_those_worked_out_without_a_database(self, made_up: list[Replayed]) -> None:
        for history in made_up:
            _check_hashes(history)

    def test_hashes_of_items_and_annotations_are_equal_exactly_where_the_states_are(
        self, made_up: list[Replayed]
    ) -> None:
        """A class stays in the schema when its last annotation goes, so the schema may have grown in between."""
        for history in made_up:
            for earlier, later in combinations(history.chapters, 2):
                before, after = (one.snapshot.sealed("sections") for one in (earlier, later))
                equal = all(before[section] == after[section] for section in ("items", "annotations"))
                assert equal is (earlier.truth["state_hash"] == later.truth["state_hash"]), _place(history, later)

    def test_every_difference_is_accounted_for(self, made_up: list[Replayed]) -> None:
        for history in made_up[::5]:
            for chapter in history.chapters:
                _check_accounts(chapter)

    def test_now_everything_is_explained_and_every_row_in_step(self, made_up: list[Replayed]) -> None:
        for history in made_up[::10]:
            _check_until_now(history)

    def test_exactly_what_is_approved_is_accounted_for_afterwards(self, made_up: list[Replayed]) -> None:
        _check_approvals(made_up[0])


def _place(history: Replayed, chapter: Chapter) -> tuple[str, str]:
    return history.project.slug, chapter.truth["name"]


def _check_items(chapter: Chapter) -> None:
    truth, told = chapter.truth, chapter.told
    assert (len(told.added), len(told.removed), len(told.changed), told.unchanged) == (
        truth["added"],
        truth["removed"],
        truth["changed"],
        truth["unchanged"],
    ), truth["name"]
    for kind in ("added", "removed", "changed"):
        # Too long a list is left out of the file.
        if truth[f"{kind}_ids"] is not None:
            assert sorted(getattr(told, kind)) == sorted(truth[f"{kind}_ids"]), (truth["name"], kind)


def _check_label_counts(chapter: Chapter) -> None:
    closing = {name: row["closing"] for name, row in chapter.told.classes.items() if row["closing"]}
    assert closing == chapter.truth["label_counts"], chapter.truth["name"]


def _check_fields(chapter: Chapter) -> None:
    """Equal for what belongs to the item and for tokens that came or went.

    The truth does not look for changed cells in items that were cut anew; LabelOp follows the tokens that stayed.
    """
    theirs, ours = chapter.truth["items_changed_by_field"], chapter.told.fields
    cut_anew = theirs.get("tokenization", 0)
    for name in {OURS.get(field, field) for field in theirs} | ours.keys():
        least = theirs.get(THEIRS.get(name, name), 0)
        most = least if name in ("text", "meta", "split", "annotations") else least + cut_anew
        assert least <= ours.get(name, 0) <= most, (chapter.truth["name"], name)


def _check_identity(chapter: Chapter) -> None:
    told, name = chapter.told, chapter.truth["name"]
    identity = told.identity
    assert identity["holds"] is True, name
    assert identity["closing"] == chapter.truth["items"], name
    assert identity["opening"] + len(told.added) - len(told.removed) == identity["closing"], name
    for label, row in told.classes.items():
        came, went = row["added"] + row["moved_in"], row["moved_out"] + row["removed"]
        assert row["opening"] + came - went == row["closing"], (name, label)
        assert row["unexplained"] == 0, (name, label)


def _check_accounts(chapter: Chapter) -> None:
    """Nothing unexplained, nothing out of step; without reviews, all else is in bulk or not reviewed."""
    reconciled = reconcile(chapter.snapshot.project, chapter.before, chapter.snapshot)
    counts = reconciled.counts
    assert sum(counts.values()) == reconciled.differences, chapter.truth["name"]
    assert (counts["unexplained"], counts["out_of_step"], counts["accounted"]) == (0, 0, 0), chapter.truth["name"]
    assert reconciled.findings == [], chapter.truth["name"]


def _check_hashes(history: Replayed) -> None:
    kept = [
        Expected(one.snapshot.name, one.snapshot.content_hash or "", one.snapshot.manifest_hash or "")
        for one in history.chapters
    ]
    assert kept == history.expected, history.project.slug


def _check_until_now(history: Replayed) -> None:
    found = reconcile(history.project, None, None)
    assert found.findings == [], history.project.slug
    assert found.live_checked > 0


def _check_approvals(history: Replayed) -> None:
    """Approve every other item that waits since a release, reject the rest: what was approved, and no more, moves."""
    project, ravi = history.project, person("ravi")
    grant_role(project, ravi, Role.REVIEWER, by=service_account("replay"), reason="Reads what was imported")
    opening = _before_something_waits(history)
    before = _verdicts(project, opening, "unread")
    item_of = _items_of(before)
    waiting = sorted({item_of[key] for key, told in before.items() if told == "not_reviewed" and key in item_of})
    # More would show nothing else.
    approved, rejected = set(waiting[:40:2]), waiting[1:40:2]
    for pk in approved:
        decide_review(Item.objects.get(pk=pk), Verdict.APPROVED, by=ravi)
    for pk in rejected:
        decide_review(Item.objects.get(pk=pk), Verdict.REJECTED, by=ravi, reason="Read", reason_code="wrong_class")
    moves = {key for key, told in before.items() if told == "not_reviewed" and item_of.get(key) in approved}
    assert len(before) > len(moves) > 0
    assert "accounted" not in before.values()
    after = _verdicts(project, opening, "read")
    assert after == {key: "accounted" if key in moves else told for key, told in before.items()}


def _before_something_waits(history: Replayed) -> Snapshot:
    """The release before the last chapter in which not all came in bulk, so that somebody is to review it."""
    for chapter in reversed(history.chapters):
        if chapter.before and reconcile(history.project, chapter.before, chapter.snapshot).counts["not_reviewed"] > 1:
            return chapter.before
    raise AssertionError(f"Nothing waits in {history.project.slug}.")


def _verdicts(project: Project, opening: Snapshot, name: str) -> dict[tuple[str, int], str]:
    """How each record that differs is accounted for now."""
    now = take_snapshot(project, name, by=service_account("replay")).snapshot
    found = reconcile(project, opening, now)
    return {(one.difference.section, one.difference.record_id): str(one.verdict.value) for one in found.records}


def _items_of(records: dict[tuple[str, int], str]) -> dict[tuple[str, int], int]:
    marks = [pk for section, pk in records if section == "annotations"]
    items = dict(Annotation.objects.filter(pk__in=marks).values_list("pk", "item_id"))
    return {(section, pk): items.get(pk, pk) for section, pk in records if section in ("items", "annotations")}
