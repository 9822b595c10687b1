"""Work given, done and judged: what each act leaves, the review policy, rounds, own work, fixes and disputes."""

from __future__ import annotations

import hashlib

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client

from audit.acting import Channel, operation, through
from labelop.models import Annotation, Assignment, LabelClass, Review, Verdict
from labelop.selectors.trail import work_entries_visible_to
from labelop.selectors.work import annotations_visible_to, assignments_visible_to, items_visible_to, reviews_visible_to
from labelop.services.assignments import assign_work, cancel_work, complete_work, reassign_work, reopen_work, start_work
from labelop.services.disputes import contest_review, overturn_decision, uphold_decision
from labelop.services.fixes import fix_annotation, withdraw_as_fix
from labelop.services.projects import change_setting
from labelop.services.schema import add_class
from labelop.services.work import add_item, exclude_item, save_annotation, withdraw_annotation
from snapshots.reconciliation import reconcile
from snapshots.services.snapshots import take_snapshot
from tests.cast import what_is_left
from tests.marks import brought_in

from .team import Team, assemble_team

pytestmark = [pytest.mark.django_db, pytest.mark.stage(set_by=assemble_team)]


@pytest.fixture
def team(standing: Team) -> Team:
    return standing


def again(assignment: Assignment) -> Assignment:
    return Assignment.objects.get(pk=assignment.pk)


class TestAssigning:
    def test_several_items_is_one_act_with_one_entry(self, team: Team) -> None:
        items = [add_item(team.project, f"n{number}", {}, by=team.olga) for number in range(3)]
        with what_is_left() as left:
            made = assign_work(items, team.ana, by=team.olga, reason="Batch 2")
        assert [each.item for each in made] == items
        assert (left.events, left.entry.records, left.entry.subject_type) == (["work.assigned"], 3, "labelop.project")
        assert left.entry.after == {"annotator": team.ana.pk, "due": None}
        assert {version.operation for version in left.versions} == {left.entry.operation}
        assert left.entry in work_entries_visible_to(team.ana)

    def test_to_somebody_who_is_no_annotator_is_refused(self, team: Team) -> None:
        for name in ("olga", "ravi", "eve", "uma"):
            with what_is_left() as left, pytest.raises(ValidationError, match="Only an annotator"):
                assign_work([team.item], team.people[name], by=team.olga)
            assert (left.events, left.versions) == ([], [])

    def test_an_excluded_item_is_refused(self, team: Team) -> None:
        exclude_item(team.item, by=team.olga, reason="Blurred")
        with pytest.raises(ValidationError, match="excluded"):
            team.assigned()

    def test_an_item_twice_is_refused_until_it_is_cancelled(self, team: Team) -> None:
        first = team.assigned()
        with pytest.raises(ValidationError, match="assigned already"):
            team.assigned(team.ben)
        cancel_work(first, by=team.olga, reason="Ana is away")
        assert team.assigned(team.ben).pk != first.pk


