"""The ways to change a row that make sense on LabelOp's own models, roles and permissions among them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from django.contrib.auth.models import Permission
from django.db import connection, models
from django.db.models import F
from django.utils import timezone
from guardian.shortcuts import assign_perm, remove_perm

from labelop.models import Annotation, Item, LabelClass, Project
from roles.models import Membership, User

from .ways import Scene, Way, Ways, a_group, a_project, a_user, assert_leaves_the_right_versions

way = Ways()


def a_class(scene: Scene) -> LabelClass:
    number = LabelClass.objects.count()
    return LabelClass.objects.create(project=scene.project, key=f"class-{number}", name="Pothole")


def an_item(scene: Scene) -> Item:
    number = Item.objects.count()
    return Item.objects.create(project=scene.project, key=f"item-{number}", data={"text": "ü", "size": 1.5})


def an_annotation(scene: Scene) -> Annotation:
    return Annotation.objects.create(
        project=scene.project,
        item=an_item(scene),
        key="1",
        label_class=a_class(scene),
        value={"box": [0.1, 2]},
    )


def a_membership(scene: Scene) -> Membership:
    return Membership.objects.create(project=scene.project, user=a_user(), role="annotator", reason="Joined.")


# Each model: how to make a row, and two fields to change with a new value each.
MODELS: dict[str, tuple[Callable[[Scene], models.Model], dict[str, Any]]] = {
    "Project": (lambda scene: scene.project, {"name": "Renamed", "sample_percent": 7}),
    "LabelClass": (a_class, {"definition": "A hole.", "high_risk": True}),
    "Item": (an_item, {"data": {"text": "new", "size": 0.1}, "excluded": True}),
    "Annotation": (an_annotation, {"value": {"box": [1, 2.25]}, "withdrawn": True}),
    "Membership": (a_membership, {"role": "reviewer", "ended_at": timezone.now()}),
    "User": (lambda scene: a_user(), {"first_name": "Ana", "is_active": False}),
    "Group": (lambda scene: a_group(), {"name": "renamed"}),
}


def on_every_model() -> list[Way]:
    ways = []
    for name, (make, values) in MODELS.items():
        for change, expected in (
            (_create, "+"),
            (_save, "~"),
            (_save_without_a_change, ""),
            (_update, "~"),
            (_bulk_update, "~"),
            (_sql_update, "~"),
            (_sql_delete, "-"),
        ):
            ways.append(_named(f"{name}{change.__name__}", change, make, values, {name: expected}))
    return ways


def _named(name: str, change: Callable, make: Callable, values: dict, expected: dict[str, str]) -> Way:
    def change_a_row(scene: Scene) -> Iterator[None]:
        return change(scene, make, values)  # type: ignore[no-any-return]

    change_a_row.__name__ = name
    return Way(change_a_row, {model: kinds for model, kinds in expected.items() if kinds}, None)


def _create(scene: Scene, make: Callable, values: dict[str, Any]) -> Iterator[None]:
    row = make(scene)
    copied = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    type(row)._base_manager.filter(pk=row.pk)._raw_delete("default")
    yield
    type(row)(**copied).save(force_insert=True)


def _save(scene: Scene, make: Callable, values: dict[str, Any]) -> Iterator[None]:
    row = make(scene)
    yield
    for name, value in values.items():
        setattr(row, name, value)
    row.save()


def _save_without_a_change(scene: Scene, make: Callable, values: dict[str, Any]) -> Iterator[None]:
    row = make(scene)
    yield
    type(row)._base_manager.get(pk=row.pk).save()


def _update(scene: Scene, make: Callable, values: dict[str, Any]) -> Iterator[None]:
    row = make(scene)
    yield
    type(row)._base_manager.filter(pk=row.pk).update(**values)


def _bulk_update(scene: Scene, make: Callable, values: dict[str, Any]) -> Iterator[None]:
    row = make(scene)
    yield
    for name, value in values.items():
        setattr(row, name, value)
    type(row)._base_manager.bulk_update([row], list(values))


def _sql_update(scene: Scene, make: Callable, values: dict[str, Any]) -> Iterator[None]:
    row = make(scene)
    text = {"Membership": "reason", "Annotation": "origin", "Item": "split", "User": "email"}
    column = text.get(row._meta.object_name, "name")
    yield
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {row._meta.db_table} SET {column} = 'raw' WHERE id = %s", [row.pk])


def _sql_delete(scene: Scene, make: Callable, values: dict[str, Any]) -> Iterator[None]:
    row = make(scene)
    yield
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {row._meta.db_table} WHERE id = %s", [row.pk])


# Items and annotations in bulk


@way(Item="++~")
def upsert_items(scene: Scene) -> Iterator[None]:
    Item.objects.create(project=scene.project, key="a")
    yield
    Item.objects.bulk_create(
        [Item(project=scene.project, key=key, split="train") for key in "abc"],
        update_conflicts=True,
        unique_fields=["project", "key"],
        update_fields=["split"],
    )


@way(Annotation="~~")
def withdraw_the_annotations_of_a_class(scene: Scene) -> Iterator[None]:
    first = an_annotation(scene)
    Annotation.objects.create(project=scene.project, item=first.item, key="2", label_class=first.label_class, value={})
    yield
    first.label_class.annotations.update(withdrawn=True)


@way(Annotation="+++")
def create_annotations_in_bulk(scene: Scene) -> Iterator[None]:
    item, pothole = an_item(scene), a_class(scene)
    yield
    Annotation.objects.bulk_create(
        [Annotation(project=scene.project, item=item, key=key, label_class=pothole) for key in "123"]
    )


@way(Item="-+")
def move_an_item_without_annotations(scene: Scene) -> Iterator[None]:
    item, other = an_item(scene), a_project()
    yield
    Item.objects.filter(pk=item.pk).update(project=other)


# People


@way()
def log_in_and_change_a_password(scene: Scene) -> Iterator[None]:
    ana = a_user()
    yield
    ana.set_password("a long and secret password")
    ana.save()
    User.objects.filter(pk=ana.pk).update(last_login=timezone.now())


@way(User_groups="+-")
def join_and_leave_a_group(scene: Scene) -> Iterator[None]:
    ana, group = a_user(), a_group()
    yield
    ana.groups.add(group)
    group.user_set.remove(ana)


@way(User_user_permissions="+", Group_permissions="+")
def give_permissions_the_django_way(scene: Scene) -> Iterator[None]:
    ana, group, permission = a_user(), a_group(), Permission.objects.earliest("pk")
    yield
    ana.user_permissions.add(permission)
    group.permissions.set([permission])


@way(User="-", User_groups="-", User_user_permissions="-", ProjectUserPermission="-")
def delete_a_user(scene: Scene) -> Iterator[None]:
    ana = a_user()
    ana.groups.add(a_group())
    ana.user_permissions.add(Permission.objects.earliest("pk"))
    assign_perm("see_project", ana, scene.project)
    yield
    ana.delete()


@way(Group="-", User_groups="-", Group_permissions="-", ProjectGroupPermission="-")
def delete_a_group(scene: Scene) -> Iterator[None]:
    group = a_group()
    group.permissions.add(Permission.objects.earliest("pk"))
    group.user_set.add(a_user())
    assign_perm("see_project", group, scene.project)
    yield
    group.delete()


# Permissions on a project


@way(ProjectUserPermission="+")
def assign_a_permission_twice(scene: Scene) -> Iterator[None]:
    ana = a_user()
    yield
    for _ in range(2):
        assign_perm("see_project", ana, scene.project)


@way(ProjectUserPermission="+++")
def assign_a_permission_on_many_projects(scene: Scene) -> Iterator[None]:
    ana, projects = a_user(), [a_project().pk for _ in range(3)]
    yield
    assign_perm("see_project", ana, cast(Any, Project.objects.filter(pk__in=projects)))


@way(ProjectUserPermission="+++")
def assign_a_permission_to_many_users(scene: Scene) -> Iterator[None]:
    users = [a_user() for _ in range(3)]
    yield
    assign_perm("see_project", users, scene.project)


@way(ProjectUserPermission="-")
def remove_a_permission(scene: Scene) -> Iterator[None]:
    ana = a_user()
    assign_perm("see_project", ana, scene.project)
    yield
    remove_perm("see_project", ana, scene.project)


@way(ProjectUserPermission="---")
def remove_permissions_in_bulk(scene: Scene) -> Iterator[None]:
    ana, projects = a_user(), [a_project().pk for _ in range(3)]
    assign_perm("see_project", ana, cast(Any, Project.objects.filter(pk__in=projects)))
    yield
    remove_perm("see_project", ana, cast(Any, Project.objects.filter(pk__in=projects)))


@way(ProjectUserPermission="---")
def remove_a_permission_from_many_users(scene: Scene) -> Iterator[None]:
    users = [a_user() for _ in range(3)]
    assign_perm("see_project", users, scene.project)
    yield
    remove_perm("see_project", users, scene.project)


@way(ProjectGroupPermission="+-")
def assign_and_remove_a_permission_of_a_group(scene: Scene) -> Iterator[None]:
    group = a_group()
    yield
    assign_perm("see_project", group, scene.project)
    remove_perm("see_project", group, scene.project)


@way(UserObjectPermission="++-", GroupObjectPermission="+")
def assign_permissions_that_guardian_stores_generically(scene: Scene) -> Iterator[None]:
    ana, uma, group, item = a_user(), a_user("uma"), a_group(), an_item(scene)
    yield
    assign_perm("change_item", [ana, uma], item)
    assign_perm("change_item", group, item)
    remove_perm("change_item", uma, item)


@way(Membership="~~")
def end_every_membership_at_once(scene: Scene) -> Iterator[None]:
    a_membership(scene)
    a_membership(scene)
    yield
    scene.project.memberships.update(ended_at=timezone.now(), reason=F("role"))


@pytest.mark.django_db
@pytest.mark.parametrize("way", [*on_every_model(), *way.here()], ids=lambda way: way.name)
def test_every_way_leaves_the_right_versions(way: Way) -> None:
    assert_leaves_the_right_versions(way)


@pytest.mark.django_db
def test_a_password_is_in_no_version() -> None:
    columns = {field.name for field in User.history.model._meta.fields}
    assert "username" in columns
    assert not columns & {"password", "last_login"}
