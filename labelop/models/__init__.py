from .projects import Project, ReviewPolicy, RiskTier
from .reviews import Review, Verdict
from .schema import Geometry, LabelClass
from .work import Annotation, Item, Origin

__all__ = [
    "Annotation",
    "Geometry",
    "Item",
    "LabelClass",
    "Origin",
    "Project",
    "Review",
    "ReviewPolicy",
    "RiskTier",
    "Verdict",
]
