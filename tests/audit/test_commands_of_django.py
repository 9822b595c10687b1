"""Django's own commands that write do so in acts, so that a fresh install has nothing unexplained."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core import serializers
from django.core.management import CommandError, call_command

from audit.acting import act_under_way, operation
from audit.models import Entry
from labelop.models import Annotation, Item, Project
from labelop.services.work import add_item
from roles.models import User
from roles.services import create_account
from tests.cast import PASSWORD, Cast, Left, assemble, what_is_left
from tests.trackedapp.models import Tag

pytestmark = pytest.mark.django_db


def explained(left: Left) -> bool:
    return {entry.operation for entry in left.entries} >= {version.operation for version in left.versions}


def createsuperuser(monkeypatch: pytest.MonkeyPatch, **options: Any) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", interactive=False, email="", verbosity=0, **options)


# A fresh install


def test_a_fresh_install_has_nothing_on_its_trail() -> None:
    """The migrations that built the database of these tests have left no entry and no version."""
    with what_is_left() as left:
        pass
    assert not Entry.objects.exists()
    assert left.versions == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("unexplained_changes_are_recorded")
def test_a_superuser_of_the_command_line_is_on_the_trail(monkeypatch: pytest.MonkeyPatch) -> None:
    with what_is_left() as left:
        createsuperuser(monkeypatch, username="root")
    root = User.objects.get(username="root")
    assert (root.is_superuser, root.check_password(PASSWORD)) == (True, True)
    assert left.events == ["account.created", "account.superuser_granted"]
    assert left.entries[1].reason == "createsuperuser on the command line"
    for entry in left.entries:
        assert (entry.actor, entry.channel, entry.project_id) == (None, "command", None)
        assert (entry.subject_name, entry.subject_id) == ("root", root.pk)
    assert len(left.operations) == 1
    assert act_under_way() is None


def test_a_superuser_who_cannot_be_made_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    create_account("root", PASSWORD, by=None)
    with what_is_left() as left, pytest.raises(CommandError, match="already taken"):
        createsuperuser(monkeypatch, username="root")
    assert (left.events, left.versions) == ([], [])
    assert act_under_way() is None


# Fixtures


def fixture_of(path: Path, rows: list[Any]) -> str:
    path.write_text(serializers.serialize("json", rows))
    return str(path)


@pytest.mark.usefixtures("unexplained_changes_are_recorded")
def test_loaded_data_is_told_for_each_project_and_for_the_site(cast: Cast, tmp_path: Path) -> None:
    rows = [
        Item(pk=9001, project=cast.project, key="photo-9001"),
        Item(pk=9002, project=cast.project, key="photo-9002"),
        Item(pk=9003, project=cast.elsewhere, key="photo-9003"),
        User(pk=9001, username="loaded"),
    ]
    fixture = fixture_of(tmp_path / "rows.json", rows)
    with what_is_left() as left:
        call_command("loaddata", fixture, verbosity=0)
    assert left.events == ["data.loaded"] * 3
    told = {entry.project_id: entry.records for entry in left.entries}
    assert told == {None: 1, cast.project.pk: 2, cast.elsewhere.pk: 1}
    for entry in left.entries:
        assert (entry.actor, entry.channel, entry.subject_name) == (None, "command", f"loaddata {fixture}")
    assert len(left.versions) == 4
    assert len(left.operations) == 1


def test_loading_what_is_there_already_leaves_nothing(cast: Cast, tmp_path: Path) -> None:
    fixture = fixture_of(tmp_path / "rows.json", [Item.objects.get(pk=cast.item.pk)])
    with what_is_left() as left:
        call_command("loaddata", fixture, verbosity=0)
    assert (left.events, left.versions) == ([], [])


def test_data_that_cannot_be_loaded_leaves_nothing(cast: Cast, tmp_path: Path) -> None:
    rows = json.loads(serializers.serialize("json", [Item(pk=9001, project=cast.project, key="photo-9001")]))
    path = tmp_path / "rows.json"
    path.write_text(json.dumps([*rows, {"model": "labelop.nothing", "pk": 1, "fields": {}}]))
    with what_is_left() as left, pytest.raises(serializers.base.DeserializationError):
        call_command("loaddata", str(path), verbosity=0)
    assert (left.events, left.versions) == ([], [])
    assert act_under_way() is None


def test_annotations_are_loaded_with_their_kin(cast: Cast, tmp_path: Path) -> None:
    rows = [
        Item(pk=9001, project=cast.project, key="photo-9001"),
        Annotation(pk=9001, project=cast.project, item_id=9001, key="1", label_class=cast.label_class),
    ]
    with what_is_left() as left:
        call_command("loaddata", fixture_of(tmp_path / "rows.json", rows), verbosity=0)
    assert (left.events, left.entry.records) == (["data.loaded"], 2)
    assert left.entry.project_id == cast.project.pk


# Migrations


@pytest.fixture
def before_the_data_migration(transactional_db: None) -> Iterator[None]:
    """The tables as they were before `0002_trim_names`; afterwards all is migrated again."""
    migrate("trackedapp", "0001")
    yield
    migrate("trackedapp")


def migrate(*arguments: str) -> None:
    call_command("migrate", *arguments, verbosity=0)


@pytest.mark.usefixtures("before_the_data_migration", "unexplained_changes_are_recorded")
def test_a_data_migration_is_told_for_each_project_it_changed() -> None:
    cast = assemble()
    with operation():
        for project, name in ((cast.project, " one "), (cast.project, "two "), (cast.elsewhere, " three")):
            Tag.objects.create(project=project, name=name)
        Tag.objects.create(project=cast.elsewhere, name="four")
    with what_is_left() as left:
        migrate("trackedapp")
    assert set(Tag.objects.values_list("name", flat=True)) == {"one", "two", "three", "four"}
    assert left.events == ["data.migrated"] * 2
    told = {entry.project_id: entry.records for entry in left.entries}
    assert told == {cast.project.pk: 2, cast.elsewhere.pk: 1}
    for entry in left.entries:
        assert (entry.actor, entry.channel) == (None, "command")
        assert entry.subject_name == "trackedapp.0002_trim_names"
    assert len(left.versions) == 3
    assert explained(left)
    assert len(left.operations) == 1
    assert act_under_way() is None


@pytest.mark.usefixtures("before_the_data_migration", "unexplained_changes_are_recorded")
def test_a_migration_that_changes_no_row_leaves_nothing() -> None:
    assemble()
    with what_is_left() as left:
        migrate("trackedapp")
        migrate("trackedapp", "0001")
        migrate("trackedapp")
    assert (left.events, left.versions) == ([], [])


@pytest.mark.usefixtures("before_the_data_migration", "unexplained_changes_are_recorded")
def test_a_migration_that_fails_leaves_nothing_and_no_act_behind() -> None:
    cast = assemble()
    with operation():
        Tag.objects.create(project=cast.project, name=" one ")
        Tag.objects.create(project=cast.project, name=" ")
    with what_is_left() as left, pytest.raises(ValueError, match="has no name"):
        migrate("trackedapp")
    assert (left.events, left.versions) == ([], [])
    assert act_under_way() is None
    with what_is_left() as left:
        add_item(cast.project, "photo-2", {}, by=cast.olga)
        Project.objects.filter(pk=cast.project.pk).update(name="By nobody")
    assert left.events == ["items.added", "change.unexplained"]
    with operation():
        Tag.objects.filter(name=" ").update(name="two")
