"""Reading `labelhist/1` with `keep_going`: the bad is left out and told, what does not hang on it goes on."""

import gzip
import json
import random
from pathlib import Path
from typing import Any

import pytest

from labelop.connectors.labelhist import BadHistory, Batch, History, LeftOut, Release, item_hash, read_history
from tests.labelhist.generator import random_history
from tests.labelhist.stories import changes_of, sentence, sentences, written
from tests.labelhist.stream import COLUMNS, CONLLU_FIELDS, Stream

Steps = list[Batch | Release]


def going_on(path: Path, lines: list[str]) -> tuple[Steps, History]:
    history = read_history(written(path, lines), keep_going=True)
    return list(history), history


def respelt(line: str, **fields: Any) -> str:
    return json.dumps(json.loads(line) | fields)


def places(history: History) -> list[tuple[int, str | None]]:
    return [(one.line, one.field) for one in history.left_out]


def releases_of(steps: Steps) -> dict[str, bool]:
    return {step.name: step.verified for step in steps if isinstance(step, Release)}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "h"


def a_year(items: int, rounds: int) -> Stream:
    """Items n0, n1 … are added in lines 2 …; then each round changes all of them and is released."""
    names = [f"r{number}" for number in range(rounds)]
    stream = Stream({"corpus": "c", "releases": names, "fields": CONLLU_FIELDS, "columns": COLUMNS})
    stream.begin("0" * 12, "user000", baseline=True)
    for item in range(items):
        stream.change("add", f"n{item}", sentence("X"), [])
    for number, name in enumerate(names):
        stream.begin(f"{number + 1:012x}", "ana")
        for item in range(items):
            old, new = ("X", "Y") if number % 2 == 0 else ("Y", "X")
            stream.change("update", f"n{item}", sentence(new), ["upos"], cells=[[0, "upos", old, new]])
        stream.release(name)
    return stream


def test_a_sound_history_is_read_the_same(path: Path) -> None:
    for seed in range(40):
        lines, _ = random_history(seed, "conllu")
        steps, history = going_on(path, lines)
        assert steps == list(read_history(path))
        assert history.left_out == []


def test_a_bad_change_is_left_out_and_so_is_all_that_builds_on_it(path: Path) -> None:
    lines = sentences().lines
    lines[3] = respelt(lines[3], cells=[[1, "upos", "NOUN", "AUX"]])
    steps, history = going_on(path, lines)
    assert [(change.op, change.item) for change in changes_of(steps)] == [
        ("add", "s1"),
        ("add", "s2"),
        ("update", "s2"),
    ]
    assert places(history) == [(4, "cells[0]"), (7, "before_hash")]
    assert "the change of this item in line 4 was left out" in history.left_out[1].reason
    assert releases_of(steps) == {"r1": False, "r2": False}
    first = next(step for step in steps if isinstance(step, Release))
    assert first.doubt.startswith("state_hash: says ")


def test_items_that_do_not_hang_on_it_go_on_within_the_same_batch(path: Path) -> None:
    lines = a_year(items=4, rounds=2).lines
    lines[6] = respelt(lines[6], after_hash="0" * 16)
    steps, history = going_on(path, lines)
    assert [len(step.changes) for step in steps if isinstance(step, Batch)] == [4, 3, 3]
    assert places(history) == [(7, "after_hash"), (12, "before_hash")]


def test_a_change_back_to_the_label_we_hold_is_taken_again(path: Path) -> None:
    """Round 1 turns X into Y and is lost for n0; round 2 starts from Y: lost; round 3 starts from X again."""
    lines = a_year(items=2, rounds=3).lines
    lines[3] = "{"
    steps, history = going_on(path, lines)
    assert places(history) == [(4, None), (7, "before_hash")]
    assert releases_of(steps) == {"r0": False, "r1": True, "r2": True}
    assert [change.item for change in changes_of(steps)] == ["n0", "n1", "n1", "n1", "n0", "n1"]


def test_an_item_whose_adding_is_lost_is_not_there_until_it_is_added_again(path: Path) -> None:
    stream = Stream({"corpus": "c", "releases": [], "fields": CONLLU_FIELDS, "columns": COLUMNS})
    stream.begin("a" * 12, "ana")
    stream.change("add", "s1", sentence("X"), [])
    stream.change("update", "s1", sentence("Y"), ["upos"])
    stream.change("remove", "s1", None, [])
    stream.change("add", "s1", sentence("Z"), [])
    lines = stream.lines
    lines[1] = lines[1][:-5]
    steps, history = going_on(path, lines)
    assert places(history) == [(2, None), (3, "item"), (4, "item")]
    assert [(change.op, change.after) for change in changes_of(steps)] == [("add", sentence("Z"))]


