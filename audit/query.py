"""The language in which the trail is asked: `impact:high -channel:command created:>=2026-10-01 "wide gull"`.

A query is a row of terms. A term is a key, a colon and a value, or words looked for in the trail's own texts; a `-`
before it leaves out what it finds. A value with blanks stands in double quotes, in which `\\"` is a quote and `\\\\` a
backslash. What the values of each key mean is said in `roles.filters`; to add a key, add a line to `KEYS` and a filter
of that name there.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from .moments import dated

# fmt: off
KEYS: dict[str, str] = {
    "role":      "the role held: owner, reviewer, annotator",
    "actor":     "who acted, as the trail tells it: \"Reviewer 3\", me; a name once it is revealed to you",
    "event":     "what happened: role.granted, snapshot.taken, …",
    "impact":    "high, medium or routine",
    "theme":     "what it is about: access, schema, review, release, …",
    "project":   "the project, as in its address",
    "object":    "what it happened to: an item’s key, a class, a snapshot; a * at the end finds what begins so",
    "channel":   "through what it was done: admin, api, command, connector, shell",
    "token":     "the name of the token with which a tool acted",
    "operation": "the number of one act",
    "request_id": "the id of one request, as the server’s log and the answer have it",
    "created":   "when: today, 7d, 2026-10-01, >=2026-10-01, 2026-10-01..2026-10-07, 2026-10-01T12:00Z; days are UTC",
}
# fmt: on
# The parameter that words without a key are looked for with.
WORDS = "text"
LONGEST, MOST = 2000, 30


class Wrong(ValueError):
    """A query that cannot be read: what is wrong, where it begins (from 0), the word, and what may stand there."""

    def __init__(self, sentence: str, at: int, word: str, offered: Iterable[str] = ()) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.at = at
        self.word = word
        self.offered = list(offered)


@dataclass(frozen=True)
class Term:
    """One condition; without a key it is words to look for. `at` is where it stands."""

    key: str
    value: str
    negated: bool = False
    at: int = field(default=0, compare=False)

    def __str__(self) -> str:
        bare = re.fullmatch(r'[^\s"]+', self.value) and (self.key or (":" not in self.value and self.value[0] != "-"))
        escaped = self.value.replace("\\", "\\\\").replace('"', '\\"')
        value = self.value if bare else f'"{escaped}"'
        return ("-" if self.negated else "") + (f"{self.key}:{value}" if self.key else value)

    @property
    def parameter(self) -> str:
        """The name under which forms and addresses ask for the same."""
        return ("not_" if self.negated else "") + (self.key or WORDS)


@dataclass(frozen=True)
class Query:
    """The terms of a query, in the order in which they were written."""

    terms: tuple[Term, ...] = ()

    def __str__(self) -> str:
        return " ".join(map(str, self.terms))

    @property
    def parameters(self) -> dict[str, list[str]]:
        """The same as parameters of the filters of entries."""
        parameters: dict[str, list[str]] = {}
        for term in dict.fromkeys(self.terms):
            parameters.setdefault(term.parameter, []).append(term.value)
        return parameters

    def dated(self) -> Query:
        """With dates in the place of days told from today: the same question tomorrow."""
        terms = (replace(term, value=dated(term.value)) if term.key == "created" else term for term in self.terms)
        return Query(tuple(terms))

    def has(self, key: str, value: str) -> bool:
        return Term(key, value) in self.terms

    def toggled(self, key: str, value: str) -> Query:
        """With this term, or without it where it stands already."""
        term = Term(key, value)
        kept = tuple(other for other in self.terms if other != term)
        return Query(kept if len(kept) < len(self.terms) else (*kept, term))

    def without(self, term: Term) -> Query:
        return Query(tuple(other for other in self.terms if other != term))


def asked_by(parameters: Iterable[tuple[str, list[str]]]) -> Query:
    """The query that says the same as these parameters; the opposite of `Query.parameters`."""
    terms = []
    for name, values in parameters:
        key = name.removeprefix("not_")
        terms += [Term("" if key == WORDS else key, value, name != key) for value in values]
    return Query(tuple(terms))


def parse(text: str) -> Query:
    """Read a query, or raise `Wrong`."""
    if len(text) > LONGEST:
        raise Wrong(f"A query has at most {LONGEST:,} characters.", LONGEST, "")
    for at, character in enumerate(text):
        if unicodedata.category(character) in ("Cc", "Cs") and not character.isspace():
            raise Wrong("A character that cannot be printed stands here.", at, f"U+{ord(character):04X}")
    terms = tuple(_terms(text))
    if len(terms) > MOST:
        raise Wrong(f"A query has at most {MOST} terms.", terms[MOST].at, str(terms[MOST]))
    return Query(terms)


_BLANK = re.compile(r"\s*")
_KEY = re.compile(r'([^\s:"]*):')
_BARE = re.compile(r'[^\s"]+')
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)


def _terms(text: str) -> Iterator[Term]:
    at = _end(_BLANK, text, 0)
    while at < len(text):
        start = at
        negated = text[at] == "-"
        at += negated
        key, at = _read_key(text, at)
        value, at = _read_value(text, at, start, key)
        yield Term(key, value, negated, start)
        after = _end(_BLANK, text, at)
        if after == at < len(text):
            raise Wrong("A blank is missing between two terms.", at, _word(text, at))
        at = after


def _read_key(text: str, at: int) -> tuple[str, int]:
    found = _KEY.match(text, at)
    if not found:
        return "", at
    key = found[1].lower()
    if key in KEYS:
        return key, found.end()
    near = difflib.get_close_matches(key, KEYS, 1)
    did_you_mean = f" Did you mean “{near[0]}”?" if near else ""
    raise Wrong(
        f"There is no key “{found[1]}”.{did_you_mean} Words with a colon in them stand in quotes.", at, found[1], KEYS
    )


def _read_value(text: str, at: int, start: int, key: str) -> tuple[str, int]:
    if text[at : at + 1] == '"':
        quoted = _QUOTED.match(text, at)
        if not quoted:
            raise Wrong("This quote is not closed.", at, _word(text, at))
        if quoted[1].strip():
            return re.sub(r"\\(.)", r"\1", quoted[1], flags=re.DOTALL), quoted.end()
        raise Wrong("There is nothing between these quotes.", at, quoted[0])
    bare = _BARE.match(text, at)
    if bare:
        return bare[0], bare.end()
    said = f"After “{key}:” a value is missing: {KEYS[key]}." if key else "After “-” a term is missing."
    raise Wrong(said, start, _word(text, start))


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at


def _word(text: str, at: int) -> str:
    """The word that begins here, to be shown."""
    return text[at:].split(maxsplit=1)[0][:40] if text[at:].strip() else ""
