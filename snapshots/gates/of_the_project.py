"""Gates that are read from what the project has open."""

from __future__ import annotations

from django.db.models import QuerySet
from django.template.defaultfilters import pluralize

from audit.acting import moment_of_act
from labelop.models import Assignment, Dispute, RiskTier
from roles.models import Anomaly

from ..models import Finding, LogReview, Release, Step
from .gate import Gate, gate, named, so_many
from .window import Window

# Work that somebody still owes something.
_OPEN_WORK = frozenset(
    {
        Assignment.State.PENDING,
        Assignment.State.IN_PROGRESS,
        Assignment.State.COMPLETED,
        Assignment.State.IN_REVIEW,
        Assignment.State.REVISION_REQUESTED,
    }
)
# While a release is on its way out its planned date can be kept or missed; afterwards that is past.
_ON_THE_WAY = frozenset({Release.State.CANDIDATE, Release.State.IN_REVIEW, Release.State.APPROVED})


def disputes(window: Window) -> Gate:
    open_ones = Dispute.objects.filter(project=window.release.project, state=Dispute.State.OPEN)
    return _none_open("disputes", "No dispute is open", open_ones)


def findings(window: Window) -> Gate:
    return _none_open(
        "findings", "No finding is open", Finding.objects.filter(project=window.release.project, closed_at=None)
    )


def anomalies(window: Window) -> Gate:
    open_ones = Anomaly.objects.filter(project=window.release.project, state=Anomaly.State.OPEN)
    return _none_open("anomalies", "No permission anomaly is open", open_ones)


def schema_frozen(window: Window) -> Gate:
    frozen = window.release.project.schema_frozen
    return gate(
        "schema_frozen",
        "The schema is frozen",
        0 if frozen else 1,
        good="No class changes while the schema is frozen.",
        bad="The schema is not frozen: its classes can still change.",
        schema_frozen=frozen,
    )


def assignments(window: Window) -> Gate | None:
    """Only where work is given out at all; what was given out after the snapshot is no part of it."""
    given = Assignment.objects.filter(
        project=window.release.project, assigned_at__lte=window.after.entry.at
    ).values_list("pk", "state")
    states = dict(given)
    if not states:
        return None
    owed = [pk for pk, state in states.items() if state in _OPEN_WORK]
    return gate(
        "assignments",
        "The assigned work is done",
        len(owed),
        good=f"{so_many(len(states), 'assignment')}, none of them undecided.",
        bad=f"{len(owed):,} of {so_many(len(states), 'assignment')} {pluralize(len(owed), 'is,are')} not decided.",
        ids=named(owed),
        assignments=len(states),
    )


def log_review(window: Window) -> Gate | None:
    """Asked at every release, but for low risk: there only of a review that somebody opened."""
    held = list(
        LogReview.objects.filter(release=window.release).values_list("pk", "state", "sign_off__digest").order_by("pk")
    )
    if not held and window.release.project.risk_tier == RiskTier.LOW:
        return None
    unsigned = [pk for pk, state, _ in held if state == LogReview.State.OPEN]
    signed = [pk for pk, state, digest in held if state == LogReview.State.SIGNED and digest]
    return gate(
        "log_review",
        "The log review is signed",
        len(unsigned) or (0 if signed else 1),
        good=f"{so_many(len(signed), 'log review')} of this release, signed.",
        bad=f"{so_many(len(unsigned), 'log review')} of this release {pluralize(len(unsigned), 'is,are')} not signed."
        if unsigned
        else "None was signed.",
        ids=named(unsigned),
        signed=signed,
        digests=[digest for _, state, digest in held if state == LogReview.State.SIGNED],
    )


def planned_date(window: Window) -> Gate | None:
    """Only while a release with a planned date is on its way; a move is explained when it is one of its steps."""
    release = window.release
    if release.planned_on is None or release.state not in _ON_THE_WAY:
        return None
    dated = Step.objects.filter(release=release, kind__in=(Step.Kind.PROPOSED, Step.Kind.DATE_MOVED))
    told = [step.entry for step in dated.select_related("entry").order_by("id")]
    moves = len(told) - 1
    last = (told[-1].after or {}).get("planned_on") if told else None
    explained, kept = last == release.planned_on.isoformat(), moment_of_act().date() <= release.planned_on
    return gate(
        "planned_date",
        "The planned date is kept, or its move explained",
        0 if kept and explained else 1,
        good=f"Planned for {release.planned_on}, after {so_many(moves, 'move')}"
        f" with {pluralize(moves, 'its reason,their reasons')}."
        if moves > 0
        else f"Planned for {release.planned_on} from the beginning.",
        bad=f"Planned for {release.planned_on}, which is past: move it and say why."
        if explained
        else f"Planned for {release.planned_on}, and no step says so.",
        planned_on=release.planned_on.isoformat(),
        moves=[entry.pk for entry in told[1:]],
    )


def _none_open(code: str, label: str, rows: QuerySet) -> Gate:
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    bad = f"{len(ids):,} are open." if len(ids) > 1 else "One is open."
    return gate(code, label, len(ids), good="None is open.", bad=bad, ids=named(ids))
