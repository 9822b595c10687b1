"""Whatever happened before a snapshot and after it, restoring everything leads back to its content."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from audit.acting import operation
from audit.history import versions_of
from labelop.models import Annotation, Item, LabelClass
from snapshots.content import SECTIONS, State
from snapshots.models import Snapshot
from snapshots.restore import preview_restore
from snapshots.scopes import Everything
from snapshots.services.restore import restore

from .stage import Stage, by_hand, set_the_stage

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("unexplained_changes_are_recorded")]

KINDS = (
    *("relabel", "move", "toggle mark", "add mark", "by hand", "give away"),
    *("split", "toggle item", "add item", "add class", "rename class", "toggle class"),
)
Edit = tuple[str, int, int]
edits = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 9), st.integers(0, 9)), max_size=12)


@pytest.fixture
def stage() -> Stage:
    return set_the_stage(photos=3)


def edit(stage: Stage, kind: str, which: int, value: int) -> None:
    """One change of one row, by an act of somebody or by hand."""
    if kind == "by hand":
        by_hand(_any(Annotation, stage, which), value={"box": [value]})
        return
    with operation(by=stage.ravi if value % 2 else stage.ana):
        _EDITS[kind](stage, which, value)


def _any(model: type[Any], stage: Stage, which: int) -> Any:
    rows = model.objects.filter(project=stage.project).order_by("id")
    return rows[which % rows.count()]


def _set(model: type[Any], stage: Stage, which: int, **columns: Any) -> None:
    row = _any(model, stage, which)
    model.objects.filter(pk=row.pk).update(
        **{name: value(row) if callable(value) else value for name, value in columns.items()}
    )


_EDITS: dict[str, Any] = {
    "relabel": lambda stage, which, value: _set(
        Annotation, stage, which, label_class=_any(LabelClass, stage, value), edition=1 + value
    ),
    "move": lambda stage, which, value: _set(Annotation, stage, which, value={"box": [value, value % 2 == 0]}),
    "toggle mark": lambda stage, which, value: _set(Annotation, stage, which, withdrawn=lambda row: not row.withdrawn),
    "give away": lambda stage, which, value: _set(Annotation, stage, which, author=stage.ravi, origin="reviewer_fix"),
    "add mark": lambda stage, which, value: Annotation.objects.create(
        project=stage.project,
        item=_any(Item, stage, which),
        key=f"k{Annotation.objects.count()}",
        label_class=_any(LabelClass, stage, value),
    ),
    "split": lambda stage, which, value: _set(Item, stage, which, split=f"s{value}", data={"uri": value}),
    "toggle item": lambda stage, which, value: _set(Item, stage, which, excluded=lambda row: not row.excluded),
    "add item": lambda stage, which, value: Item.objects.create(
        project=stage.project, key=f"new-{Item.objects.count()}", metadata={"n": value}
    ),
    "add class": lambda stage, which, value: LabelClass.objects.create(
        project=stage.project, key=f"c{LabelClass.objects.count()}", name=f"Class {value}"
    ),
    "rename class": lambda stage, which, value: _set(LabelClass, stage, which, name=f"N{value}", edition=value + 1),
    "toggle class": lambda stage, which, value: _set(
        LabelClass, stage, which, deprecated=lambda row: not row.deprecated
    ),
}


def _versions() -> dict[str, dict[int, Any]]:
    """Every version there is, whole."""
    return {
        section: versions_of(SECTIONS[section])._base_manager.in_bulk()
        for section in ("items", "annotations", "schema")
    }


def _schema(snapshot: Snapshot) -> dict[str, dict[str, Any]]:
    return {one.key: one.content for one in State(snapshot.project_id, snapshot.cut).records("schema")}


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(before=edits, after=edits)
@example(before=[("toggle mark", 0, 0)], after=[("toggle mark", 0, 0), ("toggle item", 0, 0)])
@example(before=[("toggle item", 0, 0)], after=[("toggle item", 0, 0), ("add mark", 0, 0), ("by hand", 0, 7)])
@example(before=[], after=[("add class", 0, 0), ("relabel", 0, 2), ("rename class", 0, 1), ("toggle item", 1, 0)])
def test_everything_goes_back_and_versions_only_grow(stage: Stage, before: list[Edit], after: list[Edit]) -> None:
    with transaction.atomic():
        for one in before:
            edit(stage, *one)
        target = stage.snapshot("target")
        for one in after:
            edit(stage, *one)
        newer = _versions()
        if preview_restore(stage.project, target, Everything()).records:
            restore(stage.project, target, Everything(), by=stage.olga, reason="Back")
        reached = stage.snapshot("reached")
        for section in ("items", "annotations"):
            assert reached.sealed("sections")[section] == target.sealed("sections")[section], section
        then, now = _schema(target), _schema(reached)
        assert {key: now[key] for key in then} == then
        assert all(now[key]["deprecated"] for key in now.keys() - then.keys())
        if now.keys() == then.keys():
            assert reached.content_hash == target.content_hash
        for section, versions in _versions().items():
            assert {pk: versions[pk] for pk in newer[section]} == newer[section]
            assert len(versions) >= len(newer[section])
        assert preview_restore(stage.project, target, Everything()).records == 0
        transaction.set_rollback(True)
