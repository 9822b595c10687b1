"""What entries can be asked for: one set of filters for pages, forms, saved scopes and addresses alike.

Each filter is named as its key in `audit.query`, and has a twin `not_…` that leaves out what it finds. Several values
of one filter are alternatives, but for `created` and `text`, which hold together; different filters hold together. To
add a filter, add its line to `EntryFilters` and its key there.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import reduce
from operator import and_, or_
from typing import Any, ClassVar

from django import forms
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet, Value
from django.db.models.lookups import Exact, StartsWith
from django.utils.functional import cached_property
from django_filters import Filter, FilterSet

from audit.acting import Channel
from audit.events import Event, Impact, Theme
from audit.fields import Folded
from audit.models import DECIDING_ROLES, Entry
from audit.moments import Span, Unreadable, span_of
from audit.query import WORDS, Query, Term, Wrong
from audit.reach import Source

from .matrix import Role
from .models import Membership, User
from .telling import Pseudonyms, pseudonyms_in

# Whose names are those of people: they are found by role and number, as they are told.
NAMED_AFTER_PEOPLE = (Membership._meta.label_lower, User._meta.label_lower)


class ValuesField(forms.Field):
    """Several values, each of which its filter turns into a condition."""

    widget = forms.MultipleHiddenInput

    def __init__(self, condition_of: Any, **options: Any) -> None:
        super().__init__(**options)
        self.condition_of = condition_of

    def clean(self, value: Any) -> list[Q]:
        conditions, errors = [], []
        if isinstance(value, str) or not isinstance(value or [], Iterable):
            raise ValidationError("A list of values is wanted.", params={"value": value})
        for one in value or []:
            try:
                conditions.append(self.condition_of(str(one)))
            except ValidationError as error:
                errors.append(ValidationError(error.message, error.code, {"value": str(one)}))
        if errors:
            raise ValidationError(errors)
        return conditions


class ValuesFilter(Filter):
    """Alternatives, of which one must fit; a subclass says in `condition_of` what a value finds."""

    field_class = ValuesField
    together: ClassVar[Any] = staticmethod(or_)
    parent: EntryFilters

    def condition_of(self, value: str) -> Q:
        raise NotImplementedError

    def stretches_of(self, values: list[str]) -> list[Q]:
        """What these values find, if an index of entries yields each of it in the order of ids; otherwise nothing."""
        return []

    @property
    def field(self) -> ValuesField:
        return ValuesField(self.condition_of, required=False)

    def filter(self, qs: QuerySet[Entry], value: list[Q]) -> QuerySet[Entry]:
        if not value:
            return qs
        return qs.exclude(reduce(or_, value)) if self.exclude else qs.filter(reduce(self.together, value))


class ChoicesFilter(ValuesFilter):
    """Some of a vocabulary."""

    choices: ClassVar[Mapping[str, Q]]

    def condition_of(self, value: str) -> Q:
        if value.lower() not in self.choices:
            raise ValidationError(f"There is no {self.label} {value}.", "choice")
        return self.choices[value.lower()]


class IndexedFilter(ChoicesFilter):
    def stretches_of(self, values: list[str]) -> list[Q]:
        return [self.condition_of(value) for value in values]


class EventFilter(IndexedFilter):
    choices = {event.value: Q(event=event.value) for event in Event}


class ImpactFilter(IndexedFilter):
    choices = {impact.name.lower(): Q(impact=impact) for impact in Impact}


class ThemeFilter(ChoicesFilter):
    choices = {theme.value: Q(event__in=[event.value for event in Event if event.theme is theme]) for theme in Theme}

    def stretches_of(self, values: list[str]) -> list[Q]:
        return [Q(event=event.value) for event in Event if event.theme.value in {value.lower() for value in values}]


class RoleFilter(IndexedFilter):
    choices = {role.value: Q(role=role.value) for role in Role}

    def stretches_of(self, values: list[str]) -> list[Q]:
        return super().stretches_of(values) if {value.lower() for value in values} <= {*DECIDING_ROLES} else []


class ChannelFilter(ChoicesFilter):
    choices = {channel.value: Q(channel=channel.value) for channel in Channel}


class ProjectFilter(ValuesFilter):
    """One of the viewer's projects; of any other nothing is said, not even that it exists."""

    def condition_of(self, value: str) -> Q:
        if value not in self.parent.projects:
            raise ValidationError(f"There is no project {value} here.", "choice")
        return Q(project=self.parent.projects[value])


