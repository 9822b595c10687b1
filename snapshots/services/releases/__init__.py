"""The life of a release, one service for each step."""

from .after import ask_for_reinstatement, deprecate_release, reinstate_release, withdraw_release
from .decisions import approve_release, publish_release, reject_release
from .plans import begin_review, cancel_release, move_planned_date, propose_release, waive_gate

__all__ = [
    "approve_release",
    "ask_for_reinstatement",
    "begin_review",
    "cancel_release",
    "deprecate_release",
    "move_planned_date",
    "propose_release",
    "publish_release",
    "reinstate_release",
    "reject_release",
    "waive_gate",
    "withdraw_release",
]
