"""What the tests of anomalies share: the daily command, and acts of long ago."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from io import StringIO
from unittest.mock import patch

from django.core.management import call_command
from django.utils import timezone

from audit.acting import operation
from audit.models import Entry
from roles.models import Anomaly, Rule

NAMES = ("olga", "otto", "ravi", "rita", "ana", "uma", "root", "eve", "sue")


def reminded() -> dict[str, list[str]]:
    """Run `remind` and return what it says it did."""
    out = StringIO()
    call_command("remind", json=True, stdout=out)
    report: dict[str, list[str]] = json.loads(out.getvalue())
    return report


def noted(rule: Rule) -> list[Anomaly]:
    """What `remind`, run twice, has noted by this rule; explained without any name."""
    reminded()
    assert reminded()["anomalies"] == [], "the second run notes nothing"
    found = list(Anomaly.objects.filter(rule=rule).order_by("id"))
    for anomaly in found:
        assert not any(name in anomaly.explanation.lower().split() for name in NAMES)
        entry = Entry.objects.filter(subject_type="roles.anomaly", subject_id=anomaly.pk).earliest("id")
        assert (entry.actor_id, entry.reason) == (None, anomaly.explanation)
    return found


def events_of(anomaly: Anomaly) -> list[str]:
    return [Entry.objects.get(pk=pk).event for pk in anomaly.entries]


@contextmanager
def ago(**back: int) -> Iterator[datetime]:
    """Act as if it were earlier: the clock and the versions say so. All inside is one act."""
    at = timezone.now() - timedelta(**back)
    with patch("django.utils.timezone.now", return_value=at), operation(at=at):
        yield at