class TestSeeing:
    def test_annotators_see_their_own_work_until_it_is_taken_from_them(self, team: Team) -> None:
        assignment = team.reach("revision_requested")
        for viewer, sees in ((team.ana, True), (team.ben, False), (team.people["uma"], False), (team.ravi, True)):
            for selector in (assignments_visible_to, items_visible_to, annotations_visible_to, reviews_visible_to):
                assert selector(viewer).exists() == sees, (viewer.username, selector.__name__)
        assert work_entries_visible_to(team.ana).filter(event="review.decided").exists()
        assert not work_entries_visible_to(team.ana).filter(event="role.granted").exists()
        assert not work_entries_visible_to(team.ben).exists()
        reassign_work(assignment, team.ben, by=team.olga)
        assert not assignments_visible_to(team.ana).exists()
        assert not work_entries_visible_to(team.ana).exists()
        assert assignments_visible_to(team.ben).exists()
        cancel_work(assignment, by=team.olga, reason="Not needed")
        assert not assignments_visible_to(team.ben).exists()

    def test_the_admin_offers_and_does_what_each_may(self, team: Team) -> None:
        assignment = team.assigned()
        path = f"/labelop/assignment/{assignment.pk}"
        pages = {name: Client() for name in ("olga", "ravi", "ana", "ben", "uma")}
        for name, client in pages.items():
            client.force_login(team.people[name])
        assert [pages[name].get(f"{path}/change/").status_code for name in pages] == [200, 200, 200, 404, 404]
        assert pages["ravi"].post(f"{path}/acts/start/", {}).status_code == 403
        assert pages["ana"].post(f"{path}/acts/start/", {}).status_code == 302
        assert pages["ana"].post(f"{path}/acts/complete/", {}).status_code == 302
        page = pages["olga"].get(f"{path}/change/").content.decode()
        assert "Annotator" in page or "Member" in page
        assert ">ana<" not in page
        answer = pages["ravi"].post(f"{path}/acts/decide/", {"verdict": "rejected"})
        assert answer.status_code == 422
        answers = {"verdict": "rejected", "reason_code": "missed", "reason": "Two gulls"}
        assert pages["ravi"].post(f"{path}/acts/decide/", answers).status_code == 302
        review = Review.objects.get()
        contest = f"/labelop/review/{review.pk}/acts/contest/"
        assert pages["ben"].post(contest, {"reason": "Mine"}).status_code == 404
        assert pages["ana"].post(contest, {"reason": "There is one"}).status_code == 302
        dispute = f"/labelop/dispute/{review.dispute.pk}/acts"
        answers = {"verdict": "approved", "reason": "There is one indeed"}
        assert pages["ravi"].post(f"{dispute}/overturn/", answers).status_code == 403
        assert pages["olga"].post(f"{dispute}/overturn/", answers).status_code == 302
        assert again(assignment).state == "approved"
        history = pages["ana"].get(f"{path}/history/").content.decode()
        assert "There is one indeed" in history or "Work completed" in history
        for model in ("assignment", "review", "dispute"):
            assert pages["olga"].get(f"/labelop/{model}/").status_code == 200
            assert "photo-1" not in pages["uma"].get(f"/labelop/{model}/").content.decode()


