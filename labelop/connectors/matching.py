"""Recognise an item's annotations in the next state of its label, also where the source gives no ids."""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import count
from typing import Any

from audit.canonical import canonical_json

from .records import Mark

Live = tuple[str, str, dict[str, Any]]

# The keys of a value that say where a mark lies, beside `bbox` and `seg`.
_PLACES = ("start", "end", "head", "child", "from", "to")


@dataclass(frozen=True)
class Matching:
    """What becomes of an item's annotations, by key; the mark beside a key says what it shall be."""

    kept: list[str]
    changed: list[tuple[str, Mark]]
    withdrawn: list[str]
    added: list[tuple[str, Mark]]


def match_marks(live: Iterable[Live], wanted: Iterable[Mark], *, next_key: int) -> Matching:
    """Pair the live annotations, as (key, label, value), with the marks of a new label, one to one.

    A mark with a key of its own is the annotation of that key, or a new one. The others are paired when
    wholly equal, then by equal category, bbox and seg, then by equal seg, by equal bbox, by another equal place; of
    these, those of one category first; among alike ones in the order of keys and marks. Marks without any place are
    paired by category. The rest is withdrawn and added. New keys are numbers from `next_key` on, which is one more
    than the item has ever used.
    """
    olds = {key: Mark(key, label, value) for key, label, value in sorted(live, key=_by_number)}
    news = list(wanted)
    own_keys = [new.key for new in news if new.key is not None]
    if len(set(own_keys)) < len(own_keys):
        raise ValueError("two marks of one item have the same key")
    pairs = {place: new.key for place, new in enumerate(news) if new.key in olds}
    for likeness in _LIKENESSES:
        _pair_alike(olds, news, pairs, likeness)
    matching = Matching([], [], [key for key in olds if key not in set(pairs.values())], [])
    numbers = (str(number) for number in count(next_key) if str(number) not in {*olds, *own_keys})
    for place, new in enumerate(news):
        key = pairs.get(place)
        if key is None:
            matching.added.append((next(numbers) if new.key is None else new.key, new))
        elif _same(olds[key], new):
            matching.kept.append(key)
        else:
            matching.changed.append((key, new))
    return matching


def _pair_alike(
    olds: dict[str, Mark], news: list[Mark], pairs: dict[int, str], likeness: Callable[[Mark], str | None]
) -> None:
    """Pair what is alike among the annotations and the keyless marks that are still alone."""
    paired = set(pairs.values())
    keyless = {place: new for place, new in enumerate(news) if new.key is None and place not in pairs}
    alone = {key: old for key, old in olds.items() if key not in paired}
    if not keyless or not alone:
        # A likeness is canonical JSON, which costs more than all else here.
        return
    alike: defaultdict[str | None, deque[str]] = defaultdict(deque)
    for key, old in alone.items():
        alike[likeness(old)].append(key)
    for place, new in keyless.items():
        look = likeness(new)
        if look is not None and alike[look]:
            pairs[place] = alike[look].popleft()


def _same(old: Mark, new: Mark) -> bool:
    if old.label != new.label or old.value != new.value:
        return False
    # What canonical JSON would say, at a fraction of its cost: only numbers and truth need a closer look.
    return all(isinstance(part, str) for part in new.value.values()) or _whole(old) == _whole(new)


def _whole(mark: Mark) -> str:
    return canonical_json([mark.label, mark.value])


def _content(mark: Mark) -> str | None:
    if _place(mark) is not None:
        return None
    return canonical_json([mark.label, mark.value.get("bbox"), mark.value.get("seg")])


def _class_and_seg(mark: Mark) -> str | None:
    return _alike_in("seg", mark, mark.label)


def _seg(mark: Mark) -> str | None:
    return _alike_in("seg", mark)


def _class_and_bbox(mark: Mark) -> str | None:
    return _alike_in("bbox", mark, mark.label)


def _bbox(mark: Mark) -> str | None:
    return _alike_in("bbox", mark)


def _class_and_place(mark: Mark) -> str | None:
    return canonical_json([mark.label, place]) if (place := _place(mark)) else None


def _place(mark: Mark) -> str | None:
    """Where a mark lies that has neither polygon hash nor box: a span, an interval, a relation."""
    if mark.value.get("bbox") or mark.value.get("seg"):
        return None
    place = {name: mark.value[name] for name in _PLACES if mark.value.get(name) is not None}
    return canonical_json(place) if place else None


def _alike_in(field: str, mark: Mark, *more: str) -> str | None:
    """A polygon or box that is missing or empty is like no other."""
    return canonical_json([mark.value[field], *more]) if mark.value.get(field) else None


def _by_number(one: Live) -> tuple[bool, int, str]:
    key = one[0]
    return (False, int(key), key) if key.isascii() and key.isdecimal() else (True, 0, key)


_LIKENESSES = (_whole, _content, _class_and_seg, _seg, _class_and_bbox, _bbox, _class_and_place, _place)
