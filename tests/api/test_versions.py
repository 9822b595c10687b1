"""The versions of a row, and the page after its last one."""

from __future__ import annotations

import pytest
from django.test import Client

from snapshots.api.collections import COLLECTIONS
from tests.access.stage import Stage, set_the_access_stage

from .asking import tool_of
from .doors import ROWS

pytestmark = [pytest.mark.django_db, pytest.mark.stage(set_by=set_the_access_stage)]
VERSIONED = {each.noun: each.model._meta for each in COLLECTIONS if each.versions}


def test_below_the_first_version_there_is_none(standing: Stage) -> None:
    tool, olga = tool_of(standing.people["olga"]), Client()
    olga.force_login(standing.people["olga"])
    rows = standing.birds.rows | {"project": standing.birds.project}
    asked = {noun: rows[ROWS.get(noun, "project")] for noun in VERSIONED if noun in ROWS or noun == "projects"}
    assert len(asked) > 15
    for noun, row in asked.items():
        of, at = VERSIONED[noun], row.slug if noun == "projects" else row.pk
        versions = f"{noun}/{at}/versions/"
        assert tool.get(versions).json()["results"], noun
        assert tool.get(versions, cursor=1).json()["results"] == [], noun
        page = olga.get(f"/{of.app_label}/{of.model_name}/{row.pk}/history/?before=1")
        assert page.status_code == 200, noun
