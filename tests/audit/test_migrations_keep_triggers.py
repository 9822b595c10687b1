"""A migration on a tracked table neither fails for its triggers nor leaves a gap in the capture."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import pytest
from django.core.management import call_command
from django.db import connection, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import (
    AddField,
    AlterField,
    DeleteModel,
    Migration,
    RemoveField,
    RenameField,
    RenameModel,
)
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from audit import capture
from audit.acting import operation
from audit.history import versions_of
from tests.trackedapp.models import Labelling, Remark, Tag, Thing

from .ways import Scene, a_user, assert_versions_equal_rows, fail_after, newest_version_ids, versions_since

pytestmark = pytest.mark.django_db(transaction=True)


def sql(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


@pytest.fixture
def thing() -> Thing:
    with operation():
        scene = Scene()
        thing, tags = scene.tagged_thing()
        scene.labelling(thing, tags[0])
        scene.remark(thing)
    return thing


@contextmanager
def migrated(*operations: Operation, app: str = "trackedapp") -> Iterator[None]:
    """Apply these operations as one migration, and take them back at the end."""
    migration = type("UnderTest", (Migration,), {"operations": operations})("under_test", app)
    with connection.schema_editor(atomic=True) as editor:
        migration.apply(_state_of(app), editor)
    try:
        yield
    finally:
        with connection.schema_editor(atomic=True) as editor:
            migration.unapply(_state_of(app), editor)
    assert capture.check_triggers(databases=["default"]) == []


def _state_of(app: str) -> ProjectState:
    """The models of an app and of what it needs: Django renders each of them anew for every operation."""
    loader = MigrationLoader(connection)
    return loader.project_state(loader.graph.leaf_nodes(app))


def both(operation: type[Operation], name: str, *values: Any) -> list[Operation]:
    """The operation on a model and on the model of its versions, as `makemigrations` writes them."""
    return [operation(name, *values), operation(f"historical{name}", *values)]


def named_as_in_the_triggers(name: str) -> list[Operation]:
    """Columns with every name that the text of the triggers gives to something else."""
    names = ("act", "gate", "gate_before", "gate_after", "told", "made", "labelop", "labelop_rows", "r", "found", "new")
    return [added for each in names for added in both(AddField, name, each, models.TextField(null=True))]


def assert_captured(thing: Thing) -> None:
    """By columns that no migration here touches, since the models know nothing of it."""
    with operation() as act:
        sql("UPDATE trackedapp_thing SET count = count + 1 WHERE id = %s", thing.pk)
        sql("INSERT INTO trackedapp_tag (project_id, name) VALUES (%s, 'new')", thing.project_id)
    for model, kind in ((Thing, "~"), (Tag, "+")):
        versions: Any = versions_of(model)._base_manager
        kinds = versions.filter(operation=act.operation).values_list("history_type", flat=True)
        assert list(kinds) == [kind]
    assert_versions_equal_rows()


@pytest.mark.parametrize(
    "operations",
    [
        pytest.param(both(AddField, "thing", "extra", models.IntegerField(null=True)), id="add_a_field"),
        pytest.param(
            both(AddField, "thing", "extra", models.CharField(max_length=9, default="x")),
            id="add_with_default",
        ),
        pytest.param([AddField("thing", "extra", models.IntegerField(null=True))], id="add_an_untracked_field"),
        pytest.param([AddField("historicalthing", "extra", models.IntegerField(null=True))], id="versions_first"),
        pytest.param(both(AlterField, "thing", "key", models.CharField(max_length=80)), id="alter_a_length"),
        pytest.param(both(AlterField, "thing", "count", models.BigIntegerField(default=0)), id="alter_a_type"),
        pytest.param(both(AlterField, "thing", "key", models.TextField()), id="alter_to_text"),
        pytest.param([AlterField("historicalthing", "key", models.CharField(max_length=80))], id="alter_versions_only"),
        pytest.param(both(AlterField, "thing", "score", models.FloatField(default=1.5)), id="null_to_a_default"),
        pytest.param(named_as_in_the_triggers("thing"), id="add_fields_named_as_in_the_triggers"),
        pytest.param(named_as_in_the_triggers("tag"), id="add_fields_named_as_in_the_triggers_of_statements"),
        pytest.param(both(RemoveField, "thing", "score"), id="remove_a_field"),
        pytest.param(both(RenameField, "thing", "state", "status"), id="rename_a_field"),
        pytest.param([RenameModel("remark", "note"), RenameModel("historicalremark", "historicalnote")], id="rename"),
        pytest.param([DeleteModel("labelling"), DeleteModel("historicallabelling")], id="delete_a_model"),
    ],
)
def test_a_change_is_captured_right_after_a_migration(thing: Thing, operations: list[Operation]) -> None:
    if any(isinstance(each, DeleteModel) for each in operations):
        operations = [RemoveField("thing", "labels"), *operations]
    with migrated(*operations):
        assert_captured(thing)
    if not any(isinstance(each, RemoveField) for each in operations):
        assert_captured(thing)


def test_a_renamed_table_is_captured_under_the_name_the_models_know(thing: Thing) -> None:
    with migrated(RenameModel("remark", "note"), RenameModel("historicalremark", "historicalnote")):
        pass
    before = newest_version_ids()
    with operation():
        Remark.objects.update(body={"renamed": "and back"})
    assert [version.history_type for version in versions_since(before)["Remark"]] == ["~"]


def test_a_created_table_is_captured_at_once(thing: Thing) -> None:
    with migrated(RemoveField("thing", "labels"), DeleteModel("labelling"), DeleteModel("historicallabelling")):
        pass
    before = newest_version_ids()
    with operation():
        Labelling.objects.create(project=thing.project, thing=thing, tag=Scene(thing.project).tag())
    assert [version.history_type for version in versions_since(before)["Labelling"]] == ["+"]


def test_a_table_with_untracked_columns_is_captured_after_a_migration(thing: Thing) -> None:
    with operation():
        ana = a_user()
    with migrated(*both(AlterField, "user", "first_name", models.CharField(max_length=200)), app="roles"):
        before = newest_version_ids()
        with operation():
            sql("UPDATE roles_user SET first_name = 'Ana', password = 'x' WHERE id = %s", ana.pk)
            sql("UPDATE roles_user SET password = 'y' WHERE id = %s", ana.pk)
        assert [version.history_type for version in versions_since(before)["User"]] == ["~"]
        assert_versions_equal_rows()


def test_a_migration_that_fails_leaves_the_triggers(thing: Thing) -> None:
    for atomic in (True, False):
        with pytest.raises(ZeroDivisionError), connection.schema_editor(atomic=atomic) as editor:
            fail_after(lambda: _alter_back_and_forth(editor))
        assert capture.check_triggers(databases=["default"]) == []
        assert_captured(thing)


def _alter_back_and_forth(editor: BaseDatabaseSchemaEditor) -> None:
    key = cast("models.Field", Thing._meta.get_field("key"))
    editor.alter_field(Thing, key, _text("key"))
    editor.alter_field(Thing, _text("key"), key)


def _text(name: str) -> models.Field:
    field: models.Field = models.TextField()
    field.set_attributes_from_name(name)
    field.model = Thing
    return field


def test_showing_the_sql_of_a_migration_touches_no_trigger(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("sqlmigrate", "labelop", "0002")
    assert "CREATE" in capsys.readouterr().out or "ALTER" in capsys.readouterr().out
    assert capture.check_triggers(databases=["default"]) == []
