"""Two snapshots held against each other: differences, their accounts, the statement; and who did what between."""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus
from typing import Any, ClassVar, TypedDict

from audit.events import Impact
from roles.api.problems import Problem, WrongParameter
from roles.api.views import TEXT, Parameter
from roles.matrix import Can
from roles.telling import pseudonyms_in

from ..acts import ActTold, acts_of, span
from ..chapters import chapters_of
from ..differences import differences
from ..models import Snapshot
from ..reconciliation import Finding, reconcile
from ..statement import Statement, statement_of
from .asked import A_SNAPSHOT, BETWEEN, OfAProject

MOST_ENTRIES = 5000


class SchemaChangeTold(TypedDict):
    key: str
    kind: str
    before: str
    name: str
    fields: list[str]


class DifferencesTold(TypedDict):
    added: list[str]
    removed: list[str]
    changed: list[str]
    unchanged: int
    fields: dict[str, int]
    classes: dict[str, dict[str, int]]
    moves: dict[str, int]
    schema: list[SchemaChangeTold]
    identity: dict[str, int | bool]


class DifferencesView(OfAProject):
    """What differs between two snapshots, told for items, fields and classes."""

    answer = DifferencesTold
    summary = "Differences of two snapshots"
    parameters = BETWEEN
    ability = Can.COMPARE_SNAPSHOTS

    def told(self, **kwargs: Any) -> Any:
        project = self.project
        return asdict(differences(project, *self.two_snapshots(project)))


class FindingTold(TypedDict):
    table: str
    id: int | None
    field: str
    operation: str | None
    adjustment: int | None


class ReconciliationTold(TypedDict):
    differences: int
    counts: dict[str, int]
    returned: int
    live_checked: int
    findings: list[FindingTold]
    adjusted: list[FindingTold]


class ReconcileView(OfAProject):
    """The account of every difference between two snapshots; `findings` are what no entry explains."""

    answer = ReconciliationTold
    summary = "Account of the differences"
    parameters: ClassVar = {
        **BETWEEN,
        "full": Parameter("Also hold live rows and kept hashes against versions.", {"type": "boolean"}),
    }
    ability = Can.COMPARE_SNAPSHOTS

    def told(self, **kwargs: Any) -> ReconciliationTold:
        project = self.project
        found = reconcile(project, *self.two_snapshots(project), live=self._full())
        return {
            "differences": found.differences,
            "counts": found.counts,
            "returned": found.returned,
            "live_checked": found.live_checked,
            "findings": [_finding(finding) for finding in found.findings],
            "adjusted": [_finding(finding) for finding in found.adjusted],
        }

    def _full(self) -> bool:
        asked = self.request.GET.get("full", "false")
        if asked not in ("true", "false"):
            raise WrongParameter("full", "full is true or false.")
        return str(asked) == "true"


def _finding(finding: Finding) -> FindingTold:
    return {
        "table": finding.table,
        "id": finding.id,
        "field": finding.field,
        "operation": str(finding.operation) if finding.operation else None,
        "adjustment": finding.adjustment,
    }


class TermTold(TypedDict):
    number: int
    label: str
    alarming: bool


class StatementTold(TypedDict):
    before: str | None
    after: str
    differences: int
    acts: int
    terms: list[TermTold]
    counts: dict[str, int]
    totals: dict[str, int]
    classes: dict[str, dict[str, int]]
    identity: dict[str, int | bool]


class StatementView(OfAProject):
    """The statement of changes: opening, what came and went by class, closing, and what accounts for it."""

    answer = StatementTold
    summary = "Statement of changes"
    parameters = BETWEEN
    ability = Can.COMPARE_SNAPSHOTS

    def told(self, **kwargs: Any) -> StatementTold:
        project = self.project
        statement = statement_of(project, *self.two_snapshots(project))
        if statement is None:
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "Too much lies between these snapshots.")
        return _statement(statement)


def _statement(statement: Statement) -> StatementTold:
    return {
        "before": statement.before.name if statement.before else None,
        "after": statement.after.name,
        "differences": statement.reconciliation.differences,
        "acts": statement.acts,
        "terms": [{"number": term.number, "label": term.label, "alarming": term.alarming} for term in statement.terms],
        "counts": statement.counts,
        "totals": statement.totals,
        "classes": statement.told.classes,
        "identity": statement.told.identity,
    }


class WhoTold(TypedDict):
    window: str
    acts: list[ActTold]


class WhoView(OfAProject):
    """Who changed what between two snapshots or moments, in which role, and why: the release week."""

    answer = WhoTold
    summary = "Who changed what, and why"
    parameters: ClassVar = {
        "from": Parameter("The number or name of a snapshot, a day or a moment.", TEXT),
        "to": Parameter("The number or name of a snapshot, a day or a moment.", TEXT),
        "release": Parameter(f"Instead of both: all that led to a snapshot. {A_SNAPSHOT}", TEXT),
        "impact": Parameter("Only of this impact.", {"type": "string", "enum": [i.name.lower() for i in Impact]}),
    }
    ability = Can.INSPECT_TRAIL

    def told(self, **kwargs: Any) -> WhoTold:
        project = self.project
        start, end, window = self._ends(project)
        entries = span(project, start, end)
        if impact := self.request.GET.get("impact"):
            if impact.upper() not in Impact.__members__:
                raise WrongParameter("impact", f"There is no impact {impact}.")
            entries = entries.filter(impact=Impact[impact.upper()])
        if entries.order_by("id")[MOST_ENTRIES : MOST_ENTRIES + 1].exists():
            detail = f"More than {MOST_ENTRIES:,} entries lie between: narrow it, or list the entries page by page."
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
        names = pseudonyms_in([project.pk], self.viewer)
        return {"window": window, "acts": [act.as_dict(names) for act in acts_of(entries)]}

    def _ends(self, project: Any) -> tuple[Any, Any, str]:
        released = self.snapshot(project, "release")
        if released is not None:
            return released.parent, released, f"the chapter of {released.name}"
        start, end = self.moment_or_snapshot(project, "from"), self.moment_or_snapshot(project, "to")
        if end is None:
            raise WrongParameter("to", "Say until when with to, or name a release.")
        return start, end, f"{_named(start)} – {_named(end)}"


def _named(end: Any) -> str:
    if end is None:
        return "the beginning"
    return end.name if isinstance(end, Snapshot) else str(end.isoformat())


class ChapterTold(TypedDict):
    snapshot: int
    number: int
    name: str
    taken_at: str
    entries: int
    content_hash: str | None
    manifest_hash: str | None


class ChaptersTold(TypedDict):
    results: list[ChapterTold]


class ChaptersView(OfAProject):
    """The chapters into which snapshots cut the trail, oldest first."""

    answer = ChaptersTold
    summary = "Chapters"
    ability = Can.COMPARE_SNAPSHOTS

    def told(self, **kwargs: Any) -> ChaptersTold:
        return {
            "results": [
                {
                    "snapshot": chapter.snapshot.pk,
                    "number": chapter.snapshot.number,
                    "name": chapter.snapshot.name,
                    "taken_at": chapter.snapshot.entry.at.isoformat(),
                    "entries": chapter.entries,
                    "content_hash": chapter.snapshot.content_hash,
                    "manifest_hash": chapter.snapshot.manifest_hash,
                }
                for chapter in chapters_of(self.project)
            ]
        }
