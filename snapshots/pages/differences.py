"""One page of the differences between two snapshots, each opening into what changed and why."""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib.auth.models import AnonymousUser
from django.http import QueryDict
from django.urls import reverse

from audit.query import LONGEST, MOST, Query, Term
from audit.selectors import entries_about, explaining
from labelop.drawing import Drawing
from labelop.models import Project
from roles.models import User
from roles.telling import Pseudonyms, Told, told
from roles.words import plainly

from ..content import SECTIONS, State
from ..differences import Difference, values_by_field
from ..models import Adjustment
from ..reconciliation import Accounting, Reconciled
from ..scenes import drawings_of
from ..standing import Standing, standings_of
from ..statement import ALARMING, Statement
from .chips import Chip, chip
from .places import place_of

PAGE = 25
KINDS = {"added": "Added", "changed": "Changed", "removed": "Removed"}
CALLED = {"items": "item", "annotations": "annotation", "schema": "class"}
ACTS_SHOWN = 20
# How many unexplained records the headline names.
NAMED_AT_ONCE = 3
# Values up to this length are told in the line of a difference.
SHORT = 40


@dataclass(frozen=True)
class DifferenceLine:
    """One difference in the words of the page."""

    name: str
    section: str
    kind: str
    verdict: str
    unexplained: bool
    gist: str
    drawing: Drawing
    standing: Standing | None
    acts: list[Told]
    more_acts: int
    silent_acts: int
    adjustments: list[Adjustment]
    history: str


@dataclass(frozen=True)
class DifferencePage:
    """Some differences in the order of their keys, and where the next ones begin."""

    lines: list[DifferenceLine]
    chips: list[Chip]
    more: str
    left: int
    alarming: list[DifferenceLine]
    trail: str


def difference_page(
    statement: Statement,
    asked: QueryDict,
    reader: User | AnonymousUser,
    pseudonyms: Pseudonyms,
    size: int | None = None,
) -> DifferencePage:
    """So many of what differs between two snapshots, drawn; `kind` and `moved` narrow, `after` turns the page."""
    size = size or PAGE
    records = statement.reconciliation.records
    chosen = asked.get("kind", "")
    after = asked.get("after", "")
    moved = asked.get("moved", "")
    fitting = (record for record in records if not moved or statement.move_of(record.difference) == moved)
    narrowed = sorted((record for record in fitting if _is(record, chosen)), key=_key)
    following = [record for record in narrowed if not after or _key(record) > after]
    shown = following[:size]
    query = asked.copy()
    if shown:
        query["after"] = _key(shown[-1])
    more = query.urlencode() if len(following) > size else ""
    alarming = [record for record in records if record.verdict in ALARMING][:NAMED_AT_ONCE]
    lines = _lines(_either(shown, alarming), statement, reader, pseudonyms)
    told_of = {id(record): line for record, line in zip(_either(shown, alarming), lines, strict=True)}
    return DifferencePage(
        [told_of[id(record)] for record in shown],
        _chips(records, asked, chosen, moved, len(narrowed)),
        more,
        len(following) - len(shown),
        [told_of[id(record)] for record in alarming],
        _on_the_trail(statement.after.project, narrowed) if moved else "",
    )


def _on_the_trail(project: Project, records: list[Reconciled]) -> str:
    """The address of all acts behind these records, where a question holds so many."""
    acts = list(dict.fromkeys(act for record in records for act in record.difference.operations))
    query = Query(tuple(Term("operation", str(act)) for act in acts))
    asks = 0 < len(acts) <= MOST and len(str(query)) <= LONGEST
    return f"{reverse('trail', args=[project.slug])}?{urlencode({'q': query})}" if asks else ""


def _either(shown: list[Reconciled], alarming: list[Reconciled]) -> list[Reconciled]:
    return [*shown, *(record for record in alarming if record not in shown)]


def _key(record: Reconciled) -> str:
    # What nobody explained comes first.
    rank = "0" if record.verdict in ALARMING else "1"
    return f"{rank}/{record.difference.key}"


def _is(record: Reconciled, chosen: str) -> bool:
    return chosen in (record.difference.kind, record.verdict.value) or chosen not in {*KINDS, *Accounting.values}


