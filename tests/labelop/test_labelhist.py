"""Reading `labelhist/1`: what is right comes through whole and in order."""

import gzip
import json
import os
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from labelop.connectors.labelhist import Batch, Release, read_history, records_of
from tests.labelhist.generator import random_history
from tests.labelhist.stories import changes_of, images, sentence, sentences, written
from tests.labelhist.stream import COCO_FIELDS, COLUMNS, CONLLU_FIELDS, Label, Stream

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("LABELOP_DATA", ROOT.parent / "shared" / "data"))


def test_a_history_is_read_as_batches_and_releases_in_order(tmp_path: Path) -> None:
    history = read_history(written(tmp_path / "h", sentences().lines))
    assert (history.header.corpus, history.header.kind.name, history.unreached) == (
        "c",
        "conllu",
        ["r1", "r2"],
    )
    imported, fixed, first, removed, second = history
    assert isinstance(imported, Batch)
    assert isinstance(fixed, Batch)
    assert isinstance(removed, Batch)
    assert (imported.actor, imported.baseline, imported.merge, imported.message) == (
        "user000",
        True,
        False,
        "import",
    )
    assert (imported.first_seq, imported.last_seq, fixed.ts) == (1, 2, datetime(2020, 1, 1, tzinfo=UTC))
    (change,) = fixed.changes
    assert (change.seq, change.line, change.op, change.item, change.fields) == (
        3,
        4,
        "update",
        "s1",
        ("upos",),
    )
    assert change.before == sentence("NOUN", "VERB")
    assert change.after == sentence("NOUN", "AUX", split="test")
    assert [(one.item, one.after) for one in removed.changes] == [("s2", sentence("X", "NUM")), ("s1", None)]
    assert (removed.merge, removed.message, removed.rev) == (True, "", "c" * 12)
    assert isinstance(first, Release)
    assert isinstance(second, Release)
    assert (first.name, first.items, first.verified, second.name, second.items) == ("r1", 2, True, "r2", 1)
    assert (history.unreached, history.left_out) == ([], [])


def test_gzip_is_known_by_its_bytes_and_gives_the_same(tmp_path: Path) -> None:
    plain = written(tmp_path / "h.gz", sentences().lines)
    zipped = tmp_path / "h.ndjson"
    zipped.write_bytes(gzip.compress(plain.read_bytes()))
    assert list(read_history(plain)) == list(read_history(zipped))
    assert read_history(plain).header == read_history(zipped).header


def test_the_headers_digest_tells_files_apart(tmp_path: Path) -> None:
    one = read_history(written(tmp_path / "one", sentences().lines)).header.digest
    again = read_history(written(tmp_path / "again", sentences().lines[:1])).header.digest
    other = read_history(written(tmp_path / "other", images().lines)).header.digest
    assert one == again != other


def test_a_file_that_stops_before_a_release_tells_which(tmp_path: Path) -> None:
    history = read_history(written(tmp_path / "h", sentences().lines[:5]))
    assert len(list(history)) == 3
    assert history.unreached == ["r2"]


def test_a_release_cuts_a_batch_and_equal_names_of_state_are_two_releases(tmp_path: Path) -> None:
    stream = Stream({"corpus": "c", "releases": ["r1", "r2"], "fields": CONLLU_FIELDS, "columns": COLUMNS})
    stream.begin("a" * 12, "ana")
    stream.change("add", "s1", sentence("X"), [])
    stream.release("r1")
    stream.release("r2")
    stream.change("add", "s2", sentence("X"), [])
    steps = list(read_history(written(tmp_path / "h", stream.lines)))
    assert [type(step) for step in steps] == [Batch, Release, Release, Batch]


def test_an_older_label_is_not_touched_by_later_patches(tmp_path: Path) -> None:
    steps = list(read_history(written(tmp_path / "h", sentences().lines)))
    added, _, updated, *_ = changes_of(steps)
    assert added.after == updated.before == sentence("NOUN", "VERB")


