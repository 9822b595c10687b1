"""Marks made under an earlier definition of their class: told, counted, found, and never touched."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin import site
from django.test import Client

from audit.acting import operation
from labelop.models import Annotation, LabelClass
from labelop.selectors.schema import classes_visible_to, with_outdated_marks
from labelop.services.schema import redefine_class
from labelop.services.work import exclude_item
from tests.cast import what_is_left
from tests.snapshots.stage import Stage, set_the_stage

pytestmark = [pytest.mark.django_db, pytest.mark.stage(set_by=set_the_stage)]


@pytest.fixture
def stage(standing: Stage) -> Stage:
    return standing


def redefine(stage: Stage, label_class: LabelClass | None = None) -> None:
    wanted = label_class or stage.gull
    redefine_class(wanted, definition=f"Edition {wanted.edition + 1}", by=stage.olga, reason="Guideline 2")


def mark_again(mark: Annotation, label_class: LabelClass | None = None) -> None:
    """As the services of the work do: under the edition that its class has now."""
    row = Annotation.objects.get(pk=mark.pk)
    row.label_class = LabelClass.objects.get(pk=(label_class or row.label_class).pk)
    row.edition = row.label_class.edition
    with operation():
        row.save()


def outdated(stage: Stage) -> list[Annotation]:
    return list(Annotation.objects.in_the_dataset().outdated().filter(project=stage.project).order_by("pk"))


def counted(stage: Stage, viewer: Any) -> dict[str, int]:
    return {row.key: row.outdated_marks for row in with_outdated_marks(classes_visible_to(viewer))}


def test_a_redefinition_outdates_the_marks_of_its_class_and_writes_none(stage: Stage) -> None:
    with operation():
        Annotation.objects.filter(pk=stage.marks[0].pk).update(label_class=stage.tern)
    with what_is_left() as left:
        redefine(stage)
    assert left.versions_of(Annotation) == []
    assert outdated(stage) == stage.marks[1:]
    assert [mark.outdated for mark in Annotation.objects.filter(project=stage.project).order_by("pk")] == [
        False,
        True,
        True,
        True,
    ]


def test_marking_again_makes_a_mark_current_until_the_next_redefinition(stage: Stage) -> None:
    redefine(stage)
    mark_again(stage.marks[0])
    assert outdated(stage) == stage.marks[1:]
    redefine(stage, LabelClass.objects.get(pk=stage.gull.pk))
    assert outdated(stage) == stage.marks


def test_a_mark_of_another_class_is_as_current_as_that_class(stage: Stage) -> None:
    redefine(stage, stage.tern)
    mark_again(stage.marks[0], stage.tern)
    assert outdated(stage) == []
    redefine(stage)
    assert outdated(stage) == stage.marks[1:]


def test_what_is_out_of_the_dataset_waits_for_nobody(stage: Stage) -> None:
    redefine(stage)
    exclude_item(stage.items[0], by=stage.olga, reason="Blurred")
    with operation():
        Annotation.objects.filter(pk=stage.marks[1].pk).update(withdrawn=True)
    assert outdated(stage) == stage.marks[2:]
    assert counted(stage, stage.olga) == {"gull": 2, "tern": 0}


def test_each_class_counts_its_own_and_only_for_who_may_see_it(stage: Stage) -> None:
    redefine(stage)
    assert counted(stage, stage.ravi) == {"gull": 4, "tern": 0}
    assert counted(stage, stage.uma) == {}


def test_the_admin_finds_and_counts_them(stage: Stage) -> None:
    redefine(stage)
    mark_again(stage.marks[0])
    client = Client()
    client.force_login(stage.ravi)
    found = client.get("/labelop/annotation/?outdated=true").context["cl"].result_list
    assert {mark.pk for mark in found} == {mark.pk for mark in stage.marks[1:]}
    assert len(client.get("/labelop/annotation/").context["cl"].result_list) == 4
    rows = client.get("/labelop/labelclass/").context["cl"].result_list
    admin: Any = site.get_model_admin(LabelClass)
    assert {row.key: admin.outdated_marks(row) for row in rows} == {"gull": 3, "tern": 0}
    page = client.get(f"/labelop/labelclass/{stage.gull.pk}/change/").content.decode()
    assert "Outdated marks" in page
    assert client.get(f"/labelop/annotation/{stage.marks[1].pk}/change/").status_code == 200


def test_the_filter_shows_nothing_of_other_projects(stage: Stage) -> None:
    redefine(stage)
    client = Client()
    client.force_login(stage.ana)
    assert list(client.get("/labelop/annotation/?outdated=true").context["cl"].result_list) == []
