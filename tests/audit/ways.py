"""A way to change rows, what versions it must leave, and how that is judged.

A way is a generator: what stands before its `yield` builds the scene in an operation of its own, what follows
is the change.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any, NoReturn

from django.contrib.auth.models import Group
from django.db import connection

from audit.acting import operation
from audit.capture import engine_of
from audit.capture.plans import Plan, plans, quoted
from audit.history import project_rule, tracked_models, versions_of
from labelop.models import Project
from roles.models import User
from tests.trackedapp.models import Labelling, Remark, Tag, Thing

_number = count(1)


@dataclass
class Scene:
    """A project of Olga's, and rows in it as they are asked for."""

    project: Project = field(default_factory=lambda: a_project())

    def thing(self, **values: Any) -> Thing:
        return Thing.objects.create(project=self.project, key=f"thing-{next(_number)}", **values)

    def three_things(self) -> list[Thing]:
        return [self.thing() for _ in range(3)]

    def tag(self) -> Tag:
        return Tag.objects.create(project=self.project, name=f"tag-{next(_number)}")

    def tagged_thing(self) -> tuple[Thing, list[Tag]]:
        """A thing that carries the first two of three tags."""
        thing, tags = self.thing(), [self.tag() for _ in range(3)]
        thing.tags.add(*tags[:2])
        return thing, tags

    def labelling(self, thing: Thing, tag: Tag) -> Labelling:
        return Labelling.objects.create(project=self.project, thing=thing, tag=tag)

    def remark(self, thing: Thing | None = None, **values: Any) -> Remark:
        return Remark.objects.create(project=self.project, thing=thing, **values)


def fail_after(change: Callable[[], object]) -> NoReturn:
    change()
    raise ZeroDivisionError


def a_project() -> Project:
    number = next(_number)
    return Project.objects.create(slug=f"olgas-project-{number}", name=f"Olga's project {number}")


def a_user(name: str = "ana") -> User:
    return User.objects.create(username=f"{name}-{next(_number)}")


def a_group() -> Group:
    return Group.objects.create(name=f"group-{next(_number)}")


@dataclass(frozen=True)
class Way:
    change: Callable[[Scene], Iterator[None]]
    expected: dict[str, str]
    engine: str | None

    @property
    def name(self) -> str:
        return self.change.__name__


class Ways(list[Way]):
    """The rows of the table; used as a decorator that names the versions each way must leave."""

    def __call__(self, engine: str | None = None, **expected: str) -> Callable:
        def add(change: Callable[[Scene], Iterator[None]]) -> Callable[[Scene], Iterator[None]]:
            self.append(Way(change, expected, engine))
            return change

        return add

    def here(self) -> list[Way]:
        """Those that the engine of this run knows."""
        return [way for way in self if way.engine in (None, connection.vendor)]


def assert_leaves_the_right_versions(way: Way) -> None:
    """Exactly the expected versions, true to the database, of one operation, each in its project."""
    with operation():
        change = way.change(Scene())
        next(change)
    before = newest_version_ids()
    with operation() as act:
        for _ in change:
            raise AssertionError("A way yields once.")
    written = versions_since(before)
    kinds = {name: "".join(version.history_type for version in versions) for name, versions in written.items()}
    assert {name: Counter(kind) for name, kind in kinds.items()} == {
        name: Counter(kind) for name, kind in way.expected.items()
    }
    assert {version.operation for versions in written.values() for version in versions} <= {act.operation}
    assert_versions_equal_rows()
    assert_each_version_has_its_project(written)


def newest_version_ids() -> dict[type, int]:
    return {
        model: versions_of(model)._base_manager.order_by("-history_id").values_list("pk", flat=True).first() or 0
        for model in tracked_models()
    }


def versions_since(before: dict[type, int]) -> dict[str, list[Any]]:
    """The versions written since, by the name of their model; models without any are left out."""
    written = {
        model._meta.object_name: list(
            versions_of(model)._base_manager.filter(history_id__gt=before[model]).order_by("history_id")
        )
        for model in tracked_models()
    }
    return {str(name): versions for name, versions in written.items() if versions}


def assert_versions_equal_rows() -> None:
    """Of every tracked table: the rows are the newest versions that are no deletions, byte for byte."""
    for plan in plans(engine_of(connection).columns_of(connection)):
        rows, versions = _rows_of(plan), _newest_versions_of(plan)
        for these, those in ((rows, versions), (versions, rows)):
            with connection.cursor() as cursor:
                cursor.execute(f"{these} EXCEPT {those}")
                assert not cursor.fetchall(), plan.table


def assert_each_version_has_its_project(written: dict[str, list[Any]]) -> None:
    in_projects = {model._meta.object_name for model in tracked_models() if project_rule(model) is not None}
    for name, versions in written.items():
        without = [version for version in versions if version.project_id is None]
        assert bool(without) == (name not in in_projects), name


def _rows_of(plan: Plan) -> str:
    return f"SELECT {_columns_of(plan)} FROM {quoted(plan.table)}"


def _newest_versions_of(plan: Plan) -> str:
    versions, pk = quoted(plan.versions), quoted(plan.pk)
    return (
        f"SELECT {_columns_of(plan)} FROM {versions} v WHERE history_type <> '-' AND NOT EXISTS"
        f" (SELECT 1 FROM {versions} w WHERE w.{pk} = v.{pk} AND w.history_id > v.history_id)"
    )


def _columns_of(plan: Plan) -> str:
    # As text, since jsonb 1.0 equals 1.00.
    as_text = "::text" if connection.vendor == "postgresql" else ""
    return ", ".join(f"{quoted(column)}{as_text}" for column in plan.columns)
