"""Who may do what: the playbook, as one table.

To add a permission, add a line to `Can` and to the rows of `MATRIX`, ask for it with
`authorize(by, Can.…, project)` in a service, and make the migration that stores its name.
"""

from __future__ import annotations

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
    DECIDE_REVIEWS = "decide_reviews", "decide reviews"
    EDIT_SCHEMA = "edit_schema", "edit the schema"
    EDIT_SETTINGS = "edit_settings", "edit the settings"
    INSPECT_TRAIL = "inspect_trail", "inspect the trail"
    TAKE_SNAPSHOTS = "take_snapshots", "take snapshots"
    COMPARE_SNAPSHOTS = "compare_snapshots", "compare snapshots"
    EXPORT_SNAPSHOTS = "export_snapshots", "export snapshots"
    IMPORT_HISTORY = "import_history", "import a history"
    EXCLUDE_ITEMS = "exclude_items", "exclude and reinstate items"
    MANAGE_ROLES = "manage_roles", "grant, change and end roles"
    # fmt: on


OWNER, REVIEWER, ANNOTATOR = Role.OWNER, Role.REVIEWER, Role.ANNOTATOR

# fmt: off
MATRIX: dict[Can, frozenset[Role]] = {
    Can.SEE_PROJECT:       frozenset({OWNER, REVIEWER, ANNOTATOR}),
    Can.SEE_ALL_WORK:      frozenset({OWNER, REVIEWER}),
    Can.ANNOTATE:          frozenset({ANNOTATOR}),
    Can.DECIDE_REVIEWS:    frozenset({OWNER, REVIEWER}),
    Can.EDIT_SCHEMA:       frozenset({OWNER}),
    Can.EDIT_SETTINGS:     frozenset({OWNER}),
    Can.INSPECT_TRAIL:     frozenset({OWNER, REVIEWER}),
    Can.TAKE_SNAPSHOTS:    frozenset({OWNER}),
    Can.COMPARE_SNAPSHOTS: frozenset({OWNER, REVIEWER}),
    Can.EXPORT_SNAPSHOTS:  frozenset({OWNER, REVIEWER}),
    Can.IMPORT_HISTORY:    frozenset({OWNER}),
    Can.EXCLUDE_ITEMS:     frozenset({OWNER}),
    Can.MANAGE_ROLES:      frozenset({OWNER}),
}
# fmt: on


def permissions_of(role: Role) -> frozenset[Can]:
    return frozenset(can for can, roles in MATRIX.items() if role in roles)
