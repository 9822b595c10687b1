"""What the log says: one line for each request and each failure, without names, reasons, or characters that deceive.

Who asked stands there as the id of an account, where they asked as the path alone: what is searched for may be a name.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator, MutableMapping
from typing import Any

import structlog
from structlog.typing import Processor

Line = MutableMapping[str, Any]

# Of a message that somebody else wrote, so much is kept.
LENGTH = 300


def plain(said: Any) -> Any:
    """Text in which control characters, line breaks and marks of direction are written out."""
    if isinstance(said, str):
        return said if said.isprintable() else "".join(map(_written_out, said))
    if isinstance(said, dict):
        return {plain(key): plain(value) for key, value in said.items()}
    if isinstance(said, list | tuple):
        return [plain(each) for each in said]
    return said if isinstance(said, int | float | None) else plain(str(said))


def keep_plain(_logger: Any, _method: str, line: Line) -> Line:
    failure = line.pop("exception", None)
    kept = {key: plain(value) for key, value in line.items()}
    if failure:
        kept["exception"] = "\n".join(map(plain, failure.splitlines()))
    return kept


def tell_failure(_logger: Any, _method: str, line: Line) -> Line:
    """Tell an exception by its kinds, places and first lines: further down a database quotes whole rows."""
    error = line.pop("exc_info", None)
    if isinstance(error, tuple):
        error = error[1]
    elif error is True:
        error = sys.exception()
    if isinstance(error, BaseException):
        line["exception"] = "\n".join(_told(error))
    return line


def _told(error: BaseException) -> Iterator[str]:
    earlier = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if earlier is not None:
        yield from _told(earlier)
    yield from "".join(traceback.format_tb(error.__traceback__)).splitlines()
    yield f"{type(error).__qualname__}: {str(error).partition(chr(10))[0][:LENGTH]}"


def _written_out(character: str) -> str:
    return character if character.isprintable() else f"\\u{ord(character):04x}"


def logging_to(renderer: Any) -> dict[str, Any]:
    """Django's LOGGING: everything through one handler, whoever logs it."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    without_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": shared,
        "processors": [without_meta, tell_failure, keep_plain, renderer],
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": formatter},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"handlers": ["stderr"], "level": "INFO"},
        "loggers": {
            "django": {"handlers": [], "level": "INFO"},
            # What these say of a request, the line of the request says.
            "django.request": {"level": "CRITICAL"},
            "django.server": {"handlers": [], "level": "ERROR"},
            "axes": {"level": "ERROR"},
        },
    }
