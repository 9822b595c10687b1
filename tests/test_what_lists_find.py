"""Each parameter of each list, held against the rows of two projects: it finds what fits, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.utils import timezone

import labelop.filters as work
import snapshots.filters as releases
from audit.acting import operation
from labelop.models import Annotation, Assignment, LabelClass, Project, Review
from labelop.selectors.connections import connections_visible_to, pulls_visible_to
from labelop.selectors.projects import projects_visible_to
from labelop.selectors.quality import quality_signals_visible_to
from labelop.selectors.schema import classes_visible_to
from labelop.selectors.work import (
    annotations_visible_to,
    assignments_visible_to,
    disputes_visible_to,
    items_visible_to,
    reviews_visible_to,
)
from roles.filters import AnomalyFilters, MembershipFilters, StrictFilterSet, TokenFilters
from roles.models import Membership, Token, User
from roles.selectors import (
    anomalies_visible_to,
    deliveries_visible_to,
    memberships_visible_to,
    tokens_visible_to,
    webhooks_visible_to,
)
from snapshots.models import Finding, LogReview, Release
from snapshots.selectors import (
    adjustments_visible_to,
    dispositions_visible_to,
    findings_visible_to,
    log_reviews_visible_to,
    releases_visible_to,
    saved_views_visible_to,
    sign_offs_visible_to,
    snapshots_visible_to,
)

from .access.stage import BIRDS, SHIPS, Stage, set_the_access_stage

TODAY = timezone.now().date()
YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)
SLUG = f"birds-{BIRDS.said}"
GULL = f"gull-{BIRDS.said}"

Fits = Callable[[Any], bool]
Questions = Mapping[tuple[str, str], Fits]


def birds(row: Any) -> bool:
    return bool(row.project.slug == SLUG)


def always(row: Any) -> bool:
    return True


def never(row: Any) -> bool:
    return False


def since_yesterday(name: str) -> Questions:
    """The questions to a column that was filled in just now."""
    return {(name, f">={YESTERDAY}"): always, (name, f"<{YESTERDAY}"): never, (name, f"{YESTERDAY}..{TODAY}"): always}


ON_THEM: dict[type[StrictFilterSet], tuple[Callable[[User], QuerySet[Any]], Questions]] = {
    MembershipFilters: (
        memberships_visible_to,
        {
            ("project", SLUG): birds,
            ("role", "owner"): lambda row: row.role == "owner",
            ("in_force", "true"): lambda row: (
                row.user.username.split(".")[0] not in ("eve", "xena") and not row.ended_at
            ),
            ("in_force", "false"): lambda row: row.user.username.split(".")[0] in ("eve", "xena") or row.ended_at,
            ("member", "annotator 4"): lambda row: row.user.username.startswith(("ana.", "yan.")),
            ("member", "Member 3"): lambda row: row.user.username.startswith(("rita.", "wes.")),
            **since_yesterday("granted_at"),
            ("valid_until", f"<{TOMORROW}"): lambda row: row.valid_until is not None,
            ("ended_at", f">={YESTERDAY}"): lambda row: row.ended_at is not None,
        },
    ),
    AnomalyFilters: (
        anomalies_visible_to,
        {
            ("project", SLUG): lambda row: row.project is not None and birds(row),
            ("state", "open"): lambda row: row.state == "open",
            ("state", "resolved"): lambda row: row.state == "resolved",
            ("rule", "dormant"): lambda row: row.rule == "dormant",
            ("rule", "stray"): lambda row: row.rule == "stray",
            **since_yesterday("noted_at"),
        },
    ),
    TokenFilters: (
        tokens_visible_to,
        {
            ("project", SLUG): birds,
            ("acts_as", "reviewer 9"): birds,
            ("in_force", "true"): birds,
            ("in_force", "false"): lambda row: not birds(row),
            **since_yesterday("created"),
            ("expiry", f">={TOMORROW}"): birds,
            ("expiry", f"<{TOMORROW}"): lambda row: not birds(row),
        },
    ),
    work.WebhookFilters: (
        webhooks_visible_to,
        {("project", SLUG): birds, ("active", "true"): always, ("active", "false"): never},
    ),
    work.ConnectionFilters: (
        connections_visible_to,
        {("project", SLUG): birds, ("removed", "false"): always, ("removed", "true"): never},
    ),
    work.PullFilters: (pulls_visible_to, {("project", SLUG): birds, **since_yesterday("begun_at")}),
    work.DeliveryFilters: (
        deliveries_visible_to,
        {
            ("project", SLUG): birds,
            ("state", "dead"): always,
            ("state", "waiting"): never,
            **since_yesterday("due_at"),
        },
    ),
    work.ProjectFilters: (
        projects_visible_to,
        {
            ("slug", SLUG): lambda row: row.slug == SLUG,
            ("slug", "BIRDS*"): lambda row: row.slug == SLUG,
            ("slug", "birds"): never,
            ("state", "active"): always,
            ("state", "archived"): never,
            ("risk_tier", "high"): lambda row: row.slug == SLUG,
            ("review_policy", "sample"): lambda row: row.slug == SLUG,
            ("customer_facing", "true"): lambda row: row.slug == SLUG,
            ("schema_frozen", "false"): lambda row: row.slug != SLUG,
        },
    ),
    work.LabelClassFilters: (
        classes_visible_to,
        {
            ("project", SLUG): birds,
            ("key", GULL): birds,
            ("key", "gull*"): always,
            ("geometry", "box"): birds,
            ("high_risk", "true"): birds,
            ("deprecated", "false"): lambda row: not birds(row),
        },
    ),
    work.ItemFilters: (
        items_visible_to,
        {
            ("project", SLUG): birds,
            ("key", f"{BIRDS.work}/1"): lambda row: row.key == f"{BIRDS.work}/1",
            ("key", f"{SHIPS.work[:3]}*"): lambda row: not birds(row),
            ("split", BIRDS.work): birds,
            ("excluded", "true"): lambda row: row.excluded,
            ("excluded", "false"): lambda row: not row.excluded,
        },
    ),
    work.AnnotationFilters: (
        annotations_visible_to,
        {
            ("project", SLUG): birds,
            ("item", f"{BIRDS.work}/2"): lambda row: row.item.key == f"{BIRDS.work}/2",
            ("key", f"ana-{BIRDS.work}"): lambda row: row.key == f"ana-{BIRDS.work}",
            ("label_class", GULL): birds,
            ("origin", "human"): lambda row: row.origin == "human",
            ("origin", "import"): lambda row: row.origin == "import",
            ("withdrawn", "true"): lambda row: row.withdrawn,
            ("outdated", "true"): lambda row: birds(row) and not row.withdrawn,
            ("outdated", "false"): lambda row: not birds(row) or row.withdrawn,
        },
    ),
    work.AssignmentFilters: (
        assignments_visible_to,
        {
            ("project", SLUG): birds,
            ("item", f"{SHIPS.work}/0"): lambda row: row.item.key == f"{SHIPS.work}/0",
            ("annotator", "Annotator 4"): lambda row: True,
            ("annotator", "Annotator 5"): never,
            ("state", "in_review"): lambda row: row.state == "in_review",
            ("priority", "high"): birds,
            ("overdue", "true"): lambda row: birds(row) and row.state != "in_review",
            ("overdue", "false"): lambda row: not birds(row) or row.state == "in_review",
            ("round", "2"): birds,
            ("due_on", str(YESTERDAY)): birds,
            ("due_on", f">{YESTERDAY}"): never,
            **since_yesterday("assigned_at"),
        },
    ),
    work.ReviewFilters: (
        reviews_visible_to,
        {
            ("project", SLUG): birds,
            ("item", f"{BIRDS.work}/0"): birds,
            ("reviewer", "Reviewer 2"): always,
            ("reviewer", "Reviewer 3"): never,
            ("verdict", "revision_requested"): lambda row: row.verdict == "revision_requested",
            ("verdict", "rejected"): lambda row: row.verdict == "rejected",
            ("reason_code", "missed"): lambda row: row.reason_code == "missed",
            ("reason_code", "other"): lambda row: row.reason_code == "other",
            ("superseded", "true"): lambda row: birds(row) and row.supersedes_id is None,
            ("superseded", "false"): lambda row: not birds(row) or row.supersedes_id is not None,
            ("round", "7"): lambda row: row.supersedes_id is not None,
            **since_yesterday("decided_at"),
        },
    ),
    work.DisputeFilters: (
        disputes_visible_to,
        {
            ("project", SLUG): birds,
            ("state", "open"): always,
            ("state", "upheld"): never,
            **since_yesterday("opened_at"),
            ("closed_at", f">={YESTERDAY}"): birds,
        },
    ),
    work.QualitySignalFilters: (
        quality_signals_visible_to,
        {
            ("project", SLUG): birds,
            ("label_class", GULL): birds,
            ("metric", "churn"): always,
            ("metric", "rejection_rate"): never,
            ("week", "2024-01-01"): always,
            ("week", ">2024-01-01"): never,
        },
    ),
    releases.SnapshotFilters: (
        snapshots_visible_to,
        {
            ("project", SLUG): birds,
            ("name", f"v1 {BIRDS.inner}"): lambda row: row.name == f"v1 {BIRDS.inner}",
            ("name", "First*"): lambda row: row.name.startswith("first"),
            ("purpose", "routine"): always,
            ("purpose", "pilot"): never,
            ("sealed", "true"): always,
            ("sealed", "false"): never,
            **since_yesterday("taken_at"),
        },
    ),
    releases.ReleaseFilters: (
        releases_visible_to,
        {
            ("project", SLUG): birds,
            ("snapshot", f"v1 {BIRDS.inner}"): birds,
            ("state", "candidate"): always,
            ("state", "released"): never,
            ("withdrawn_for", "defect"): birds,
            ("overdue", "true"): birds,
            ("overdue", "false"): lambda row: not birds(row),
            ("planned_on", f"..{YESTERDAY}"): birds,
        },
    ),
    releases.LogReviewFilters: (
        log_reviews_visible_to,
        {
            ("project", SLUG): birds,
            ("release", f"v1 {BIRDS.inner}"): lambda row: row.release_id is not None,
            ("state", "signed"): lambda row: row.state == "signed",
            ("occasion", "permission_change"): lambda row: row.occasion == "permission_change",
            ("overdue", "true"): lambda row: birds(row) and row.state == "open",
            ("overdue", "false"): lambda row: not birds(row) or row.state != "open",
            ("due_on", str(YESTERDAY)): birds,
            **since_yesterday("opened_at"),
        },
    ),
    releases.DispositionFilters: (
        dispositions_visible_to,
        {
            ("project", SLUG): birds,
            ("log_review", "{log_review}"): birds,
            ("verdict", "expected"): always,
            ("verdict", "unexpected"): never,
            **since_yesterday("decided_at"),
        },
    ),
    releases.FindingFilters: (
        findings_visible_to,
        {
            ("project", SLUG): birds,
            ("log_review", "{log_review}"): birds,
            ("owner", "Owner 1"): always,
            ("owner", "Annotator 4"): never,
            ("factor", "other"): always,
            ("factor", "tool"): never,
            ("closed", "true"): lambda row: not birds(row),
            ("closed", "false"): birds,
            ("overdue", "true"): birds,
            ("due_on", f"<{TODAY}"): always,
            ("due_on", f"<{YESTERDAY}"): never,
            **since_yesterday("opened_at"),
        },
    ),
    releases.SignOffFilters: (
        sign_offs_visible_to,
        {
            ("project", SLUG): birds,
            ("log_review", "{log_review}"): never,
            ("log_review", "{signed}"): birds,
            ("signed_by", "Reviewer 3"): always,
            ("signed_by", "Owner 1"): never,
            **since_yesterday("signed_at"),
        },
    ),
    releases.AdjustmentFilters: (
        adjustments_visible_to,
        {
            ("project", SLUG): birds,
            ("adjusts", "{operation}"): birds,
            ("state", "proposed"): always,
            ("state", "accepted"): never,
            ("proposed_by", "Owner 1"): always,
            ("proposed_by", "Reviewer 2"): never,
            **since_yesterday("proposed_at"),
        },
    ),
    releases.SavedViewFilters: (
        saved_views_visible_to,
        {
            ("project", SLUG): birds,
            ("name", "eulen*"): birds,
            ("shared", "true"): lambda view: view.shared,
            ("shared", "false"): lambda view: not view.shared,
            ("made_by", "Owner 1"): lambda view: view.shared,
            ("made_by", "Reviewer 2"): lambda view: not view.shared,
            **since_yesterday("made_at"),
        },
    ),
}


def set_apart() -> Stage:
    """The stage of the access tests, on which the birds are told apart from the ships."""
    stage = set_the_access_stage()
    of_the_birds = {"project": stage.birds.project}
    rows = stage.birds.rows
    with operation():
        Project.objects.filter(pk=stage.birds.project.pk).update(
            risk_tier="high", review_policy="sample", customer_facing=True, schema_frozen=True
        )
        Membership.objects.filter(user__username__startswith="eve.").update(valid_until=timezone.now())
        LabelClass.objects.filter(**of_the_birds).update(geometry="box", high_risk=True, deprecated=True, edition=2)
        Annotation.objects.filter(pk=rows["annotation"].pk).update(withdrawn=True)
        Assignment.objects.filter(**of_the_birds).update(priority=3, due_on=YESTERDAY, round=2)
        review = Review.objects.get(pk=rows["review"].pk)
        Review.objects.create(
            **of_the_birds, item=review.item, reviewer=review.reviewer, round=7, verdict="rejected",
            reason_code="other", supersedes=review,
        )  # fmt: skip
        rows["dispute"].__class__.objects.filter(**of_the_birds).update(closed_at=timezone.now())
        Release.objects.filter(**of_the_birds).update(planned_on=date(2024, 1, 1), withdrawn_for="defect")
        LogReview.objects.filter(**of_the_birds).update(due_on=YESTERDAY)
        LogReview.objects.filter(pk=rows["logreview"].pk).update(release=rows["release"])
        Token.objects.exclude(**of_the_birds).update(expiry=timezone.now())
        Finding.objects.update(due_on=YESTERDAY)
        Finding.objects.exclude(**of_the_birds).update(closed_at=timezone.now())
    return stage


pytestmark = pytest.mark.stage(set_by=set_apart)


@pytest.fixture
def stage(standing: Stage) -> Stage:
    return standing


def test_each_parameter_finds_the_rows_that_fit(stage: Stage) -> None:
    rows, root = stage.birds.rows, stage.people["root"]
    named = {
        "log_review": rows["logreview"].pk,
        "signed": rows["signed"].pk,
        "operation": rows["adjustment"].adjusts,
    }
    for filters, (visible_to, questions) in ON_THEM.items():
        visible = visible_to(root)
        for (parameter, value), fits in questions.items():
            asked = {parameter: [value.format(**named)]}
            found = _told(filters(asked, visible, viewer=root).narrowed())
            assert found == _told(row for row in visible if fits(row)), (filters.__name__, parameter, value)


def test_no_parameter_is_left_unasked_and_each_tells_rows_apart(stage: Stage) -> None:
    for filters, (visible_to, questions) in ON_THEM.items():
        rows = list(visible_to(stage.people["root"]))
        apart = {
            parameter: {bool(fits(row)) for (of, _), fits in questions.items() if of == parameter for row in rows}
            for parameter in filters.base_filters
        }
        assert {parameter: answers for parameter, answers in apart.items() if answers != {True, False}} == {}, filters


def test_rows_of_another_project_are_named_like_rows_that_do_not_exist(stage: Stage) -> None:
    """By an owner and by an annotator, to whom other people's items do not exist either."""
    theirs, ours = stage.ships, stage.birds
    foreign = {
        (work.AnnotationFilters, "item"): theirs.rows["item"].key,
        (work.AnnotationFilters, "label_class"): theirs.rows["labelclass"].key,
        (work.AssignmentFilters, "item"): theirs.rows["item"].key,
        (work.ReviewFilters, "item"): theirs.rows["item"].key,
        (releases.ReleaseFilters, "snapshot"): theirs.rows["snapshot"].name,
        (releases.LogReviewFilters, "release"): theirs.rows["snapshot"].name,
        (releases.FindingFilters, "log_review"): str(theirs.rows["logreview"].pk),
        (releases.SignOffFilters, "log_review"): str(theirs.rows["signed"].pk),
        (work.AssignmentFilters, "annotator"): theirs.people["ana"].username,
    }
    for (filters, parameter), value in foreign.items():
        for viewer in (stage.people["olga"], stage.people["ben"]):
            nowhere = "9" * len(value) if value.isdigit() else "nowhere"
            visible = ON_THEM[filters][0](viewer)
            said = [_said(filters, parameter, one, visible, viewer) for one in (value, nowhere)]
            assert said[0] == said[1] != [], (filters, parameter)
    own = (work.AnnotationFilters, "item", ours.rows["item"].key)
    assert _said(*own, annotations_visible_to(stage.people["ben"]), stage.people["ben"]) == ["There is no item … here."]
    assert _said(*own, annotations_visible_to(stage.people["ana"]), stage.people["ana"]) == []


def _told(rows: Any) -> list[str]:
    found: list[Model] = list(rows)
    return sorted(f"{row.pk} {row}" for row in found)


def _said(filters: type[StrictFilterSet], parameter: str, value: str, visible: Any, viewer: User) -> list[str]:
    try:
        list(filters({parameter: [value]}, visible, viewer=viewer).narrowed())
    except ValidationError as error:
        return [said.replace(value, "…") for said in error.message_dict[parameter]]
    return []
