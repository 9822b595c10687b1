from .assignments import Assignment, Priority
from .connections import Connection, Hint, Pull
from .projects import MOVES, Project, ProjectState, ReviewPolicy, RiskTier
from .quality import CountedWeeks, Metric, QualitySignal, WeekCount
from .reviews import APPROVALS, Dispute, ReasonCode, Review, Verdict
from .schema import Geometry, LabelClass
from .work import Annotation, Item, Origin

__all__ = [
    "APPROVALS",
    "MOVES",
    "Annotation",
    "Assignment",
    "Connection",
    "CountedWeeks",
    "Dispute",
    "Geometry",
    "Hint",
    "Item",
    "LabelClass",
    "Metric",
    "Origin",
    "Priority",
    "Project",
    "ProjectState",
    "Pull",
    "QualitySignal",
    "ReasonCode",
    "Review",
    "ReviewPolicy",
    "RiskTier",
    "Verdict",
    "WeekCount",
]