def test_lines_of_one_revision_that_disagree_lose_nothing(tmp_path: Path) -> None:
    lines = sentences().lines
    lines[2] = json.dumps(json.loads(lines[2]) | {"message": "second", "ts": "2020-01-01T00:00:00Z", "baseline": False})
    batch = next(iter(read_history(written(tmp_path / "h", lines))))
    assert isinstance(batch, Batch)
    assert (batch.message, batch.baseline) == ("import\n\nsecond", False)


def check_against_truth(steps: list[Batch | Release], truth: dict[str, Any]) -> None:
    live: dict[str, Label] = {}
    batches, releases = iter(truth["batches"]), iter(truth["releases"])
    for step in steps:
        if isinstance(step, Batch):
            told = next(batches)
            assert [change.item for change in step.changes] == told.pop("items")
            assert f"{step.ts:%Y-%m-%dT%H:%M:%SZ}" == told.pop("ts")
            assert told == {key: getattr(step, key) for key in told}
            for change in step.changes:
                assert live.get(change.item) == change.before
                live.pop(change.item, None)
                if change.after is not None:
                    live[change.item] = change.after
        else:
            told = next(releases)
            assert (step.name, step.rev, step.items, step.state_hash) == tuple(
                told[key] for key in ("name", "rev", "items", "state_hash")
            )
            assert step.verified
            assert live == told["labels"]
    assert (next(batches, None), next(releases, None)) == (None, None)


@pytest.mark.parametrize("kind", ["conllu", "coco"])
def test_random_histories_are_read_as_they_were_told(tmp_path: Path, kind: str) -> None:
    """A hundred of each kind, in which every way of changing a label occurs dozens of times."""
    told: Counter[str] = Counter()
    for seed in range(100):
        lines, truth = random_history(seed, kind)
        history = read_history(written(tmp_path / "h", lines))
        steps = list(history)
        check_against_truth(steps, truth)
        told.update(truth["totals"]["by_op"])
        told.update(field for change in changes_of(steps) for field in change.fields)
        assert (history.unreached, history.left_out) == ([], [])
        counts = Counter(
            mark.label
            for label in truth["releases"][-1]["labels"].values()
            for mark in records_of(label, history.header.kind).marks
        )
        assert dict(counts) == truth["releases"][-1]["label_counts"]
    ways = {"add", "update", "remove", *(CONLLU_FIELDS if kind == "conllu" else COCO_FIELDS)}
    assert {way: told[way] for way in ways if told[way] < 24} == {}


@pytest.mark.parametrize("name", ["pud", "pronouns"])
def test_the_real_histories_agree_with_their_truth(name: str) -> None:
    path = DATA / "histories" / f"{name}.events.ndjson.gz"
    if not path.exists():
        pytest.skip(f"NOT CHECKED: the real history {path} is not here; set LABELOP_DATA to where the data is")
    truth = json.loads((DATA / "histories" / f"{name}.truth.json").read_text(encoding="utf-8"))
    history = read_history(path)
    live: dict[str, Label] = {}
    before: dict[str, Label] = {}
    counts: dict[str, Counter[str]] = {}
    releases = iter(truth["releases"])
    for step in history:
        if isinstance(step, Batch):
            now = {change.item: change.after for change in step.changes if change.after is not None}
            live |= now
            for item, label in now.items():
                counts[item] = Counter(mark.label for mark in records_of(label, history.header.kind).marks)
            continue
        told = next(releases)
        changed = [item for item in sorted(live.keys() & before.keys()) if live[item] != before[item]]
        assert (step.name, step.items, changed) == (told["name"], told["items"], told["changed_ids"])
        assert sum(counts.values(), Counter()) == told["label_counts"]
        before = dict(live)
    assert (history.unreached, history.left_out, next(releases, None)) == ([], [], None)
