"""Where a release and a log review stand, who could do what, and how the work fares."""

from __future__ import annotations

from typing import Any, ClassVar, TypedDict

from django.shortcuts import get_object_or_404

from labelop.models import LabelClass, Metric
from labelop.quality import ORDER_IS_NOT_CAUSE, Tally, candidates_of, iso_week, sentence_of, weekly_of
from labelop.selectors.quality import quality_signals_visible_to
from labelop.selectors.trail import work_entries_visible_to
from roles.api.curated import CuratedView
from roles.api.problems import WrongParameter
from roles.api.views import PAGED, TEXT, Parameter
from roles.matrix import MATRIX, Can, Role
from roles.models import Membership
from roles.selectors import abilities_of, role_of
from roles.telling import EntryTold, entry_as_dict, pseudonyms_in

from ..gates import window_of
from ..log_reviews import entries_in_scope, has_acted_in, progress_of
from ..models import Disposition
from ..pages.then import NoSuchMoment, then_of
from ..selectors import log_reviews_visible_to, releases_visible_to
from ..separation import standing_of
from .asked import OfAProject


class GateTold(TypedDict):
    code: str
    label: str
    state: str
    evidence: dict[str, Any]
    sentence: str


class SeparationTold(TypedDict):
    asked: int
    reached: int | None
    suffices: bool
    missing: str


class GatesTold(TypedDict):
    gates: list[GateTold]
    separation: SeparationTold


class GatesView(CuratedView):
    """What must hold before a release goes out, whether it does, and how far the duties are separated."""

    answer = GatesTold
    summary = "Gates of a release"
    tag = "releases"

    def told(self, **kwargs: Any) -> Any:
        standing = standing_of(window_of(get_object_or_404(releases_visible_to(self.viewer), pk=self.kwargs["row"])))
        separation = standing.separation
        return {
            "gates": standing.report,
            "separation": {
                "asked": separation.asked,
                "reached": separation.reached,
                "suffices": separation.suffices,
                "missing": separation.missing,
            },
        }


class PointTold(TypedDict):
    entry: EntryTold
    disposition: str | None
    note: str | None


class ScopeTold(TypedDict):
    results: list[PointTold]
    next: str | None
    read: dict[str, int]
    acted: bool


class LogReviewScopeView(CuratedView):
    """The entries in the scope of a log review, newest first, and what was made of each."""

    answer = ScopeTold
    summary = "Scope of a log review"
    tag = "log-reviews"
    parameters = PAGED

    def told(self, **kwargs: Any) -> ScopeTold:
        log_review = get_object_or_404(log_reviews_visible_to(self.viewer), pk=self.kwargs["row"])
        page = self.page_of(entries_in_scope(log_review))
        names = pseudonyms_in([log_review.project_id], self.viewer)
        made = {each.entry_id: each for each in Disposition.objects.filter(log_review=log_review, entry__in=page.rows)}
        progress = progress_of(log_review)
        return {
            "results": [_point(entry, made.get(entry.pk), names) for entry in page.rows],
            "next": self.next_of(page.older_than),
            "read": {name: int(number) for name, number in vars(progress).items() if isinstance(number, int)},
            "acted": has_acted_in(log_review, self.viewer),
        }


def _point(entry: Any, disposition: Disposition | None, names: Any) -> PointTold:
    return {
        "entry": entry_as_dict(entry, names),
        "disposition": disposition.verdict if disposition else None,
        "note": disposition.note if disposition else None,
    }


class MatrixRowTold(TypedDict):
    can: str
    label: str
    roles: list[str]


class MatrixTold(TypedDict):
    results: list[MatrixRowTold]


class MatrixView(CuratedView):
    """Who may do what: the playbook, the same for every project."""

    answer = MatrixTold
    summary = "The matrix of roles"
    tag = "members"

    def told(self, **kwargs: Any) -> MatrixTold:
        return {
            "results": [
                {"can": can.value, "label": str(can.label), "roles": [role.value for role in Role if role in roles]}
                for can, roles in MATRIX.items()
            ]
        }


class MemberThenTold(TypedDict):
    member: str
    then: str
    now: str
    told: str


class RoleThenTold(TypedDict):
    role: str
    then: int
    now: int


class AbilityThenTold(TypedDict):
    can: str
    members: str


class AccessThenTold(TypedDict):
    members: list[MemberThenTold]
    roles: list[RoleThenTold]
    abilities: list[AbilityThenTold]


