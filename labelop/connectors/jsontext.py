"""JSON as others write it: whole, line by line, or member by member without holding a large file in memory."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from typing import IO, Any

from .errors import BadField
from .files import MAX_RECORD_BYTES, line_text

_PIECE = 2**16


def parsed(line: bytes | None) -> Any:
    """The value that a line holds, in which no object has one key twice; `BadField` says what is wrong."""
    try:
        return json.loads(line_text(line), object_pairs_hook=each_key_once)
    except json.JSONDecodeError as error:
        raise BadField(None, f"not JSON, or cut short ({error})") from error
    except (ValueError, RecursionError) as error:
        if isinstance(error, BadField):
            raise
        raise BadField(None, f"not JSON that can be read ({error})") from error


def each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        doubled = next(key for index, (key, _) in enumerate(pairs) if key in dict(pairs[:index]))
        raise BadField(doubled, "the key stands twice in one object")
    return members


def members(file: IO[bytes]) -> Iterator[tuple[str, Any]]:
    """The members of one large value, each under its path: `[3]`, `images[3]` or `info`.

    Only the lists at the top are taken apart; an empty one is given as such. Raises `BadField` where the text stops
    being JSON; all before that has been given.
    """
    text = _Text(file)
    first = text.peek()
    if first == "[":
        for index, value in enumerate(text.list()):
            yield f"[{index}]", value
    elif first == "{":
        for key in text.member_keys():
            if text.peek() == "[":
                index = -1
                for index, value in enumerate(text.list()):
                    yield f"{key}[{index}]", value
                if index < 0:
                    yield key, []
            else:
                yield key, text.value()
    else:
        text.refuse("neither a list nor an object" if first else "empty")
    if text.peek():
        text.refuse("something follows the end of the JSON")


class _Text:
    """A text that is read a piece at a time."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._held = ""
        self._at = 0
        self._line = 1
        self._ended = False
        self._decode = json.JSONDecoder(object_pairs_hook=each_key_once).raw_decode

    def peek(self) -> str:
        """The next character that is no space; empty at the end."""
        while True:
            while self._at < len(self._held):
                if self._held[self._at] not in " \t\r\n":
                    return self._held[self._at]
                self._at += 1
            if not self._more():
                return ""

    def take(self, wanted: str) -> None:
        if self.peek() != wanted:
            self.refuse(f"{wanted!r} is missing" if self.peek() else f"cut short: {wanted!r} is missing")
        self._at += 1

    def list(self) -> Iterator[Any]:
        self.take("[")
        if self.peek() == "]":
            self._at += 1
            return
        while True:
            yield self.value()
            if self.peek() == "]":
                self._at += 1
                return
            self.take(",")

    def member_keys(self) -> Iterator[str]:
        """Each key of an object; whoever asks reads its value before the next."""
        seen: set[str] = set()
        self.take("{")
        if self.peek() == "}":
            self._at += 1
            return
        while True:
            if self.peek() != '"':
                self.refuse("a key is missing")
            key = self.value()
            if key in seen:
                raise BadField(key, "the key stands twice in one object")
            seen.add(key)
            self.take(":")
            yield key
            if self.peek() == "}":
                self._at += 1
                return
            self.take(",")

    def value(self) -> Any:
        """One whole value, which must not be larger than a record may be."""
        self.peek()
        while True:
            try:
                value, end = self._decode(self._held, self._at)
            except json.JSONDecodeError as error:
                if not self._more():
                    line = self._line + self._held.count("\n", 0, error.pos)
                    raise BadField(None, f"not JSON, or cut short (line {line}: {error.msg})") from error
            except (ValueError, RecursionError) as error:
                if isinstance(error, BadField):
                    raise
                raise BadField(None, f"not JSON that can be read (line {self._line}: {error})") from error
            else:
                # A number at the edge of what is held may go on beyond it.
                if end < len(self._held) or not self._more():
                    self._at = end
                    return value

    def refuse(self, reason: str) -> None:
        line = self._line + self._held.count("\n", 0, self._at)
        raise BadField(None, f"line {line}: {reason}")

    def _more(self) -> bool:
        """Hold another piece, at least as long as what is held unread; False at the end."""
        if self._ended:
            return False
        self._line += self._held.count("\n", 0, self._at)
        rest = self._held[self._at :]
        if len(rest) > MAX_RECORD_BYTES:
            raise BadField(None, f"line {self._line}: a value longer than {MAX_RECORD_BYTES:,} characters")
        content = self._file.read(max(_PIECE, len(rest)))
        self._ended = not content
        try:
            self._held, self._at = rest + self._decoder.decode(content, final=self._ended), 0
        except UnicodeDecodeError as error:
            raise BadField(None, f"after line {self._line}: not UTF-8 ({error.reason})") from error
        return not self._ended
