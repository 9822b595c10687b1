"""Spans of time as people write them: a day, a moment (RFC 3339), a comparison, a range `a..b`. Days are UTC.

Days may be told from today: `today`, `yesterday`, `7d`, `2w`. Alone, `7d` is all since that day.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_FROM_TODAY = re.compile(r"(?<![\w-])(today|yesterday|(\d{1,4})([dw]))(?![\w-])", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)


class Unreadable(ValueError):
    """What was written is no span of time; the sentence says what may stand there."""


@dataclass(frozen=True)
class Span:
    """From `begin` on, up to but without `end`; None where it is open."""

    begin: datetime | None
    end: datetime | None


def span_of(text: str) -> Span:
    """Read a span; raises `Unreadable`."""
    text = dated(text)
    if ".." in text:
        first, last = text.split("..", 1)
        begin, end = _moment(first).begin if first else None, _moment(last).end if last else None
        if begin is None and end is None:
            raise Unreadable("A range needs a day at one of its ends, such as 2026-10-01..2026-10-07.")
        if begin and end and begin >= end:
            raise Unreadable(f"The range {text} ends before it begins.")
        return Span(begin, end)
    found = re.fullmatch(r"(>=|<=|>|<)?(.*)", text, re.DOTALL)
    sign, moment = (found[1], _moment(found[2])) if found else (None, _moment(text))
    spans = {
        ">=": Span(moment.begin, None),
        ">": Span(moment.end, None),
        "<": Span(None, moment.begin),
        "<=": Span(None, moment.end),
    }
    return spans.get(sign or "", moment)


def dated(text: str, today: date | None = None) -> str:
    """The same with the days that were told from today by their dates, so that it means the same tomorrow."""
    now = today or datetime.now(UTC).date()

    def date_of(word: re.Match[str]) -> str:
        days = int(word[2]) * (7 if word[3] == "w" else 1) if word[2] else int(word[1] == "yesterday")
        return f"{now - timedelta(days=days)}"

    since = ">=" if re.fullmatch(r"\d{1,4}[dw]", text, re.ASCII) else ""
    return since + _FROM_TODAY.sub(date_of, text)


def _moment(text: str) -> Span:
    """As long as it was written exactly: a whole day, a minute, a second."""
    try:
        if _DAY.fullmatch(text):
            begin = datetime.fromisoformat(text).replace(tzinfo=UTC)
            return Span(begin, begin + timedelta(days=1))
        if found := _MOMENT.fullmatch(text):
            begin = datetime.fromisoformat(text.upper().replace(" ", "T")).astimezone(UTC)
            fraction, second = found[2], found[1]
            exact = timedelta(microseconds=1) if fraction else timedelta(seconds=1 if second else 60)
            return Span(begin, begin + exact)
    except (ValueError, OverflowError):
        raise Unreadable(f"There is no such day or time: {text}.") from None
    raise Unreadable(
        f"{text or 'Nothing'} is no day and no time:"
        " write 2026-10-01, today, 7d, or 2026-10-01T12:00:00Z with its zone."
    )
