"""The set hash against an implementation of its definition that shares nothing with it."""

import random
from hashlib import sha256, shake_128
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapshots.sethash import SetHash, content_hash, record_key

Record = tuple[str, str]


def defined_state(members: list[Record]) -> list[int]:
    """SNAPSHOTS.md, word for word: each record's 1,024 lanes, summed lane by lane modulo 2^16."""
    lanes = [0] * 1024
    for key, content in members:
        name = key.encode()
        leaf = shake_128(b"\x00" + len(name).to_bytes(4, "big") + name + content.encode()).digest(2048)
        for lane in range(1024):
            lanes[lane] = (lanes[lane] + leaf[2 * lane] + 256 * leaf[2 * lane + 1]) % 65536
    return lanes


def defined_digest(count: int, lanes: list[int]) -> bytes:
    state = b"".join(lane.to_bytes(2, "little") for lane in lanes)
    return sha256(b"\x01" + count.to_bytes(8, "big") + state).digest()


def hash_of(members: list[Record]) -> SetHash:
    found = SetHash()
    for key, content in members:
        found.add(key, content)
    return found


plain = st.text(st.characters(exclude_categories=["Cs"]), max_size=9)
members_of_a_set = st.lists(st.tuples(plain, plain), max_size=12)


@given(members_of_a_set)
def test_the_hash_is_the_one_defined(members: list[Record]) -> None:
    found = hash_of(members)
    assert found.count == len(members)
    assert found.digest() == defined_digest(len(members), defined_state(members))
    assert found.hexdigest() == found.digest().hex()


@given(members_of_a_set, members_of_a_set, st.randoms(use_true_random=False))
def test_adding_and_removing_in_any_order_gives_the_hash_of_what_is_left(
    kept: list[Record], passing: list[Record], shuffled: random.Random
) -> None:
    found = SetHash()
    acts = [("add", record) for record in kept + passing]
    shuffled.shuffle(acts)
    for _, record in acts:
        found.add(*record)
        if shuffled.random() < 0.3:
            found = SetHash.from_state(found.count, found.state())
    shuffled.shuffle(passing)
    for record in passing:
        found.remove(*record)
        if shuffled.random() < 0.3:
            found = SetHash.from_state(found.count, found.state())
    assert found.hexdigest() == hash_of(kept).hexdigest()


@given(members_of_a_set, members_of_a_set)
def test_only_what_changed_needs_to_be_hashed_again(before: list[Record], added: list[Record]) -> None:
    first = hash_of(before)
    second = SetHash.from_state(first.count, first.state())
    for record in before[: len(before) // 2]:
        second.remove(*record)
    for record in added:
        second.add(*record)
    assert second.hexdigest() == hash_of(before[len(before) // 2 :] + added).hexdigest()
    assert first.hexdigest() == hash_of(before).hexdigest()


def test_known_answers_stay_known() -> None:
    members = [("item/a", '{"data":{"text":"é"}}'), ("annotation/a/1", "{}"), ("class/NOUN", "null")]
    empty = SetHash()
    assert empty.state() == bytes(2048)
    assert empty.hexdigest() == "9517252dba9560e3fcd5746b4f87402267a0b305707b14134d3f6700bc0f5f2c"
    assert hash_of(members).hexdigest() == "bcfb9d0a1900be6116ad83aa174a28e4cc524bfb49f63e3014c4c40b652e952a"
    assert (
        content_hash(hash_of(members[:1]), hash_of(members[1:2]), hash_of(members[2:]))
        == "bd0e53fe4171f6f7e9e8c16f9b86a83949abca2e0ef40217abfcfbadb1af50e2"
    )


def test_the_content_hash_is_the_hash_of_its_three_sections_in_order() -> None:
    items, annotations, schema = hash_of([("item/a", "1")]), hash_of([]), hash_of([("class/b", "2")])
    assert (
        content_hash(items, annotations, schema)
        == sha256(b"\x02" + items.digest() + annotations.digest() + schema.digest()).hexdigest()
    )
    assert content_hash(items, annotations, schema) != content_hash(annotations, items, schema)


def test_key_and_content_are_not_run_together() -> None:
    assert hash_of([("ab", "c")]).hexdigest() != hash_of([("a", "bc")]).hexdigest()


def test_a_record_added_twice_is_counted_twice() -> None:
    assert hash_of([("a", "1"), ("a", "1")]).hexdigest() != hash_of([("a", "1")]).hexdigest()


def test_sums_beyond_the_room_of_a_lane_stay_right() -> None:
    times = 130_001
    found = SetHash()
    for _ in range(times):
        found.add("item/a", "1")
    lanes = [lane * times % 65536 for lane in defined_state([("item/a", "1")])]
    assert found.digest() == defined_digest(times, lanes)
    for _ in range(times):
        found.remove("item/a", "1")
    assert found.hexdigest() == SetHash().hexdigest()


def test_nothing_can_be_taken_out_of_an_empty_set() -> None:
    with pytest.raises(ValueError, match="empty set"):
        SetHash().remove("a", "1")


@pytest.mark.parametrize(("count", "state"), [(1, b"short"), (-1, bytes(2048)), (0, bytes(2049))])
def test_a_state_that_cannot_be_one_is_refused(count: int, state: bytes) -> None:
    with pytest.raises(ValueError, match="2048 bytes of state"):
        SetHash.from_state(count, state)


def test_record_keys_read_as_designed() -> None:
    assert record_key("item", "n01001011") == "item/n01001011"
    assert record_key("item", "/data/a.jpg") == "item///data//a.jpg"
    assert record_key("annotation", "train/a.jpg", "4-5") == "annotation/train//a.jpg/4-5"
    assert record_key("class", "and/or") == "class/and//or"


def test_a_slash_at_the_edge_of_a_key_makes_no_two_records_one() -> None:
    parts = ["".join(letters) for length in range(5) for letters in product("/.b", repeat=length)]
    names = {record_key("annotation", item, key) for item, key in product(parts, parts)}
    assert len(names) == len(parts) ** 2
    assert record_key("annotation", "a/", "b") != record_key("annotation", "a", "/b")
