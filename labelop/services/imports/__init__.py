"""Bringing in what was labelled elsewhere: histories batch by batch, files as they stand."""

from .from_files import Imported, ImportedTold, import_file, sentences_of
from .histories import check_history_of, import_batch, imported_up_to
from .importing import BULK_FROM, Telling
from .taking_in import TakenIn, take_in

__all__ = [
    "BULK_FROM",
    "Imported",
    "ImportedTold",
    "TakenIn",
    "Telling",
    "check_history_of",
    "import_batch",
    "import_file",
    "imported_up_to",
    "sentences_of",
    "take_in",
]
