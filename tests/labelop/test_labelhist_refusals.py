"""Reading `labelhist/1`: what is wrong is refused, by line and field."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labelop.connectors.labelhist import (
    MAX_LINE_BYTES,
    BadHistory,
    Batch,
    History,
    Release,
    read_history,
)
from tests.labelhist.generator import random_history
from tests.labelhist.stories import images, sentence, sentences, written

Record = dict[str, Any]
Spoil = Callable[[Record], object]


def put(**fields: Any) -> Spoil:
    return lambda record: record.update(fields)


def drop(field: str) -> Spoil:
    return lambda record: record.pop(field)


def in_label(**fields: Any) -> Spoil:
    return lambda record: record["label"].update(fields)


def in_object(**fields: Any) -> Spoil:
    return lambda record: record["label"]["objects"][0].update(fields)


WRONG_SENTENCES: list[tuple[int, str | None, Spoil, str]] = [
    (1, "type", put(type="change"), "first line must be the header"),
    (1, "schema", put(schema="labelhist/2"), "labelhist/2"),
    (1, "releases", drop("releases"), "missing"),
    (1, "releases", put(releases=["r1", "r1"]), "twice"),
    (1, "releases[0]", put(releases=[1]), "not a text"),
    (1, "fields", put(fields="upos"), "not a list"),
    (1, "columns", put(columns=["form"]), "needs an id and an upos"),
    (1, "corpus", put(corpus=7), "not a text"),
    (2, "seq", put(seq=2), "2 where 1 is next"),
    (3, "seq", put(seq=1), "1 where 2 is next"),
    (4, "seq", put(seq="3"), "not a whole number"),
    (4, "seq", put(seq=True), "not a whole number"),
    (4, "seq", drop("seq"), "missing"),
    (4, "type", put(type="header"), "neither a change nor a release"),
    (4, "type", drop("type"), "neither a change nor a release"),
    (4, "op", put(op="rename"), "'rename' is none of add, update, remove"),
    (4, "op", put(op=None), "not a text"),
    (4, "ts", put(ts="2019-12-31T23:59:59Z"), "after 2020-01-01T00:00:00Z"),
    (4, "ts", put(ts="yesterday"), "not a time"),
    (4, "ts", put(ts="2020-01-01T00:00:00"), "no zone"),
    (4, "ts", put(ts="0001-01-01T00:00:00+14:00"), "not a time"),
    (4, "authored", put(authored=5), "not a text"),
    (3, "actor", put(actor="ana"), "'ana' in a batch by 'user000'"),
    (4, "actor", put(actor=""), "0 characters"),
    (4, "item", put(item="x" * 256), "256 characters"),
    (4, "item", put(item="s3"), "'s3' is not there"),
    (3, "item", put(item="s1"), "is added, but is there already"),
    (7, "item", put(item="s3"), "'s3' is not there"),
    (4, "before_hash", put(before_hash="0" * 16), "says 0000000000000000, but the item is at"),
    (4, "before_hash", put(before_hash=None), "must be null for an add"),
    (4, "before_hash", put(before_hash="ABC"), "not a hash"),
    (2, "before_hash", put(before_hash="0" * 16), "must be null for an add"),
    (4, "after_hash", put(after_hash="0" * 16), "but the change leads to"),
    (4, "after_hash", drop("after_hash"), "missing"),
    (7, "after_hash", put(after_hash="0" * 16), "must be null for a remove"),
    (4, "fields", put(fields="upos"), "not a list"),
    (4, "fields[1]", put(fields=["upos", "bbox"]), "'bbox' is no label field"),
    (4, "message", put(message=[]), "not a text"),
    (4, "merge", put(merge=1), "neither true nor false"),
    (4, "colour", put(colour="red"), "unknown field of a change"),
    (4, "label", put(label=sentence("X")), "either a whole label or a patch"),
    (6, "label", drop("tokens"), "either a whole label or a patch"),
    (7, "text", put(text=["w", "v"]), "no place in the operation remove"),
    (7, "label", put(label={}), "no place in the operation remove"),
    (2, "label", drop("label"), "missing"),
    (2, "label", put(label=[]), "not an object"),
    (2, "label.colour", in_label(colour="red"), "unknown field of a label"),
    (2, "label.meta", lambda record: record["label"].pop("meta"), "missing"),
    (2, "label.meta[0]", in_label(meta=[1]), "not a text"),
    (2, "label.text", in_label(text=None), "not a text"),
    (2, "label.split", in_label(split=""), "0 characters"),
    (2, "label.tokens", in_label(tokens={}), "not a list"),
    (2, "label.tokens[0]", in_label(tokens=[["1", "w"]]), "not a row of 10 columns"),
    (2, "label.tokens[0].form", in_label(tokens=[["1", 5, *"________"]]), "not a text"),
    (2, "label.tokens[0].id", in_label(tokens=[["", *"_________"]]), "0 characters"),
    (2, "after_hash", in_label(text="v"), "but the change leads to"),
    (2, "label.text", in_label(text="a\0b"), "U+0000"),
    (2, "label.meta[0]", in_label(meta=["\ud83d"]), "half a surrogate pair"),
    (4, "cells", put(cells=5), "not a list"),
    (4, "cells[0]", put(cells=[[1, "upos"]]), "not a list of row, column, old and new value"),
    (4, "cells[0]", put(cells=[[2, "upos", "VERB", "AUX"]]), "row 2 is not one of the item's 2 rows"),
    (4, "cells[0]", put(cells=[[-1, "upos", "VERB", "AUX"]]), "row -1"),
    (4, "cells[0]", put(cells=[[True, "upos", "VERB", "AUX"]]), "row True"),
    (4, "cells[0]", put(cells=[[1, "tag", "VERB", "AUX"]]), "unknown column 'tag'"),
    (4, "cells[0]", put(cells=[[1, 3, "VERB", "AUX"]]), "unknown column 3"),
    (4, "cells[0]", put(cells=[[1, "upos", "NOUN", "AUX"]]), "given as 'NOUN' but was 'VERB'"),
    (4, "cells[0]", put(cells=[[1, "upos", "VERB", 5]]), "not a text"),
    (4, "cells[0]", put(cells=[[1, "upos", "VERB", ""]]), "0 characters"),
    (4, "cells", put(tokens=[]), "single cells or the whole table"),
    (4, "split", put(split=["dev", "test"]), "given as 'dev' but was 'train'"),
    (4, "split", put(split="test"), "not a pair"),
    (4, "meta", put(meta=[[], "new"]), "not a list"),
    (6, "tokens[0]", put(tokens=[[]]), "not a row of 10 columns"),
    (5, "name", put(name="r3"), "no release 'r3'"),
    (5, "name", put(name="r2"), "'r2' where the header names 'r1' next"),
    (8, "name", put(name="r1"), "no release 'r1' that is still to come"),
    (5, "items", put(items=3), "says 3, but 2 are reached"),
    (5, "items", put(items="2"), "not a number of items"),
    (5, "state_hash", put(state_hash="0" * 64), "is reached"),
    (5, "state_hash", put(state_hash="0" * 16), "not a hash of 64"),
    (5, "note", put(note=""), "unknown field of a release"),
    (5, "ts", put(ts="2019-01-01T00:00:00Z"), "after 2020"),
]

TWINS = [{"id": one, "category": "car", "bbox": [0, 0, 1, 1]} for one in (1, "1")]

WRONG_IMAGES: list[tuple[int, str | None, Spoil, str]] = [
    (2, "label.size", in_label(size=[640]), "not a list of 2 numbers"),
    (2, "label.size", in_label(size=[640, True]), "not a list of 2 numbers"),
    (2, "label.scene", in_label(scene="night"), "not a list"),
    (2, "label.objects", in_label(objects=None), "not a list"),
    (2, "label.objects[0]", in_label(objects=["car"]), "not an object"),
    (2, "label.objects[0].category", in_object(category=None), "not a text"),
    (2, "label.objects[0].category", in_object(category="x" * 256), "256 characters"),
    (2, "label.objects[0].bbox", in_object(bbox=[1, 2, 3]), "not a list of 4 numbers"),
    (2, "label.objects[0].bbox[3]", in_object(bbox=[1, 2, 3, float("inf")]), "not a number that JSON knows"),
    (2, "label.objects[0].bbox", lambda record: record["label"]["objects"][0].pop("bbox"), "missing"),
    (2, "label.objects[0].seg", in_object(seg=[1]), "not a text"),
    (2, "label.objects[0].id", in_object(id=1.5), "not a text"),
    (2, "label.objects", in_label(objects=TWINS), "two objects have the id 1"),
    (2, "label.text", in_label(text=""), "unknown field of a label"),
    (2, "label.split", in_label(split=3), "not a text"),
    (3, "cells", put(cells=[]), "unknown field of a change"),
    (3, "tokens", put(tokens=[]), "unknown field of a change"),
    (3, "label", drop("label"), "either a whole label or a patch"),
]


def read_until_refused(history: History) -> tuple[list[Batch | Release], BadHistory]:
    """What came before the refusal, and the refusal."""
    steps: list[Batch | Release] = []
    with pytest.raises(BadHistory) as refused:
        steps.extend(history)
    return steps, refused.value


def refuse(path: Path, lines: list[str], line: int, field: str | None, spoil: Spoil, reason: str) -> None:
    record = json.loads(lines[line - 1])
    spoil(record)
    lines[line - 1] = json.dumps(record)
    with pytest.raises(BadHistory) as refused:
        list(read_history(written(path, lines)))
    assert (refused.value.line, refused.value.field) == (line, field)
    assert reason in refused.value.reason
    assert str(refused.value).startswith(f"line {line}, {field}: ")


@pytest.mark.parametrize(("line", "field", "spoil", "reason"), WRONG_SENTENCES)
def test_what_is_wrong_in_a_history_of_sentences_is_refused_by_line_and_field(
    tmp_path: Path, line: int, field: str | None, spoil: Spoil, reason: str
) -> None:
    refuse(tmp_path / "h", sentences().lines, line, field, spoil, reason)


@pytest.mark.parametrize(("line", "field", "spoil", "reason"), WRONG_IMAGES)
def test_what_is_wrong_in_a_history_of_images_is_refused_by_line_and_field(
    tmp_path: Path, line: int, field: str | None, spoil: Spoil, reason: str
) -> None:
    refuse(tmp_path / "h", images().lines, line, field, spoil, reason)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b'{"type":"change","seq":3', "cut short"),
        (b"", "not JSON"),
        (b"[]", "not a JSON object"),
        (b'{"a":NaN}', "not a number that JSON knows"),
        (b'{"seq":1,"seq":2}', "twice"),
        (b"\xff\xfe", "not UTF-8"),
        (b"[" * 100_000, "can be read"),
        (b'{"a":' + b"9" * 5000 + b"}", "can be read"),
        (b'{"a":' + b"[" * 200 + b"]" * 200 + b"}", "levels deep"),
        (b'"' + b"x" * MAX_LINE_BYTES + b'"', "longer than"),
    ],
)
def test_a_line_that_is_no_object_of_ours_is_refused(tmp_path: Path, text: bytes, reason: str) -> None:
    lines = [line.encode() for line in sentences().lines]
    (tmp_path / "h").write_bytes(b"\n".join([*lines[:3], text, *lines[4:]]))
    steps, refused = read_until_refused(read_history(tmp_path / "h"))
    assert (steps, refused.line) == ([], 4)
    assert reason in refused.reason


def test_an_empty_file_and_one_that_is_not_there_are_refused(tmp_path: Path) -> None:
    (tmp_path / "h").write_bytes(b"")
    with pytest.raises(BadHistory, match="line 1: the file is empty"):
        read_history(tmp_path / "h")
    with pytest.raises(FileNotFoundError):
        read_history(tmp_path / "nowhere")


def test_gzip_that_is_cut_short_or_damaged_is_refused_where_it_ends(tmp_path: Path) -> None:
    lines = random_history(1, "coco")[0]
    whole = gzip.compress("".join(line + "\n" for line in lines).encode())
    for damaged in (
        whole[:-9],
        whole[: len(whole) // 2],
        whole[:-8] + bytes(8),
        whole[:60] + bytes(40) + whole[100:],
    ):
        (tmp_path / "h").write_bytes(damaged)
        with pytest.raises(BadHistory, match="gzip file is damaged or cut short"):
            list(read_history(tmp_path / "h"))


def test_nothing_of_a_batch_comes_before_all_of_it_was_read(tmp_path: Path) -> None:
    stream = sentences()
    spoilt = [*stream.lines[:6], stream.lines[6].replace('"remove"', '"delete"'), stream.lines[7]]
    steps, refused = read_until_refused(read_history(written(tmp_path / "h", spoilt)))
    assert refused.line == 7
    assert [type(step) for step in steps] == [Batch, Batch, Release]
