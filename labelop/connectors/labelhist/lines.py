"""From a file, plain or gzip, to numbered lines and JSON objects."""

import gzip
import json
import zlib
from collections.abc import Iterator
from os import PathLike
from typing import IO, Any

from audit.canonical import NotCanonical, canonical_json

from ..errors import BadField
from .errors import BadHistory

MAX_LINE_BYTES = 16 * 2**20


def numbered_lines(path: str | PathLike[str]) -> Iterator[tuple[int, bytes | None]]:
    """Each line with its number; None stands for one over the limit, which is never held in memory.

    A gzip file is known by its first bytes, not by its name. One that is damaged or cut short gives the lines
    before the damage, then raises `BadHistory`.
    """
    number = 0
    with open(path, "rb") as file:
        source = gzip.GzipFile(fileobj=file) if file.peek(2)[:2] == b"\x1f\x8b" else file
        try:
            while line := source.readline(MAX_LINE_BYTES + 1):
                number += 1
                if len(line) <= MAX_LINE_BYTES:
                    yield number, line
                else:
                    _skip_rest(source, line)
                    yield number, None
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise BadHistory(number + 1, None, f"the gzip file is damaged or cut short ({error})") from error


def parsed(line: bytes | None) -> dict[str, Any]:
    """The one object that a line holds, of values that canonical JSON can carry."""
    if line is None:
        raise BadField(None, f"the line is longer than {MAX_LINE_BYTES} bytes")
    try:
        record = json.loads(line.decode(), object_pairs_hook=_each_key_once)
        canonical_json(record)
    except UnicodeDecodeError as error:
        raise BadField(None, f"the line is not UTF-8 ({error.reason} at byte {error.start})") from error
    except json.JSONDecodeError as error:
        raise BadField(None, f"the line is not JSON, or is cut short ({error})") from error
    except NotCanonical as error:
        raise BadField(error.path.removeprefix("value").lstrip(".") or None, error.reason) from error
    except (ValueError, RecursionError) as error:
        raise BadField(None, f"the line is not JSON that can be read ({error})") from error
    if not isinstance(record, dict):
        raise BadField(None, "the line is not a JSON object")
    return record


def _skip_rest(source: IO[bytes] | gzip.GzipFile, line: bytes) -> None:
    while line and not line.endswith(b"\n"):
        line = source.readline(MAX_LINE_BYTES)


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        doubled = next(key for index, (key, _) in enumerate(pairs) if key in dict(pairs[:index]))
        raise BadField(doubled, "the key stands twice in one object")
    return members
