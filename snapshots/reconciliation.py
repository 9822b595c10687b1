"""Holding versions and entries against each other: is every difference accounted for?"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, models, transaction

from audit.events import BULK
from audit.history import project_rule, tracked_models, versions_of
from audit.models import Entry
from labelop.models import Annotation, Item, Project, Review
from labelop.models.reviews import APPROVALS

from .content import CONTENT, SECTIONS, State, in_parts, newest_cut
from .counts import Tally, carry_on, whole_tally
from .differences import Comparison, Difference, Touched
from .models import Adjustment, Snapshot


class Accounting(models.TextChoices):
    """What accounts for a difference; each has exactly one."""

    ACCOUNTED = "accounted", "Accounted for and reviewed"
    NOT_REVIEWED = "not_reviewed", "Accounted for, not reviewed"
    BULK = "bulk", "Accounted for in bulk"
    ADJUSTED = "adjusted", "Adjusted by two people"
    UNEXPLAINED = "unexplained", "Unexplained"
    OUT_OF_STEP = "out_of_step", "Out of step"


@dataclass(frozen=True)
class Finding:
    """Something no entry explains: table, row id, field, and the operation (None where the row is out of step).

    `adjustment` is the id of the one by which two people accounted for it afterwards.
    """

    table: str
    id: int | None
    field: str
    operation: uuid.UUID | None
    adjustment: int | None = None


@dataclass(frozen=True)
class Reconciled:
    """A difference and what accounts for it."""

    difference: Difference
    verdict: Accounting


@dataclass
class Reconciliation:
    """Every difference of a window with its verdict. `returned` counts records that changed and came back.

    `adjusted` holds what would be findings, had two people not accounted for it.
    """

    records: list[Reconciled] = field(default_factory=list)
    returned: int = 0
    live_checked: int = 0
    findings: list[Finding] = field(default_factory=list)
    adjusted: list[Finding] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        counted = Counter(record.verdict for record in self.records)
        return {verdict.value: counted[verdict] for verdict in Accounting}

    @property
    def differences(self) -> int:
        return len(self.records)

    @property
    def clean(self) -> bool:
        return not self.findings


def reconcile(
    project: Project, before: Snapshot | None, after: Snapshot | None, *, live: bool = False
) -> Reconciliation:
    """Give each difference between two snapshots its verdict.

    Without `before` the window opens before everything; without `after` it ends now. Live rows are held against
    their newest versions when `live` says so or the window ends now, and kept hashes against recomputed ones.
    An approval counts when it was given before the window ended, an adjustment whenever it was accepted.
    """
    comparison = Comparison(project, before, after or State(project.pk, newest_cut(project.pk)))
    found = reconciled(comparison, after)
    if live or after is None:
        _hold_against_live_rows(project, found)
        found.findings.extend(_kept_hash_findings(comparison, before, after))
    return found


def reconciled(comparison: Comparison, after: Snapshot | None) -> Reconciliation:
    """Give each difference of a comparison its verdict, from versions and entries alone."""
    judge = _Judge(comparison, after)
    found = Reconciliation()
    doubtful: list[Touched] = []
    for record in comparison.touched:
        unexplained = comparison.unexplained(record.operations)
        if record.differs or unexplained:
            found.records.append(Reconciled(record.difference, judge.verdict(record)))
        elif len(record.operations) > 0:
            found.returned += 1
        if unexplained:
            doubtful.append(record)
    for finding in _unexplained_findings(comparison, doubtful, judge.adjustments):
        (found.findings if finding.adjustment is None else found.adjusted).append(finding)
    return found


class _Judge:
    """What accounts for one record, from the entries of its operations and from its reviews."""

    def __init__(self, comparison: Comparison, after: Snapshot | None) -> None:
        project = comparison.project
        self.comparison = comparison
        self.bulk = {operation for operation, events in comparison.events.items() if events.keys() & BULK}
        self.adjustments = adjustments_by_operation(project)
        self.approvals = _approvals(comparison, after)
        self.authors = _authors(comparison) if self.approvals else {}

    def verdict(self, record: Touched) -> Accounting:
        if unexplained := self.comparison.unexplained(record.operations):
            return Accounting.ADJUSTED if unexplained <= self.adjustments.keys() else Accounting.UNEXPLAINED
        if any(operation in self.bulk for operation in record.operations):
            return Accounting.BULK
        return Accounting.ACCOUNTED if self._approved(record) else Accounting.NOT_REVIEWED

    def _approved(self, record: Touched) -> bool:
        """Whether somebody other than its author approved the record after its last change."""
        last = max(self.comparison.events[record.operations[-1]].values(), default=0)
        authors = self.authors.get((record.section, record.record_id), set())
        for reviewer, entry_id in self.approvals.get((record.section, record.record_id), ()):
            if entry_id > last and reviewer not in authors:
                return True
        return False


def adjustments_by_operation(project: Project) -> dict[uuid.UUID, int]:
    """The operations that two people accounted for afterwards, each with the id of its adjustment."""
    return dict(Adjustment.objects.filter(project=project).accepted().order_by().values_list("adjusts", "pk"))


def _approvals(comparison: Comparison, after: Snapshot | None) -> dict[tuple[str, int], list[tuple[int, int]]]:
    """The standing approvals of what changed, items and annotations: reviewer and the id of the review's entry."""
    project = comparison.project
    marks = _marks_by_item(comparison)
    items = {record.record_id for record in comparison.touched if record.section == "items"} | marks.keys()
    found: dict[tuple[str, int], list[tuple[int, int]]] = {}
    for some in in_parts(items):
        reviews = Review.objects.filter(project=project, item__in=some).order_by("id")
        decided = _decided_in({review.pk for review in reviews}, project, after)
        standing = [review for review in reviews if review.pk in decided]
        # A later decision on the same subject counts alone, also where a new round leaves the old one unsuperseded.
        last = {(review.item_id, review.annotation_id): review for review in standing}
        for review in last.values():
            if review.verdict in APPROVALS:
                for subject in _subjects(review, marks):
                    found.setdefault(subject, []).append((review.reviewer_id, decided[review.pk]))
    return found