class TestThePolicy:
    def test_full_reviews_everything(self, team: Team) -> None:
        with what_is_left() as left:
            team.reach("in_review")
        assert left.entries[-1].event == "work.completed"
        assert left.entries[-1].after == {"state": "in_review", "round": 1, "policy": "full"}

    @pytest.mark.parametrize(
        ("high_risk", "withdrawn", "state"), [(0, 0, "approved"), (1, 0, "in_review"), (1, 1, "in_review")]
    )
    def test_targeted_reviews_what_bears_a_high_risk_class(
        self, team: Team, high_risk: int, withdrawn: int, state: str
    ) -> None:
        change_setting(team.project, "review_policy", "targeted", by=team.olga)
        with operation():
            LabelClass.objects.filter(pk=team.gull.pk).update(high_risk=bool(high_risk))
            Annotation.objects.filter(item=team.item).update(withdrawn=bool(withdrawn))
        assignment = start_work(team.assigned(), by=team.ana)
        assert complete_work(assignment, by=team.ana).state == state

    @pytest.mark.parametrize("hidden", ["relabelled", "withdrawn, and back as another class", "made and relabelled"])
    def test_targeted_reviews_what_bore_a_high_risk_class_at_any_time_in_the_round(
        self, team: Team, hidden: str
    ) -> None:
        change_setting(team.project, "review_policy", "targeted", by=team.olga)
        tern = add_class(team.project, "tern", "Tern", by=team.olga)
        shark = add_class(team.project, "shark", "Shark", high_risk=True, by=team.olga)
        if hidden != "made and relabelled":
            brought_in(team.item, shark, {"box": [1]}, by=team.ben, key="seen")
        assignment = start_work(team.assigned(), by=team.ana)
        if hidden == "made and relabelled":
            save_annotation(team.item, shark, {"box": [1]}, by=team.ana, key="seen")
        if hidden.startswith("withdrawn"):
            withdraw_annotation(Annotation.objects.get(key="seen"), by=team.ana)
        save_annotation(team.item, tern, {"box": [1]}, by=team.ana, key="seen")
        with what_is_left() as left:
            assert complete_work(assignment, by=team.ana).state == "in_review"
        assert (left.entry.after or {})["high_risk"] is True

    def test_targeted_forgets_what_bore_a_high_risk_class_before_the_round(self, team: Team) -> None:
        change_setting(team.project, "review_policy", "targeted", by=team.olga)
        shark = add_class(team.project, "shark", "Shark", high_risk=True, by=team.olga)
        assignment = start_work(team.assigned(), by=team.ana)
        save_annotation(team.item, shark, {"box": [1]}, by=team.ana, key="seen")
        save_annotation(team.item, team.gull, {"box": [1]}, by=team.ana, key="seen")
        team.decide(complete_work(assignment, by=team.ana), "revision_requested")
        assignment = start_work(assignment, by=team.ana)
        assert complete_work(assignment, by=team.ana).state == "approved"

    def test_a_sample_is_drawn_by_chance_that_the_trail_lets_check(self, team: Team) -> None:
        change_setting(team.project, "review_policy", "sample", by=team.olga)
        change_setting(team.project, "sample_percent", 50, by=team.olga)
        items = [add_item(team.project, f"n{number}", {}, by=team.olga) for number in range(40)]
        seen: set[str] = set()
        for assignment in assign_work(items, team.ana, by=team.olga):
            start_work(assignment, by=team.ana)
            with what_is_left() as left:
                done = complete_work(assignment, by=team.ana)
            entry = left.entries[0]
            assert entry.after is not None
            digest = hashlib.sha256(f"{entry.operation} {assignment.pk} 1".encode()).digest()
            drawn = int.from_bytes(digest[:8], "big") % 100
            assert (entry.after["draw"], entry.after["sample_percent"]) == (drawn, 50)
            assert done.state == ("in_review" if drawn < 50 else "approved")
            told = ["work.completed"] if drawn < 50 else ["work.completed", "review.left_out"]
            assert (left.events, done.approved_by) == (told, None)
            assert [version.state for version in left.versions] == ["completed", done.state]
            seen.add(done.state)
        # All forty alike has a chance of two in 2^40.
        assert seen == {"in_review", "approved"}


class TestRounds:
    def test_each_return_to_work_begins_one_and_approval_keeps_its_approver(self, team: Team) -> None:
        assignment = team.reach("revision_requested")
        assignment = start_work(assignment, by=team.ana)
        assert (assignment.round, assignment.state) == (2, "in_progress")
        team.decide(complete_work(assignment, by=team.ana), "approved")
        assignment = again(assignment)
        assert (assignment.approved_by, assignment.round) == (team.ravi, 2)
        with what_is_left() as left:
            assignment = reopen_work(assignment, by=team.olga, reason="A gull was missed")
        assert (assignment.round, assignment.approved_by, left.events) == (3, None, ["work.reopened"])
        first, second = Review.objects.order_by("id")
        assert (first.round, second.round, second.supersedes) == (1, 2, None)

    def test_a_change_of_what_was_approved_weighs_high(self, team: Team) -> None:
        assignment = reopen_work(team.reach("approved"), by=team.olga, reason="A gull was missed")
        with what_is_left() as left:
            save_annotation(team.item, team.gull, {"box": [7]}, by=team.ana, key="ana")
            save_annotation(team.item, team.gull, {"box": [8]}, by=team.ana, key="new")
        assert left.events == ["annotation.changed_after_approval", "annotation.saved"]
        assert assignment.round == 2

    def test_reopening_says_why(self, team: Team) -> None:
        assignment = team.reach("approved")
        with what_is_left() as left, pytest.raises(ValidationError, match="say why"):
            reopen_work(assignment, by=team.olga, reason=" ")
        assert (left.events, left.versions) == ([], [])

    def test_a_decision_that_sends_back_says_what_was_wanting(self, team: Team) -> None:
        assignment = team.reach("in_review")
        with pytest.raises(ValidationError) as refused:
            team.decide(assignment, "revision_requested", reason_code="")
        assert list(refused.value.message_dict) == ["reason_code"]

    def test_a_changed_decision_of_the_same_round_supersedes(self, team: Team) -> None:
        team.reach("in_review")
        mark = Annotation.objects.get(key="ana")
        first = team.decide(mark, "rejected")
        with what_is_left() as left:
            second = team.decide(mark, "approved")
        assert (second.supersedes, left.events) == (first, ["decision.changed"])

    def test_an_owner_decides_exceptionally(self, team: Team) -> None:
        assignment = team.reach("in_review")
        with what_is_left() as left:
            team.decide(assignment, "approved", team.olga)
        assert left.events == ["review.by_owner"]
        assert again(assignment).approved_by == team.olga


