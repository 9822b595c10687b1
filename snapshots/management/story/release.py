"""How a release of the demo comes about: cut, log review, approval, out of the building."""

from __future__ import annotations

import tempfile
from datetime import datetime, timedelta
from pathlib import Path

from audit.acting import operation
from audit.events import PERMISSION_CHANGES
from audit.models import Entry
from labelop.models import Project
from roles.models import User

from ...gates import window_of
from ...log_reviews import Scope, act_of, decision_points
from ...models import Disposition, LogReview, Occasion, Purpose, Release
from ...separation import standing_of
from ...services.dispositions import answer_question, dispose
from ...services.exports import export_snapshot
from ...services.log_reviews import open_log_review, sign_log_review
from ...services.releases import begin_review, propose_release, waive_gate
from ...services.snapshots import take_snapshot

ANSWERS = (
    "Yes; where it was missing it is noted.",
    "No change that reaches back.",
    "Yes, for the time of the release.",
    "Nothing in bulk.",
)


def propose(project: Project, name: str, by: User, at: datetime, reason: str, days: int = 4) -> Release:
    """Cut a candidate, propose it, and take it into review."""
    taken = take_snapshot(project, name, by=by, purpose=Purpose.CANDIDATE, note=reason, at=at)
    with operation(by=by, at=at + timedelta(minutes=10)):
        release = propose_release(taken.snapshot, by=by, planned_on=(at + timedelta(days=days)).date(), reason=reason)
    with operation(by=by, at=at + timedelta(minutes=12)):
        return begin_review(release, by=by)


def read_the_log(project: Project, scope: Scope, by: User, at: datetime) -> LogReview:
    """Somebody who did nothing in the scope reads it, decision by decision, and signs."""
    log_review = open_log_review(project, scope, by=by, at=at)
    for place, entry in enumerate(decision_points(log_review)):
        with operation(by=by, at=at + timedelta(minutes=2 + place)):
            dispose(log_review, entry, Disposition.Verdict.EXPECTED, by=by)
    for place in range(len(log_review.checklist)):
        with operation(by=by, at=at + timedelta(minutes=60 + place)):
            answer_question(log_review, place, ANSWERS[place % len(ANSWERS)], by=by)
    with operation(by=by, at=at + timedelta(minutes=70)):
        sign_log_review(log_review, by=by, meaning="I read every decision in the scope and took part in none")
    return log_review


def changes_of_roles(project: Project) -> list[Scope]:
    """What changed who may do what and was read by nobody yet, act by act."""
    read = LogReview.objects.filter(project=project, occasion=Occasion.PERMISSION_CHANGE).values("about")
    changes = Entry.objects.filter(project=project, event__in=PERMISSION_CHANGES).exclude(pk__in=read).order_by("id")
    return [act_of(entry) for entry in {entry.operation: entry for entry in reversed(changes)}.values()][::-1]


def waive_what_is_closed(release: Release, by: User, at: datetime, reason: str) -> None:
    """Each gate that is closed by then is waived by name, in one act."""
    with operation(by=by, at=at):
        for gate in standing_of(window_of(release)).closed:
            waive_gate(release, gate.code, by=by, reason=reason)


def export(release: Release, by: User, at: datetime, reason: str) -> None:
    """An export is made and handed on; the demo keeps no files of it."""
    with tempfile.TemporaryDirectory() as folder, operation(by=by, at=at):
        export_snapshot(release.snapshot, Path(folder) / "export", by=by, reason=reason)