def _marks_by_item(comparison: Comparison) -> dict[int, list[int]]:
    """The annotations that changed, by the ids of their items."""
    found: dict[int, list[int]] = {}
    changed = [record.record_id for record in comparison.touched if record.section == "annotations"]
    for some in in_parts(changed):
        for pk, item_id in Annotation.objects.filter(pk__in=some).order_by().values_list("pk", "item_id"):
            found.setdefault(item_id, []).append(pk)
    return found


def _decided_in(review_ids: set[int], project: Project, after: Snapshot | None) -> dict[int, int]:
    """The entry of each of these reviews that was made before the window ended."""
    decided: dict[int, int] = {}
    for some in in_parts(review_ids):
        entries = Entry.objects.filter(project=project, subject_type=Review._meta.label_lower, subject_id__in=some)
        if after is not None:
            entries = entries.filter(id__lt=after.entry_id)
        decided.update({entry.subject_id or 0: entry.pk for entry in entries.order_by("-id").only("subject_id")})
    return decided


def _subjects(review: Review, marks: dict[int, list[int]]) -> list[tuple[str, int]]:
    if review.annotation_id is not None:
        return [("annotations", review.annotation_id)]
    return [("items", review.item_id), *(("annotations", pk) for pk in marks.get(review.item_id, ()))]


def _authors(comparison: Comparison) -> dict[tuple[str, int], set[int | None]]:
    """Who made the last version of each record, as far as the database knows."""
    found: dict[tuple[str, int], set[int | None]] = {}
    for section, model in (("items", Item), ("annotations", Annotation)):
        ids = [record.record_id for record in comparison.touched if record.section == section]
        columns = ("id", "history_user_id", "author_id") if model is Annotation else ("id", "history_user_id")
        versions = versions_of(model)._default_manager.filter(history_id__lte=comparison.after.bound(section))
        for some in in_parts(ids):
            for row, *people in versions.filter(id__in=some).order_by("history_id").values_list(*columns):
                found[section, row] = set(people)
    return found


