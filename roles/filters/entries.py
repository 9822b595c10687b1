"""What entries can be asked for: one set of filters for pages, forms, saved scopes and addresses alike.

Each filter is named as its key in `audit.query`, and has a twin `not_…` that leaves out what it finds. To add a filter,
add its line to `EntryFilters` and its key there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import copy
from dataclasses import replace
from operator import and_
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet, Value
from django.db.models.lookups import Exact, StartsWith

from audit.acting import Channel
from audit.events import Event, Impact, Theme
from audit.fields import Folded
from audit.models import DECIDING_ROLES, Entry
from audit.query import WORDS, Query, Term, Wrong
from audit.reach import Source

from ..matrix import Role
from ..models import Membership, User
from .people import TOLD, PersonFilter, as_said
from .strict import StrictFilterSet, ValuesFilter
from .values import ChoicesFilter, OperationFilter, ProjectFilter, SpanFilter, VocabularyFilter

# Whose names are those of people: they are found by role and number, as they are told.
NAMED_AFTER_PEOPLE = (Membership._meta.label_lower, User._meta.label_lower)


class Indexed(ValuesFilter):
    """What it finds, an index of entries may yield in the order of ids."""

    def stretches_of(self, values: list[str]) -> list[Q]:
        """What these values find, where each of it is found along an index; otherwise nothing."""
        return [self.condition_of(value) for value in values]


class EventFilter(Indexed, ChoicesFilter):
    @property
    def choices(self) -> dict[str, Q]:
        return {event.value: Q(event=event.value) for event in Event}


class ImpactFilter(Indexed, VocabularyFilter):
    pass


class RoleFilter(Indexed, VocabularyFilter):
    def stretches_of(self, values: list[str]) -> list[Q]:
        return super().stretches_of(values) if {value.lower() for value in values} <= {*DECIDING_ROLES} else []


class ActFilter(Indexed, OperationFilter):
    pass


class ThemeFilter(Indexed, ChoicesFilter):
    @property
    def choices(self) -> dict[str, Q]:
        return {theme.value: Q(event__in=[event.value for event in Event if event.theme is theme]) for theme in Theme}

    def stretches_of(self, values: list[str]) -> list[Q]:
        return [Q(event=event.value) for event in Event if event.theme.value in {value.lower() for value in values}]


class ObjectFilter(Indexed):
    """What it happened to, by its name then; a star at the end finds every name that begins so."""

    def condition_of(self, value: str) -> Q:
        name = Folded(Value(value.removesuffix("*")))
        lookup = StartsWith if value.endswith("*") else Exact
        return Q(lookup(Folded("subject_name"), name)) & NOT_A_PERSON

    def stretches_of(self, values: list[str]) -> list[Q]:
        whole = not any(value.endswith("*") for value in values)
        return super().stretches_of(values) if whole else []


class TokenFilter(Indexed):
    """The token that was shown, by its name then."""

    wants = "the name of a token"

    def condition_of(self, value: str) -> Q:
        # Said as the index says it, which holds only what was done with tokens.
        return Q(token=value, token__gt="")


class RequestFilter(ValuesFilter):
    """One request, by its id."""

    wants = "the id of a request"

    def condition_of(self, value: str) -> Q:
        return Q(request_id=value)


class TextFilter(ValuesFilter):
    """Words in the reason, or in the name of what it happened to."""

    together = staticmethod(and_)

    def condition_of(self, value: str) -> Q:
        return Q(reason__icontains=value) | (Q(subject_name__icontains=value) & NOT_A_PERSON)


class ActorFilter(Indexed, PersonFilter):
    """Who acted, as the viewer is told: in the role they held then."""

    def stretches_of(self, values: list[str]) -> list[Q]:
        # A number is somebody else's in each project.
        return [self._leads_to(value) for value in values] if len(self.parent.projects) == 1 else []

    def _leads_to(self, value: str) -> Q:
        """All that a person did: an index knows nothing of the role in which they did it."""
        told = TOLD.fullmatch(as_said(value))
        if told is None or told["person"]:
            return self.condition_of(value)
        if told[0] == "me":
            return Q(actor=self.parent.viewer.pk)
        member = self.any_of(self.numbered(int(told["number"]))) if told["number"] else None
        return member or Q(actor=None)

    def as_told(self, said: str, told: re.Match[str]) -> Q | None:
        if told["person"]:
            return Q(attributed_to=int(told["person"]))
        if said.startswith("labelop"):
            return Q(actor=None, attributed_to=None) & ~Q(event=Event.CHANGE_UNEXPLAINED)
        condition = super().as_told(said, told)
        return None if condition is None else condition & Q(attributed_to=None)

    def by_number(self, role: str, number: int) -> Q | None:
        anybody = self.any_of(self.numbered(number))
        return anybody if anybody is None or role == "member" else anybody & Q(role=role)

    def by_revealed_name(self, said: str) -> Q | None:
        known = super().by_revealed_name(said)
        alone = None if known is None else known & Q(attributed_to=None)
        pseudonyms = self.parent.pseudonyms
        if not pseudonyms.revealed:
            return alone
        whoever = Q(actor_name__iexact=said, attributed_to=None) | Q(attributed_to__username__iexact=said)
        return (alone or Q(pk__in=[])) | (Q(project__in=pseudonyms.revealed) & whoever)


def without_names(query: Query) -> Query:
    """The query with pseudonyms as they are, and names left unsaid: as it may stand where others read it."""
    terms = (
        replace(term, value=A_NAME) if term.key == "actor" and not TOLD.fullmatch(as_said(term.value)) else term
        for term in query.terms
    )
    return Query(tuple(terms))


A_NAME = "a revealed name"
# SECURITY: what is named after people would answer whether a name exists.
NOT_A_PERSON = ~Q(subject_type__in=NAMED_AFTER_PEOPLE)


class EntryFilters(StrictFilterSet):
    """Narrows entries that a viewer may see."""

    of = "The trail"

    event = EventFilter()
    impact = ImpactFilter(Impact)
    theme = ThemeFilter()
    role = RoleFilter(Role)
    channel = VocabularyFilter(Channel)
    project = ProjectFilter()
    object = ObjectFilter()
    actor = ActorFilter()
    token = TokenFilter()
    operation = ActFilter()
    request_id = RequestFilter()
    created = SpanFilter(field_name="at")
    text = TextFilter()

    @classmethod
    def get_filters(cls) -> dict[str, ValuesFilter]:
        filters = super().get_filters()
        twins = {}
        for name, one in filters.items():
            twins[f"not_{name}"] = twin = copy(one)
            twin.exclude = True
        return {**filters, **twins}

    def stretches(self) -> tuple[Q, ...]:
        """What leads to the entries that fit: conditions of which each is found along an index, and one must hold."""
        for name in LEADING:
            values, leading = self.data.get(name), self.filters[name]
            if values and isinstance(leading, Indexed) and (found := leading.stretches_of(values)):
                return tuple(found)
        return (Q(),)


# By what entries are found, where several of these are asked for: the rarest first.
LEADING = ("operation", "token", "object", "actor", "event", "theme", "role", "impact")


def source_asked_for(
    query: Query, source: Source, *, viewer: User | AnonymousUser, projects: Mapping[str, int]
) -> Source:
    """What a query finds in a source; raises `Wrong` with the place of what cannot be answered."""
    filters = EntryFilters(query.parameters, source.entries, viewer=viewer, projects=projects)
    try:
        return replace(source, entries=filters.narrowed(), stretches=filters.stretches())
    except ValidationError as error:
        raise _placed(error, query) from None


def entries_asked_for(
    query: Query, entries: QuerySet[Entry], *, viewer: User | AnonymousUser, projects: Mapping[str, int]
) -> QuerySet[Entry]:
    """The entries that a query finds among these, however far back."""
    return source_asked_for(query, Source(entries, (), whole=True), viewer=viewer, projects=projects).entries


def _placed(error: ValidationError, query: Query) -> Wrong:
    """The first thing wrong, at its term."""
    wrong = [
        (_term_of(query, parameter, (one.params or {}).get("value")), one)
        for parameter, errors in error.error_dict.items()
        for one in errors
    ]
    term, first = min(wrong, key=lambda pair: pair[0].at)
    return Wrong(first.messages[0], term.at, str(term), offered_for(term.key))


def _term_of(query: Query, parameter: str, value: Any) -> Term:
    return next(term for term in query.terms if term.parameter == parameter and term.value == value)


def offered_for(key: str) -> list[str]:
    """The values of a key, where there is a list of them."""
    known = EntryFilters.base_filters.get(key or WORDS)
    return list(known.choices) if isinstance(known, ChoicesFilter) else []
