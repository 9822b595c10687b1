"""Bringing in what was labelled elsewhere: histories batch by batch, files as they stand."""

from .from_files import Imported, import_file
from .histories import check_history_of, import_batch, imported_up_to
from .importing import BULK_FROM, Telling
from .taking_in import TakenIn, take_in

__all__ = [
    "BULK_FROM",
    "Imported",
    "TakenIn",
    "Telling",
    "check_history_of",
    "import_batch",
    "import_file",
    "imported_up_to",
    "take_in",
]