def _unexplained_findings(
    comparison: Comparison, records: list[Touched], adjustments: dict[uuid.UUID, int]
) -> list[Finding]:
    """What each unexplained version of these records changed, field by field."""
    versions = _versions_by_row(comparison, records)
    found: list[Finding] = []
    for record in records:
        model = SECTIONS[record.section]
        earlier: Any = None
        for version in versions.get((record.section, record.record_id), ()):
            beyond = version.history_id > comparison.before.bound(record.section)
            if beyond and version.operation not in comparison.explained:
                adjustment = adjustments.get(version.operation)
                for name in _changed_columns(model, earlier, version):
                    found.append(Finding(model._meta.db_table, record.record_id, name, version.operation, adjustment))
            earlier = version
    return found


def _versions_by_row(comparison: Comparison, records: list[Touched]) -> dict[tuple[str, int], list[Any]]:
    """Every version of these records up to the later cut, oldest first."""
    found: dict[tuple[str, int], list[Any]] = {}
    for section in {record.section for record in records}:
        ids = [record.record_id for record in records if record.section == section]
        versions = versions_of(SECTIONS[section])._default_manager.filter(
            history_id__lte=comparison.after.bound(section)
        )
        for some in in_parts(ids):
            version: Any
            for version in versions.filter(id__in=some).order_by("history_id"):
                found.setdefault((section, version.id), []).append(version)
    return found


def _changed_columns(model: type[models.Model], earlier: Any, later: Any) -> list[str]:
    """The fields in which two states of a row differ, named as in `differences`; `*` for a row that came or went."""
    if earlier is None or "-" in (earlier.history_type, getattr(later, "history_type", "~")):
        return ["*"]
    names: list[str] = []
    for tracked in versions_of(model).tracked_fields:  # type: ignore[attr-defined]
        then, now = getattr(earlier, tracked.attname), getattr(later, tracked.attname)
        if then == now and type(then) is type(now):
            continue
        if isinstance(then, dict) and isinstance(now, dict):
            names.extend(sorted(key for key in then.keys() | now.keys() if then.get(key) != now.get(key)))
        else:
            names.append("label" if tracked.name == "label_class" else tracked.name)
    return names


def _hold_against_live_rows(project: Project, found: Reconciliation) -> None:
    """Compare every tracked row of the project with its newest version; only what differs is read."""
    for model, rows, many in _tables_with_something(project):
        found.live_checked += many
        for pk, names in _looked_at_again(model, project, rows, _suspects(model, project, rows)):
            found.findings.extend(Finding(model._meta.db_table, pk, name, None) for name in names)
            _mark_out_of_step(found, model, pk)


def _tables_with_something(project: Project) -> Iterator[tuple[type[models.Model], models.QuerySet[Any], int]]:
    """The tracked models that have rows or versions of the project: its rows in each, and how many they are.

    All are asked in one statement: of most, a project has none.
    """
    columns = {}
    for model in tracked_models():
        rule = project_rule(model)
        if isinstance(rule, str):
            of_project = model._meta.pk.name if rule == "self" else rule
            columns[model] = next(field for field in model._meta.concrete_fields if field.name == of_project)
    quoted = connection.ops.quote_name
    asked = ", ".join(
        f"(SELECT count(*) FROM {quoted(model._meta.db_table)} WHERE {quoted(column.attname)} = %s),"  # noqa: S608 - names of ours, quoted
        f" EXISTS (SELECT 1 FROM {quoted(versions_of(model)._meta.db_table)} WHERE project_id = %s)"
        for model, column in columns.items()
    )
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {asked}", [project.pk] * 2 * len(columns))
        answers = iter(cursor.fetchone())
    for (model, column), many, versions in zip(columns.items(), answers, answers, strict=True):
        if many or versions:
            yield model, model._base_manager.filter(**{column.attname: project.pk}), many


