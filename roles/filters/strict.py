"""What all filter sets share: several values for each parameter, and nothing but the parameters there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from operator import or_
from typing import Any, ClassVar

from django import forms
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.utils.datastructures import MultiValueDict
from django.utils.functional import cached_property
from django_filters import Filter, FilterSet

from ..models import User
from ..selectors import latest_roles_in, projects_by_slug
from ..telling import Pseudonyms, pseudonyms_in

# SQLite takes no condition that is much deeper than this.
MOST_VALUES = 100


class ValuesField(forms.Field):
    """Several values, each of which its filter turns into a condition."""

    widget = forms.MultipleHiddenInput

    def __init__(self, condition_of: Any, **options: Any) -> None:
        super().__init__(**options)
        self.condition_of = condition_of

    def clean(self, value: Any) -> list[Q]:
        if isinstance(value, str) or not isinstance(value or [], Iterable):
            raise ValidationError("A list of values is wanted.", params={"value": value})
        values = list(dict.fromkeys(str(one) for one in value or []))
        if len(values) > MOST_VALUES:
            raise ValidationError(f"At most {MOST_VALUES} values are taken.", params={"value": values[-1]})
        conditions, errors = [], []
        for one in values:
            try:
                conditions.append(self._condition(one))
            except ValidationError as error:
                # What was written may hold a %, which a message would take for a place to fill.
                errors.append(ValidationError("%(said)s", error.code, {"said": error.message, "value": one}))
        if errors:
            raise ValidationError(errors)
        return conditions

    def _condition(self, value: str) -> Q:
        if "\0" in value:
            raise ValidationError("A character that cannot be printed stands here.", "text")
        condition: Q = self.condition_of(value)
        return condition


class ValuesFilter(Filter):
    """Alternatives, of which one must fit; a subclass says in `condition_of` what a value finds.

    `wants` says what may be written.
    """

    field_class = ValuesField
    together: ClassVar[Any] = staticmethod(or_)
    wants: str = ""
    parent: StrictFilterSet

    def condition_of(self, value: str) -> Q:
        raise NotImplementedError

    @property
    def field(self) -> ValuesField:
        return ValuesField(self.condition_of, required=False)

    def filter(self, qs: QuerySet[Any], value: list[Q]) -> QuerySet[Any]:
        if not value:
            return qs
        return qs.exclude(reduce(or_, value)) if self.exclude else qs.filter(reduce(self.together, value))


class StrictFilterSet(FilterSet):
    """Narrows rows that a viewer may see; `projects` are those of them that can be named, by slug.

    Each parameter has several values, which are alternatives; different parameters hold together.
    """

    # What is narrowed, in a sentence about it.
    of: ClassVar[str] = "This list"

    def __init__(
        self,
        data: Mapping[str, Any] | None,
        queryset: QuerySet[Any],
        *,
        viewer: User | AnonymousUser | None = None,
        projects: Mapping[str, int] | None = None,
    ) -> None:
        super().__init__(dict(data.lists()) if isinstance(data, MultiValueDict) else {**(data or {})}, queryset)
        self.viewer = viewer or AnonymousUser()
        self._projects = projects

    @classmethod
    def get_filters(cls) -> dict[str, ValuesFilter]:
        filters: dict[str, ValuesFilter] = super().get_filters()
        for name, one in filters.items():
            one.label = name.replace("_", " ")
        return filters

    @cached_property
    def projects(self) -> Mapping[str, int]:
        return projects_by_slug(self.viewer) if self._projects is None else self._projects

    @property
    def whole_projects(self) -> Sequence[int]:
        """The projects of which the viewer sees every row, where that is all they see; a long list is read by them."""
        return ()

    @cached_property
    def pseudonyms(self) -> Pseudonyms:
        return pseudonyms_in(self.projects.values(), self.viewer)

    @cached_property
    def roles(self) -> dict[tuple[int, int], str]:
        """The role in which each member is told where they did not act."""
        return latest_roles_in(self.projects.values())

    def narrowed(self) -> QuerySet[Any, Any]:
        """What fits, or a `ValidationError` by parameter."""
        unknown = sorted(set(self.data) - set(self.filters))
        if unknown:
            raise ValidationError({name: f"{self.of} cannot be narrowed by {name}." for name in unknown})
        if not self.form.is_valid():
            raise ValidationError(self.form.errors.as_data())
        narrowed: QuerySet[Model] = self.filter_queryset(self.queryset)
        return narrowed
