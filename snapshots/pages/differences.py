"""One page of the differences between two snapshots, each opening into what changed and why."""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, QueryDict

from audit.selectors import entries_of
from labelop.models import Project
from roles.past import FieldChange
from roles.telling import Told, plainly, told

from ..models import Adjustment
from ..reconciliation import Accounting, Reconciled
from ..statement import ALARMING, Statement
from .chips import Chip, chip

PAGE = 25
KINDS = {"added": "Added", "changed": "Changed", "removed": "Removed"}
SECTIONS = {"items": "item", "annotations": "annotation", "schema": "class"}
ADMINS = {
    "items": "admin:labelop_item_history",
    "annotations": "admin:labelop_annotation_history",
    "schema": "admin:labelop_labelclass_history",
}
ACTS_SHOWN = 20
# How many unexplained records the headline names.
NAMED_AT_ONCE = 3


@dataclass(frozen=True)
class DifferenceLine:
    """One difference in the words of the page."""

    name: str
    section: str
    kind: str
    verdict: str
    unexplained: bool
    gist: str
    changes: list[FieldChange]
    acts: list[Told]
    more_acts: int
    silent_acts: int
    adjustments: list[Adjustment]
    history: str
    record_id: int


@dataclass(frozen=True)
class DifferencePage:
    """Some differences in the order of their keys, and where the next ones begin."""

    lines: list[DifferenceLine]
    chips: list[Chip]
    more: str
    alarming: list[DifferenceLine]


def difference_page(statement: Statement, project: Project, request: HttpRequest) -> DifferencePage:
    records = statement.reconciliation.records
    chosen = request.GET.get("kind", "")
    after = request.GET.get("after", "")
    narrowed = sorted((record for record in records if _is(record, chosen)), key=_key)
    following = [record for record in narrowed if not after or _key(record) > after]
    shown = following[:PAGE]
    query = request.GET.copy()
    if shown:
        query["after"] = _key(shown[-1])
    lines = _lines(shown, project, request)
    more = query.urlencode() if len(following) > PAGE else ""
    alarming = [record for record in records if record.verdict in ALARMING][:NAMED_AT_ONCE]
    return DifferencePage(lines, _chips(records, request.GET, chosen), more, _lines(alarming, project, request))


def _key(record: Reconciled) -> str:
    # What nobody explained comes first.
    rank = "0" if record.verdict in ALARMING else "1"
    return f"{rank}/{record.difference.key}"


def _is(record: Reconciled, chosen: str) -> bool:
    return chosen in (record.difference.kind, record.verdict.value) or chosen not in {*KINDS, *Accounting.values}


def _chips(records: list[Reconciled], asked: QueryDict, chosen: str) -> list[Chip]:
    kinds = Counter(record.difference.kind for record in records)
    verdicts = Counter(record.verdict for record in records)
    chips = [chip("All", f"{len(records):,}", asked, "kind", "", chosen not in {*KINDS, *Accounting.values})]
    for kind, label in KINDS.items():
        chips.append(chip(label, f"{kinds[kind]:,}", asked, "kind", kind, chosen == kind))
    for verdict, tone in (
        (Accounting.NOT_REVIEWED, "medium"),
        (Accounting.ADJUSTED, "medium"),
        (Accounting.UNEXPLAINED, "high"),
        (Accounting.OUT_OF_STEP, "high"),
    ):
        if verdicts[verdict]:
            label = {"not_reviewed": "Not reviewed", "adjusted": "Adjusted"}.get(verdict.value, str(verdict.label))
            chips.append(chip(label, f"{verdicts[verdict]:,}", asked, "kind", verdict.value, chosen == verdict, tone))
    return chips


def _lines(records: list[Reconciled], project: Project, request: HttpRequest) -> list[DifferenceLine]:
    by_act = entries_of((act for record in records for act in record.difference.operations), project.pk)
    entries = {entry.pk: entry for found in by_act.values() for entry in found}
    lines = {line.entry.pk: line for line in told(entries.values(), request.user)}
    silent = {act for record in records for act in record.difference.operations if act not in by_act}
    accepted = Adjustment.objects.filter(project=project, adjusts__in=silent).accepted() if silent else []
    adjustments = {adjustment.adjusts: adjustment for adjustment in accepted}
    return [_line(record, by_act, lines, adjustments) for record in records]


def _line(
    record: Reconciled,
    by_act: dict[Any, list[Any]],
    lines: dict[int, Told],
    adjustments: dict[uuid.UUID, Adjustment],
) -> DifferenceLine:
    difference = record.difference
    changes = changes_between(difference.before, difference.after)
    acts = [lines[entry.pk] for act in reversed(difference.operations) for entry in by_act.get(act, [])]
    adjusted = [adjustments[act] for act in difference.operations if act in adjustments]
    silent = sum(act not in by_act and act not in adjustments for act in difference.operations)
    name = difference.key.split("/", 1)[-1].replace("//", "/")
    return DifferenceLine(
        name,
        SECTIONS.get(difference.section, difference.section),
        difference.kind,
        str(record.verdict.label),
        record.verdict in ALARMING,
        _gist(difference),
        changes,
        acts[:ACTS_SHOWN],
        max(0, len(acts) - ACTS_SHOWN),
        silent,
        adjusted,
        ADMINS.get(difference.section, ""),
        difference.record_id,
    )


def _gist(difference: Any) -> str:
    """What changed, in a few words."""
    if difference.kind != "changed":
        content = difference.after or difference.before or {}
        return str(content.get("class", ""))
    return ", ".join(difference.fields[:4]) + (" …" if len(difference.fields) > 4 else "")


def changes_between(before: dict[str, Any] | None, after: dict[str, Any] | None) -> list[FieldChange]:
    """Field by field, nested ones by their path, only what differs."""
    then, now = _flat(before or {}), _flat(after or {})
    return [
        FieldChange(name, plainly(then.get(name)), plainly(now.get(name)))
        for name in sorted(then.keys() | now.keys())
        if then.get(name) != now.get(name)
    ]


def _flat(content: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in content.items():
        if isinstance(value, dict):
            flat.update(_flat(value, f"{prefix}{name}: "))
        else:
            flat[prefix + name] = value
    return flat
