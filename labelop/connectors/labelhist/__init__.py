"""Read `labelhist/1`: a dataset's past as one line of changes and releases. Pure: no database, no clock."""

from .errors import BadField, BadHistory
from .header import Header
from .labels import CONLLU_COLUMNS, MAX_KEY, Kind, Label, item_hash
from .lines import MAX_LINE_BYTES
from .matching import Matching, match_marks
from .reader import History, LeftOut, read_history
from .records import ItemRecord, Mark, records_of
from .steps import Batch, Change, Release

__all__ = [
    "CONLLU_COLUMNS",
    "MAX_KEY",
    "MAX_LINE_BYTES",
    "BadField",
    "BadHistory",
    "Batch",
    "Change",
    "Header",
    "History",
    "ItemRecord",
    "Kind",
    "Label",
    "LeftOut",
    "Mark",
    "Matching",
    "Release",
    "item_hash",
    "match_marks",
    "read_history",
    "records_of",
]
