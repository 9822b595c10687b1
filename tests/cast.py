"""The cast: Olga owns, Ravi reviews, Ana annotates, Uma is from elsewhere, and root is a superuser."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import psycopg
from django.db import connection

from audit.history import tracked_models, versions_of
from audit.models import Entry
from labelop.models import Annotation, Item, LabelClass, Project
from labelop.services.projects import create_project
from labelop.services.schema import add_class
from labelop.services.work import add_item
from roles.matrix import Role
from roles.models import Membership, User
from roles.services import create_account, grant_role, grant_superuser
from tests.marks import brought_in

PASSWORD = "a long sentence nobody guesses"


@dataclass(frozen=True)
class Cast:
    """One project with its team, one class, one item and Ana's annotation on it; Uma owns another project."""

    olga: User
    ravi: User
    ana: User
    uma: User
    root: User
    project: Project
    elsewhere: Project
    label_class: LabelClass
    item: Item
    annotation: Annotation

    def membership_of(self, user: User) -> Membership:
        return Membership.objects.get(project=self.project, user=user, ended_at=None)


def assemble() -> Cast:
    """Bring everybody on stage, by the services that would do it in life."""
    root = person("root")
    grant_superuser(root, by=None, reason="Runs the site")
    olga, ravi, ana, uma = person("olga"), person("ravi"), person("ana"), person("uma")
    project = create_project("birds", "Birds", by=root, owner=olga)
    grant_role(project, ravi, Role.REVIEWER, by=olga, reason="Knows birds")
    grant_role(project, ana, Role.ANNOTATOR, by=olga, reason="Joined the team")
    elsewhere = create_project("ships", "Ships", by=root, owner=uma)
    label_class = add_class(project, "gull", "Gull", by=olga)
    item = add_item(project, "photo-1", {"uri": "photo-1.jpg"}, by=olga)
    annotation = brought_in(item, label_class, {"box": [1, 2, 3, 4]}, by=ana)
    return Cast(
        User.objects.get(pk=olga.pk),
        User.objects.get(pk=ravi.pk),
        User.objects.get(pk=ana.pk),
        User.objects.get(pk=uma.pk),
        User.objects.get(pk=root.pk),
        project,
        elsewhere,
        label_class,
        item,
        annotation,
    )


def person(name: str) -> User:
    return create_account(name, PASSWORD, by=None)


@dataclass
class Left:
    """What an act has left behind: its entries, and the versions the database wrote."""

    entries: list[Entry] = field(default_factory=list)
    versions: list[Any] = field(default_factory=list)

    @property
    def events(self) -> list[str]:
        return [entry.event for entry in self.entries]

    @property
    def entry(self) -> Entry:
        """The only entry there is."""
        (entry,) = self.entries
        return entry

    @property
    def operations(self) -> set[uuid.UUID]:
        return {version.operation for version in self.versions} | {entry.operation for entry in self.entries}

    def versions_of(self, model: type) -> list[Any]:
        return [version for version in self.versions if version.instance_type is model]


@contextmanager
def what_is_left() -> Iterator[Left]:
    """Watch what the acts inside leave behind; it is filled in when they have ended."""
    left = Left()
    entry_before, versions_before = _newest()
    yield left
    entry_after, versions_after = _newest()
    if entry_after != entry_before:
        left.entries.extend(Entry.objects.filter(id__gt=entry_before).order_by("id"))
    for model, before in versions_before.items():
        if versions_after[model] != before:
            versions = versions_of(model)._base_manager.filter(history_id__gt=before)
            left.versions.extend(versions.order_by("history_id"))


def _newest() -> tuple[int, dict[type, int]]:
    """The id of the newest entry, and of the newest version of each model; asked at once, for most left nothing."""
    entry, *versions = (newest or 0 for newest in _answer_to(_ask_for_the_newest()))
    return entry, dict(zip(tracked_models(), versions, strict=True))


def _answer_to(query: str) -> Any:
    """The only row. PostgreSQL keeps its plan, which takes it several times as long to make as to follow."""
    if connection.vendor == "postgresql":
        connection.ensure_connection()
        with psycopg.Cursor(connection.connection) as cursor:
            return cursor.execute(query, prepare=True).fetchone()
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone()


@cache
def _ask_for_the_newest() -> str:
    columns = [Entry._meta.pk, *(versions_of(model)._meta.pk for model in tracked_models())]
    return "SELECT " + ", ".join(f'(SELECT max("{of.column}") FROM "{of.model._meta.db_table}")' for of in columns)
