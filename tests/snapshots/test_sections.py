"""What a snapshot pins beside the content: decisions, assignments, disputes, and people by names that stay."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from audit.acting import operation
from labelop.models import Annotation, Assignment, Dispute, ReasonCode, Review, Verdict
from roles.matrix import Role
from roles.models import User
from roles.selectors import opening_names
from roles.services import create_account, grant_role
from snapshots.content import State
from snapshots.counts import tally_after, whole_tally
from snapshots.models import Snapshot
from snapshots.reconciliation import reconcile
from snapshots.services.exports import export_snapshot

from .stage import Stage, set_the_stage

pytestmark = [pytest.mark.django_db, pytest.mark.stage(set_by=set_the_stage)]


@pytest.fixture
def stage(standing: Stage) -> Stage:
    return standing


def assign(stage: Stage, place: int, **columns: Any) -> Assignment:
    wanted = {"state": "in_review", "priority": 3, "due_on": dt.date(2026, 11, 30), **columns}
    with operation(by=stage.olga):
        return Assignment.objects.create(project=stage.project, item=stage.items[place], annotator=stage.ana, **wanted)


def decide(stage: Stage, place: int, **columns: Any) -> Review:
    wanted = {"verdict": Verdict.APPROVED, "reviewer": stage.ravi, **columns}
    with operation(by=stage.ravi):
        return Review.objects.create(project=stage.project, item=stage.items[place], **wanted)


def rename(user: User, name: str) -> None:
    with operation():
        User.objects.filter(pk=user.pk).update(username=name)


def records(snapshot: Snapshot, section: str) -> dict[str, dict[str, Any]]:
    found = State(snapshot.project_id, snapshot.cut).records(section)
    return {record.key: record.content for record in found}


def check_against_the_whole(snapshot: Snapshot) -> None:
    whole = whole_tally(State(snapshot.project_id, snapshot.cut)).sealed()
    kept = {name: getattr(snapshot, name) for name in whole}
    kept["states"] = bytes(kept["states"])
    assert kept == whole


# Assignments, decisions, disputes


def test_an_assignment_is_pinned_with_all_that_was_agreed(stage: Stage) -> None:
    assign(stage, 0, round=2, instructions="Look at the legs", approved_by=stage.ravi, state="approved")
    assert records(stage.snapshot("v1"), "assignments") == {
        "assignment/photo-0/1": {
            "annotator": "ana",
            "approved_by": "ravi",
            "due_on": "2026-11-30",
            "instructions": "Look at the legs",
            "priority": 3,
            "round": 2,
            "state": "approved",
        }
    }


def test_every_assignment_of_an_item_has_a_name_of_its_own(stage: Stage) -> None:
    assign(stage, 0, state="cancelled")
    first = stage.snapshot("v1")
    assign(stage, 0, due_on=None)
    second = stage.snapshot("v2")
    assert list(records(first, "assignments")) == ["assignment/photo-0/1"]
    assert sorted(records(second, "assignments")) == ["assignment/photo-0/1", "assignment/photo-0/2"]
    check_against_the_whole(second)


def test_review_states_are_counted(stage: Stage) -> None:
    one = assign(stage, 0)
    assign(stage, 1)
    first = stage.snapshot("v1")
    assert first.sealed("counts")["assignments"] == {"in_review": 2}
    with operation():
        Assignment.objects.filter(pk=one.pk).update(state="approved", approved_by=stage.ravi)
    second = stage.snapshot("v2")
    assert second.sealed("counts")["assignments"] == {"approved": 1, "in_review": 1}
    assert second.content_hash == first.content_hash
    assert second.sealed("sections")["assignments"] != first.sealed("sections")["assignments"]
    check_against_the_whole(second)


def test_a_decision_says_its_reason_code_and_the_round_of_its_assignment(stage: Stage) -> None:
    work = assign(stage, 0, round=2)
    decide(stage, 0, assignment=work, round=2, verdict=Verdict.REJECTED, reason_code=ReasonCode.BOUNDARY)
    decide(stage, 1)
    assert records(stage.snapshot("v1"), "work") == {
        "review/photo-0//1": {
            "verdict": "rejected",
            "note": "",
            "reviewer": "ravi",
            "reason_code": "boundary",
            "round": 2,
        },
        # As decisions always read, so that what earlier snapshots hashed can be carried on.
        "review/photo-1//1": {"verdict": "approved", "note": "", "reviewer": "ravi"},
    }


def test_a_dispute_is_named_by_the_decision_it_contests(stage: Stage) -> None:
    decide(stage, 0)
    contested = decide(stage, 0, annotation=stage.marks[0], verdict=Verdict.REJECTED)
    with operation(by=stage.ana):
        dispute = Dispute.objects.create(
            project=stage.project, review=contested, contested_by=stage.ana, reason="It is a gull"
        )
    first = stage.snapshot("v1")
    open_one = {"state": "open", "reason": "It is a gull", "ruling": "", "contested_by": "ana", "adjudicated_by": None}
    assert records(first, "disputes") == {"dispute/photo-0/1/1": open_one}
    with operation(by=stage.olga):
        Dispute.objects.filter(pk=dispute.pk).update(state="overturned", ruling="So it is", adjudicated_by=stage.olga)
    second = stage.snapshot("v2")
    closed = {"state": "overturned", "ruling": "So it is", "adjudicated_by": "olga"}
    assert records(second, "disputes") == {"dispute/photo-0/1/1": open_one | closed}
    check_against_the_whole(second)
    assert reconcile(stage.project, first, second, live=True).findings == []


def test_an_export_with_all_of_it_verifies(stage: Stage, tmp_path: Path) -> None:
    work = assign(stage, 0)
    review = decide(stage, 0, assignment=work, verdict=Verdict.REJECTED, reason_code=ReasonCode.MISSED)
    with operation(by=stage.ana):
        Dispute.objects.create(project=stage.project, review=review, contested_by=stage.ana, reason="Nothing was")
    rename(stage.ana, "anna")
    folder = tmp_path / "export"
    export_snapshot(stage.snapshot("v1"), folder, by=stage.olga)
    done = subprocess.run([sys.executable, folder / "verify_snapshot.py", folder], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    for section in ("assignments", "disputes", "work"):
        assert f"equal '{section}'" in done.stdout


def test_a_snapshot_from_before_there_were_these_sections_is_carried_on(stage: Stage) -> None:
    decide(stage, 0)
    known = stage.snapshot("v1")
    sections = known.sealed("sections")
    older = Snapshot(
        project=stage.project,
        cut={
            label: bound for label, bound in known.cut.items() if label not in ("labelop.assignment", "labelop.dispute")
        },
        sections={name: sections[name] for name in sections if name not in ("assignments", "disputes")},
        counts={name: kept for name, kept in known.sealed("counts").items() if name != "assignments"},
        states=_states_of(known, {"assignments", "disputes"}),
    )
    assign(stage, 0)
    decide(stage, 1)
    second = stage.snapshot("v2")
    carried = tally_after(older, State(stage.project.pk, second.cut)).sealed()
    assert {name: carried[name] for name in ("sections", "counts", "content_hash")} == {
        name: second.sealed(name) for name in ("sections", "counts", "content_hash")
    }


def _states_of(snapshot: Snapshot, without: set[str]) -> bytes:
    names = sorted(snapshot.sealed("sections"))
    states = bytes(snapshot.sealed("states"))
    kept = [states[place * 2048 : (place + 1) * 2048] for place, name in enumerate(names) if name not in without]
    return b"".join(kept)


# People


def test_hashes_carried_on_past_a_renaming_equal_those_computed_anew(stage: Stage) -> None:
    work = assign(stage, 0)
    decide(stage, 0, assignment=work)
    first = stage.snapshot("v1")
    for user, name in ((stage.ana, "anna"), (stage.ravi, "ravindra"), (stage.olga, "helga")):
        rename(user, name)
    with operation():
        Assignment.objects.filter(pk=work.pk).update(state="approved")
    decide(stage, 1)
    membership = stage.project.memberships.get(user=stage.ravi)
    with operation():
        stage.project.memberships.filter(pk=membership.pk).update(ended_at=membership.granted_at)
    second = stage.snapshot("v2")
    for snapshot in (first, second):
        check_against_the_whole(snapshot)
    assert reconcile(stage.project, first, second, live=True).findings == []
    assert "member/ana" in records(second, "roles")


def test_a_renaming_alone_changes_no_hash(stage: Stage) -> None:
    first = stage.snapshot("v1")
    rename(stage.ana, "anna")
    assert stage.snapshot("v2").sections == first.sections


def test_an_account_opened_under_a_name_that_became_free_is_told_apart(stage: Stage) -> None:
    rename(stage.ana, "anna")
    other = create_account("ana", "a long sentence nobody guesses", by=None)
    rename(other, "annette")
    third = create_account("ana", "a long sentence nobody guesses", by=None)
    people = [stage.ana.pk, other.pk, third.pk]
    assert opening_names(people) == dict(zip(people, ["ana", "ana#2", "ana#3"], strict=True))
    for user in (other, third):
        grant_role(stage.project, user, Role.ANNOTATOR, by=stage.olga, reason="Namesake")
    snapshot = stage.snapshot("v1")
    assert {"member/ana", "member/ana#2", "member/ana#3"} <= records(snapshot, "roles").keys()
    check_against_the_whole(snapshot)


def test_a_reviewer_from_outside_is_named_too(stage: Stage) -> None:
    decide(stage, 0, reviewer=stage.uma)
    assert records(stage.snapshot("v1"), "work")["review/photo-0//1"]["reviewer"] == "uma"


def test_content_does_not_know_of_work(stage: Stage) -> None:
    first = stage.snapshot("v1")
    assign(stage, 0)
    decide(stage, 0)
    with operation():
        Annotation.objects.filter(pk=stage.marks[0].pk).update(edition=2)
    assert stage.snapshot("v2").content_hash == first.content_hash
