"""What a real Label Studio posted, in order, then pulled: who did each of it is known here too, or said not to be.

The requests lie in `LABELOP_DATA`, or in `../shared/data` beside the checkout. The Label Studio that is pulled holds
what they say it held in the end.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as site

from audit.models import Entry
from labelop.models import Annotation, Hint, Item
from roles.models import User
from tests.cast import what_is_left

from .stage import Connected, connected, texts_of_every_table
from .studio import Studio

DATA = Path(os.environ.get("LABELOP_DATA") or site.BASE_DIR.parent / "shared" / "data")
WEBHOOKS = DATA / "label_studio" / "webhooks"


def requests() -> list[dict[str, Any]]:
    path = WEBHOOKS / "all_in_order.ndjson"
    if not path.exists():
        pytest.skip(f"NOT PROVED on real data: there is no {path}. Set LABELOP_DATA to where the requests lie.")
    return [json.loads(line) for line in path.read_text().splitlines()]


def annotations_in(body: dict[str, Any]) -> list[dict[str, Any]]:
    """Those of a bulk action stand in a list under the name of one."""
    told = body.get("annotation", body.get("annotations", []))
    return told if isinstance(told, list) else [told]


def replay(studio: Studio, body: dict[str, Any]) -> None:
    """Let the small Label Studio hold what a request of the real one says that it held then."""
    told = body.get("project")
    if isinstance(told, dict) and "parsed_label_config" in told:
        studio.projects[told["id"]] = told
    for task in body.get("tasks", []):
        if body["action"] == "TASKS_CREATED":
            studio.tasks.setdefault(task["id"], {**task, "annotations": []})
        else:
            studio.tasks.pop(task["id"], None)
    for annotation in annotations_in(body):
        for task in studio.tasks.values():
            task["annotations"] = [one for one in task["annotations"] if one["id"] != annotation["id"]]
        if body["action"] != "ANNOTATIONS_DELETED":
            studio.tasks[annotation["task"]]["annotations"].append(annotation)


@pytest.fixture
def both(olga: User, studio: Studio) -> list[Connected]:
    bodies = [request["body"] for request in requests()]
    for body in bodies:
        if body["action"].startswith("PROJECT_") and body.get("project", {}).get("parsed_label_config"):
            studio.projects.setdefault(body["project"]["id"], body["project"])
    both = [connected(olga, studio, "cells", 1), connected(olga, studio, "texts", 2)]
    for body in bodies:
        replay(studio, body)
        assert [each.post(body) for each in both] == [202, 202]
    return both


@pytest.mark.django_db
def test_whoever_can_be_known_is_named_for_each_call_and_nobody_for_the_others(both: list[Connected]) -> None:
    for each in both:
        each.pull()
    calls = json.loads((WEBHOOKS / "CAUSE_AND_EFFECT.json").read_text())
    effects = [(call, effect) for call in calls for effect in call["webhooks"]]
    known = [(call, effect) for call, effect in effects if effect["actor_readable_from_payload"] is not None]
    assert (len(effects), len(known)) == (46, 19)
    for call, effect in known:
        who = effect["actor_readable_from_payload"]
        body = json.loads((WEBHOOKS / effect["file"]).read_text())["body"]
        for annotation in annotations_in(body):
            entries = Entry.objects.filter(at=annotation["updated_at"], project__slug__in=("cells", "texts"))
            names = {str(entry.attributed_to).rpartition("/")[2] for entry in entries}
            assert names == {f"user-{who[0] if isinstance(who, list) else who}"}, call
            assert {entry.source.rpartition(" ")[2] for entry in entries} == {"hook"}, call
    # All else that came in says that nobody is named for it.
    others = Entry.objects.filter(attributed_to=None).exclude(source="")
    assert others.exists()
    assert all(entry.source.endswith("unattributed") for entry in others)


@pytest.mark.django_db
def test_what_stands_here_is_what_stands_there_and_nothing_of_it_twice(both: list[Connected], studio: Studio) -> None:
    for each in both:
        each.pull()
    there = {str(task["id"]) for task in studio.tasks.values() if task["project"] in (1, 2)}
    assert set(Item.objects.filter(excluded=False).values_list("key", flat=True)) == there
    regions = sum(
        len(annotation["result"])
        for task in studio.tasks.values()
        for annotation in task["annotations"]
        if not annotation["was_cancelled"]
    )
    assert Annotation.objects.in_the_dataset().count() == regions
    with what_is_left() as left:
        for body in [request["body"] for request in requests()]:
            for each in both:
                each.post(body)
        for each in both:
            each.pull()
    assert (left.entries, left.versions) == ([], [])
    assert not Hint.objects.filter(settled_at=None).exists()


@pytest.mark.django_db
def test_no_token_of_it_is_found_in_any_table(both: list[Connected]) -> None:
    for each in both:
        each.pull()
    told = [request["body"].get("project") for request in requests()]
    tokens = {one["token"] for one in told if isinstance(one, dict) and one.get("token")}
    assert tokens
    stored = texts_of_every_table()
    assert not [token for token in (*tokens, "s3cret-org", "@example.test") if token in stored]
