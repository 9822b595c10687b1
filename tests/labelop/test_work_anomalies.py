"""Own work reviewed, and the schema changed by others than owners: each story once, its honest twin never."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied

from audit.acting import operation
from audit.events import Event
from audit.services import record
from labelop.models import LabelClass, Review, Verdict
from labelop.services.reviews import decide_review
from labelop.services.schema import add_class
from roles.matrix import Can, Role
from roles.models import Rule, User
from roles.services import authorize, change_role
from tests.cast import Cast, what_is_left
from tests.snapshots.stage import by_hand
from tests.standing_out import events_of, noted

pytestmark = pytest.mark.django_db


def review_past_the_services(cast: Cast, reviewer: User) -> Review:
    """As an import could bring one."""
    with operation(by=reviewer):
        actor = authorize(reviewer, Can.DECIDE_REVIEWS, cast.project)
        review = Review.objects.create(
            project=cast.project,
            item=cast.item,
            annotation=cast.annotation,
            verdict=Verdict.APPROVED,
            reviewer=reviewer,
        )
        record(Event.REVIEW_DECIDED, review, actor)
    return review


# Own work


def test_an_attempt_to_review_own_work_is_noted_right_after_the_refusal(cast: Cast) -> None:
    change_role(cast.membership_of(cast.ana), Role.REVIEWER, by=cast.olga, reason="Knows birds")
    with what_is_left() as left, pytest.raises(PermissionDenied):
        decide_review(cast.annotation, Verdict.APPROVED, by=cast.ana)
    assert left.events == ["access.denied", "anomaly.noted"]
    (anomaly,) = noted(Rule.OWN_WORK)
    assert events_of(anomaly) == ["access.denied"]
    assert anomaly.people == [cast.ana.pk]
    assert anomaly.explanation == "A reviewer tried to decide on their own work, and was refused."


def test_own_work_reviewed_past_the_services_stands_out(cast: Cast) -> None:
    change_role(cast.membership_of(cast.ana), Role.REVIEWER, by=cast.olga, reason="Knows birds")
    review_past_the_services(cast, cast.ana)
    (anomaly,) = noted(Rule.OWN_WORK)
    assert events_of(anomaly) == ["review.decided"]
    assert anomaly.people == [cast.ana.pk]


def test_an_item_decided_on_by_whoever_marked_it_stands_out(cast: Cast) -> None:
    change_role(cast.membership_of(cast.ana), Role.REVIEWER, by=cast.olga, reason="Knows birds")
    review = review_past_the_services(cast, cast.ana)
    with operation():
        Review.objects.filter(pk=review.pk).update(annotation=None)
    assert [anomaly.case for anomaly in noted(Rule.OWN_WORK)] == [f"review {review.pk}"]


def test_work_reviewed_by_somebody_else_does_not(cast: Cast) -> None:
    review_past_the_services(cast, cast.ravi)
    assert noted(Rule.OWN_WORK) == []


def test_a_mark_changed_after_somebody_reviewed_it_is_not_theirs_in_the_past(cast: Cast) -> None:
    review_past_the_services(cast, cast.ravi)
    with operation():
        type(cast.annotation).objects.filter(pk=cast.annotation.pk).update(author=cast.ravi)
    assert noted(Rule.OWN_WORK) == [], "when he decided it was not his"


def test_a_fix_during_the_review_is_not_own_work(cast: Cast) -> None:
    with operation():
        type(cast.annotation).objects.filter(pk=cast.annotation.pk).update(author=cast.ravi, origin="reviewer_fix")
    review_past_the_services(cast, cast.ravi)
    assert noted(Rule.OWN_WORK) == []


# The schema


def test_a_schema_changed_without_a_role_stands_out(cast: Cast) -> None:
    add_class(cast.project, "tern", "Tern", by=cast.root, reason="The client asked")
    (anomaly,) = noted(Rule.SCHEMA_BY_OTHERS)
    assert events_of(anomaly) == ["access.overridden", "class.added"]
    assert anomaly.explanation == "Somebody without a role changed the schema: label class added."


def test_a_schema_changed_by_a_reviewer_past_the_services_stands_out(cast: Cast) -> None:
    with operation(by=cast.ravi):
        actor = authorize(cast.ravi, Can.DECIDE_REVIEWS, cast.project)
        cast.label_class.name = "Seagull"
        cast.label_class.save()
        record(Event.CLASS_ADDED, cast.label_class, actor)
    (anomaly,) = noted(Rule.SCHEMA_BY_OTHERS)
    assert anomaly.explanation == "A reviewer changed the schema: label class added."
    assert anomaly.people == [cast.ravi.pk]


def test_a_schema_changed_by_raw_sql_stands_out(cast: Cast, unexplained_changes_are_recorded: None) -> None:
    by_hand(cast.label_class, name="Seagull")
    (anomaly,) = noted(Rule.SCHEMA_BY_OTHERS)
    assert events_of(anomaly) == ["change.unexplained"]
    assert anomaly.explanation == "The schema changed, and no entry says by whom."
    assert LabelClass.objects.get(pk=cast.label_class.pk).name == "Seagull"


def test_a_schema_changed_by_an_owner_does_not(cast: Cast) -> None:
    add_class(cast.project, "tern", "Tern", by=cast.olga)
    assert noted(Rule.SCHEMA_BY_OTHERS) == []
