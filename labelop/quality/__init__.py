"""Metrics of a project's and its classes' quality, week by week, and the signals they raise; see docs/quality.md.

Nobody appears in them: a project or a class is held against its own past, never one person against another.
"""

from .candidates import ORDER_IS_NOT_CAUSE, Candidate, candidates_of
from .counting import decisions_of, weekly_of
from .expected import Expected, expected_of
from .kept import latest_decision_of
from .signals import ALPHA, LEAST_NOW, LEAST_PAST, LEAST_PAST_WEEKS, PAST_WEEKS, Comparison, comparisons_in, signals_in
from .tally import Decision, Tally, Weekly, monday_of, pooled, tallied
from .words import DEFINITIONS, churn, iso_week, sentence_of, share, waiting

__all__ = [
    "ALPHA",
    "DEFINITIONS",
    "LEAST_NOW",
    "LEAST_PAST",
    "LEAST_PAST_WEEKS",
    "ORDER_IS_NOT_CAUSE",
    "PAST_WEEKS",
    "Candidate",
    "Comparison",
    "Decision",
    "Expected",
    "Tally",
    "Weekly",
    "candidates_of",
    "churn",
    "comparisons_in",
    "decisions_of",
    "expected_of",
    "iso_week",
    "latest_decision_of",
    "monday_of",
    "pooled",
    "sentence_of",
    "share",
    "signals_in",
    "tallied",
    "waiting",
    "weekly_of",
]