class OperationFilter(ValuesFilter):
    def condition_of(self, value: str) -> Q:
        try:
            return Q(operation=uuid.UUID(value))
        except ValueError:
            raise ValidationError(f"operation wants the number of an act, not {value}.", "operation") from None

    def stretches_of(self, values: list[str]) -> list[Q]:
        return [self.condition_of(value) for value in values]


class ObjectFilter(ValuesFilter):
    """What it happened to, by its name then; a star at the end finds every name that begins so."""

    def condition_of(self, value: str) -> Q:
        name = Folded(Value(value.removesuffix("*")))
        lookup = StartsWith if value.endswith("*") else Exact
        return Q(lookup(Folded("subject_name"), name)) & NOT_A_PERSON

    def stretches_of(self, values: list[str]) -> list[Q]:
        whole = not any(value.endswith("*") for value in values)
        return [self.condition_of(value) for value in values] if whole else []


class CreatedFilter(ValuesFilter):
    together = staticmethod(and_)

    def condition_of(self, value: str) -> Q:
        try:
            span: Span = span_of(value)
        except Unreadable as error:
            raise ValidationError(str(error), "moment") from None
        begin = Q(at__gte=span.begin) if span.begin else Q()
        return begin & (Q(at__lt=span.end) if span.end else Q())


class TextFilter(ValuesFilter):
    """Words in the reason, or in the name of what it happened to."""

    together = staticmethod(and_)

    def condition_of(self, value: str) -> Q:
        if "\0" in value:
            raise ValidationError("A character that cannot be printed stands here.", "text")
        return Q(reason__icontains=value) | (Q(subject_name__icontains=value) & NOT_A_PERSON)


class ActorFilter(ValuesFilter):
    """Who acted, as the viewer is told."""

    def condition_of(self, value: str) -> Q:
        said = _said(value)
        told = TOLD.fullmatch(said)
        condition = self._as_told(said, told) if told else self._by_revealed_name(said)
        if condition is None:
            raise ValidationError(
                f"Nobody is told here as {value}. Write role and number as they stand on the trail, such as"
                ' actor:"Reviewer 3"; a name is known only once it was revealed to you.',
                "actor",
            )
        return condition

    def stretches_of(self, values: list[str]) -> list[Q]:
        # A number is somebody else's in each project.
        return [self.condition_of(value) for value in values] if len(self.parent.projects) == 1 else []

    def _as_told(self, said: str, told: re.Match[str]) -> Q | None:
        if told["person"]:
            return Q(attributed_to=int(told["person"]))
        if told["role"]:
            return self._by_number(told["role"], int(told["number"]))
        if said == "me":
            return Q(actor=self.parent.viewer.pk, attributed_to=None)
        return Q(actor=None, attributed_to=None) & ~Q(event=Event.CHANGE_UNEXPLAINED)

    def _by_number(self, role: str, number: int) -> Q | None:
        pairs = [pair for pair, known in self.parent.pseudonyms.numbers.items() if known == number]
        if not pairs:
            return None
        in_role = Q() if role == "member" else Q(role=role)
        return _any_of(pairs) & in_role & Q(attributed_to=None)

    def _by_revealed_name(self, said: str) -> Q | None:
        pseudonyms = self.parent.pseudonyms
        pairs = [pair for pair, name in pseudonyms.names.items() if name.lower() == said]
        alone = _any_of(pairs) & Q(attributed_to=None) if pairs else None
        if not pseudonyms.revealed:
            return alone
        whoever = Q(actor_name__iexact=said, attributed_to=None) | Q(attributed_to__username__iexact=said)
        return (alone or Q(pk__in=[])) | (Q(project__in=pseudonyms.revealed) & whoever)


