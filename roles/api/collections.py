"""Collections: the rows of one model that a viewer may see, one of them, its versions, and the acts on it.

To open a model to the API, describe its rows in a `Row`, and add a `Collection` to the floor's `COLLECTIONS`. Acts are
not described here: they are those of the admin, and a form that is offered there is an endpoint.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from audit.canonical import canonical_json, sha256_hex
from audit.models import Entry

from ..filters import ChoicesFilter, StrictFilterSet
from ..forms import ActForm
from ..models import User
from ..selectors import entries_visible_to
from .described import Described, Page
from .problems import Malformed
from .rows import Row
from .views import PAGED, ApiView, Parameter

ETAG_DIGITS = 32


@dataclass(frozen=True)
class Collection:
    """`noun` stands in the address, `about` in the description; acts are the forms of the admin."""

    noun: str
    about: str
    serializer: type[Row]
    visible_to: Callable[[User], QuerySet[Any]]
    acts: tuple[type[ActForm], ...] = ()
    list_acts: tuple[type[ActForm], ...] = ()
    filters: type[StrictFilterSet] = StrictFilterSet
    lookup: str = "pk"
    versions: bool = True
    entries_visible_to: Callable[[User], QuerySet[Entry]] = entries_visible_to

    @property
    def model(self) -> type[Model]:
        model: type[Model] = self.serializer.Meta.model
        return model

    def row_or_404(self, viewer: User, value: Any) -> Any:
        return get_object_or_404(self.visible_to(viewer), **{self.lookup: value})

    def told(self, row: Any, request: Request) -> dict[str, Any]:
        return dict(self.serializer(row, context={"request": request}).data)


class CollectionView(ApiView):
    """A view of a collection."""

    collection: Collection

    @property
    def tag(self) -> str:  # type: ignore[override]
        return self.collection.noun

    def row(self) -> Any:
        return self.collection.row_or_404(self.viewer, self.kwargs["row"])


class RowsView(CollectionView):
    """The rows of a collection, newest first, in pages without a count."""

    def known_parameters(self) -> dict[str, Parameter]:
        filters = self.collection.filters.base_filters
        return {**{name: _parameter(one) for name, one in filters.items()}, **PAGED}

    def get(self, request: Request) -> Response:
        narrowing = self._narrowing()
        page = self.page_of(self._narrowed(narrowing), narrowing.whole_projects)
        rows = self.collection.serializer(page.rows, many=True, context={"request": request}).data
        return Response({"results": rows, "next": self.next_of(page.older_than)})

    def described(self, method: str) -> Described:
        noun = self.collection.noun
        answer = Page(self.collection.serializer)
        return Described(f"list_{_word(noun)}", f"List {noun}", self.collection.about, answer)

    def _narrowing(self) -> StrictFilterSet:
        """The filters of the list in the admin, with what is asked for here."""
        known = self.collection.filters.base_filters
        asked = {name: values for name, values in self.request.GET.lists() if name in known}
        return self.collection.filters(asked, self.collection.visible_to(self.viewer), viewer=self.viewer)

    def _narrowed(self, narrowing: StrictFilterSet) -> QuerySet[Any]:
        try:
            return narrowing.narrowed()
        except ValidationError as error:
            wrong = [
                {"parameter": name, "detail": text} for name, texts in error.message_dict.items() for text in texts
            ]
            raise Malformed("The list cannot be narrowed so.", wrong) from None


class RowView(CollectionView):
    """One row, with an `ETag` of what is told of it."""

    def get(self, request: Request, row: Any) -> Response:
        told = self.collection.told(self.row(), request)
        etag = etag_of(told)
        if request.headers.get("If-None-Match") == etag:
            return Response(status=HTTPStatus.NOT_MODIFIED, headers={"ETag": etag})
        return Response(told, headers={"ETag": etag})

    def described(self, method: str) -> Described:
        called = str(self.collection.model._meta.verbose_name)
        return Described(
            f"read_{_word(called)}",
            f"Read one {called}",
            self.collection.about,
            self.collection.serializer,
            headers={"If-None-Match": "An `ETag`: 304 is answered where it still holds."},
        )


def _word(noun: str) -> str:
    return noun.replace("-", "_").replace(" ", "_")


def _parameter(known: Any) -> Parameter:
    """One filter as a parameter that may stand several times."""
    schema: dict[str, Any] = {"type": "string"}
    if isinstance(known, ChoicesFilter):
        schema["enum"] = list(known.choices)
    return Parameter(f"{str(known.wants).capitalize()}.", schema, many=True)


def etag_of(told: dict[str, Any]) -> str:
    return f'"{sha256_hex(canonical_json(_plain(told)))[:ETAG_DIGITS]}"'


def _plain(value: Any) -> Any:
    """As canonical JSON takes it: moments and numbers with a fraction as they are written."""
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value if value is None or isinstance(value, str | int | bool) else str(value)
