"""What stands out around releases: roles widened shortly before an approval, and one person in both seats."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from audit.events import Event
from audit.models import Entry
from roles.anomalies import Sighting, grants_in
from roles.anomalies.sighting import a_role, actors_of, sentence
from roles.models import Rule

from .models import Adjustment, Release, Step

SHORTLY = timedelta(days=7)
# Who asked, by what they granted.
ASKED = {Step.Kind.APPROVED: Step.Kind.PROPOSED, Step.Kind.REINSTATED: Step.Kind.REINSTATEMENT_ASKED}


def roles_widened_before_approval(project_id: int) -> Iterator[Sighting]:
    """A role came or grew within seven days before a release was approved; each grant and release is one case."""
    approvals = list(Entry.objects.filter(project=project_id, event=Event.RELEASE_APPROVED).order_by("id"))
    if not approvals:
        return
    seen: set[tuple[int, int | None]] = set()
    for grant in grants_in(project_id):
        for approval in approvals:
            since = approval.at - grant.version.history_date
            case = (grant.version.history_id, approval.subject_id)
            if not grant.widens or not timedelta() <= since <= SHORTLY or case in seen:
                continue
            seen.add(case)
            giver = f" from {a_role(grant.before.role)}" if grant.before else ""
            yield Sighting(
                Rule.BEFORE_APPROVAL,
                f"version {case[0]}, release {case[1]}",
                sentence(
                    f"somebody became {a_role(grant.version.role)}{giver} within seven days before a release was "
                    "approved."
                ),
                (*grant.entry_ids, approval.pk),
                grant.people | actors_of([approval]),
            )


def releases_approved_by_whoever_asked(project_id: int) -> Iterator[Sighting]:
    """A release was requested and approved by the same person, or its return asked for and granted by the same."""
    for release in Release.objects.filter(project=project_id).prefetch_related("steps").order_by("id"):
        steps = sorted(release.steps.all(), key=lambda step: step.pk)
        for step in steps:
            asked = ASKED.get(Step.Kind(step.kind))
            same = [other for other in steps if other.kind == asked and other.actor_id == step.actor_id]
            earlier = [other for other in same if other.pk < step.pk]
            if asked and (earlier or (asked == Step.Kind.PROPOSED and release.requested_by_id == step.actor_id)):
                yield Sighting(
                    Rule.SAME_PERSON,
                    f"step {step.pk}",
                    f"{Step.Kind(asked).label} and {Step.Kind(step.kind).label.lower()} by the same person.",
                    (*(other.entry_id for other in earlier), step.entry_id),
                    frozenset({step.actor_id}),
                )


def adjustments_accepted_by_whoever_proposed(project_id: int) -> Iterator[Sighting]:
    """An adjustment was proposed and accepted by the same person."""
    accepted = Adjustment.objects.filter(project=project_id, state=Adjustment.State.ACCEPTED)
    for adjustment in accepted.order_by("id"):
        if adjustment.proposed_by_id == adjustment.decided_by_id:
            about = Entry.objects.filter(subject_type=Adjustment._meta.label_lower, subject_id=adjustment.pk)
            yield Sighting(
                Rule.SAME_PERSON,
                f"adjustment {adjustment.pk}",
                "An adjustment was proposed and accepted by the same person.",
                tuple(about.order_by("id").values_list("id", flat=True)),
                frozenset({adjustment.proposed_by_id}),
            )


RULES = (
    roles_widened_before_approval,
    releases_approved_by_whoever_asked,
    adjustments_accepted_by_whoever_proposed,
)
