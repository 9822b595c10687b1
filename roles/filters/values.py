"""The kinds of filters of which the filter sets of all floors are made."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from operator import and_
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db.models import Choices, IntegerChoices, Q, QuerySet

from audit.moments import Unreadable, span_of

from ..models import User
from .strict import ValuesFilter


class ChoicesFilter(ValuesFilter):
    """Some of a vocabulary, each value with what it finds."""

    wants = "one of its values"

    @property
    def choices(self) -> Mapping[str, Q]:
        raise NotImplementedError

    def condition_of(self, value: str) -> Q:
        if value.lower() not in self.choices:
            raise ValidationError(f"There is no {self.label} {value}.", "choice")
        return self.choices[value.lower()]

    def told(self, value: str) -> str:
        """A value as a page says it."""
        return value


class VocabularyFilter(ChoicesFilter):
    """A column that holds one of a vocabulary. Numbers are asked for by their names, in lower case."""

    def __init__(self, vocabulary: type[Choices], **options: Any) -> None:
        super().__init__(**options)
        by_name = issubclass(vocabulary, IntegerChoices)
        self.vocabulary = {one.name.lower() if by_name else str(one.value): one for one in vocabulary}

    @property
    def choices(self) -> dict[str, Q]:
        return {value: Q(**{self.field_name: one.value}) for value, one in self.vocabulary.items()}

    def told(self, value: str) -> str:
        return str(self.vocabulary[value].label)


class FlagFilter(ChoicesFilter):
    """Whether something holds: a column's own truth, or what `when` finds."""

    wants = "true or false"

    def __init__(self, when: Callable[[], Q] | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.when = when

    @property
    def choices(self) -> dict[str, Q]:
        holds = self.when() if self.when else Q(**{self.field_name: True})
        return {"true": holds, "false": ~holds}

    def told(self, value: str) -> str:
        return {"true": "Yes", "false": "No"}[value]


class ProjectFilter(ValuesFilter):
    """One of the viewer's projects; of any other nothing is said, not even that it exists."""

    wants = "the project, as in its address"

    def condition_of(self, value: str) -> Q:
        if value not in self.parent.projects:
            raise ValidationError(f"There is no project {value} here.", "choice")
        return Q(**{self.field_name: self.parent.projects[value]})


class RowFilter(ValuesFilter):
    """What belongs to a row that is named by one of its columns, among those that this viewer may see.

    Of any other row nothing is said, not even that it exists.
    """

    def __init__(
        self, rows: Callable[[User | AnonymousUser], QuerySet[Any]], by: str, *, wants: str, **options: Any
    ) -> None:
        super().__init__(**options)
        self.rows = rows
        self.by = by
        self.wants = wants

    def condition_of(self, value: str) -> Q:
        of_a_number = self.by == "pk"
        if of_a_number and not (value.isascii() and value.isdigit() and len(value) < 19):
            raise ValidationError(f"{self.label} wants a number, not {value}.", "number")
        named = self.rows(self.parent.viewer).filter(**{self.by: value})
        pks = list(named.order_by().values_list("pk", flat=True))
        if not pks:
            raise ValidationError(f"There is no {self.label} {value} here.", "choice")
        return Q(**{f"{self.field_name}__in": pks})


class NameFilter(ValuesFilter):
    """A name or key exactly as it is; a star at the end finds all that begin so, in small letters or large."""

    wants = "as it is; a * at the end finds what begins so"

    def condition_of(self, value: str) -> Q:
        begins = value.endswith("*")
        return Q(**{f"{self.field_name}__istartswith" if begins else self.field_name: value.removesuffix("*")})


class NumberFilter(ValuesFilter):
    """A small number, such as a round."""

    wants = "a number"

    def condition_of(self, value: str) -> Q:
        if not (value.isascii() and value.isdigit() and len(value) < 5):
            raise ValidationError(f"{self.label} wants a number, not {value}.", "number")
        return Q(**{self.field_name: int(value)})


class OperationFilter(ValuesFilter):
    """The number of an act."""

    wants = "the number of one act"

    def condition_of(self, value: str) -> Q:
        try:
            return Q(**{self.field_name: uuid.UUID(value)})
        except ValueError:
            raise ValidationError(f"{self.label} wants the number of an act, not {value}.", "operation") from None


class SpanFilter(ValuesFilter):
    """When: a day or a moment, a comparison with one, or a range; of several all must fit."""

    together = staticmethod(and_)
    wants = "a day or a moment (UTC), >= or < one, or a range: 2026-10-01..2026-10-07"

    def condition_of(self, value: str) -> Q:
        try:
            span = span_of(value)
        except Unreadable as error:
            raise ValidationError(str(error), "moment") from None
        begin = Q(**{f"{self.field_name}__gte": self.bound(span.begin)}) if span.begin else Q()
        return begin & (Q(**{f"{self.field_name}__lt": self.bound(span.end)}) if span.end else Q())

    def bound(self, moment: Any) -> Any:
        return moment


class DaySpanFilter(SpanFilter):
    """On which days."""

    wants = "a day, >= or < one, or a range: 2026-10-01..2026-10-07"

    def bound(self, moment: Any) -> Any:
        if moment.time() != moment.min.time():
            raise ValidationError(f"{self.label} wants days, not moments: write 2026-10-01.", "moment")
        return moment.date()
