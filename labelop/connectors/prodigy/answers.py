"""One answer of Prodigy as marks; what was rejected or ignored is kept as cancelled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from audit.canonical import NotCanonical, canonical_json, sha256_hex

from ..errors import BadField
from ..fields import bounds, mapping, moment, name, number, sequence
from ..records import Mark, Saved

# What was shown, by the first of these that an answer has.
INPUTS = ("text", "image", "audio", "video", "html", "path")
_ANSWERS = ("accept", "reject", "ignore")
_MARKS = frozenset({"spans", "audio_spans", "relations", "accept", "label"})
_PEOPLE = frozenset({"_session_id", "_annotator_id"})


def marks_of(answer: dict[str, Any]) -> Iterator[Mark]:
    said = answer.get("answer", "accept")
    if said not in _ANSWERS:
        raise BadField("answer", f"{said!r} is none of {', '.join(_ANSWERS)}")
    saved = _saved(answer)
    for label, value in _labels_and_values(answer):
        key = None if said == "accept" else _key(answer, label, value)
        yield Mark(key, label, value, saved, cancelled=said != "accept")


def rest_of(answer: dict[str, Any], source: str) -> dict[str, Any]:
    """What an answer says beside its input, its marks and the people who gave it."""
    taken = _MARKS | _PEOPLE | {source}
    return {field: value for field, value in answer.items() if field not in taken}


def _saved(answer: dict[str, Any]) -> Saved:
    by = answer.get("_annotator_id") or answer.get("_session_id") or ""
    at = moment(answer["_timestamp"], "_timestamp") if answer.get("_timestamp") is not None else None
    return Saved(name(by, "_annotator_id") if by else "", at)


def _key(answer: dict[str, Any], label: str, value: dict[str, Any]) -> str:
    """What was given up stands beside what was not, known by its task and content."""
    try:
        content = sha256_hex(canonical_json([label, value]))[:16]
    except NotCanonical as error:
        raise BadField(error.path, error.reason) from error
    return f"{answer.get('answer')}-{answer.get('_task_hash', '')}-{content}"


def _labels_and_values(answer: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for field in ("spans", "audio_spans"):
        for index, one in enumerate(sequence(answer.get(field) or [], field)):
            place = f"{field}[{index}]"
            span = mapping(one, place)
            yield _label(span, place), _span(span, place)
    for index, one in enumerate(sequence(answer.get("relations") or [], "relations")):
        place = f"relations[{index}]"
        relation = mapping(one, place)
        yield _label(relation, place), {field: value for field, value in relation.items() if field != "label"}
    yield from _choices(answer)
    if isinstance(answer.get("label"), str):
        yield name(answer["label"], "label"), {}
    elif answer.get("label") is not None:
        raise BadField("label", "not a text")


def _label(record: dict[str, Any], place: str) -> str:
    return name(record.get("label"), f"{place}.label")


def _choices(answer: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The options that were chosen, each with what was shown for it."""
    options = [
        mapping(one, f"options[{index}]") for index, one in enumerate(sequence(answer.get("options") or [], "options"))
    ]
    shown = {name(option.get("id"), "options.id"): option for option in options}
    for index, one in enumerate(sequence(answer.get("accept") or [], "accept")):
        chosen = name(one, f"accept[{index}]")
        if options and chosen not in shown:
            raise BadField(f"accept[{index}]", f"there is no option {chosen!r}")
        yield chosen, {field: value for field, value in shown.get(chosen, {}).items() if field != "id"}


def _span(span: dict[str, Any], place: str) -> dict[str, Any]:
    """A stretch of a text or a recording, or an outline in an image, with all else that is said of it."""
    rest = {field: value for field, value in span.items() if field != "label"}
    if "points" in span:
        points = [_point(one, f"{place}.points[{index}]") for index, one in enumerate(sequence(span["points"], place))]
        if len(points) < 2:
            raise BadField(f"{place}.points", "fewer than two points")
        return {**rest, "bbox": bounds(points)}
    for field in ("start", "end"):
        number(span.get(field), f"{place}.{field}")
    return rest


def _point(value: object, place: str) -> list[float]:
    pair = sequence(value, place)
    if len(pair) != 2:
        raise BadField(place, "not a pair of numbers")
    return [number(one, place) for one in pair]
