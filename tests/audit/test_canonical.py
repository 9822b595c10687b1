"""Canonical JSON: one text for each value, and one value for each text."""

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.canonical import MAX_DEPTH, NotCanonical, canonical_json, parse_canonical, sha256_hex

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
keys = texts | st.sampled_from(["$n", "$$n", "$$$n", "n", "$", "$nn"])
numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner) | st.dictionaries(keys, inner),
    max_leaves=20,
)


def shape(value: Any) -> Any:
    """A value with its types, in which equal numbers below 2^53 are one, whether int or float."""
    if isinstance(value, dict):
        return {key: shape(member) for key, member in value.items()}
    if isinstance(value, list):
        return [shape(member) for member in value]
    if type(value) is float and value.is_integer() and abs(value) < 2**53:
        value = int(value)
    return type(value), value


@given(values)
def test_what_is_written_is_read_back(value: Any) -> None:
    assert shape(parse_canonical(canonical_json(value))) == shape(value)


@given(values, values)
def test_two_values_share_a_text_only_when_they_are_equal(one: Any, other: Any) -> None:
    assert (canonical_json(one) == canonical_json(other)) == (shape(one) == shape(other))


@given(values)
def test_canonical_text_is_plain_json_that_dumps_back_to_itself(value: Any) -> None:
    text = canonical_json(value)
    again = json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert again == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [True, None, "é😀"]}, '{"a":[true,null,"é😀"],"b":1}'),
        (-0.0, "0"),
        (0.0, "0"),
        (12.0, "12"),
        (1.5, '{"$n":"1.5"}'),
        (1e-7, '{"$n":"1e-07"}'),
        (2**53 - 1, "9007199254740991"),
        (1 - 2**53, "-9007199254740991"),
        (2**53, '{"$n":"9007199254740992"}'),
        (-(2**53), '{"$n":"-9007199254740992"}'),
        (2.0**53, '{"$n":"9007199254740992.0"}'),
        (1e22, '{"$n":"1e+22"}'),
        ((1, 2), "[1,2]"),
        ({"$n": "1.5"}, '{"$$n":"1.5"}'),
        ({"$$n": 1, "$m": 2}, '{"$$$n":1,"$m":2}'),
        (r"\u0000", r'"\\u0000"'),
        (datetime(2026, 10, 1, 12, tzinfo=UTC), '"2026-10-01T12:00:00.000000Z"'),
        (datetime(2026, 10, 1, 1, 0, 0, 7, timezone(timedelta(hours=2))), '"2026-09-30T23:00:00.000007Z"'),
    ],
)
def test_each_value_has_its_known_text(value: object, text: str) -> None:
    assert canonical_json(value) == text


def nested(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "path", "reason"),
    [
        ({"tokens": [{}, {"form": "a\0b"}]}, "value.tokens[1].form", "U+0000"),
        ({"a b": "\ud800"}, 'value["a b"]', "U+D800"),
        ({"k": {"\udfff": 1}}, 'value.k["\\udfff"]', "U+DFFF"),
        ([{"n": float("nan")}], "value[0].n", "nan"),
        ({"n": (1, float("-inf"))}, "value.n[1]", "-inf"),
        ({"n": Decimal("0.1")}, "value.n", "Decimal"),
        ({"b": b"x"}, "value.b", "bytes"),
        ({"s": {1}}, "value.s", "set"),
        ({"d": {1: "one"}}, "value.d", "the key 1 is not text"),
        ({"at": datetime(2026, 1, 1)}, "value.at", "without a zone"),  # noqa: DTZ001 - the case itself
        ({"at": datetime.min.replace(tzinfo=timezone(timedelta(hours=2)))}, "value.at", "UTC"),
        ({"n": 10**5000}, "value.n", "digits"),
        ("\0", "value", "U+0000"),
    ],
)
def test_what_json_cannot_carry_is_refused_with_its_place(value: object, path: str, reason: str) -> None:
    with pytest.raises(NotCanonical, match=r"^value") as refused:
        canonical_json(value)
    assert refused.value.path == path
    assert reason in str(refused.value)


def test_nesting_has_a_limit_that_does_not_hang_on_the_stack() -> None:
    assert canonical_json(nested(MAX_DEPTH - 1))
    with pytest.raises(NotCanonical, match="levels deep"):
        canonical_json(nested(MAX_DEPTH))
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(NotCanonical, match="levels deep"):
        canonical_json(endless)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "1.5",
        "1.0",
        "1e3",
        "-0",
        "NaN",
        "Infinity",
        "9007199254740992",
        '{"a":1,"a":1}',
        '{"$n":1}',
        '{"$n":"1"}',
        '{"$n":"1.50"}',
        '{"$n":"0x10"}',
        '{"$n":"nan"}',
        '{"$n":"--1"}',
        '{"$n":"1_0.5"}',
        '{"$n":"1.5","a":1}',
        "[" * 100_000,
    ],
)
def test_a_text_that_no_value_has_is_refused(text: str) -> None:
    with pytest.raises(NotCanonical):
        parse_canonical(text)


def test_the_hash_of_a_text_is_that_of_its_utf8() -> None:
    assert sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert sha256_hex("é") == "4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c"
