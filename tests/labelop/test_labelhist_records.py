"""What is stored of a label, and how objects without ids are recognised from one label to the next."""

import random
from collections import Counter
from typing import Any

import pytest

from labelop.connectors.errors import BadField
from labelop.connectors.labelhist import CONLLU_COLUMNS, Kind, records_of
from labelop.connectors.matching import Matching, match_marks
from labelop.connectors.records import ItemRecord, Mark
from tests.labelhist.generator import random_history
from tests.labelhist.stream import Label

SENTENCES = Kind("conllu", CONLLU_COLUMNS)
IMAGES = Kind("coco")

Live = tuple[str, str, dict[str, Any]]


def row(key: str, upos: str, form: str = "w") -> list[str]:
    return [key, form, "w", upos, "_", "_", "0", "root", "_", "_"]


def label_of_tokens(*rows: list[str]) -> Label:
    return {"split": "dev", "text": "שלום 😀", "meta": ["newdoc"], "tokens": list(rows)}


def label_of_objects(*objects: dict[str, Any], **more: Any) -> Label:
    return {"size": [640, 480], "scene": ["night"], "objects": list(objects)} | more


def mark(label: str, seg: str | None = None, bbox: list[float] | None = None, key: str | None = None) -> Mark:
    return Mark(key, label, {"bbox": bbox or [0, 0, 1, 1], "seg": seg})


def live(key: str, label: str, seg: str | None = None, bbox: list[float] | None = None) -> Live:
    return key, label, mark(label, seg, bbox).value


def test_a_sentence_is_stored_as_its_text_with_a_mark_for_each_token() -> None:
    found = records_of(label_of_tokens(row("1-2", "_", "du"), row("1", "ADP"), row("1.1", "VERB")), SENTENCES)
    assert (found.split, found.data, found.metadata) == ("dev", {"text": "שלום 😀"}, {"meta": ["newdoc"]})
    assert [(one.key, one.label) for one in found.marks] == [("1-2", "_"), ("1", "ADP"), ("1.1", "VERB")]
    assert found.marks[0].value == {
        "form": "du",
        "lemma": "w",
        "xpos": "_",
        "feats": "_",
        "head": "0",
        "deprel": "root",
        "deps": "_",
        "misc": "_",
    }


def test_tokens_of_one_id_get_keys_of_their_own() -> None:
    rows = [row("5", "A"), row("5", "B"), row("5#2", "C"), row("5", "D"), row("5#2", "E")]
    found = records_of(label_of_tokens(*rows), SENTENCES)
    keys = [(one.key, one.label) for one in found.marks]
    assert keys == [("5", "A"), ("5#3", "B"), ("5#2", "C"), ("5#4", "D"), ("5#2#2", "E")]
    simple = records_of(label_of_tokens(row("5", "A"), row("5", "B")), SENTENCES)
    assert [one.key for one in simple.marks] == ["5", "5#2"]


def test_an_image_is_stored_as_its_size_with_a_mark_for_each_object() -> None:
    one = {"category": "car", "bbox": [1, 2.5, 3, 4], "seg": "ab", "iscrowd": 1, "attributes": {"a": [1]}}
    found = records_of(label_of_objects(one, one | {"id": 7}, one | {"id": "x/1"}, split="test"), IMAGES)
    value = {key: one[key] for key in ("bbox", "seg", "iscrowd", "attributes")}
    assert found == ItemRecord(
        "test",
        {"size": [640, 480]},
        {"scene": ["night"]},
        [Mark(None, "car", value), Mark("7", "car", value), Mark("x/1", "car", value)],
    )
    assert records_of(label_of_objects(), IMAGES).split == ""


@pytest.mark.parametrize(
    ("label", "kind", "field"),
    [
        (label_of_tokens() | {"colour": 1}, SENTENCES, "label.colour"),
        (label_of_objects(caption="x"), IMAGES, "label.caption"),
        (label_of_objects(), SENTENCES, "label.size"),
        (label_of_tokens(["1"]), SENTENCES, "label.tokens[0]"),
    ],
)
def test_what_a_label_does_not_have_is_refused_by_name(label: Label, kind: Kind, field: str) -> None:
    with pytest.raises(BadField, match=r"^label") as refused:
        records_of(label, kind)
    assert refused.value.field == field


def test_objects_that_did_not_change_are_kept_whatever_their_order() -> None:
    olds = [live("1", "car", "a"), live("2", "bus", "b")]
    matching = match_marks(olds, [mark("bus", "b"), mark("car", "a")], next_key=3)
    assert matching == Matching(kept=["2", "1"], changed=[], withdrawn=[], added=[])


