"""The addresses of collections: `<noun>/`, `<noun>/<row>/`, `<noun>/<row>/versions/` and `<noun>/<row>/<act>/`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.urls import URLPattern, path

from .acts import ActView, BeginView, RowsOrCreateView
from .collections import Collection, CollectionView, RowsView, RowView
from .versions import VersionsView

CREATE = "create"


def routes_of(collections: Iterable[Collection]) -> list[URLPattern]:
    """Every address of every collection."""
    known = {collection.model: collection for collection in collections}
    return [route for collection in known.values() for route in _routes(collection, known)]


def _routes(collection: Collection, known: dict[type, Collection]) -> Iterator[URLPattern]:
    noun, row = collection.noun, f"<{'slug' if collection.lookup == 'slug' else 'int'}:row>"
    begun = {form.name.replace("_", "-"): form for form in collection.list_acts}
    creating = begun.pop(CREATE, None)
    if creating is None:
        yield path(f"{noun}/", view_of(RowsView, collection=collection), name=noun)
    else:
        rows = view_of(RowsOrCreateView, collection=collection, collections=known, form_class=creating)
        yield path(f"{noun}/", rows, name=noun)
    for name, form in begun.items():
        view = view_of(BeginView, collection=collection, collections=known, form_class=form)
        yield path(f"{noun}/{name}/", view, name=f"{noun}.{name}")
    # A row is found by the name of its model, wherever its address is told.
    yield path(f"{noun}/{row}/", view_of(RowView, collection=collection), name=collection.model._meta.label_lower)
    if collection.versions:
        yield path(f"{noun}/{row}/versions/", view_of(VersionsView, collection=collection), name=f"{noun}/versions")
    for form in collection.acts:
        name = form.name.replace("_", "-")
        view = view_of(ActView, collection=collection, collections=known, form_class=form)
        yield path(f"{noun}/{row}/{name}/", view, name=f"{noun}/{name}")


def view_of(view: type[CollectionView], **what: Any) -> Any:
    """A view of one collection: a class of its own, named after it."""
    noun = what["collection"].model.__name__
    made: Any = type(f"{noun}{view.__name__}", (view,), {"__doc__": view.__doc__, **what})
    return made.as_view()