class AccessThenView(OfAProject):
    """Who could do what at a past moment, held against now."""

    answer = AccessThenTold
    summary = "Who could do what, then"
    ability = Can.INSPECT_TRAIL
    parameters: ClassVar = {
        "at": Parameter("A day, such as 2026-10-01 (its end, UTC), or the number of a snapshot.", TEXT, required=True)
    }

    def told(self, **kwargs: Any) -> AccessThenTold:
        project = self.project
        names = pseudonyms_in([project.pk], self.viewer)
        try:
            then = then_of(project, self.request.GET["at"].strip(), self.viewer, names)
        except NoSuchMoment as error:
            raise WrongParameter("at", str(error)) from None
        return {
            "members": [
                {"member": each.pseudonym, "then": each.then, "now": each.now, "told": each.told}
                for each in then.members
            ],
            "roles": [{"role": str(role), "then": before, "now": now} for role, before, now in then.roles],
            "abilities": [{"can": str(can), "members": members} for can, members in then.abilities],
        }


class RateTold(TypedDict):
    value: float | None
    count: int
    n: int


class WeekTold(TypedDict):
    label_class: str | None
    week: str
    monday: str
    rejection_rate: RateTold
    churn: RateTold
    first_pass_yield: RateTold
    extra_rounds: int
    decisions: int


class QualityTold(TypedDict):
    weeks: list[WeekTold]


class QualityView(OfAProject):
    """A project's metrics by ISO week (UTC), each with its n; of the whole project and of each class."""

    answer = QualityTold
    summary = "Quality week by week"
    ability = Can.SEE_ALL_WORK

    def told(self, **kwargs: Any) -> QualityTold:
        project = self.project
        keys = dict(LabelClass.objects.filter(project=project).values_list("pk", "key"))
        return {
            "weeks": [
                _week(keys.get(class_id or 0), monday, tally)
                for class_id, series in weekly_of(project).items()
                for monday, tally in sorted(series.items())
            ]
        }


def _week(label_class: str | None, monday: Any, tally: Tally) -> WeekTold:
    return {
        "label_class": label_class,
        "week": iso_week(monday),
        "monday": monday.isoformat(),
        "rejection_rate": _rate(*tally.of(Metric.REJECTION_RATE)),
        "churn": _rate(tally.churn, tally.approved_marks),
        "first_pass_yield": _rate(*tally.of(Metric.FIRST_PASS_YIELD)),
        "extra_rounds": tally.extra_rounds,
        "decisions": tally.decisions,
    }


def _rate(count: int, n: int) -> RateTold:
    return {"value": count / n if n else None, "count": count, "n": n}


class CandidateTold(TypedDict):
    entry: EntryTold
    weight: int
    days: float


class SignalTold(TypedDict):
    sentence: str
    order_is_not_cause: str
    candidates: list[CandidateTold]


class SignalCandidatesView(CuratedView):
    """What came before a quality signal, what weighs most first. Order is not cause."""

    answer = SignalTold
    summary = "What preceded a signal"
    tag = "quality-signals"

    def told(self, **kwargs: Any) -> SignalTold:
        signal = get_object_or_404(quality_signals_visible_to(self.viewer), pk=self.kwargs["row"])
        names = pseudonyms_in([signal.project_id], self.viewer)
        candidates = candidates_of(signal, work_entries_visible_to(self.viewer))
        return {
            "sentence": sentence_of(signal),
            "order_is_not_cause": ORDER_IS_NOT_CAUSE,
            "candidates": [
                {"entry": entry_as_dict(each.entry, names), "weight": each.weight, "days": round(each.days, 1)}
                for each in candidates
            ],
        }


class ProjectOfMineTold(TypedDict):
    project: str
    role: str | None
    can: list[str]


class MeTold(TypedDict):
    account: str
    kind: str
    token: str | None
    scopes: list[str]
    projects: list[ProjectOfMineTold]


class MeView(CuratedView):
    """Who asks: one's own account, what the token lets be done, and one's role on each project."""

    answer = MeTold
    summary = "Who asks"
    tag = "me"

    def told(self, **kwargs: Any) -> MeTold:
        viewer, bounds = self.viewer, self.viewer.bounds
        held = Membership.objects.in_force().filter(user=viewer).select_related("project")
        seen = [each.project for each in held if bounds is None or bounds.hold(each.project_id)]
        return {
            "account": viewer.username,
            "kind": viewer.kind,
            "token": self.request.auth.name if bounds is not None else None,
            "scopes": sorted(scope.value for scope in bounds.scopes) if bounds is not None else [],
            "projects": [_mine(viewer, project) for project in seen],
        }


def _mine(viewer: Any, project: Any) -> ProjectOfMineTold:
    held = abilities_of(viewer, project)
    allowed = [can.value for can in Can if can in held]
    if viewer.bounds is not None:
        allowed = [can for can in allowed if viewer.bounds.let(Can(can)) or Can(can) == Can.INSPECT_TRAIL]
    return {"project": project.slug, "role": role_of(viewer, project), "can": allowed}
