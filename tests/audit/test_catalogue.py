"""The catalogue: what can happen, held against what the services record."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from audit.events import BULK, EXPLAINS_NOTHING, Event, Impact, Reason

ROOT = Path(__file__).resolve().parent.parent.parent
FLOORS = ("audit", "roles", "labelop", "snapshots")

# Whoever moves an event into this table, or out of it, must mean it: pages show HIGH first.
HIGH = {
    "role.granted",
    "role.changed",
    "role.revoked",
    "access.denied_repeatedly",
    "access.overridden",
    "login.locked_out",
    "account.superuser_granted",
    "account.superuser_revoked",
    "account.deactivated",
    "token.issued",
    "token.revoked",
    "webhook.added",
    "webhook.changed",
    "webhook.secret_renewed",
    "webhook.switched_off",
    "webhook.switched_on",
    "webhook.removed",
    "connection.added",
    "connection.secret_renewed",
    "connection.removed",
    "change.unexplained",
    "setting.changed",
    "project.archived",
    "class.renamed",
    "class.redefined",
    "class.risk_changed",
    "class.deprecated",
    "class.reinstated",
    "schema.frozen",
    "schema.unfrozen",
    "items.excluded",
    "annotations.bulk_changed",
    "annotation.changed_after_approval",
    "work.reopened",
    "review.by_owner",
    "decision.changed",
    "decision.overturned",
    "snapshot.taken",
    "adjustment.accepted",
    "data.restored",
    "release.approved",
    "release.released",
    "release.withdrawn",
    "release.deprecated",
    "release.reinstated",
    "gate.waived",
    "release.date_moved_late",
    "export.made",
    "export.review_made",
    "trail.exported",
    "data.loaded",
    "data.migrated",
    "log_review.signed",
    "log_review.voided",
}
# HIGH in the plan, and in the catalogue as soon as a service records them.
HIGH_ONE_DAY = {
    "review.policy_waived",
    "export.downloaded",
    "trail.verification_failed",
    "retention.applied",
}

# Written by the triggers themselves, about a change that no service told.
WRITTEN_BY_THE_DATABASE = {Event.CHANGE_UNEXPLAINED}


@cache
def events_named_in(path: Path) -> set[str]:
    """Every `Event.NAME` in a file."""
    return {
        node.attr
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Event"
    }


def sources() -> list[Path]:
    """Everything of ours that runs, but for the catalogue itself."""
    return [
        path
        for floor in FLOORS
        for path in sorted(ROOT.glob(f"{floor}/**/*.py"))
        if path != ROOT / "audit" / "events.py" and "migrations" not in path.parts
    ]


def records(path: Path) -> bool:
    """Whether a file is one that may write the trail: a service, or a command of Django's own."""
    rooms = path.relative_to(ROOT).parts[1:]
    return rooms[0] in {"services", "services.py"} or path.name in {"loaddata.py", "migrate.py"}


def test_codes_are_unique_and_say_what_happened() -> None:
    codes = [event.value for event in Event]
    assert len(codes) == len(set(codes))
    for event in Event:
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*", event.value), event
        assert event.name == event.value.replace(".", "_").upper()


def test_labels_are_unique_sentences_that_name_nobody() -> None:
    labels = [str(event.label) for event in Event]
    assert len(labels) == len(set(labels))
    assert all(label[0].isupper() and not label.endswith(".") for label in labels)


@pytest.mark.parametrize("event", [event for event in Event if event not in WRITTEN_BY_THE_DATABASE])
def test_every_event_is_recorded_by_some_service(event: Event) -> None:
    assert any(event.name in events_named_in(path) for path in sources() if records(path))


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_what_is_recorded_stands_in_the_catalogue(path: Path) -> None:
    members = {event.name for event in Event}
    assert {name for name in events_named_in(path) if name.isupper()} <= members


def test_what_weighs_most_is_written_out() -> None:
    high = {event.value for event in Event if event.impact is Impact.HIGH}
    assert high >= HIGH
    assert high - HIGH <= HIGH_ONE_DAY
    assert not {event.value for event in Event if event.impact is not Impact.HIGH} & HIGH_ONE_DAY


def test_what_decides_about_power_must_say_why() -> None:
    required = {event.value for event in Event if event.reason is Reason.REQUIRED}
    assert required >= {
        "role.granted",
        "role.changed",
        "role.revoked",
        "access.overridden",
        "account.superuser_granted",
        "account.superuser_revoked",
        "account.deactivated",
        "token.issued",
        "token.revoked",
        "review.by_owner",
        "decision.changed",
        "anomaly.acknowledged",
        "anomaly.resolved",
        "identity.revealed",
        "project.archived",
        "class.redefined",
        "class.deprecated",
        "class.reinstated",
        "schema.unfrozen",
        "release.withdrawn",
        "release.deprecated",
        "release.reinstated",
        "gate.waived",
    }


def test_groups_of_events_do_not_overlap() -> None:
    assert not BULK & EXPLAINS_NOTHING
