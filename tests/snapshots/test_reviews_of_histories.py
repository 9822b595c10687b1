"""Reviews on top of a replayed history: exactly what was approved moves from not reviewed to accounted for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.conf import settings

from labelop.connectors.labelhist import Batch, read_history
from labelop.models import Annotation, Item, Project, Verdict
from labelop.services.imports import import_batch
from labelop.services.projects import create_project
from labelop.services.reviews import decide_review
from roles.matrix import Role
from roles.models import User
from roles.services import create_account, grant_role, service_account
from snapshots.models import Snapshot
from snapshots.reconciliation import reconcile
from snapshots.services.snapshots import take_snapshot
from tests.labelhist.generator import random_history

pytestmark = pytest.mark.django_db

DATA = Path(os.environ.get("LABELOP_DATA") or settings.BASE_DIR.parent / "shared" / "data") / "histories"


def replayed_up_to_a_release_that_differs(path: Path) -> tuple[Project, Snapshot]:
    """The beginning of a history, and the snapshot of its first release."""
    by = service_account("replay")
    history = read_history(path, keep_going=True)
    project = create_project("replayed", "Replayed", by=by)
    releases: list[Snapshot] = []
    for part in history:
        if isinstance(part, Batch):
            import_batch(project, part, history.header, by=by)
        else:
            releases.append(take_snapshot(project, part.name, by=by, at=part.ts).snapshot)
        if len(releases) > 1 and reconcile(project, releases[0], releases[-1]).counts["not_reviewed"]:
            break
    return project, releases[0]


def verdicts(project: Project, first: Snapshot, last: Snapshot) -> dict[tuple[str, int], str]:
    found = reconcile(project, first, last)
    return {(one.difference.section, one.difference.record_id): str(one.verdict.value) for one in found.records}


def items_of(records: dict[tuple[str, int], str]) -> dict[tuple[str, int], int]:
    marks = dict(Annotation.objects.values_list("pk", "item_id"))
    of_marks = {key: marks[key[1]] for key in records if key[0] == "annotations"}
    return {**of_marks, **{key: key[1] for key in records if key[0] == "items"}}


def review_and_compare(path: Path, at_most: int) -> tuple[int, int]:
    """Approve every other item that waits, reject the rest; how many records were told, and how many moved."""
    project, first = replayed_up_to_a_release_that_differs(path)
    owner = service_account("replay")
    ravi: User = create_account("ravi", "a long sentence nobody guesses", by=None)
    grant_role(project, ravi, Role.REVIEWER, by=owner, reason="Reads what was imported")
    before = verdicts(project, first, take_snapshot(project, "unread", by=owner).snapshot)
    item_of = items_of(before)
    waiting = sorted({item_of[key] for key, told in before.items() if told == "not_reviewed" and key in item_of})
    approved, rejected = set(waiting[:at_most:2]), waiting[1:at_most:2]
    for pk in approved:
        decide_review(Item.objects.get(pk=pk), Verdict.APPROVED, by=ravi)
    for pk in rejected:
        decide_review(Item.objects.get(pk=pk), Verdict.REJECTED, by=ravi, reason="Read", reason_code="wrong_class")
    after = verdicts(project, first, take_snapshot(project, "read", by=owner).snapshot)
    moves = {key for key, told in before.items() if told == "not_reviewed" and item_of.get(key) in approved}
    assert "accounted" not in before.values()
    assert after == {key: "accounted" if key in moves else told for key, told in before.items()}
    return len(before), len(moves)


def test_of_a_made_up_history(tmp_path: Path) -> None:
    lines, _ = random_history(3, "conllu")
    path = tmp_path / "story.ndjson"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    told, moved = review_and_compare(path, at_most=40)
    assert told > moved > 0


def test_of_a_treebank() -> None:
    path = DATA / "pud.events.ndjson.gz"
    if not path.exists():
        pytest.skip(f"NOT PROVED on real data: there is no {path}. Set LABELOP_DATA to where the histories lie.")
    told, moved = review_and_compare(path, at_most=40)
    assert told > moved > 0
