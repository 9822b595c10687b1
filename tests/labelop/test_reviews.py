"""Decisions on items and annotations that nobody was assigned to: nobody's own, and each round's last one counts."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from audit.acting import operation
from audit.models import Entry
from labelop.models import Annotation, Review, Verdict
from labelop.services.reviews import decide_review
from roles.matrix import Role
from roles.services import grant_role
from tests.cast import Cast, person, what_is_left

from .test_services import again


def test_nobody_decides_on_their_own_work(cast: Cast) -> None:
    with operation():
        Annotation.objects.filter(pk=cast.annotation.pk).update(author=cast.ravi)
    for subject in (again(cast.annotation), cast.item):
        with what_is_left() as left, pytest.raises(PermissionDenied, match="own work"):
            decide_review(subject, Verdict.APPROVED, by=cast.ravi)
        # The attempt stands out as an anomaly besides.
        denied = left.entries[0]
        assert (denied.event, denied.actor, denied.role) == ("access.denied", cast.ravi, "reviewer")
        assert denied.project_id == cast.project.pk
    assert not Review.objects.exists()


def test_not_even_a_superuser_decides_on_their_own_work(cast: Cast) -> None:
    with operation():
        Annotation.objects.filter(pk=cast.annotation.pk).update(author=cast.root)
    with pytest.raises(PermissionDenied, match="own work"):
        decide_review(cast.annotation, Verdict.APPROVED, by=cast.root, reason="In a hurry")


def test_own_work_that_was_withdrawn_stays_own_work(cast: Cast) -> None:
    with operation():
        Annotation.objects.filter(pk=cast.annotation.pk).update(author=cast.ravi, withdrawn=True)
    with pytest.raises(PermissionDenied, match="own work"):
        decide_review(cast.annotation, Verdict.APPROVED, by=cast.ravi)


def test_a_changed_decision_supersedes_the_old_one(cast: Cast) -> None:
    first = decide_review(cast.annotation, Verdict.REJECTED, by=cast.ravi, reason_code="boundary")
    with what_is_left() as left:
        second = decide_review(cast.annotation, Verdict.APPROVED, by=cast.ravi, reason="Looked again")
    assert second.supersedes == first
    assert again(first).verdict == "rejected"
    assert left.events == ["decision.changed"]
    assert (left.entry.before, left.entry.after) == ("rejected", "approved")
    (version,) = left.versions
    assert (version.history_type, version.id) == ("+", second.pk)


def test_a_changed_decision_says_why(cast: Cast) -> None:
    decide_review(cast.annotation, Verdict.REJECTED, by=cast.ravi, reason_code="boundary")
    with what_is_left() as left, pytest.raises(ValidationError, match="say why"):
        decide_review(cast.annotation, Verdict.APPROVED, by=cast.ravi)
    assert (left.events, left.versions) == ([], [])


def test_the_same_decision_by_another_reviewer_changes_nothing_but_the_reviewer(cast: Cast) -> None:
    rita = person("rita")
    grant_role(cast.project, rita, Role.REVIEWER, by=cast.olga, reason="Knows birds too")
    first = decide_review(cast.annotation, Verdict.APPROVED, by=cast.ravi)
    with what_is_left() as left:
        second = decide_review(cast.annotation, Verdict.APPROVED, by=rita)
    assert second.supersedes == first
    assert left.events == ["review.decided"]


def test_decisions_on_an_item_and_on_its_annotation_are_apart(cast: Cast) -> None:
    decide_review(cast.annotation, Verdict.REJECTED, by=cast.ravi, reason_code="boundary")
    review = decide_review(cast.item, Verdict.APPROVED, by=cast.ravi)
    assert review.supersedes is None


def test_an_owner_decides_exceptionally_and_says_why(cast: Cast) -> None:
    with what_is_left() as left, pytest.raises(ValidationError, match="say why"):
        decide_review(cast.annotation, Verdict.APPROVED, by=cast.olga)
    assert (left.events, left.versions) == ([], [])
    decide_review(cast.annotation, Verdict.APPROVED, by=cast.olga, reason="Ravi is away")
    assert Entry.objects.filter(event="review.by_owner", role="owner").count() == 1
