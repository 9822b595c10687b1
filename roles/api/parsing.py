"""What is sent: one JSON object, strictly, or a form with a file; and what is answered: JSON, unless a stream is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from django.http import QueryDict
from rest_framework.exceptions import ParseError
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.request import Request

from ..uploads import AROUND, is_too_large
from .problems import Malformed, TooLarge

# So deep a body may nest, and so many octets it may have.
DEEPEST, LARGEST = 30, 2_500_000


class StrictJSONParser(BaseParser):
    """One JSON object in UTF-8: no name twice, no NaN, nothing a database cannot keep."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        octets = stream.read(LARGEST + 1)
        if len(octets) > LARGEST:
            raise ParseError(f"The body is larger than {LARGEST:,} octets.")
        try:
            parsed = json.loads(octets.decode("utf-8"), object_pairs_hook=_object, parse_constant=_no_number)
        except (ValueError, RecursionError) as error:
            raise ParseError(f"The body is no JSON object: {error}.") from error
        if not isinstance(parsed, dict):
            raise ParseError("The body is a JSON object.")
        _must_be_storable(parsed)
        return parsed


class UploadParser(MultiPartParser):
    """A form with files, which lie on disk; one that says that it is too large is not read."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        if is_too_large(int(parser_context["request"].META.get("CONTENT_LENGTH", 0)) - AROUND):
            raise TooLarge
        return super().parse(stream, media_type, parser_context)


def sent_with(request: Request) -> dict[str, Any]:
    """What a body says by name: values of JSON, or the texts and files of a form, where each name stands once."""
    sent = request.data
    if not isinstance(sent, QueryDict):
        return dict(sent)
    doubled = sorted(name for name, values in sent.lists() if len(values) > 1)
    if doubled:
        raise Malformed(
            "A name stands twice.", [{"pointer": f"/{name}", "detail": "Stands twice."} for name in doubled]
        )
    return sent.dict()


class JSONUnlessAsked(DefaultContentNegotiation):
    """JSON to everybody, whatever they accept; a view that streams looks at the header itself."""

    def select_renderer(self, request: Any, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type

    def filter_renderers(self, renderers: Any, format: str) -> Any:  # noqa: A002 - DRF's own name
        return renderers


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return made


def _no_number(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number in JSON")


def _must_be_storable(parsed: Any) -> None:
    waiting = [(parsed, 1)]
    while waiting:
        value, depth = waiting.pop()
        if depth > DEEPEST:
            raise ParseError(f"The body nests deeper than {DEEPEST} levels.")
        if isinstance(value, dict):
            waiting += [(part, depth + 1) for part in value.values()]
            waiting += [(name, depth) for name in value]
        elif isinstance(value, list):
            waiting += [(part, depth + 1) for part in value]
        elif isinstance(value, str) and ("\0" in value or _has_surrogates(value)):
            raise ParseError("A text holds a character that cannot be stored.")


def _has_surrogates(text: str) -> bool:
    return not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text)
