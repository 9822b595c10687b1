"""Who may do what: the playbook, as one table.

To add a permission, add a line to `Can` and to the rows of `MATRIX`, ask for it with
`authorize(by, Can.…, project)` in a service, and make the migration that stores its name.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import models


class Role(models.TextChoices):
    """What a member is on a project; one at a time."""

    OWNER = "owner", "Owner"
    REVIEWER = "reviewer", "Reviewer"
    ANNOTATOR = "annotator", "Annotator"


class Can(models.TextChoices):
    """What can be asked on a project; read after "can"."""

    # fmt: off
    SEE_PROJECT = "see_project", "see the project"
    SEE_ALL_WORK = "see_all_work", "see the work of the whole project"
    ANNOTATE = "annotate", "annotate"
    FIX_IN_REVIEW = "fix_in_review", "fix marks during review"
    ASSIGN_WORK = "assign_work", "assign, reassign, cancel and reopen work"
    DECIDE_REVIEWS = "decide_reviews", "decide reviews"
    CONTEST_REVIEWS = "contest_reviews", "contest a review of one’s own work"
    ADJUDICATE = "adjudicate", "rule on a contested review"
    EDIT_SCHEMA = "edit_schema", "edit the schema"
    EDIT_SETTINGS = "edit_settings", "edit the settings"
    INSPECT_TRAIL = "inspect_trail", "inspect the trail"
    TAKE_SNAPSHOTS = "take_snapshots", "take snapshots"
    COMPARE_SNAPSHOTS = "compare_snapshots", "compare snapshots"
    EXPORT_SNAPSHOTS = "export_snapshots", "export snapshots"
    IMPORT_HISTORY = "import_history", "import a history"
    EXCLUDE_ITEMS = "exclude_items", "exclude and reinstate items"
    RESTORE_DATA = "restore_data", "restore an earlier state"
    PROPOSE_RELEASES = "propose_releases", "propose releases"
    APPROVE_RELEASES = "approve_releases", "approve and reject releases"
    MANAGE_RELEASES = "manage_releases", "release, withdraw, deprecate and waive a gate"
    PROPOSE_ADJUSTMENTS = "propose_adjustments", "propose an adjustment"
    ACCEPT_ADJUSTMENTS = "accept_adjustments", "accept somebody else’s adjustment"
    RUN_LOG_REVIEWS = "run_log_reviews", "run log reviews"
    RESOLVE_FINDINGS = "resolve_findings", "open and close findings, resolve anomalies"
    REVEAL_IDENTITIES = "reveal_identities", "reveal identities"
    MANAGE_ROLES = "manage_roles", "grant, change and end roles"
    CONNECT_TOOLS = "connect_tools", "manage tokens, service accounts and webhooks"
    # fmt: on


OWNER, REVIEWER, ANNOTATOR = Role.OWNER, Role.REVIEWER, Role.ANNOTATOR

# fmt: off
MATRIX: dict[Can, frozenset[Role]] = {
    Can.SEE_PROJECT:         frozenset({OWNER, REVIEWER, ANNOTATOR}),
    Can.SEE_ALL_WORK:        frozenset({OWNER, REVIEWER}),
    Can.ANNOTATE:            frozenset({ANNOTATOR}),
    Can.FIX_IN_REVIEW:       frozenset({REVIEWER}),
    Can.ASSIGN_WORK:         frozenset({OWNER}),
    Can.DECIDE_REVIEWS:      frozenset({OWNER, REVIEWER}),
    Can.CONTEST_REVIEWS:     frozenset({ANNOTATOR}),
    Can.ADJUDICATE:          frozenset({OWNER, REVIEWER}),
    Can.EDIT_SCHEMA:         frozenset({OWNER}),
    Can.EDIT_SETTINGS:       frozenset({OWNER}),
    Can.INSPECT_TRAIL:       frozenset({OWNER, REVIEWER}),
    Can.TAKE_SNAPSHOTS:      frozenset({OWNER}),
    Can.COMPARE_SNAPSHOTS:   frozenset({OWNER, REVIEWER}),
    Can.EXPORT_SNAPSHOTS:    frozenset({OWNER, REVIEWER}),
    Can.IMPORT_HISTORY:      frozenset({OWNER}),
    Can.EXCLUDE_ITEMS:       frozenset({OWNER}),
    Can.RESTORE_DATA:        frozenset({OWNER}),
    Can.PROPOSE_RELEASES:    frozenset({OWNER, REVIEWER}),
    Can.APPROVE_RELEASES:    frozenset({OWNER, REVIEWER}),
    Can.MANAGE_RELEASES:     frozenset({OWNER}),
    Can.PROPOSE_ADJUSTMENTS: frozenset({OWNER}),
    Can.ACCEPT_ADJUSTMENTS:  frozenset({OWNER, REVIEWER}),
    Can.RUN_LOG_REVIEWS:     frozenset({OWNER, REVIEWER}),
    Can.RESOLVE_FINDINGS:    frozenset({OWNER, REVIEWER}),
    Can.REVEAL_IDENTITIES:   frozenset({OWNER}),
    Can.MANAGE_ROLES:        frozenset({OWNER}),
    Can.CONNECT_TOOLS:       frozenset({OWNER}),
}
# fmt: on


def permissions_of(role: Role) -> frozenset[Can]:
    return frozenset(can for can, roles in MATRIX.items() if role in roles)


class Scope(models.TextChoices):
    """What a token lets its account do, beside what the account's role lets it do."""

    READ = "read", "Read"
    WORK = "work", "Bring in, assign, mark and review work"
    MANAGE = "manage", "Change schema, settings, roles and connections"
    RELEASE = "release", "Take and export snapshots, decide on releases, restore"
    TRAIL = "trail", "Review and export the trail, explain what stands out"
    SITE = "site", "Act on accounts and projects as a superuser"