def without_names(query: Query) -> Query:
    """The query with pseudonyms as they are, and names left unsaid: as it may stand where others read it."""
    terms = (
        replace(term, value=A_NAME) if term.key == "actor" and not TOLD.fullmatch(_said(term.value)) else term
        for term in query.terms
    )
    return Query(tuple(terms))


def _said(value: str) -> str:
    return " ".join(value.split()).lower()


# How those who acted are told without a name.
TOLD = re.compile(
    r"me|labelop( itself)?|(?P<role>owner|reviewer|annotator|member) (?P<number>\d{1,9})"
    r"|person (?P<person>\d{1,9})( of the imported history)?",
    re.ASCII,
)
A_NAME = "a revealed name"
# SECURITY: what is named after people would answer whether a name exists.
NOT_A_PERSON = ~Q(subject_type__in=NAMED_AFTER_PEOPLE)


def _any_of(pairs: Iterable[tuple[int | None, int | None]]) -> Q:
    projects: dict[int | None, list[int | None]] = {}
    for project, user in pairs:
        projects.setdefault(user, []).append(project)
    return reduce(or_, (Q(actor=user, project__in=found) for user, found in projects.items()))


class EntryFilters(FilterSet):
    """Narrows entries that a viewer may see; `projects` are those of them that can be named, by slug."""

    event = EventFilter(label="event")
    impact = ImpactFilter(label="impact")
    theme = ThemeFilter(label="theme")
    role = RoleFilter(label="role")
    channel = ChannelFilter(label="channel")
    project = ProjectFilter(label="project")
    object = ObjectFilter(label="object")
    actor = ActorFilter(label="actor")
    operation = OperationFilter(label="operation")
    created = CreatedFilter(label="created")
    text = TextFilter(label="text")

    class Meta:
        model = Entry
        fields: ClassVar[list[str]] = []

    def __init__(
        self,
        data: Mapping[str, Any] | None,
        queryset: QuerySet[Entry],
        *,
        viewer: User | AnonymousUser | None = None,
        projects: Mapping[str, int] | None = None,
    ) -> None:
        super().__init__({**(data or {})}, queryset)
        self.viewer = viewer or AnonymousUser()
        self.projects = projects or {}

    @classmethod
    def get_filters(cls) -> dict[str, ValuesFilter]:
        filters = super().get_filters()
        twins = {f"not_{name}": type(one)(label=one.label, exclude=True) for name, one in filters.items()}
        return {**filters, **twins}

    @cached_property
    def pseudonyms(self) -> Pseudonyms:
        return pseudonyms_in(self.projects.values(), self.viewer)

    def narrowed(self) -> QuerySet[Entry]:
        """What fits, or a `ValidationError` by parameter."""
        unknown = sorted(set(self.data) - set(self.filters))
        if unknown:
            raise ValidationError({name: f"The trail cannot be narrowed by {name}." for name in unknown})
        if not self.form.is_valid():
            raise ValidationError(self.form.errors.as_data())
        narrowed: QuerySet[Entry] = self.filter_queryset(self.queryset)
        return narrowed

    def stretches(self) -> tuple[Q, ...]:
        """What leads to the entries that fit: conditions of which each is found along an index, and one must hold."""
        for name in LEADING:
            values = self.data.get(name)
            if values and (found := self.filters[name].stretches_of(values)):
                return tuple(found)
        return (Q(),)


# By what entries are found, where several of these are asked for: the rarest first.
LEADING = ("operation", "object", "actor", "event", "theme", "role", "impact")


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
    return Wrong(str(first.message), term.at, str(term), offered_for(term.key))


def _term_of(query: Query, parameter: str, value: Any) -> Term:
    return next(term for term in query.terms if term.parameter == parameter and term.value == value)


def offered_for(key: str) -> list[str]:
    """The values of a key, where there is a list of them."""
    known = EntryFilters.base_filters.get(key or WORDS)
    return list(known.choices) if isinstance(known, ChoicesFilter) else []