class TestOwnWork:
    @pytest.mark.parametrize("channel", list(Channel))
    def test_is_decided_by_nobody_through_any_channel(self, team: Team, channel: Channel) -> None:
        assignment = team.reach("in_review")
        with through(channel), what_is_left() as left, pytest.raises(PermissionDenied, match="own work"):
            team.decide(assignment, "approved", team.people["rita"])
        denied = left.entries[0]
        assert (denied.event, denied.channel, denied.subject_name) == ("access.denied", channel, "own_work")
        # The attempt stands out as an anomaly besides; nothing of the work has changed.
        assert not [version for version in left.versions if version.instance_type in (Assignment, Annotation, Review)]
        assert again(assignment).state == "in_review"

    def test_includes_what_one_imported(self, team: Team) -> None:
        assignment = team.reach("in_review")
        with operation(by=team.olga):
            Annotation.objects.filter(key="ana").update(value={"box": [3]}, author=None, origin="import")
        with pytest.raises(PermissionDenied, match="own work"):
            team.decide(assignment, "approved", team.olga)
        team.decide(assignment, "approved")

    def test_includes_the_mark_that_one_withdrew(self, team: Team) -> None:
        assignment = team.reach("in_review")
        with operation(by=team.people["rosa"]):
            Annotation.objects.filter(key="ana").update(withdrawn=True)
        with pytest.raises(PermissionDenied, match="own work"):
            team.decide(assignment, "approved", team.people["rosa"])


class TestFixes:
    def test_make_nobody_a_party_but_leave_only_one_approval(self, team: Team) -> None:
        assignment = team.reach("in_review")
        with pytest.raises(ValidationError, match="No mark was fixed"):
            team.decide(assignment, "approved_with_fixes")
        mark = fix_annotation(team.item, team.gull, {"box": [2]}, by=team.ravi, key="ana")
        assert (mark.author, mark.origin) == (team.ravi, "reviewer_fix")
        for verdict in ("approved", "revision_requested", "rejected"):
            with pytest.raises(ValidationError, match="You fixed marks"):
                team.decide(assignment, verdict)
        team.decide(assignment, "approved_with_fixes")
        assert again(assignment).state == "approved"

    def test_of_an_earlier_round_make_their_author_a_party(self, team: Team) -> None:
        assignment = team.reach("in_review")
        fix_annotation(team.item, team.gull, {"box": [2]}, by=team.ravi, key="ana")
        team.decide(assignment, "revision_requested", team.people["rosa"])
        assignment = complete_work(start_work(again(assignment), by=team.ana), by=team.ana)
        with pytest.raises(PermissionDenied, match="own work"):
            team.decide(assignment, "approved")

    def test_by_the_approver_stay_not_reviewed_and_the_rest_is_accounted(self, team: Team) -> None:
        first = take_snapshot(team.project, "v1", by=team.olga).snapshot
        assignment = start_work(team.assigned(), by=team.ana)
        for key in ("a", "b", "c"):
            save_annotation(team.item, team.gull, {"box": [1]}, by=team.ana, key=key)
        assignment = complete_work(assignment, by=team.ana)
        fix_annotation(team.item, team.gull, {"box": [2]}, by=team.ravi, key="a")
        withdraw_as_fix(Annotation.objects.get(key="rita"), by=team.ravi)
        team.decide(assignment, "approved_with_fixes")
        counts = reconcile(team.project, first, take_snapshot(team.project, "v2", by=team.olga).snapshot).counts
        assert (counts["accounted"], counts["not_reviewed"]) == (2, 2)

    def test_a_rejection_in_a_later_round_outdoes_the_approval_of_an_earlier_one(self, team: Team) -> None:
        first = take_snapshot(team.project, "v1", by=team.olga).snapshot
        assignment = reopen_work(team.reach("approved"), by=team.olga, reason="Seen again")
        second = take_snapshot(team.project, "v2", by=team.olga).snapshot
        assert reconcile(team.project, first, second).counts["accounted"] == 1
        team.decide(complete_work(assignment, by=team.ana), "rejected", team.people["rosa"])
        third = take_snapshot(team.project, "v3", by=team.olga).snapshot
        assert reconcile(team.project, first, third).counts["not_reviewed"] == 1