def test_a_batch_of_which_nothing_is_left_is_no_batch(path: Path) -> None:
    lines = sentences().lines
    lines[3] = respelt(lines[3], op="rename")
    steps, _ = going_on(path, lines)
    assert [step.actor for step in steps if isinstance(step, Batch)] == ["user000", "bob"]


def test_a_bad_header_is_refused_all_the_same(path: Path) -> None:
    lines = sentences().lines
    lines[0] = respelt(lines[0], schema="other")
    with pytest.raises(BadHistory, match="line 1, schema"):
        read_history(written(path, lines), keep_going=True)


def test_a_lost_line_is_told_and_a_broken_one_is_told_once(path: Path) -> None:
    lines = a_year(items=2, rounds=1).lines
    _, history = going_on(path, [*lines[:2], *lines[3:]])
    assert history.left_out[0] == LeftOut(3, "seq", "lines missing before this one: 1")
    _, history = going_on(path, [*lines[:2], "{", *lines[3:]])
    assert places(history)[0] == (3, None)
    assert "seq" not in [field for _, field in places(history)]


def test_a_repeated_stretch_is_left_out_and_does_no_harm(path: Path) -> None:
    lines = a_year(items=3, rounds=3).lines
    steps, history = going_on(path, [*lines[:9], *lines[4:9], *lines[9:]])
    sound, _ = going_on(path, lines)
    assert [change.seq for change in changes_of(steps)] == [change.seq for change in changes_of(sound)]
    assert {field for _, field in places(history)} == {"seq"}
    assert releases_of(steps) == {"r0": True, "r1": True, "r2": True}


def test_one_absurd_number_costs_one_line_and_not_all_that_follow(path: Path) -> None:
    lines = a_year(items=3, rounds=4).lines
    lines[4] = respelt(lines[4], seq=10**9)
    steps, history = going_on(path, lines)
    assert places(history)[0] == (5, "seq")
    assert releases_of(steps) == {"r0": False, "r1": True, "r2": True, "r3": True}


def test_a_clock_that_jumps_ahead_costs_one_line_and_not_all_that_follow(path: Path) -> None:
    lines = a_year(items=3, rounds=4).lines
    for line in (4, 5, 6):
        lines[line] = respelt(lines[line], ts="2999-01-01T00:00:00Z")
    steps, history = going_on(path, lines)
    assert places(history) == [(8, "ts")]
    assert list(releases_of(steps)) == ["r1", "r2", "r3"]
    assert history.unreached == ["r0"]


def test_what_came_before_a_gzip_was_cut_is_kept(path: Path) -> None:
    lines = random_history(5, "coco")[0]
    whole = gzip.compress("".join(line + "\n" for line in lines).encode())
    path.write_bytes(whole[: len(whole) * 3 // 4])
    history = read_history(path, keep_going=True)
    steps = list(history)
    assert steps
    assert "cut short" in history.left_out[-1].reason


def test_whatever_is_spoilt_what_comes_through_fits_together(path: Path) -> None:
    """Lines are dropped, doubled, swapped, cut and altered; each change still starts where its item is."""
    for seed in range(150):
        chance = random.Random(seed)
        lines, _ = random_history(seed, chance.choice(["conllu", "coco"]))
        for _ in range(chance.randint(1, 4)):
            spoil(lines, chance)
        steps, history = going_on(path, lines)
        live: dict[str, object] = {}
        for step in steps:
            if isinstance(step, Release):
                assert step.verified == (step.doubt == "")
                continue
            for change in step.changes:
                assert live.pop(change.item, None) == change.before
                if change.after is not None:
                    live[change.item] = change.after
                    assert item_hash(change.after)
        assert [one.line for one in history.left_out] == sorted(one.line for one in history.left_out)


def spoil(lines: list[str], chance: random.Random) -> None:
    at = chance.randrange(1, len(lines) - 1)
    way = chance.choice(["drop", "double", "swap", "cut", "alter"])
    if way == "drop":
        del lines[at]
    elif way == "double":
        lines.insert(chance.randrange(at, len(lines)), lines[at])
    elif way == "swap":
        lines[at], lines[at + 1] = lines[at + 1], lines[at]
    elif way == "cut":
        lines[at] = lines[at][: chance.randrange(len(lines[at]))]
    else:
        place = chance.randrange(len(lines[at]))
        lines[at] = lines[at][:place] + chance.choice('0"{x,') + lines[at][place + 1 :]
