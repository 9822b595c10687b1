"""What the trail says was before and after: in words on pages, as it was recorded in files."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from audit.models import Entry
from labelop.models import Item, ReasonCode, Verdict
from labelop.services.projects import change_setting
from labelop.services.reviews import decide_review
from labelop.services.schema import add_class
from roles.matrix import Scope
from roles.models import User
from roles.services import issue_token
from roles.services.webhooks import add_webhook
from roles.words import said_of
from tests.street import Street, street_scenes

pytestmark = [pytest.mark.django_db, pytest.mark.stage(set_by=street_scenes)]

EXPORT = "/projects/street/trail/export/?q="


@pytest.fixture
def street(standing: Street) -> Street:
    return standing


def page_of_the_last_entry(viewer: User) -> str:
    client = Client()
    client.force_login(viewer)
    answer = client.get(f"/audit/entry/{Entry.objects.latest('pk').pk}/change/", follow=True)
    assert answer.status_code == 200
    return " ".join(unescape(answer.content.decode()).split())


def revise(street: Street) -> None:
    item = Item.objects.get(project=street.project, key="cam/0")
    decide_review(item, Verdict.REVISION_REQUESTED, by=street.ravi, reason="Too wide", reason_code=ReasonCode.BOUNDARY)


def test_a_choice_is_told_by_its_label(street: Street) -> None:
    revise(street)
    page = page_of_the_last_entry(street.olga)
    assert "Revision requested" in page
    assert "revision_requested" not in page


def test_a_setting_is_told_by_its_label(street: Street) -> None:
    change_setting(street.project, "review_policy", "targeted", by=street.olga, reason="Fewer readers")
    assert "review policy: High-risk classes" in page_of_the_last_entry(street.olga)


def test_a_class_that_is_called_like_a_choice_keeps_its_name(street: Street) -> None:
    add_class(street.project, "token", "token", by=street.olga, reason="Words")
    entry = Entry.objects.latest("pk")
    assert (entry.after, said_of(entry.subject_type, entry.after)) == ("token", "token")


def test_the_end_of_a_token_is_told_as_pages_tell_moments(street: Street) -> None:
    until = timezone.now() + timedelta(days=30)
    issue_token(
        street.olga, "script", by=street.olga, reason="Nightly", scopes=[Scope.READ], expiry=until,
        projects=[street.project],
    )  # fmt: skip
    page = page_of_the_last_entry(street.olga)
    assert f"expires: {until:%-d %b %Y, %H:%M} UTC" in page
    assert f"{until:%Y-%m-%dT%H:%M:%S}" not in page


def test_a_webhook_that_narrows_nothing_is_told_all(street: Street) -> None:
    add_webhook(street.project, "chat", "https://chat.example/in", by=street.olga, reason="To hear")
    page = page_of_the_last_entry(street.olga)
    assert "events: all" in page
    assert "roles: all" in page


@pytest.mark.parametrize(
    ("subject_type", "value", "said"),
    [
        ("labelop.dispute", "revision_requested", "Revision requested"),
        ("labelop.project", {"name": "v1", "purpose": "training"}, "name: v1, purpose: Before training"),
        ("labelop.assignment", {"priority": 3, "due_on": None}, "priority: High, due on: none"),
        ("labelop.labelclass", {"high_risk": True}, "high risk: yes"),
        ("labelop.item", {"data": {"state": "open"}}, "data: state: open"),
        ("gone.model", "approved", "approved"),
        ("roles.membership", None, ""),
    ],
)
def test_values_are_told_by_the_fields_of_models(subject_type: str, value: Any, said: str) -> None:
    assert said_of(subject_type, value) == said


def test_a_table_holds_what_was_recorded(street: Street) -> None:
    revise(street)
    change_setting(street.project, "review_policy", "targeted", by=street.olga, reason="Fewer readers")
    client = Client()
    client.force_login(street.olga)
    answer = client.post(EXPORT, {"form": "csv", "reason": "For the auditor"})
    rows = {row["event"]: row for row in csv.DictReader(io.StringIO(answer.getvalue().decode(), newline=""))}
    assert rows["review.decided"]["after"] == "revision_requested"
    assert json.loads(rows["setting.changed"]["after"]) == {"review_policy": "targeted"}
    assert rows["setting.changed"]["records"] == "1"
