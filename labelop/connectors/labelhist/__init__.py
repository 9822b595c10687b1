"""Read `labelhist/1`: a dataset's past as one line of changes and releases. Pure: no database, no clock."""

from .errors import BadHistory
from .header import Header
from .labels import CONLLU_COLUMNS, MAX_KEY, Kind, Label, item_hash
from .lines import MAX_LINE_BYTES
from .reader import History, LeftOut, read_history
from .records import records_of
from .steps import Batch, Change, Release

__all__ = [
    "CONLLU_COLUMNS",
    "MAX_KEY",
    "MAX_LINE_BYTES",
    "BadHistory",
    "Batch",
    "Change",
    "Header",
    "History",
    "Kind",
    "Label",
    "LeftOut",
    "Release",
    "item_hash",
    "read_history",
    "records_of",
]
