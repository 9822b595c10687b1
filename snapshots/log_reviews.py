"""Log reviews: which a project's risk asks for, what one reads, how far it is, and what its signature pins.

To change the routine, change a line of `ROUTINE`.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Value

from audit.canonical import canonical_json, sha256_hex
from audit.events import BOOKKEEPING, Event, Impact, Theme
from audit.models import Entry
from audit.moments import dated
from labelop.models import Project, QualitySignal
from labelop.models.projects import RiskTier
from labelop.quality.candidates import WEEKS_BACK
from roles.filters import EntryFilters
from roles.models import User

from .gates import previous_release
from .models import Disposition, Finding, LogReview, Occasion, Release, SignOff, Snapshot

NEEDS_FINDING = (Disposition.Verdict.UNEXPECTED, Disposition.Verdict.FOLLOW_UP)


@dataclass(frozen=True)
class Routine:
    """How log reviews of one occasion are held.

    `days` is how long there is, by risk tier; the tiers in `called_for_by` ask for one without anybody's doing.
    MEDIUM entries of the themes in `also` are decision points beside all that are HIGH.
    """

    days: dict[RiskTier, int]
    called_for_by: frozenset[RiskTier]
    also: frozenset[Theme]
    questions: tuple[str, ...]


LOW, STANDARD, HIGH = RiskTier.LOW, RiskTier.STANDARD, RiskTier.HIGH

# fmt: off
ROUTINE: dict[Occasion, Routine] = {
    Occasion.RELEASE: Routine(
        {HIGH: 5, STANDARD: 10, LOW: 20}, frozenset({HIGH, STANDARD}), frozenset({Theme.SNAPSHOT, Theme.RELEASE}), (
            "Does every decision in the scope have a reason that a stranger would understand?",
            "Did the label schema or the review policy change, and was the work before it looked at again?",
            "Did anybody’s access widen in the scope, and is it still needed?",
            "Was anything imported, restored, excluded or changed in bulk, and who asked for it?",
        )),
    Occasion.PERMISSION_CHANGE: Routine(
        {HIGH: 3, STANDARD: 5, LOW: 10}, frozenset({HIGH, LOW}), frozenset({Theme.ACCESS}), (
            "Who asked for the change, and is that written down?",
            "Is the role the narrowest that does the work?",
            "When does the role end, or when is it looked at again?",
        )),
    Occasion.SIGNAL: Routine(
        {HIGH: 5, STANDARD: 10, LOW: 10}, frozenset({LOW}), frozenset(), (
            "Which decisions came before the signal, and what speaks for and against each of them as its cause?",
            "Which work was done in between, and does it need to be looked at again?",
        )),
    Occasion.INCIDENT: Routine(
        {HIGH: 2, STANDARD: 5, LOW: 10}, frozenset(), frozenset({Theme.ACCESS, Theme.SCHEMA, Theme.SNAPSHOT}), (
            "What happened, in the order of the trail?",
            "Which records were touched, and do all of them have an explanation?",
            "Did anything touched leave the building, and who was told?",
            "What would have let it be noticed earlier?",
        )),
    Occasion.BY_HAND: Routine(
        {HIGH: 5, STANDARD: 10, LOW: 20}, frozenset(), frozenset(), (
            "Does every decision in the scope have a reason that a stranger would understand?",
        )),
}
# fmt: on


def calls_for(tier: str, occasion: Occasion) -> bool:
    """Whether this risk tier asks for a log review of this occasion by itself."""
    return tier in ROUTINE[occasion].called_for_by


def due_days(tier: str, occasion: Occasion) -> int:
    return ROUTINE[occasion].days[RiskTier(tier)]


def checklist_for(occasion: Occasion) -> list[dict[str, str]]:
    return [{"question": question, "answer": ""} for question in ROUTINE[occasion].questions]


# What a stored query may ask for: only what means the same for ever, whoever reads it.
STORED = ("event", "impact", "theme", "role", "channel", "operation", "object", "created", "text")


def checked_query(query: dict[str, Any]) -> dict[str, list[str]]:
    """A query as it is stored: sorted, each value once; what the trail cannot answer is refused by name."""
    for key, values in query.items():
        if key.removeprefix("not_") not in STORED:
            raise ValidationError(
                {"query": f"The trail cannot be narrowed by {key}: choose among {', '.join(STORED)}."}
            )
        if not isinstance(values, list | tuple | set | frozenset):
            raise ValidationError({"query": f"{key} wants a list of values."})
    try:
        EntryFilters(query, Entry.objects.all()).narrowed()
    except ValidationError as error:
        raise ValidationError({"query": error.messages}) from None
    return {key: sorted({_stored(key, value) for value in values}) for key, values in sorted(query.items()) if values}


def _stored(key: str, value: Any) -> str:
    match key.removeprefix("not_"):
        case "operation":
            return str(uuid.UUID(str(value)))
        case "created":
            return dated(str(value))
        case "object" | "text":
            return str(value)
    return str(value).lower()


@dataclass(frozen=True)
class Scope:
    """What a log review is to read, before it is opened: `chapter` and those below it make one.

    `last` is None for all that is on the trail by then, `window` finds the range by time instead.
    """

    occasion: Occasion
    title: str
    first: int = 1
    last: int | None = None
    query: dict[str, Any] = field(default_factory=dict)
    window: tuple[datetime, datetime | None] | None = None
    description: str = ""
    release: Release | None = None
    signal: QualitySignal | None = None
    about: Entry | None = None


def chapter(snapshot: Snapshot, title: str = "") -> Scope:
    """All that led to a snapshot since the one before."""
    first = snapshot.parent.entry_id + 1 if snapshot.parent else 1
    return Scope(Occasion.BY_HAND, title or f"Chapter that led to {snapshot}", first, snapshot.entry_id)


def brought_by(release: Release) -> Scope:
    """All that a release brings: every chapter since the last release, as its page and its gates count them."""
    previous = previous_release(release.snapshot)
    first = previous.snapshot.entry_id + 1 if previous else 1
    return Scope(Occasion.RELEASE, f"Release {release}", first, release.snapshot.entry_id, release=release)


def entry_range(first: int, last: int, title: str) -> Scope:
    return Scope(Occasion.BY_HAND, title, first, last)


def saved_query(title: str, query: dict[str, Any], *, first: int = 1, last: int | None = None) -> Scope:
    """The entries that a query finds, up to now unless said otherwise."""
    return Scope(Occasion.BY_HAND, title, first, last, query)


def incident(title: str, description: str, began_at: datetime, ended_at: datetime | None = None) -> Scope:
    """All that was recorded from the first entry of the time given to the last; without an end, up to now."""
    return Scope(Occasion.INCIDENT, title, window=(began_at, ended_at), description=description)


def act_of(entry: Entry) -> Scope:
    """The act that changed who may do what."""
    title = f"{entry.label}, entry {entry.pk}"
    return Scope(Occasion.PERMISSION_CHANGE, title, query={"operation": [str(entry.operation)]}, about=entry)


def what_preceded(signal: QualitySignal) -> Scope:
    """The weeks of a signal and those before it in which its candidates lie; what is HIGH in them, if anything is."""
    first = signal.week - timedelta(weeks=signal.weeks - 1 + WEEKS_BACK)
    window = (_midnight(first), _midnight(signal.week + timedelta(weeks=1)))
    high = Entry.objects.filter(
        project=signal.project_id, impact=Impact.HIGH, at__gte=window[0], at__lte=window[1]
    ).exists()
    query = {"impact": ["high"]} if high else {}
    return Scope(Occasion.SIGNAL, f"Signal: {signal}", query=query, window=window, signal=signal)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)


def entries_in_scope(log_review: LogReview) -> QuerySet[Entry]:
    """The entries that a log review reads, oldest first; the same for ever."""
    entries = Entry.objects.filter(
        project=log_review.project_id, id__gte=log_review.first_entry, id__lte=log_review.last_entry
    )
    return EntryFilters(log_review.query, entries).narrowed().order_by("id")


def _codes(themes: Iterable[Theme]) -> list[str]:
    return [event.value for event in Event if event.theme in themes]


def decision_points(log_review: LogReview) -> QuerySet[Entry]:
    """The entries in the scope that need a disposition: all that are HIGH, and what the occasion names."""
    also = Q(impact=Impact.MEDIUM, event__in=_codes(ROUTINE[Occasion(log_review.occasion)].also))
    return entries_in_scope(log_review).filter(Q(impact=Impact.HIGH) | also)


def undecided(log_review: LogReview) -> QuerySet[Entry]:
    decided = Disposition.objects.filter(log_review=log_review, entry=OuterRef("pk"))
    return decision_points(log_review).filter(~Exists(decided))


def decided(log_review: LogReview) -> QuerySet[Disposition]:
    """The dispositions of decision points: of few among many, so that the many are not gone through for them."""
    return Disposition.objects.filter(log_review=log_review, entry__in=decision_points(log_review).values("pk"))


def acted_in(log_review: LogReview) -> Q:
    """What holds of a user who did something in the scope, or to whom it is attributed; reading the trail is no act.

    Asked of each user by themselves, since the scope may hold millions of entries.
    """
    acts = entries_in_scope(log_review).exclude(event__in=BOOKKEEPING).order_by()
    return Q(Exists(acts.filter(actor=OuterRef("pk")))) | Q(Exists(acts.filter(attributed_to=OuterRef("pk"))))


def has_acted_in(log_review: LogReview, user: User) -> bool:
    return User.objects.filter(acted_in(log_review), pk=user.pk).exists()


@dataclass(frozen=True)
class Progress:
    """How far a log review is. `without_finding` are dispositions that call for a finding and have none."""

    points: int
    decided: int
    questions: int
    answered: int
    without_finding: list[Disposition]

    @property
    def missing(self) -> list[str]:
        """What stands between it and its signature."""
        missing = []
        if left := self.points - self.decided:
            missing.append(f"{left} decision point{'s' if left > 1 else ''} without a disposition")
        if left := self.questions - self.answered:
            missing.append(f"{left} question{'s' if left > 1 else ''} without an answer")
        for disposition in self.without_finding:
            verdict = disposition.get_verdict_display().lower()
            missing.append(f"entry {disposition.entry_id} is “{verdict}” and has no finding")
        return missing


def progress_of(log_review: LogReview) -> Progress:
    finding = Finding.objects.filter(log_review=log_review, entry=OuterRef("entry"))
    calling = log_review.dispositions.filter(verdict__in=NEEDS_FINDING)
    return Progress(
        decision_points(log_review).count(),
        decided(log_review).count(),
        len(log_review.checklist),
        sum(1 for line in log_review.checklist if line["answer"]),
        list(calling.filter(~Exists(finding))),
    )


def points_of(log_reviews: Sequence[LogReview]) -> dict[int, tuple[int, int]]:
    """How many decision points each of these log reviews has, and how many with a disposition; asked at once."""
    points = _counted([(each.pk, decision_points(each)) for each in log_reviews])
    settled = _counted([(each.pk, decided(each)) for each in log_reviews])
    return {each.pk: (points.get(each.pk, 0), settled.get(each.pk, 0)) for each in log_reviews}


def _counted(scopes: list[tuple[int, QuerySet[Any]]]) -> dict[int, int]:
    numbers = [
        rows.order_by().annotate(of=Value(pk)).values("of").annotate(number=Count("pk")).values_list("of", "number")
        for pk, rows in scopes
    ]
    return dict(numbers[0].union(*numbers[1:], all=True)) if numbers else {}


_LASTING = (
    "id", "operation", "project_id", "event", "impact", "actor_id", "role", "attributed_to_id", "channel",
    "subject_type", "subject_id", "subject_name", "records", "before", "after", "reason", "source", "at",
)  # fmt: skip


def digest_of(entries: QuerySet[Entry]) -> tuple[int, str]:
    """How many entries, and the SHA-256 over the canonical JSON of each, one a line, in the order of their ids."""
    digest, counted = hashlib.sha256(), 0
    for entry in entries.order_by("id").values(*_LASTING).iterator(chunk_size=2000):
        digest.update(canonical_json({**entry, "operation": str(entry["operation"])}).encode() + b"\n")
        counted += 1
    return counted, digest.hexdigest()


def record_digest_of(log_review: LogReview) -> str:
    """The SHA-256 of scope, checklist, dispositions and findings; how a finding was closed later is not in it."""
    own = ("occasion", "title", "description", "release_id", "signal_id", "about_id", "first_entry", "last_entry")
    record = {
        "log_review": {
            **{name: getattr(log_review, name) for name in own},
            "project": log_review.project_id,
            "query": log_review.query,
            "checklist": log_review.checklist,
            "began_at": log_review.began_at,
            "ended_at": log_review.ended_at,
            "opened_at": log_review.opened_at,
            "opened_by": log_review.opened_by_id,
            "due_on": log_review.due_on.isoformat(),
        },
        "dispositions": list(
            log_review.dispositions.order_by("id").values(
                "id", "entry_id", "verdict", "note", "decided_by_id", "decided_at"
            )
        ),
        "findings": [
            {**finding, "due_on": finding["due_on"].isoformat()}
            for finding in log_review.findings.order_by("id").values(
                "id", "entry_id", "factor", "description", "action", "owner_id", "due_on", "opened_at"
            )
        ],
    }
    return sha256_hex(canonical_json(record))


@dataclass(frozen=True)
class Verified:
    """Whether what was signed is still what stands there."""

    sign_off: SignOff
    same_entries: bool
    same_record: bool

    @property
    def holds(self) -> bool:
        return self.same_entries and self.same_record


def verify_sign_off(log_review: LogReview) -> Verified:
    """Read a signed log review again and hold it against its signature."""
    log_review = LogReview.objects.select_related("sign_off").get(pk=log_review.pk)
    sign_off = log_review.sign_off
    found = digest_of(entries_in_scope(log_review))
    return Verified(
        sign_off, found == (sign_off.entries, sign_off.digest), record_digest_of(log_review) == sign_off.record_digest
    )


def tier_at(project: Project, moment: datetime, changes: list[tuple[datetime, str]]) -> str:
    """The risk tier a project had then, given what `changes_of_tier` answers."""
    for changed_at, before in changes:
        if changed_at > moment:
            return before
    return project.risk_tier


def changes_of_tier(project: Project) -> list[tuple[datetime, str]]:
    """When the risk tier was set to another, and what it was until then; oldest first."""
    settings = Entry.objects.filter(project=project, event=Event.SETTING_CHANGED).order_by("id")
    found = settings.values_list("at", "before")
    return [(at, before["risk_tier"]) for at, before in found if isinstance(before, dict) and "risk_tier" in before]