class TestDisputes:
    def test_upheld_the_decision_stands_and_the_work_goes_on(self, team: Team) -> None:
        assignment = team.reach("revision_requested")
        dispute = contest_review(Review.objects.get(), by=team.ana, reason="It is a gull")
        with pytest.raises(ValidationError, match="contested"):
            start_work(assignment, by=team.ana)
        with what_is_left() as left:
            dispute = uphold_decision(dispute, by=team.people["rosa"], reason="It is a tern")
        assert (left.events, dispute.state, dispute.ruling) == (["decision.upheld"], "upheld", "It is a tern")
        assert start_work(assignment, by=team.ana).round == 2
        with pytest.raises(ValidationError, match="ruled on"):
            overturn_decision(dispute, Verdict.APPROVED, by=team.people["rosa"], reason="Or not")

    def test_overturned_another_decision_stands_and_moves_the_work(self, team: Team) -> None:
        assignment = team.reach("rejected")
        old = Review.objects.get()
        dispute = contest_review(old, by=team.ana, reason="It is a gull")
        with what_is_left() as left:
            review = overturn_decision(dispute, Verdict.APPROVED, by=team.olga, reason="It is")
        assert (left.events, left.entry.before, left.entry.after) == (["decision.overturned"], "rejected", "approved")
        assert (review.supersedes, review.round) == (old, 1)
        assert (again(assignment).state, again(assignment).approved_by) == ("approved", team.olga)

    def test_only_a_standing_decision_that_did_not_approve_is_contested_and_once(self, team: Team) -> None:
        assignment = team.reach("revision_requested")
        review = Review.objects.get()
        uphold_decision(contest_review(review, by=team.ana, reason="No"), by=team.olga, reason="Yes")
        with pytest.raises(ValidationError, match="contested already"):
            contest_review(review, by=team.ana, reason="No")
        complete_work(start_work(assignment, by=team.ana), by=team.ana)
        with pytest.raises(ValidationError, match="does not stand"):
            contest_review(review, by=team.ana, reason="No")


def test_a_deprecated_class_takes_no_new_marks(team: Team) -> None:
    team.reach("in_progress")
    with operation():
        LabelClass.objects.filter(pk=team.gull.pk).update(deprecated=True, edition=3)
    with what_is_left() as left, pytest.raises(ValidationError, match="deprecated"):
        save_annotation(team.item, team.gull, {}, by=team.ana)
    assert (left.events, left.versions) == ([], [])
    assert save_annotation(team.item, team.gull, {"box": [4]}, by=team.ana, key="ana").edition == 3
