"""The language of the trail: what is read, what is refused and where, and that nothing makes it stumble."""

from __future__ import annotations

import contextlib
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.moments import Span, Unreadable, dated, span_of
from audit.query import KEYS, Query, Term, Wrong, asked_by, parse

# Printable, and with everything in them that the language itself uses.
VALUES = st.text(
    st.sampled_from('ab"\\:-*. é字') | st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=12
)
TERMS = st.builds(Term, st.sampled_from(["", *KEYS]), VALUES.filter(str.strip), st.booleans())
QUERIES = st.builds(Query, st.lists(TERMS, max_size=6).map(tuple))


def test_keys_quotes_and_negation_are_read() -> None:
    query = parse(
        'event:role.granted  -channel:command "wide gull" object:"a \\"b\\" \\\\c" -late created:>=2026-10-01'
    )
    assert query.terms == (
        Term("event", "role.granted"),
        Term("channel", "command", negated=True),
        Term("", "wide gull"),
        Term("object", 'a "b" \\c'),
        Term("", "late", negated=True),
        Term("created", ">=2026-10-01"),
    )
    assert [term.at for term in query.terms] == [0, 20, 37, 49, 70, 76]


def test_an_empty_query_asks_for_everything() -> None:
    assert parse(" \n ") == Query()
    assert str(parse("")) == ""


def test_several_values_of_a_key_become_one_parameter() -> None:
    query = parse("event:a EVENT:b -event:c gull")
    assert query.parameters == {"event": ["a", "b"], "not_event": ["c"], "text": ["gull"]}


WRONG = [
    # query, where, the word, a part of what is said
    ("impact:high rolle:owner", 12, "rolle", "Did you mean “role”?"),
    ("http://x", 0, "http", "stand in quotes"),
    (":x", 0, "", "There is no key"),
    ("role:", 0, "role:", "owner, reviewer, annotator"),
    ("a - b", 2, "-", "a term is missing"),
    ('gull "wide', 5, '"wide', "not closed"),
    ('gull ""', 5, '""', "nothing between"),
    ('role:"owner"x', 12, "x", "blank is missing"),
    ('a"b"', 1, '"b"', "blank is missing"),
    ("a\0b", 1, "U+0000", "cannot be printed"),
    ("a" * 2001, 2000, "", "at most 2,000 characters"),
    ("a " * 31, 60, "a", "at most 30 terms"),
]


@pytest.mark.parametrize(("text", "at", "word", "said"), WRONG)
def test_a_wrong_query_says_what_is_wrong_and_where(text: str, at: int, word: str, said: str) -> None:
    with pytest.raises(Wrong) as caught:
        parse(text)
    assert (caught.value.at, caught.value.word) == (at, word)
    assert said in caught.value.sentence


def test_an_unknown_key_is_told_what_is_offered() -> None:
    with pytest.raises(Wrong) as caught:
        parse("when:2026")
    assert caught.value.offered == list(KEYS)


@given(st.text() | st.text(st.sampled_from('rolevnt:-" \\*\n\t\0')))
def test_no_text_makes_it_stumble(text: str) -> None:
    with contextlib.suppress(Wrong):
        assert parse(str(parse(text))) == parse(text)


@given(QUERIES)
def test_a_query_written_out_reads_the_same(query: Query) -> None:
    assert parse(str(query)) == query


@given(QUERIES)
def test_parameters_say_the_same_as_the_query(query: Query) -> None:
    assert asked_by(query.parameters.items()).parameters == query.parameters


@given(QUERIES, st.sampled_from(list(KEYS)), st.sampled_from("ab"))
def test_a_term_is_put_in_or_taken_out(query: Query, key: str, value: str) -> None:
    toggled = query.toggled(key, value)
    assert toggled.has(key, value) is not query.has(key, value)
    assert toggled.toggled(key, value).has(key, value) is query.has(key, value)


def moment(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0, part: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, second, part, tzinfo=UTC)


SPANS = {
    "2026-10-01": Span(moment(2026, 10, 1), moment(2026, 10, 2)),
    ">=2026-10-01": Span(moment(2026, 10, 1), None),
    ">2026-10-01": Span(moment(2026, 10, 2), None),
    "<2026-10-01": Span(None, moment(2026, 10, 1)),
    "<=2026-10-01": Span(None, moment(2026, 10, 2)),
    "2026-10-01..2026-10-03": Span(moment(2026, 10, 1), moment(2026, 10, 4)),
    "..2026-10-03": Span(None, moment(2026, 10, 4)),
    "2026-10-01T12:00Z..": Span(moment(2026, 10, 1, 12), None),
    "2026-10-01T12:00:05+02:00": Span(moment(2026, 10, 1, 10, 0, 5), moment(2026, 10, 1, 10, 0, 6)),
    "<=2026-10-01T12:00:05.5z": Span(None, moment(2026, 10, 1, 12, 0, 5, 500_001)),
}


@pytest.mark.parametrize("text", SPANS)
def test_days_moments_comparisons_and_ranges_are_read(text: str) -> None:
    assert span_of(text) == SPANS[text]


@pytest.mark.parametrize(
    "text",
    ["", "..", ">=", "soon", "7x", "todayish", "99999d", "2026-13-01", "2026-02-30", "9999-12-31", "2026-10-01T12:00",
     "2026-10-03..2026-10-01", "2026-10-01..x", "0001-01-01T00:00Z..0001-01-01T00:00+14:00", "\u0662026-10-01",
     "2026-10-01T25:00Z", "==2026-10-01"],
)  # fmt: skip
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        span_of(text)


FROM_TODAY = {
    "today": "2026-03-01",
    "yesterday": "2026-02-28",
    "7d": ">=2026-02-22",
    ">=2w": ">=2026-02-15",
    "14d..7d": "2026-02-15..2026-02-22",
    "2026-02-01..today": "2026-02-01..2026-03-01",
    "<3d": "<2026-02-26",
    "2026-02-01T12:00Z..": "2026-02-01T12:00Z..",
}


@pytest.mark.parametrize("text", FROM_TODAY)
def test_days_are_told_from_today(text: str) -> None:
    assert dated(text, date(2026, 3, 1)) == FROM_TODAY[text]
    assert span_of(FROM_TODAY[text])


def test_today_is_in_the_last_seven_days() -> None:
    now = datetime.now(UTC)
    begin, end = span_of("7d").begin, span_of("7d").end
    assert begin is not None
    assert (begin <= now - timedelta(days=6), end) == (True, None)


def test_a_dated_query_asks_the_same_tomorrow() -> None:
    query = parse('object:7d created:7d "today"').dated()
    assert [term.value for term in query.terms if term.key != "created"] == ["7d", "today"]
    assert str(query) == str(query.dated())
    assert "created:>=20" in str(query)


@given(st.text(st.sampled_from("0123456789-:TZ+.<>= dw")))
def test_no_time_makes_it_stumble(text: str) -> None:
    with contextlib.suppress(Unreadable):
        span_of(text)
