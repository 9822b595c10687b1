"""Gates that are read from the differences."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.template.defaultfilters import pluralize

from audit.events import BULK
from audit.models import Entry
from audit.selectors import entries_of
from labelop.models import Assignment, LabelClass, ReviewPolicy

from ..content import in_parts
from ..models import Disposition, LogReview, Snapshot
from ..reconciliation import Accounting, Reconciled
from .gate import Gate, gate, named, so_many
from .window import Window

# What a log review may make of an act in bulk without leaving something to be done about it.
_SETTLED = frozenset({Disposition.Verdict.EXPECTED, Disposition.Verdict.UNDOCUMENTED})


def identity(window: Window) -> Gate:
    wrong = [section for section in ("items", "annotations", "schema") if not _adds_up(window, section)]
    opening, closing = (sum(_held(snapshot, "items").values()) for snapshot in (window.before, window.after))
    added, removed = (sum(counted.values()) for counted in _came_and_went(window, "items", _whole_records))
    return gate(
        "identity",
        "The numbers add up",
        len(wrong),
        good=f"{opening:,} + {added:,} − {removed:,} = {so_many(closing, 'item')}, and every class adds up.",
        bad=f"{opening:,} + {added:,} − {removed:,} against {so_many(closing, 'item')}:"
        f" {', '.join(wrong)} do not add up.",
        opening=opening,
        added=added,
        removed=removed,
        closing=closing,
    )


def explained(window: Window) -> Gate:
    counts = window.reconciliation.counts
    unexplained = window.records(Accounting.UNEXPLAINED)
    differences = so_many(window.reconciliation.differences, "difference")
    return gate(
        "explained",
        "Every difference is explained",
        counts["unexplained"],
        good=f"{differences}, none of them unexplained.",
        bad=f"{counts['unexplained']:,} of {differences} {pluralize(counts['unexplained'], 'is,are')} unexplained.",
        differences=window.reconciliation.differences,
        adjusted=counts.get("adjusted", 0),
        records=[record.difference.key for record in unexplained[:20]],
    )


def in_step(window: Window) -> Gate | None:
    """Only where the live rows were looked at."""
    checked = window.reconciliation.live_checked
    if not checked:
        return None
    # A kept hash that its versions no longer give is out of step as well, though no record of the window is.
    count = sum(finding.operation is None for finding in window.reconciliation.findings)
    return gate(
        "in_step",
        "Rows and hashes are in step with their versions",
        count,
        good=f"{so_many(checked, 'live row')} and the kept hashes are what their versions say.",
        bad=f"{so_many(count, 'field')} of rows or hashes {pluralize(count, 'is,are')} not what the versions say.",
        checked=checked,
    )


def reviewed(window: Window) -> Gate:
    """What the project's review policy asks, held against the differences that nobody approved."""
    policy = ReviewPolicy(window.release.project.review_policy)
    pending = [
        record for record in window.records(Accounting.NOT_REVIEWED) if record.difference.section in _REVIEWED_SECTIONS
    ]
    uncovered = _UNCOVERED[policy](window, pending)
    return gate(
        "reviewed",
        "Review covers what the policy asks",
        len(uncovered),
        good=f"Policy “{policy.label.lower()}”: nothing that it asks to be reviewed is left.",
        bad=f"Policy “{policy.label.lower()}”: {so_many(len(uncovered), 'difference')}"
        f" await{pluralize(len(uncovered), 's,')} a review.",
        policy=policy.value,
        not_reviewed=len(pending),
        records=[record.difference.key for record in uncovered[:20]],
    )


def bulk(window: Window) -> Gate | None:
    """Acts that account for many records at once; each needs a disposition in a log review that was not voided."""
    records = window.records(Accounting.BULK)
    if not records:
        return None
    operations = {operation for record in records for operation in record.difference.operations}
    in_bulk = entries_of(operations, Entry.objects.filter(project=window.release.project_id, event__in=BULK))
    acts = {entry.pk for told in in_bulk.values() for entry in told}
    settled = {
        entry_id
        for some in in_parts(acts)
        for entry_id in Disposition.objects.filter(entry__in=some, verdict__in=_SETTLED)
        .exclude(log_review__state=LogReview.State.VOIDED)
        .values_list("entry_id", flat=True)
    }
    left = acts - settled
    return gate(
        "bulk",
        "Acts in bulk were looked at",
        len(left),
        good=f"{so_many(len(acts), 'act')} in bulk, each with a disposition.",
        bad=f"{len(left):,} of {so_many(len(acts), 'act')} in bulk {pluralize(len(left), 'has,have')} no disposition"
        f" that settles {pluralize(len(left), 'it,them')}.",
        ids=named(left),
        records=len(records),
    )


_REVIEWED_SECTIONS = frozenset({"items", "annotations"})


def _all(window: Window, pending: list[Reconciled]) -> list[Reconciled]:
    return pending


def _of_high_risk(window: Window, pending: list[Reconciled]) -> list[Reconciled]:
    """The marks that have a high-risk class, or had one."""
    risky = set(LabelClass.objects.filter(project=window.release.project, high_risk=True).values_list("key", flat=True))
    return [
        record
        for record in pending
        if record.difference.section == "annotations"
        and {content["class"] for content in (record.difference.before, record.difference.after) if content is not None}
        & risky
    ]


def _beyond_the_sample(window: Window, pending: list[Reconciled]) -> list[Reconciled]:
    """All but the work that the policy itself approved, because the sample left it out."""
    left_out = set(
        Assignment.objects.filter(
            project=window.release.project, state=Assignment.State.APPROVED, approved_by=None
        ).values_list("item__key", flat=True)
    )
    return [record for record in pending if record.difference.item not in left_out]


_UNCOVERED = {
    ReviewPolicy.FULL: _all,
    ReviewPolicy.TARGETED: _of_high_risk,
    ReviewPolicy.SAMPLE: _beyond_the_sample,
}


def _adds_up(window: Window, section: str) -> bool:
    opening, closing = _held(window.before, section), _held(window.after, section)
    came, went = _came_and_went(window, section, _KINDS[section])
    kinds = opening.keys() | closing.keys() | came.keys() | went.keys()
    return all(opening[kind] + came[kind] - went[kind] == closing[kind] for kind in kinds)


def _held(snapshot: Snapshot | None, section: str) -> Counter[str]:
    """How many records of each kind a snapshot counted when it was taken."""
    if snapshot is None:
        return Counter()
    if section == "schema":
        return Counter({"": snapshot.sealed("sections")["schema"]["count"]})
    return Counter(snapshot.sealed("counts")[section])


def _came_and_went(window: Window, section: str, kind: Any) -> tuple[Counter[str], Counter[str]]:
    """How many records of each kind the differences brought and took; a relabelled mark went and came."""
    came: Counter[str] = Counter()
    went: Counter[str] = Counter()
    for record in window.reconciliation.records:
        before, after = record.difference.before, record.difference.after
        if record.difference.section != section or (
            before is not None and after is not None and kind(before) == kind(after)
        ):
            continue
        if before is not None:
            went[kind(before)] += 1
        if after is not None:
            came[kind(after)] += 1
    return came, went


def _split(content: dict[str, Any]) -> str:
    return str(content["split"])


def _label(content: dict[str, Any]) -> str:
    return str(content["class"])


def _whole_records(content: dict[str, Any]) -> str:
    return ""


_KINDS = {"items": _split, "annotations": _label, "schema": _whole_records}
