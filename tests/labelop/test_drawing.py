"""What is drawn of a difference: cases worked out by hand, and any JSON whatever."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.template.loader import render_to_string
from hypothesis import given, settings
from hypothesis import strategies as st

from labelop.drawing import Drawing, Mark, Scene, Swatch, draw_class, draw_item, draw_mark, draw_scene, draw_sentence
from labelop.drawing.pictures import POINTS
from labelop.drawing.rows import compare, compare_texts
from labelop.drawing.tokens import draw_tokens

FRAME = {"width": 640, "height": 480}
PALETTE = {"car": Swatch("Car", "#1f6feb"), "van": Swatch("Van", "red;} body{display:none")}


def mark(value: Any, label: str = "car") -> Mark:
    return Mark(label, value)


def scene(data: Any, **marks: Mark) -> Scene:
    return Scene(data, marks)


def drawn(before: Any, after: Any, data: Any, **others: Mark) -> Drawing:
    sides = [scene(data, **others, **({"1": mark(value)} if value else {})) for value in (before, after)]
    return draw_mark(before and mark(before), after and mark(after), (sides[0], sides[1]), PALETTE, "1")


class TestBoxes:
    def test_a_move_is_told_in_pixels(self) -> None:
        pictures = drawn({"bbox": [10, 20, 100, 50]}, {"bbox": [22, 16, 100, 50]}, FRAME).pictures
        assert pictures
        # 88 × 46 of 5,000 + 5,000 − 4,048 is shared.
        assert pictures.words == ["moved 12 px right, 4 px up", "68 % of the two boxes around them is shared"]
        old, new = pictures.whole.outlines
        assert (old.kind, old.points) == ("old", "10.0,20.0 110.0,20.0 110.0,70.0 10.0,70.0")
        assert (new.kind, new.points) == ("new", "22.0,16.0 122.0,16.0 122.0,66.0 22.0,66.0")
        assert pictures.close
        assert not pictures.notes

    def test_a_resize_is_told_as_a_share(self) -> None:
        pictures = drawn({"bbox": [0, 0, 10, 10]}, {"bbox": [-1, 0, 12, 10]}, FRAME).pictures
        assert pictures
        assert pictures.words[:2] == ["20 % larger", "width 10 → 12 px"]
        assert pictures.notes == ["It reaches beyond the item’s frame."]

    @pytest.mark.parametrize(
        "value", [{"bbox": [1, 2, 3, 4]}, {"box": [1, 2, 4, 6]}, {"x": 1, "y": 2, "width": 3, "height": 4}]
    )
    def test_each_form_in_use_is_the_same_box(self, value: dict[str, Any]) -> None:
        pictures = drawn(None, value, {"size": [640, 480]}).pictures
        assert pictures
        assert pictures.words == ["added at 1, 2, 3 × 4 px large"]
        assert pictures.whole.outlines[0].points == "1.0,2.0 4.0,2.0 4.0,6.0 1.0,6.0"

    def test_without_a_size_the_frame_is_as_large_as_the_marks(self) -> None:
        pictures = drawn(
            {"bbox": [100, 100, 10, 10]}, None, {"uri": "a.jpg"}, other=mark({"bbox": [0, 0, 50, 50]})
        ).pictures
        assert pictures
        assert pictures.words == ["removed at 100, 100, 10 × 10 large"]
        assert [outline.kind for outline in pictures.whole.outlines] == ["other", "old"]
        assert "The size of the item is not recorded: the frame is as large as its marks." in pictures.notes

    def test_what_else_the_value_says_stands_in_the_table(self) -> None:
        told = drawn(
            {"bbox": [1, 2, 3, 4], "iscrowd": 0, "by": "x"}, {"bbox": [1, 2, 3, 4], "iscrowd": 1, "by": "x"}, FRAME
        )
        assert told.pictures
        assert [outline.kind for outline in told.pictures.whole.outlines] == ["still"]
        assert [row.name for row in told.table.changed] == ["iscrowd"]
        assert [row.name for row in told.table.same] == ["by"]


class TestPolygons:
    @pytest.mark.parametrize(
        "value",
        [
            {"points": [[0, 0], [10, 0], [10, 10]]},
            {"seg": [0, 0, 10, 0, 10, 10]},
            {"segmentation": [[0, 0, 10, 0, 10, 10]]},
            {"points": "0,0;10,0;10,10"},
            {"polygon": "0,0 10,0 10,10", "bbox": [0, 0, 10, 10]},
        ],
    )
    def test_each_form_in_use_is_the_same_polygon(self, value: dict[str, Any]) -> None:
        told = drawn(None, value, FRAME)
        assert told.pictures
        assert told.pictures.whole.outlines[0].points == "0.0,0.0 10.0,0.0 10.0,10.0"
        assert not told.table.changed

    def test_a_hash_in_the_place_of_points_leaves_the_box(self) -> None:
        told = drawn(None, {"seg": "00000000000000a1", "bbox": [0, 0, 5, 5]}, FRAME)
        assert told.pictures
        assert [row.name for row in told.table.changed] == ["seg"]

    def test_ten_thousand_points_are_thinned_and_said_so(self) -> None:
        many = {"points": [[place % 100, place // 100] for place in range(10_000)]}
        pictures = drawn({"points": [[0, 0], [9, 0], [9, 9]]}, many, FRAME).pictures
        assert pictures
        assert f"Drawn with {POINTS} of its 10,000 points." in pictures.notes
        assert "3 points → 10,000" in pictures.words
        assert len(pictures.whole.outlines[1].points.split()) == POINTS


class TestSpans:
    TEXT = {"text": "My router blinks red, says Ms Winter."}

    def test_a_span_is_marked_where_it_was_and_where_it_is(self) -> None:
        sentences = drawn({"start": 3, "end": 9}, {"start": 3, "end": 16}, self.TEXT).sentences
        assert sentences
        assert [(piece.text, piece.kind) for piece in sentences.lines[0].pieces] == [
            ("My ", "plain"),
            ("router", "old"),
            (" blinks red, says Ms Winter.", "plain"),
        ]
        assert [piece.text for piece in sentences.lines[1].pieces if piece.kind == "new"] == ["router blinks"]
        assert sentences.words == ["ends 7 characters later", "“router” → “router blinks”"]

    def test_overlapping_spans_are_cut_at_every_edge(self) -> None:
        sentences = drawn(None, {"start": 3, "end": 9}, self.TEXT, other=mark({"start": 6, "end": 16}, "van")).sentences
        assert sentences
        assert [(piece.text, piece.kind, piece.names) for piece in sentences.lines[0].pieces][1:4] == [
            ("rou", "new", "Car"),
            ("ter", "new", "Car, Van"),
            (" blinks", "other", "Van"),
        ]

    def test_what_lies_beyond_the_text_or_in_a_word_is_told(self) -> None:
        sentences = drawn({"start": 4, "end": 900}, {"start": 7, "end": 7}, self.TEXT).sentences
        assert sentences
        assert sentences.notes == [
            "Before: 4 to 900 reaches beyond the text of 37 characters.",
            "After: 7 to 7 marks nothing.",
        ]
        cut = drawn(None, {"start": 4, "end": 9}, self.TEXT).sentences
        assert cut
        assert cut.notes == ["After: it begins inside a word."]

    def test_of_a_long_text_only_the_surroundings_are_shown(self) -> None:
        sentences = drawn(None, {"start": 5000, "end": 5010}, {"text": "word " * 200_000}).sentences
        assert sentences
        assert sum(len(piece.text) for piece in sentences.lines[0].pieces) < 400


def test_an_item_as_it_stands_shows_all_its_marks() -> None:
    spans = draw_scene(
        scene(TestSpans.TEXT, a=mark({"start": 3, "end": 9}), b=mark({"start": 0, "end": 9}, "van")), PALETTE
    )
    assert spans.sentences
    assert spans.sentences.words == ["Van “My router”", "Car “router”"]
    boxes = draw_scene(scene(FRAME, a=mark({"bbox": [1, 1, 2, 2]}), b=mark({"bbox": [5, 5, 2, 2]}, "van")), PALETTE)
    assert boxes.pictures
    assert [(outline.kind, outline.name) for outline in boxes.pictures.whole.outlines] == [
        ("now", "Car"),
        ("now", "Van"),
    ]
    assert draw_scene(Scene(), PALETTE) == Drawing()


def test_an_interval_is_a_bar_along_its_recording() -> None:
    bar = drawn(
        {"start": 1.5, "end": 4.5}, {"start": 3, "end": 4}, {"seconds": 64}, other=mark({"start": 60, "end": 70})
    ).bar
    assert bar
    assert bar.words == ["begins 1.5 s later", "ends 0.5 s earlier", "3 s → 1 s long"]
    assert [(each.kind, each.x, each.width) for each in bar.stretches] == [
        ("other", "600.0", "40.0"),
        ("old", "15.0", "30.0"),
        ("new", "30.0", "10.0"),
    ]
    outside = drawn(None, {"start": 60, "end": 70}, {"seconds": 64}).bar
    assert outside
    assert outside.notes == ["60 s to 70 s is not within the recording of 64 s."]


class TestTokens:
    @staticmethod
    def sentence(*forms: str, **lemmas: str) -> Scene:
        rows = {
            str(place): mark({"form": form, "lemma": lemmas.get(form, form)}, "X")
            for place, form in enumerate(forms, 1)
        }
        return Scene({"text": " ".join(forms)}, rows)

    def test_rows_are_aligned_by_their_forms(self) -> None:
        table = draw_tokens(
            self.sentence("It", "is", "hers"), self.sentence("It", "really", "is", "hers", hers="she"), {}
        )
        assert table.columns == ["ID", "FORM", "LEMMA", "UPOS"]
        assert [(row.kind, row.cells[0].before, row.cells[0].after) for row in table.rows] == [
            ("same", "1", "1"),
            ("added", None, "2"),
            ("changed", "2", "3"),
            ("changed", "3", "4"),
        ]
        assert (table.rows[3].cells[2].before, table.rows[3].cells[2].after) == ("hers", "she")

    def test_ranges_and_empty_nodes_stand_where_conllu_has_them(self) -> None:
        rows = {key: mark({"form": key}) for key in ("10", "2", "2-3", "3", "2.1", "1", "odd")}
        told = draw_scene(Scene(None, rows), {}).tokens
        assert told
        assert [row.cells[0].after for row in told.rows] == ["1", "2-3", "2", "2.1", "3", "10", "odd"]

    def test_only_the_neighbourhood_of_one_token_is_shown(self) -> None:
        forms = [f"w{place}" for place in range(40)]
        told = draw_mark(
            mark({"form": "w20", "lemma": "w20"}, "X"),
            mark({"form": "w20", "lemma": "new"}, "X"),
            (self.sentence(*forms), self.sentence(*forms, w20="new")),
            {},
            "21",
        )
        assert told.tokens
        kinds = [row.kind for row in told.tokens.rows]
        assert kinds == ["gap", "same", "same", "same", "changed", "same", "same", "same", "gap"]


class TestTables:
    def test_texts_are_compared_by_words(self) -> None:
        before, after = compare_texts("A closed van of 3 t.", "A closed delivery vehicle of 3 t.")
        assert [(part.text, part.changed) for part in before] == [
            ("A closed ", False),
            ("van", True),
            (" of 3 t.", False),
        ]
        assert "".join(part.text for part in after if part.changed) == "delivery vehicle"

    def test_json_is_compared_by_its_paths(self) -> None:
        table = compare({"a": {"b": 1, "c": [1, 2]}, "gone": None}, {"a": {"b": True, "c": [1, 2]}, "new": "x"})
        assert [row.name for row in table.changed] == ["a: b", "new", "gone"]
        assert [row.name for row in table.same] == ["a: c"]

    def test_a_megabyte_is_cut(self) -> None:
        page = rendered(draw_item({"data": {"text": "a b " * 250_000}}, {"data": {"text": "c d " * 250_000}}))
        assert len(page) < 8_000
        many = compare({}, {str(number): number for number in range(50_000)})
        assert (len(many.changed), many.left_out) == (60, 49_940)

    def test_a_class_shows_its_colours_and_its_definition_by_words(self) -> None:
        told = draw_class(
            {"definition": "On foot", "colour": "#1f6feb"}, {"definition": "On a foot", "colour": "#bf3989"}
        )
        assert told.colours == ("#1f6feb", "#bf3989")
        assert [row.name for row in told.table.changed] == ["definition", "colour"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=8), inner, max_size=5),
    max_leaves=12,
)
SHAPES = st.fixed_dictionaries(
    {},
    optional={
        name: st.lists(st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | JSON, max_size=8) | JSON
        for name in ("bbox", "box", "points", "seg", "polygon", "start", "end", "form", "lemma", "x", "y", "width")
    },
)
NUMBERS = st.integers(-100, 1000) | st.floats(-100, 1000)
LIKELY = st.builds(
    lambda bbox, points, start, end: {"bbox": bbox, "points": points, "start": start, "end": end},
    st.lists(NUMBERS, min_size=4, max_size=4),
    st.none() | st.lists(st.lists(NUMBERS, min_size=2, max_size=2), min_size=3, max_size=5),
    NUMBERS,
    NUMBERS,
)
VALUES = JSON | SHAPES | LIKELY
DATA = JSON | st.fixed_dictionaries(
    {"text": st.text(max_size=40), "width": NUMBERS, "height": NUMBERS, "seconds": NUMBERS}
)
EVIL = '<script>alert("x")</script>'


def rendered(drawing: Drawing) -> str:
    return render_to_string("drawing/drawing.html", {"drawing": drawing})


@settings(max_examples=60)
@given(VALUES, VALUES, DATA, st.dictionaries(st.text(max_size=5), VALUES, max_size=3))
def test_nothing_is_too_odd_to_be_drawn(before: Any, after: Any, data: Any, others: dict[str, Any]) -> None:
    marks = {key: Mark("car", value) for key, value in others.items()}
    sides = Scene(data, {**marks, "1": mark(before)}), Scene(data, {**marks, "1": mark(after)})
    drawings = [
        draw_mark(mark(before), mark(after), sides, PALETTE, "1"),
        draw_mark(None, mark(after), sides, PALETTE, "1"),
        draw_mark(mark(before), None, sides, PALETTE, "1"),
        draw_scene(sides[1], PALETTE),
        draw_sentence(*sides, PALETTE),
        draw_item({"data": before}, {"data": after}),
    ]
    for drawing in drawings:
        page = rendered(drawing)
        assert not re.search(r'(?:points|x|y|width)="[^"]*(?:nan|inf)', page)


@pytest.mark.parametrize(
    "value",
    [
        {EVIL: EVIL},
        {"bbox": [0, 0, 9, 9], "note": EVIL},
        {"start": 0, "end": 30},
        {"form": EVIL, "lemma": EVIL, "misc": EVIL},
        [EVIL],
        EVIL,
    ],
)
def test_what_users_wrote_is_escaped(value: Any) -> None:
    evil = {"evil": Swatch(EVIL, f'"/>{EVIL}')}
    for data in ({"text": EVIL, **FRAME}, {"seconds": 60}):
        stands = Scene(data, {"1": Mark("evil", value), EVIL: Mark("evil", value)})
        for drawing in (
            draw_mark(None, Mark("evil", value), (stands, stands), evil, "1"),
            draw_mark(Mark("evil", value), Mark(EVIL, {"start": 1, "end": 2}), (stands, stands), evil, "1"),
            draw_scene(stands, evil),
            draw_class({"name": EVIL, "colour": EVIL}, {"name": "x", "colour": f"#1f6feb{EVIL}"}),
        ):
            page = rendered(drawing)
            assert "<script" not in page
            assert 'style="' not in page
