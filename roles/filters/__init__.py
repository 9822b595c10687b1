"""One set of filters for each model, which pages, forms, saved scopes, addresses and the API all ask through."""

from .entries import EntryFilters, entries_asked_for, offered_for, source_asked_for, without_names
from .people import PersonFilter
from .rows import AnomalyFilters, MembershipFilters, TokenFilters
from .strict import StrictFilterSet, ValuesFilter
from .values import (
    ChoicesFilter,
    DaySpanFilter,
    FlagFilter,
    NameFilter,
    NumberFilter,
    OperationFilter,
    ProjectFilter,
    RowFilter,
    SpanFilter,
    VocabularyFilter,
)

__all__ = [
    "AnomalyFilters",
    "ChoicesFilter",
    "DaySpanFilter",
    "EntryFilters",
    "FlagFilter",
    "MembershipFilters",
    "NameFilter",
    "NumberFilter",
    "OperationFilter",
    "PersonFilter",
    "ProjectFilter",
    "RowFilter",
    "SpanFilter",
    "StrictFilterSet",
    "TokenFilters",
    "ValuesFilter",
    "VocabularyFilter",
    "entries_asked_for",
    "offered_for",
    "source_asked_for",
    "without_names",
]
