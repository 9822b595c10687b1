"""What each state of a project lets be done and by whom: the whole table, written out by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from audit.acting import operation
from labelop.connectors.labelhist import Batch, Header, read_history
from labelop.models import Project, ProjectState
from labelop.services import projects, schema
from labelop.services.imports import import_batch
from labelop.services.projects import SETTINGS, change_setting, create_project
from labelop.services.work import add_item, exclude_item, reinstate_item
from roles.matrix import Role
from roles.models import User
from roles.services import change_role, grant_role, revoke_role
from snapshots.services.snapshots import take_snapshot
from tests.cast import Cast, person, what_is_left
from tests.labelhist.stories import sentences
from tests.snapshots.stage import written

WHY = "Agreed on Monday"
STATES = ("draft", "active", "frozen", "archived")
Act = Callable[[Cast, User], Any]


def setting(name: str, value: Any) -> Act:
    return lambda cast, by: projects.change_setting(cast.project, name, value, by=by, reason=WHY)


def of_the_project(act: Callable[..., Any]) -> Act:
    return lambda cast, by: act(cast.project, by=by, reason=WHY)


def of_the_class(act: Callable[..., Any], *wanted: Any, **named: Any) -> Act:
    return lambda cast, by: act(cast.label_class, *wanted, by=by, reason=WHY, **named)


# fmt: off
# For an owner, or a superuser who says why: x, it is done; –, the state does not let it. Nobody else may in any state.
TABLE: dict[str, tuple[Act, str]] = {
    #                                                                                       draft active frozen archived
    "activate":             (of_the_project(projects.activate_project),                     "x     –      –      –"),
    "freeze":               (of_the_project(projects.freeze_project),                       "–     x      –      –"),
    "unfreeze":             (of_the_project(projects.unfreeze_project),                     "–     –      x      –"),
    "archive":              (of_the_project(projects.archive_project),                      "–     –      x      –"),
    "describe":             (lambda cast, by: projects.describe_project(
                                 cast.project, "Sea birds", "", by=by, reason=WHY),         "x     x      x      –"),
    "risk_tier":            (setting("risk_tier", "high"),                                  "x     x      x      –"),
    "customer_facing":      (setting("customer_facing", True),                              "x     x      x      –"),
    "review_policy":        (setting("review_policy", "sample"),                            "x     x      x      –"),
    "sample_percent":       (setting("sample_percent", 20),                                 "x     x      x      –"),
    "separation_of_duties": (setting("separation_of_duties", 3),                            "x     x      x      –"),
    "freeze_schema":        (of_the_project(schema.freeze_schema),                          "x     x      x      –"),
    "unfreeze_schema":      (of_the_project(schema.unfreeze_schema),                        "x     x      x      –"),
    "add_class":            (lambda cast, by: schema.add_class(
                                 cast.project, "tern", "Tern", by=by, reason=WHY),          "x     x      x      –"),
    "rename_class":         (of_the_class(schema.rename_class, "Seagull"),                  "x     x      x      –"),
    "redefine_class":       (of_the_class(schema.redefine_class, definition="Any"),         "x     x      x      –"),
    "change_class_risk":    (of_the_class(schema.change_class_risk, True),                  "x     x      x      –"),
    "recolour_class":       (of_the_class(schema.recolour_class, "#2f6f4f"),                "x     x      x      –"),
    "deprecate_class":      (of_the_class(schema.deprecate_class),                          "x     x      x      –"),
    "reinstate_class":      (of_the_class(schema.reinstate_class),                          "x     x      x      –"),
    "add_item":             (lambda cast, by: add_item(
                                 cast.project, "photo-2", {}, by=by, reason=WHY),           "x     x      –      –"),
    "exclude_item":         (lambda cast, by: exclude_item(cast.item, by=by, reason=WHY),   "x     x      –      –"),
    "reinstate_item":       (lambda cast, by: reinstate_item(cast.item, by=by, reason=WHY), "x     x      –      –"),
}
# fmt: on

FIRST: dict[str, Callable[[Cast], Any]] = {
    "unfreeze_schema": lambda cast: schema.freeze_schema(cast.project, by=cast.olga),
    "reinstate_class": lambda cast: schema.deprecate_class(cast.label_class, by=cast.olga, reason=WHY),
    "reinstate_item": lambda cast: exclude_item(cast.item, by=cast.olga, reason=WHY),
}


def bring_to(cast: Cast, state: str) -> None:
    with operation():
        Project.objects.filter(pk=cast.project.pk).update(state=state)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name", TABLE)
def test_a_state_lets_be_done_what_the_table_says(cast: Cast, name: str, state: str) -> None:
    act, row = TABLE[name]
    if name in FIRST:
        FIRST[name](cast)
    bring_to(cast, state)
    for somebody in (cast.ravi, cast.ana, cast.uma):
        with what_is_left() as left, pytest.raises(PermissionDenied):
            act(cast, somebody)
        assert (left.events, left.versions) == (["access.denied"], [])
    allowed = row.split()[STATES.index(state)] == "x"
    if not allowed:
        for somebody in (cast.olga, cast.root):
            with what_is_left() as left, pytest.raises(ValidationError):
                act(cast, somebody)
            assert (left.events, left.versions) == ([], [])
        return
    with what_is_left() as left:
        act(cast, cast.olga)
    assert len(left.entries) == len(left.versions) == 1


def test_every_setting_stands_in_the_table() -> None:
    assert TABLE.keys() >= SETTINGS


def test_the_whole_life_of_a_project(cast: Cast) -> None:
    draft = create_project("cats", "Cats", by=cast.root, owner=cast.uma, state=ProjectState.DRAFT)
    assert draft.state == "draft"
    projects.activate_project(draft, by=cast.uma)
    projects.freeze_project(draft, by=cast.uma)
    projects.unfreeze_project(draft, by=cast.uma)
    projects.freeze_project(draft, by=cast.uma)
    projects.archive_project(draft, by=cast.uma, reason="Delivered")
    states = [version.state for version in Project.history.filter(id=draft.pk).order_by("history_id")]
    assert states == ["draft", "active", "frozen", "active", "frozen", "archived"]


@pytest.mark.parametrize("state", ["frozen", "archived"])
def test_a_project_begins_as_a_draft_or_active(cast: Cast, state: str) -> None:
    with what_is_left() as left, pytest.raises(ValidationError) as refused:
        create_project("cats", "Cats", by=cast.root, state=ProjectState(state))
    assert refused.value.message_dict.keys() == {"state"}
    assert (left.events, left.versions) == ([], [])


def test_somebody_still_answers_for_an_archived_project(cast: Cast) -> None:
    """Roles are given, changed and ended there too: it can be read, cut and handed over, and nothing in it changes."""
    bring_to(cast, "archived")
    nina = person("nina")
    membership = grant_role(cast.project, nina, Role.REVIEWER, by=cast.olga, reason="Audits it")
    change_role(membership, Role.OWNER, by=cast.olga, reason="Takes over")
    revoke_role(cast.membership_of(cast.olga), by=nina, reason="Left")
    assert take_snapshot(cast.project, "as archived", by=nina).snapshot.content_hash


# Settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sample_percent", 0),
        ("sample_percent", -1),
        ("sample_percent", 101),
        ("sample_percent", 20.5),
        ("sample_percent", True),
        ("sample_percent", "many"),
        ("sample_percent", None),
        ("separation_of_duties", 4),
        ("separation_of_duties", 1.0),
        ("customer_facing", None),
        ("customer_facing", 0.5),
        ("risk_tier", "enormous"),
        ("risk_tier", ""),
        ("review_policy", None),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_the_name_of_its_setting(cast: Cast, name: str, value: Any) -> None:
    with what_is_left() as left, pytest.raises(ValidationError) as refused:
        change_setting(cast.project, name, value, by=cast.olga)
    assert refused.value.message_dict.keys() == {name}
    assert (left.events, left.versions) == ([], [])
    with pytest.raises(ValidationError) as refused:
        create_project("cats", "Cats", by=cast.root, **{name: value})
    assert refused.value.message_dict.keys() == {name}


def test_a_number_written_as_text_is_that_number(cast: Cast) -> None:
    with what_is_left() as left:
        change_setting(cast.project, "sample_percent", "20", by=cast.olga)
    assert (left.entry.before, left.entry.after) == ({"sample_percent": 100}, {"sample_percent": 20})


@pytest.fixture
def history(tmp_path: Path) -> tuple[Header, Batch]:
    """The first batch of a history, which brings classes of its own."""
    read = read_history(written(tmp_path / "story.ndjson", sentences()))
    return read.header, next(part for part in read if isinstance(part, Batch))


@pytest.mark.parametrize("state", STATES)
def test_a_history_is_brought_in_where_work_is_taken(cast: Cast, state: str, history: tuple[Header, Batch]) -> None:
    header, batch = history
    bring_to(cast, state)
    if state in ("draft", "active"):
        assert import_batch(cast.project, batch, header, by=cast.olga)
        return
    with what_is_left() as left, pytest.raises(ValidationError, match=state):
        import_batch(cast.project, batch, header, by=cast.olga)
    assert (left.events, left.versions) == ([], [])


def test_a_history_brings_no_class_into_a_frozen_schema(cast: Cast, history: tuple[Header, Batch]) -> None:
    header, batch = history
    schema.freeze_schema(cast.project, by=cast.olga)
    with what_is_left() as left, pytest.raises(ValidationError, match="schema is frozen"):
        import_batch(cast.project, batch, header, by=cast.olga)
    assert (left.events, left.versions) == ([], [])
