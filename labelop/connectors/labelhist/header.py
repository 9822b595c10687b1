"""The first line of a history: what it is a history of, and what may follow."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from ..errors import BadField
from .labels import MAX_KEY, Kind, check_text

SCHEMA = "labelhist/1"


@dataclass(frozen=True)
class Header:
    """What a history says of itself. `digest` tells whether a resumed replay reads the same file."""

    corpus: str
    source: str
    source_head: str
    license: str
    releases: tuple[str, ...]
    actors: tuple[str, ...]
    fields: tuple[str, ...]
    kind: Kind
    digest: str


def read_header(line: bytes, record: dict[str, Any]) -> Header:
    """The header in the file's first line; a history with token columns is of kind conllu, else coco."""
    if record.get("type") != "header":
        raise BadField("type", "the first line must be the header")
    if record.get("schema", SCHEMA) != SCHEMA:
        raise BadField("schema", f"{record['schema']!r} is not {SCHEMA!r}")
    return Header(
        corpus=_text(record, "corpus"),
        source=_text(record, "source"),
        source_head=_text(record, "source_head"),
        license=_text(record, "license"),
        releases=_names(record, "releases"),
        actors=_names(record, "actors") if "actors" in record else (),
        fields=_names(record, "fields"),
        kind=_kind(record),
        digest=sha256(line.rstrip(b"\r\n")).hexdigest(),
    )


def _kind(record: dict[str, Any]) -> Kind:
    if not record.get("columns"):
        return Kind("coco")
    columns = _names(record, "columns")
    if not {"id", "upos"} <= set(columns):
        raise BadField("columns", "a token needs an id and an upos")
    return Kind("conllu", columns)


def _text(record: dict[str, Any], field: str) -> str:
    value = record.get(field, "")
    check_text(value, field)
    return str(value)


def _names(record: dict[str, Any], field: str) -> tuple[str, ...]:
    names = record.get(field)
    if not isinstance(names, list):
        raise BadField(field, "missing" if names is None else "not a list of names")
    for index, name in enumerate(names):
        check_text(name, f"{field}[{index}]", MAX_KEY)
    if len(set(names)) < len(names):
        raise BadField(field, f"{next(name for name in names if names.count(name) > 1)!r} stands there twice")
    return tuple(names)
