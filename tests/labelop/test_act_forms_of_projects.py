"""Projects and classes in the admin: each act has a form, and hands its answers to a service."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from audit.acting import operation
from labelop.models import LabelClass, Project, ProjectState
from labelop.services.projects import freeze_project
from labelop.services.schema import deprecate_class, freeze_schema, redefine_class
from tests.cast import Cast, what_is_left

# What is answered to each form, what comes first, and what is recorded.
Act = tuple[str, dict[str, Any], str]
OF_A_PROJECT: list[Act] = [
    ("describe", {"title": "Sea birds", "description": "Gulls"}, "project.described"),
    ("risk-tier", {"risk_tier": "high"}, "setting.changed"),
    ("customer-facing", {"customer_facing": "on"}, "setting.changed"),
    ("review-policy", {"review_policy": "sample"}, "setting.changed"),
    ("sample-percent", {"sample_percent": "20"}, "setting.changed"),
    ("separation-of-duties", {"separation_of_duties": "3"}, "setting.changed"),
    ("activate", {}, "setting.changed"),
    ("freeze", {}, "setting.changed"),
    ("unfreeze", {}, "setting.changed"),
    ("archive", {}, "project.archived"),
    ("add-class", {"key": "tern", "title": "Tern", "geometry": "box", "attributes": "{}"}, "class.added"),
    ("freeze-schema", {}, "schema.frozen"),
    ("unfreeze-schema", {}, "schema.unfrozen"),
]
OF_A_CLASS: list[Act] = [
    ("rename", {"title": "Seagull"}, "class.renamed"),
    ("redefine", {"definition": "Any gull", "geometry": "any", "attributes": "{}"}, "class.redefined"),
    ("risk", {"high_risk": "on"}, "class.risk_changed"),
    ("recolour", {"colour": "#2f6f4f"}, "class.recoloured"),
    ("deprecate", {}, "class.deprecated"),
    ("reinstate", {}, "class.reinstated"),
]


def freeze(cast: Cast) -> None:
    freeze_project(cast.project, by=cast.olga)


def make_a_draft(cast: Cast) -> None:
    with operation():
        Project.objects.filter(pk=cast.project.pk).update(state=ProjectState.DRAFT)


FIRST: dict[str, Callable[[Cast], Any]] = {
    "activate": make_a_draft,
    "unfreeze": freeze,
    "archive": freeze,
    "unfreeze-schema": lambda cast: freeze_schema(cast.project, by=cast.olga),
    "reinstate": lambda cast: deprecate_class(cast.label_class, by=cast.olga, reason="Unused"),
}


@pytest.fixture(params=[*OF_A_PROJECT, *OF_A_CLASS], ids=lambda act: str(act[0]))
def act(request: pytest.FixtureRequest) -> Act:
    told: Act = request.param
    return told


def begin(cast: Cast, act: Act) -> None:
    """Bring everything to where the act can be done."""
    if act[0] in FIRST:
        FIRST[act[0]](cast)


def page_of(cast: Cast, act: Act) -> str:
    if act in OF_A_PROJECT:
        return f"/labelop/project/{cast.project.pk}/acts/{act[0]}/"
    return f"/labelop/labelclass/{cast.label_class.pk}/acts/{act[0]}/"


def browse(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_it_is_offered_asks_and_acts(cast: Cast, act: Act) -> None:
    begin(cast, act)
    olga, page = browse(cast.olga), page_of(cast, act)
    row = page.split("acts/")[0] + "change/"
    assert page in olga.get(row).content.decode()
    assert olga.get(page).status_code == 200
    with what_is_left() as left:
        answer = olga.post(page, {**act[1], "reason": "Agreed on Monday"})
    assert answer.status_code == 302, answer.context and answer.context["form"].errors
    assert left.events == [act[2]]
    assert (left.entry.actor, left.entry.reason, left.entry.channel) == (cast.olga, "Agreed on Monday", "admin")


def test_only_an_owner_is_offered_it_and_may(cast: Cast, act: Act) -> None:
    begin(cast, act)
    page = page_of(cast, act)
    row = page.split("acts/")[0] + "change/"
    for somebody in (cast.ravi, cast.ana):
        client = browse(somebody)
        assert "/acts/" not in client.get(row).content.decode()
        with what_is_left() as left:
            assert client.post(page, {**act[1], "reason": "Because"}).status_code == 403
        assert (left.events, left.versions) == (["access.denied"], [])
    with what_is_left() as left:
        assert browse(cast.uma).get(page).status_code == 404
        assert browse(cast.uma).post(page, {**act[1], "reason": "Because"}).status_code == 404
    assert (left.events, left.versions) == ([], [])


@pytest.mark.parametrize(
    ("state", "frozen", "offered"),
    [
        ("draft", False, "activate import add-class freeze-schema"),
        ("active", False, "freeze import add-class freeze-schema"),
        ("active", True, "freeze import unfreeze-schema"),
        ("frozen", False, "unfreeze archive add-class freeze-schema"),
        ("frozen", True, "unfreeze archive unfreeze-schema"),
        ("archived", False, ""),
        ("archived", True, ""),
    ],
)
def test_what_the_state_does_not_let_be_done_is_not_offered(cast: Cast, state: str, frozen: bool, offered: str) -> None:
    with operation():
        Project.objects.filter(pk=cast.project.pk).update(state=state, schema_frozen=frozen)
    page = browse(cast.olga).get(f"/labelop/project/{cast.project.pk}/change/").content.decode()
    assert "/acts/open-service-account/" in page  # roles are given in every state
    settings = {"describe", "risk-tier", "customer-facing", "review-policy", "sample-percent", "separation-of-duties"}
    acts = set(re.findall(r"/acts/([a-z-]+)/", page)) - {"open-service-account"}
    assert acts - settings == set(offered.split())
    assert settings <= acts or state == "archived"
    page = browse(cast.olga).get(f"/labelop/labelclass/{cast.label_class.pk}/change/").content.decode()
    assert bool(re.findall(r"/acts/([a-z-]+)/", page)) is (state != "archived" and not frozen)


def test_what_the_service_refuses_is_said_beside_its_field(cast: Cast) -> None:
    olga = browse(cast.olga)
    page = f"/labelop/project/{cast.project.pk}/acts/sample-percent/"
    answer = olga.post(page, {"sample_percent": "100"})
    assert answer.status_code == 422
    assert answer.context["form"].errors == {"sample_percent": ["That is its value already."]}
    answer = olga.post(f"/labelop/labelclass/{cast.label_class.pk}/acts/rename/", {"title": "Gull"})
    assert (answer.status_code, answer.context["form"].non_field_errors()) == (422, ["That is its name already."])


def test_a_redefinition_leaves_alone_what_somebody_else_redefined_meanwhile(cast: Cast) -> None:
    olga, page = browse(cast.olga), f"/labelop/labelclass/{cast.label_class.pk}/acts/redefine/"
    shown = olga.get(page).content.decode()
    assert 'name="initial-definition"' in shown
    redefine_class(cast.label_class, geometry="box", by=cast.olga, reason="Boxes from now on")
    as_shown = {"initial-definition": "", "initial-geometry": "any", "initial-attributes": "{}"}
    answers = {"definition": "White birds", "geometry": "any", "attributes": "{}", "reason": "Said at last"}
    assert olga.post(page, {**as_shown, **answers}).status_code == 302
    gull = LabelClass.objects.get(pk=cast.label_class.pk)
    assert (gull.definition, gull.geometry, gull.edition) == ("White birds", "box", 3)
