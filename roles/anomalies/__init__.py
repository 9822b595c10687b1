"""What makes a permission, or the use of one, stand out: each rule is a function from a project to its sightings.

To add a rule, add a line to `Rule`, write its function on the floor whose tables it needs, and name it in that
floor's `RULES`. A rule only reads; `roles.services.anomalies` notes what it saw, each case once.
"""

from __future__ import annotations

from .granting import brief_powers, grants_without_reason, growing_shares_of_owners, self_grants, strays
from .sighting import Grant, Sighting, grants_in
from .using import acts_without_membership, bursts_of_refusals, dormant_roles_used, expired_roles_used

RULES = (
    self_grants,
    grants_without_reason,
    brief_powers,
    growing_shares_of_owners,
    strays,
    acts_without_membership,
    dormant_roles_used,
    bursts_of_refusals,
    expired_roles_used,
)
# What can also happen to what belongs to no project.
RULES_OF_THE_SITE = (strays, bursts_of_refusals)

__all__ = [
    "RULES",
    "RULES_OF_THE_SITE",
    "Grant",
    "Sighting",
    "acts_without_membership",
    "bursts_of_refusals",
    "grants_in",
    "self_grants",
]