def _chips(records: list[Reconciled], asked: QueryDict, chosen: str, moved: str, shown: int) -> list[Chip]:
    kinds = Counter(record.difference.kind for record in records)
    verdicts = Counter(record.verdict for record in records)
    chips = [
        chip("All", f"{len(records):,}", asked, "kind", "", not moved and chosen not in {*KINDS, *Accounting.values})
    ]
    if moved:
        chips.append(Chip(moved.replace(">", " → "), f"{shown:,}", asked.urlencode(), chosen=True))
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


def _lines(
    records: list[Reconciled], statement: Statement, reader: User | AnonymousUser, pseudonyms: Pseudonyms
) -> list[DifferenceLine]:
    before, snapshot = statement.before, statement.after
    project = snapshot.project
    about = entries_about((each for record in records for each in _acts_on(record.difference)), explaining(project.pk))
    entries = {entry.pk: entry for found in about.values() for entry in found}
    lines = {line.entry.pk: line for line in told(entries.values(), reader, pseudonyms)}
    silent = {act for (act, _, _), found in about.items() if not found}
    accepted = Adjustment.objects.filter(project=project, adjusts__in=silent).accepted() if silent else []
    adjustments = {adjustment.adjusts: adjustment for adjustment in accepted}
    differences = [record.difference for record in records]
    then = State(project.pk, before.cut) if before else State.empty(project.pk)
    drawings = drawings_of(differences, project, then, State(project.pk, snapshot.cut))
    standings = standings_of(reader, [(each.section, each.record_id) for each in differences])
    return [
        _line(
            record,
            drawing,
            standings.get(_place(record)),
            project,
            {
                act: [lines[entry.pk] for entry in about[act, label, row]]
                for act, label, row in _acts_on(record.difference)
            },
            adjustments,
        )
        for record, drawing in zip(records, drawings, strict=True)
    ]


def _acts_on(difference: Difference) -> list[tuple[uuid.UUID, str, int]]:
    """The operations of a difference, newest first, each with the row that differs."""
    label = SECTIONS[difference.section]._meta.label_lower
    return [(act, label, difference.record_id) for act in reversed(difference.operations)]


def _place(record: Reconciled) -> tuple[str, int]:
    return record.difference.section, record.difference.record_id


def _line(
    record: Reconciled,
    drawing: Drawing,
    standing: Standing | None,
    project: Project,
    told_of: dict[uuid.UUID, list[Told]],
    adjustments: dict[uuid.UUID, Adjustment],
) -> DifferenceLine:
    difference = record.difference
    acts = [line for lines in told_of.values() for line in lines]
    adjusted = [adjustments[act] for act in difference.operations if act in adjustments]
    silent = sum(not lines and act not in adjustments for act, lines in told_of.items())
    return DifferenceLine(
        named(difference),
        CALLED.get(difference.section, difference.section),
        difference.kind,
        str(record.verdict.label),
        record.verdict in ALARMING,
        gist(difference, drawing),
        drawing,
        standing,
        acts[:ACTS_SHOWN],
        max(0, len(acts) - ACTS_SHOWN),
        silent,
        adjusted,
        place_of(project, difference),
    )


def named(difference: Difference) -> str:
    """What a record is called: its key, without what kind of record it is."""
    return difference.key.split("/", 1)[-1].replace("//", "/")


def gist(difference: Difference, drawing: Drawing) -> str:
    """What changed, in a few words."""
    if drawing.label and (drawing.label.changed or difference.kind != "changed"):
        return " → ".join(side.name for side in (drawing.label.before, drawing.label.after) if side)
    for told_of in (drawing.pictures, drawing.sentences, drawing.bar):
        if told_of and told_of.words:
            return told_of.words[0]
    if difference.kind != "changed":
        return ""
    if len(difference.fields) == 1:
        [name] = difference.fields
        sides = [values_by_field(side or {}).get(name) for side in (difference.before, difference.after)]
        if all(isinstance(side, str | int | float) and 0 < len(str(side)) < SHORT for side in sides):
            return f"{name} {plainly(sides[0])} → {plainly(sides[1])}"
    return ", ".join(difference.fields[:4]) + (" …" if len(difference.fields) > 4 else "")