def test_a_new_category_a_new_box_and_a_new_polygon_are_changes() -> None:
    olds = [live("1", "car", "a"), live("2", "bus", "b"), live("3", "dog", "c", [5, 5, 5, 5])]
    news = [mark("bus", "a"), mark("bus", "b", [9, 9, 9, 9]), mark("dog", "z", [5, 5, 5, 5])]
    matching = match_marks(olds, news, next_key=4)
    assert matching == Matching([], [("1", news[0]), ("2", news[1]), ("3", news[2])], [], [])


def test_of_one_polygon_the_same_category_goes_first_then_any() -> None:
    olds = [live("1", "car", "a"), live("2", "bus", "a")]
    news = [mark("truck", "a", [1, 1, 1, 1]), mark("car", "a", [2, 2, 2, 2])]
    matching = match_marks(olds, news, next_key=3)
    assert matching.changed == [("2", news[0]), ("1", news[1])]


def test_a_polygon_binds_more_than_a_box_and_none_binds_nothing() -> None:
    olds = [live("1", "car", "a", [1, 1, 1, 1]), live("2", "car", None, [2, 2, 2, 2])]
    news = [mark("car", "a", [2, 2, 2, 2]), mark("car", None, [3, 3, 3, 3])]
    matching = match_marks(olds, news, next_key=3)
    assert matching == Matching([], [("1", news[0])], ["2"], [("3", news[1])])


def test_exact_duplicates_are_counted_one_by_one() -> None:
    olds = [live("1", "car", "a"), live("2", "car", "a"), live("3", "car", "a")]
    assert match_marks(olds, [mark("car", "a")] * 2, next_key=4) == Matching(["1", "2"], [], ["3"], [])
    more = match_marks(olds, [mark("car", "a")] * 5, next_key=7)
    assert (more.kept, [key for key, _ in more.added]) == (["1", "2", "3"], ["7", "8"])


def test_numbers_are_compared_by_value_and_keys_by_number() -> None:
    olds = [live("10", "car", "a", [1, 2, 3, 4]), live("9", "car", "a", [1, 2, 3, 4]), live("x", "car", "a")]
    matching = match_marks(olds, [mark("car", "a", [1.0, 2.0, 3.0, 4.0])], next_key=11)
    assert (matching.kept, matching.withdrawn) == (["9"], ["10", "x"])


def test_a_further_field_that_changes_changes_the_object_with_its_box_and_polygon() -> None:
    crowd = Mark(None, "car", {"bbox": [0, 0, 1, 1], "seg": "a", "iscrowd": 1})
    matching = match_marks([live("1", "car", "a"), live("2", "car", "b")], [crowd], next_key=3)
    assert matching == Matching([], [("1", crowd)], ["2"], [])


def test_marks_with_keys_are_known_by_them_alone() -> None:
    olds = [live("1", "NOUN", "a"), live("2", "VERB", "b"), live("3", "X", "c")]
    news = [mark("VERB", "b", key="1"), mark("VERB", "b", key="2"), mark("X", "c", key="4")]
    matching = match_marks(olds, news, next_key=1)
    assert matching == Matching(["2"], [("1", news[0])], ["3"], [("4", news[2])])


def test_new_numbers_pass_by_keys_that_are_taken() -> None:
    news = [mark("car", "a"), mark("bus", "b", key="5"), mark("dog", "c")]
    added = match_marks([], news, next_key=5).added
    assert [key for key, _ in added] == ["6", "5", "7"]
    with pytest.raises(ValueError, match="same key"):
        match_marks([], [mark("car", key="1"), mark("bus", key="1")], next_key=1)


def test_over_random_histories_what_is_matched_adds_up_and_does_not_hang_on_order() -> None:
    for seed in range(60):
        _, truth = random_history(seed, "coco")
        before: dict[str, Label] = {}
        for release in truth["releases"]:
            for item in release["labels"].keys() & before.keys():
                check_matching(before[item], release["labels"][item], random.Random(seed))
            before = release["labels"]


def check_matching(before: Label, after: Label, chance: random.Random) -> None:
    olds = [(str(number + 1), one.label, one.value) for number, one in enumerate(records_of(before, IMAGES).marks)]
    news = records_of(after, IMAGES).marks
    matching = match_marks(olds, news, next_key=len(olds) + 1)
    stored = {key: (label, value) for key, label, value in olds if key in matching.kept}
    stored |= {key: (new.label, new.value) for key, new in matching.changed + matching.added}
    assert Counter(map(repr, stored.values())) == Counter(repr((new.label, new.value)) for new in news)
    touched = [*matching.kept, *(key for key, _ in matching.changed), *matching.withdrawn]
    assert sorted(touched) == sorted(key for key, _, _ in olds)
    chance.shuffle(olds)
    assert match_marks(olds, news, next_key=len(olds) + 1) == matching
    unchanged = Counter(repr((label, value)) for _, label, value in olds) & Counter(
        repr((new.label, new.value)) for new in news
    )
    assert len(matching.kept) == unchanged.total()
