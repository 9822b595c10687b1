"""What is asked of lists and pages beside their address: filters, words to search for, pages, and nonsense."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from django.contrib.admin import site

from roles.admin import AuditedAdmin

from .doors import ask, leaks, row_of
from .stage import SHIPS, Stage, set_the_access_stage
from .table import MODELS as ALL_MODELS
from .test_matrix import nothing_logged

# The list of entries is the trail, which answers a wrong question by saying so.
MODELS = tuple(model for model in ALL_MODELS if model != "audit_entry")
# With the number of the other project, and of its row, in the place of {project} and {row}.
ASKED = (
    "project__id__exact={project}",
    "project={project}",
    f"project__name__startswith={SHIPS.said[:4]}",
    "project__memberships__user__username=ana",
    f"q={SHIPS.work[:4]}",
    "o=1.2.3.-4.5",
    "p=99999999999999999999",
    "before=99999999999999999999",
    "_popup=1&_to_field=id",
    "_to_field=project",
    "e=1",
    "_facets=1",
    "id={row}",
    "unknown=1",
)
OF_A_PAGE = (
    "_popup=1&_to_field=id",
    "before=99999999999999999999",
    "before=x&after=y",
    "entries=all&verify=1",
    "from={number}",
)


pytestmark = pytest.mark.stage(set_by=set_the_access_stage)


@pytest.fixture
def stage(standing: Stage) -> Stage:
    return standing


def test_a_list_takes_no_parameter_but_its_own(stage: Stage) -> None:
    with nothing_logged():
        for model in MODELS:
            row = row_of(f"{model}_changelist", stage.ships)
            for asked in ASKED:
                address = f"{_list_of(model)}?{asked.format(project=stage.ships.project.pk, row=row.pk)}"
                answer = ask(stage, "owner", "GET", address)
                assert answer.status_code == 400, address
                assert leaks(stage, "owner", address, answer) == [], address


def test_no_list_tells_of_the_other_project_when_it_is_asked_for_by_name(stage: Stage) -> None:
    """Each parameter of each list that takes words, with the words of the other project."""
    ships, answered = stage.ships, set()
    words = (ships.project.slug, ships.rows["item"].key, ships.rows["labelclass"].key, ships.rows["snapshot"].name)
    with nothing_logged():
        for model in MODELS:
            of = next(of for of in site._registry.values() if of.opts.label_lower == model.replace("_", "."))
            assert isinstance(of, AuditedAdmin)
            everything = urlencode([(name, word) for name in of.filters.base_filters for word in words])
            for principal in ("assigned", "unassigned", "owner"):
                for query in (everything, "before=999999999", f"project={ships.project.slug}"):
                    address = f"{_list_of(model)}?{query}"
                    answer = ask(stage, principal, "GET", address)
                    answered.add(answer.status_code)
                    assert leaks(stage, principal, address, answer) == [], (principal, address)
    assert answered == {200, 400}


def _list_of(model: str) -> str:
    return f"/{model.replace('_', '/', 1)}/"


def test_no_page_of_an_own_row_tells_of_the_other_project_whatever_is_asked_of_it(stage: Stage) -> None:
    with nothing_logged():
        for model in MODELS:
            row = row_of(f"{model}_change", stage.birds)
            for page in ("change", "history"):
                for asked in OF_A_PAGE:
                    address = f"/{model.replace('_', '/')}/{row.pk}/{page}/?{asked.format(number=1)}"
                    answer = ask(stage, "owner", "GET", address)
                    assert answer.status_code in (200, 302, 404), address
                    assert leaks(stage, "owner", address, answer) == [], address


def test_pages_of_a_project_take_no_number_of_another_one(stage: Stage) -> None:
    slug = stage.birds.project.slug
    asked = (
        f"/projects/{slug}/trail/?chapter=99999999999999999999",
        f"/projects/{slug}/snapshots/2/?from=9",
        f"/projects/{slug}/snapshots/99999999999999999999/",
        f"/projects/{slug}/team/{stage.ships.rows['membership'].pk}/change/",
        f"/snapshots/release/{stage.ships.rows['release'].pk}/acts/begin-review/",
        "/snapshots/release/99999999999999999999/acts/begin-review/",
        "/labelop/item/99999999999999999999/change/",
        "/r/99999999999999999999/1/",
    )
    with nothing_logged():
        for address in asked:
            answer = ask(stage, "owner", "POST" if "/team/" in address else "GET", address, {"reason": "Because"})
            assert answer.status_code == 404, address
            assert leaks(stage, "owner", address, answer) == [], address


def test_no_search_finds_rows_or_people(stage: Stage) -> None:
    """Django's own search beside a field: no form here has one."""
    with nothing_logged():
        for field in ("labelop&model_name=annotation&field_name=item", "roles&model_name=membership&field_name=user"):
            for principal in ("owner", "superuser"):
                answer = ask(stage, principal, "GET", f"/autocomplete/?app_label={field}&term=s")
                assert answer.status_code in (403, 404)