# What each scope lets be asked for. Everything else is reading, which every token may; the site's acts ask no `Can`.
SCOPES: dict[Scope, frozenset[Can]] = {
    Scope.READ: frozenset({Can.SEE_PROJECT, Can.SEE_ALL_WORK, Can.COMPARE_SNAPSHOTS}),
    Scope.WORK: frozenset(
        {
            *(Can.ANNOTATE, Can.FIX_IN_REVIEW, Can.ASSIGN_WORK, Can.DECIDE_REVIEWS, Can.CONTEST_REVIEWS),
            *(Can.ADJUDICATE, Can.EXCLUDE_ITEMS, Can.IMPORT_HISTORY),
        }
    ),
    Scope.MANAGE: frozenset({Can.EDIT_SCHEMA, Can.EDIT_SETTINGS, Can.MANAGE_ROLES, Can.CONNECT_TOOLS}),
    Scope.RELEASE: frozenset(
        {
            *(Can.TAKE_SNAPSHOTS, Can.EXPORT_SNAPSHOTS, Can.RESTORE_DATA),
            *(Can.PROPOSE_RELEASES, Can.APPROVE_RELEASES, Can.MANAGE_RELEASES),
        }
    ),
    Scope.TRAIL: frozenset(
        {
            *(Can.INSPECT_TRAIL, Can.PROPOSE_ADJUSTMENTS, Can.ACCEPT_ADJUSTMENTS, Can.RUN_LOG_REVIEWS),
            *(Can.RESOLVE_FINDINGS, Can.REVEAL_IDENTITIES),
        }
    ),
    Scope.SITE: frozenset(),
}


@dataclass(frozen=True)
class Bounds:
    """Within what a token lets its account act: some projects, or None for all of the account's, and some scopes."""

    project_ids: frozenset[int] | None
    scopes: frozenset[Scope]

    def hold(self, project_id: int | None) -> bool:
        """Whether what belongs to this project, or with None to the site, is within."""
        if self.project_ids is not None:
            return project_id in self.project_ids
        return project_id is not None or Scope.SITE in self.scopes

    def let(self, can: Can) -> bool:
        return any(can in SCOPES[scope] for scope in self.scopes)