def _suspects(model: type[models.Model], project: Project, rows: models.QuerySet[Any]) -> set[int]:
    """The ids of rows that are not, column by column, what their newest versions are; the database compares them."""
    tracked: Any = versions_of(model).tracked_fields  # type: ignore[attr-defined]
    columns = dict.fromkeys([model._meta.pk.attname, *(field.attname for field in tracked)])
    live = rows.order_by().values_list(*columns)
    newest = _newest_versions(model, project).order_by().values_list(*columns)
    return {pk for pk, *_ in live.difference(newest)} | {pk for pk, *_ in newest.difference(live)}


def _looked_at_again(
    model: type[models.Model], project: Project, rows: models.QuerySet[Any], suspects: set[int]
) -> Iterator[tuple[int, list[str]]]:
    """What is out of step with these rows held: an act that ended between the two readings is no fault."""
    for some in in_parts(suspects):
        with transaction.atomic():
            live = {row.pk: row for row in rows.filter(pk__in=some).select_for_update(no_key=True)}
            versions = _newest_versions(model, project, some)
            newest = {getattr(version, model._meta.pk.attname): version for version in versions}
        for pk in some:
            if names := _out_of_step(model, live.get(pk), newest.get(pk)):
                yield pk, names


def _newest_versions(model: type[models.Model], project: Project, ids: list[int] | None = None) -> models.QuerySet[Any]:
    versions = versions_of(model)._default_manager.filter(project_id=project.pk)
    if ids is not None:
        versions = versions.filter(**{f"{model._meta.pk.attname}__in": ids})
    newest = versions.order_by().values(model._meta.pk.attname).annotate(newest=models.Max("history_id"))
    return versions.filter(history_id__in=newest.values("newest")).exclude(history_type="-")


def _out_of_step(model: type[models.Model], live: models.Model | None, newest: Any) -> list[str]:
    if live is None or newest is None:
        return ["*"]
    return _changed_columns(model, newest, live)


def _mark_out_of_step(found: Reconciliation, model: type[models.Model], pk: int) -> None:
    section = next((name for name, tracked in SECTIONS.items() if tracked is model), model._meta.label_lower)
    for place, record in enumerate(found.records):
        if (record.difference.section, record.difference.record_id) == (section, pk):
            found.records[place] = Reconciled(record.difference, Accounting.OUT_OF_STEP)
            return
    difference = Difference(section, pk, f"{model._meta.model_name}/{pk}", "", None, None, ())
    found.records.append(Reconciled(difference, Accounting.OUT_OF_STEP))


def _kept_hash_findings(comparison: Comparison, before: Snapshot | None, after: Snapshot | None) -> Iterator[Finding]:
    """Where a kept hash is not what its versions give now."""
    tally: Tally | None = None
    for snapshot, state in ((before, comparison.before), (after, comparison.after)):
        if snapshot is None or snapshot.sections is None:
            continue
        # The first is read whole. What a later one holds is that, and what changed in between: no row is read twice.
        if tally is None:
            tally = whole_tally(state)
        else:
            _carry_through(comparison, tally)
        sections = tally.sealed()["sections"]
        for section, kept in snapshot.sections.items():
            if sections[section] != kept:
                yield Finding(Snapshot._meta.db_table, snapshot.pk, f"sections.{section}", None)


def _carry_through(comparison: Comparison, tally: Tally) -> None:
    """Bring the tally of the earlier cut to the later one; the records of the content were compared already."""
    carry_on(
        tally,
        (record.before for record in comparison.touched if record.before),
        (record.after for record in comparison.touched if record.after),
    )
    for section, ids in comparison.ids.items():
        if ids and section not in CONTENT:
            carry_on(tally, comparison.before.records(section, ids), comparison.after.records(section, ids))
