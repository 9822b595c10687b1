"""What each principal is answered at each address, written out by hand: docs/access.md as a table of figures.

Those outside every project are sent to log in wherever an address answers GET or POST at all. The columns are the
others. "L" is the way to the login page, "405" an address that does not take the method; PUT, PATCH, DELETE and
OPTIONS are taken nowhere, by nobody, and HEAD is answered as GET is. An address with an act in it is a line of its
own. At an object of the other project whoever is from elsewhere stands where the owner does, and all others of this
project stand where elsewhere does.
"""

from __future__ import annotations

COLUMNS = ("elsewhere", "assigned", "unassigned", "reviewer", "author", "owner", "superuser")

MODELS = (
    *("audit_entry", "audit_webhook", "audit_delivery", "roles_membership", "roles_anomaly", "roles_token"),
    *("labelop_project", "labelop_labelclass", "labelop_item", "labelop_annotation", "labelop_assignment"),
    *("labelop_review", "labelop_dispute", "labelop_qualitysignal", "labelop_connection", "labelop_pull"),
    *(
        "snapshots_adjustment",
        "snapshots_savedview",
        "snapshots_logreview",
        "snapshots_disposition",
        "snapshots_finding",
    ),
    *("snapshots_signoff", "snapshots_release", "snapshots_snapshot"),
)


def of_all(ending: str) -> str:
    return " ".join(f"{model}_{ending}" for model in MODELS)


LISTS = of_all("changelist").replace("audit_entry_changelist", "")
NOWHERE = "404 404 404 404 404 404 404"
EVERYBODY = "200 200 200 200 200 200 200"
NOT_TAKEN = "405 405 405 405 405 405 405"
MOVED = "301 301 301 301 301 301 301"
# What Django's own pages refuse to everybody: nothing is added, changed or deleted there.
NOBODY = "403 403 403 403 403 403 403"

# GET, POST, what answers so.
# fmt: off
TABLE: tuple[tuple[str, str, str], ...] = (
    # elsewhere  assigned  unassigned  reviewer  author  owner  superuser
    (EVERYBODY,                     NOT_TAKEN,                     "index find password_change_done jsi18n"),
    (EVERYBODY,                     EVERYBODY,                     "password_change app_list"),
    (NOT_TAKEN,                     EVERYBODY,                     "logout"),
    ("302 302 302 302 302 302 302", EVERYBODY,                     "login"),
    (NOBODY,                        NOT_TAKEN,                     "autocomplete"),
    (NOWHERE,                       NOWHERE,                       "view_on_site catch_all"),
    # Label Studio's own door, opened by a secret and by no session.
    (NOT_TAKEN,                     NOWHERE,                       "label_studio"),
    # Pages.
    ("404 200 200 200 200 200 200", NOT_TAKEN,                     "project"),
    ("404 404 404 200 200 200 200", NOT_TAKEN,                     "snapshot review_markdown releases log_reviews"
                                                                   " quality quality_signal"),
    ("404 404 404 200 200 200 200", "404 404 404 422 422 422 422", "export_trail export_snapshot log_review"),
    # What leaves the building says why.
    ("404 404 404 200 200 200 200", "404 404 404 200 200 200 200", "review_file"),
    ("200 404 404 200 200 200 200", "422 404 404 422 422 422 422", "export_trail_of_all"),
    # The trail tells annotators of their own work alone.
    ("404 200 200 200 200 200 200", NOT_TAKEN,                     "trail"),
    (EVERYBODY,                     NOT_TAKEN,                     "trail_of_all"),
    ("404 200 404 200 200 200 200", NOT_TAKEN,                     "item"),
    ("404 404 404 403 403 200 200", "404 404 404 403 403 422 422", "restore"),
    ("404 200 200 200 200 200 200", "404 403 403 403 403 422 422", "access"),
    # Where a page has been, whoever may see it there.
    (MOVED,                         MOVED,                         "team"),
    (NOT_TAKEN,                     "404 403 403 403 403 422 422", "change_role end_role"),
    # Django's pages of each model: lists are narrowed to what their reader may see, so all may open them.
    (EVERYBODY,                     NOT_TAKEN,                     LISTS),
    ("302 302 302 302 302 302 302", NOT_TAKEN,                     "audit_entry_changelist"),
    (NOBODY,                        NOT_TAKEN,                     of_all("add")),
    (NOBODY,                        NOT_TAKEN,                     of_all("delete")),
    ("302 302 302 302 302 302 302", NOT_TAKEN,                     of_all("bare")),
    # Seen by every member of the project.
    ("404 200 200 200 200 200 200", NOT_TAKEN,                     "labelop_project_change labelop_project_history"
                                                                   " labelop_labelclass_change"
                                                                   " labelop_labelclass_history"
                                                                   " roles_membership_history"),
    ("404 302 302 302 302 302 302", NOT_TAKEN,                     "roles_membership_change"),
    # Seen by annotators where the work is theirs.
    ("404 200 404 200 200 200 200", NOT_TAKEN,                     "labelop_item_change labelop_item_history"
                                                                   " labelop_annotation_change"
                                                                   " labelop_annotation_history"
                                                                   " labelop_assignment_change"
                                                                   " labelop_assignment_history"
                                                                   " labelop_review_change labelop_review_history"
                                                                   " labelop_dispute_change labelop_dispute_history"),
    # Seen by reviewers and owners.
    ("404 404 404 200 200 200 200", NOT_TAKEN,                     "audit_entry_change"
                                                                   " roles_anomaly_change roles_anomaly_history"
                                                                   " snapshots_adjustment_change"
                                                                   " snapshots_adjustment_history"
                                                                   " snapshots_savedview_change"
                                                                   " snapshots_savedview_history"
                                                                   " snapshots_logreview_history"
                                                                   " snapshots_disposition_change"
                                                                   " snapshots_disposition_history"
                                                                   " snapshots_finding_change"
                                                                   " snapshots_finding_history"
                                                                   " snapshots_signoff_change"
                                                                   " snapshots_release_history"),
    # Where a page of the project tells of them.
    ("404 404 404 302 302 302 302", NOT_TAKEN,                     "labelop_qualitysignal_change"
                                                                   " snapshots_logreview_change"
                                                                   " snapshots_release_change"
                                                                   " snapshots_snapshot_change"
                                                                   " snapshots_snapshot_history"),
    # Seen by owners alone.
    ("404 404 404 404 404 200 200", NOT_TAKEN,                     "audit_webhook_change audit_webhook_history"
                                                                   " audit_delivery_change"
                                                                   " labelop_connection_change"
                                                                   " labelop_connection_history"
                                                                   " labelop_pull_change"),
    # What is written once has no history of its own.
    (NOWHERE,                       NOT_TAKEN,                     "audit_entry_history audit_delivery_history"
                                                                   " labelop_pull_history"
                                                                   " labelop_qualitysignal_history"
                                                                   " snapshots_signoff_history"),
    # Acts on what every member sees: the owner's.
    ("404 403 403 403 403 200 200", "404 403 403 403 403 302 302", "roles_membership_act:reveal"
                                                                   " labelop_project_act:freeze"
                                                                   " labelop_project_act:freeze-schema"
                                                                   " labelop_labelclass_act:deprecate"),
    ("404 403 403 403 403 200 200", "404 403 403 403 403 422 422", "labelop_project_act:describe"
                                                                   " labelop_project_act:import"
                                                                   " labelop_project_act:risk-tier"
                                                                   " labelop_project_act:customer-facing"
                                                                   " labelop_project_act:review-policy"
                                                                   " labelop_project_act:sample-percent"
                                                                   " labelop_project_act:separation-of-duties"
                                                                   " labelop_project_act:activate"
                                                                   " labelop_project_act:unfreeze"
                                                                   " labelop_project_act:archive"
                                                                   " labelop_project_act:add-class"
                                                                   " labelop_project_act:open-service-account"
                                                                   " labelop_project_act:unfreeze-schema"
                                                                   " labelop_labelclass_act:rename"
                                                                   " labelop_labelclass_act:redefine"
                                                                   " labelop_labelclass_act:risk"
                                                                   " labelop_labelclass_act:recolour"
                                                                   " labelop_labelclass_act:reinstate"),
    # Acts on work.
    ("404 403 404 403 403 200 200", "404 403 404 403 403 302 302", "labelop_item_act:exclude"
                                                                   " labelop_assignment_act:cancel"),
    ("404 403 404 403 403 200 200", "404 403 404 403 403 422 422", "labelop_item_act:assign labelop_item_act:reinstate"
                                                                   " labelop_assignment_act:reopen"
                                                                   " labelop_assignment_act:reassign"
                                                                   " labelop_assignment_act:due"),
    ("404 200 404 403 403 403 200", "404 422 404 403 403 403 403", "labelop_assignment_act:start"
                                                                   " labelop_assignment_act:complete"
                                                                   " labelop_review_act:contest"),
    # Whoever made a mark of it decides nothing; whoever decided rules on no dispute of it.
    ("404 403 404 200 200 200 200", "404 403 404 302 403 302 302", "labelop_assignment_act:decide"),
    ("404 403 404 200 200 200 200", "404 403 404 403 302 302 302", "labelop_dispute_act:uphold"
                                                                   " labelop_dispute_act:overturn"),
    # Acts on the trail and on releases.
    ("404 404 404 200 200 200 200", "404 404 404 302 302 302 302", "roles_anomaly_act:acknowledge"
                                                                   " snapshots_adjustment_act:reject"
                                                                   " snapshots_logreview_act:void"
                                                                   " snapshots_release_act:begin-review"),
    ("404 404 404 200 200 200 200", "404 404 404 422 422 422 422", "snapshots_logreview_act:answer"
                                                                   " snapshots_logreview_act:dispose"
                                                                   " snapshots_logreview_act:open_finding"
                                                                   " snapshots_logreview_act:sign"
                                                                   " snapshots_finding_act:close"
                                                                   " snapshots_release_act:approve"
                                                                   " snapshots_release_act:move-date"
                                                                   " snapshots_release_act:reject"
                                                                   " snapshots_snapshot_act:propose"),
    # The anomaly shows the author's role; the owner proposed the adjustment and the release.
    ("404 404 404 200 200 200 200", "404 404 404 302 403 302 302", "roles_anomaly_act:resolve"),
    ("404 404 404 200 200 200 200", "404 404 404 302 302 403 302", "snapshots_adjustment_act:accept"),
    ("404 404 404 200 200 200 200", "404 404 404 403 403 302 302", "snapshots_release_act:cancel"),
    # A shared view is its maker's, the owner's here, and the owners'.
    ("404 404 404 200 200 200 200", "404 404 404 403 403 302 302", "snapshots_savedview_act:remove"),
    ("404 404 404 200 200 200 200", "404 404 404 422 422 422 422", "snapshots_savedview_act:rename"),
    ("404 404 404 403 403 200 200", "404 404 404 403 403 422 422", "snapshots_release_act:release"
                                                                   " snapshots_release_act:waive"
                                                                   " snapshots_release_act:deprecate"
                                                                   " snapshots_release_act:withdraw"
                                                                   " snapshots_release_act:ask-for-reinstatement"
                                                                   " snapshots_release_act:reinstate"),
    # Acts on webhooks. A renewed secret is shown at once, and nowhere else.
    ("404 404 404 404 404 200 200", "404 404 404 404 404 200 200", "audit_webhook_act:renew-secret"
                                                                   " labelop_connection_act:renew-secret"),
    ("404 404 404 404 404 200 200", "404 404 404 404 404 302 302", "audit_webhook_act:switch-off"
                                                                   " audit_webhook_act:remove"
                                                                   " labelop_connection_act:disconnect"
                                                                   " audit_delivery_act:resend"),
    ("404 404 404 404 404 200 200", "404 404 404 404 404 422 422", "audit_webhook_act:change"
                                                                   " audit_webhook_act:switch-on"),
    # Acts that begin something in a project of one's own.
    ("200 404 404 404 404 200 200", "422 404 404 404 404 422 422", "labelop_assignment_list_act:assign"
                                                                   " audit_webhook_list_act:add"
                                                                   " labelop_connection_list_act:connect"
                                                                   " snapshots_adjustment_list_act:propose"
                                                                   " snapshots_snapshot_list_act:take"),
    ("200 404 404 200 200 200 200", "422 404 404 422 422 422 422", "snapshots_savedview_list_act:save"
                                                                   " snapshots_logreview_list_act:open_release"
                                                                   " snapshots_logreview_list_act:open_chapter"
                                                                   " snapshots_logreview_list_act:open_range"
                                                                   " snapshots_logreview_list_act:open_query"
                                                                   " snapshots_logreview_list_act:open_incident"),
    # Tokens: everybody issues their own, owners those of their tools.
    ("404 404 404 404 404 200 200", NOT_TAKEN,                     "roles_token_change roles_token_history"),
    ("404 404 404 404 404 200 200", "404 404 404 404 404 302 302", "roles_token_act:revoke"),
    (EVERYBODY,                     "422 422 422 422 422 422 422", "roles_token_list_act:issue"),
    ("200 404 404 404 404 200 200", "422 404 404 404 404 422 422", "roles_token_list_act:issue-for-service"),
    # Acts that there are not.
    (NOWHERE,                       NOWHERE,                       "labelop_item_act:nothing"
                                                                   " labelop_pull_act:nothing"
                                                                   " labelop_pull_list_act:nothing"
                                                                   " snapshots_logreview_list_act:nothing"
                                                                   " audit_entry_act:nothing"
                                                                   " audit_entry_list_act:nothing"
                                                                   " audit_delivery_list_act:nothing"
                                                                   " roles_membership_list_act:nothing"
                                                                   " roles_anomaly_list_act:nothing"
                                                                   " labelop_project_list_act:nothing"
                                                                   " labelop_labelclass_list_act:nothing"
                                                                   " labelop_item_list_act:nothing"
                                                                   " labelop_annotation_act:nothing"
                                                                   " labelop_annotation_list_act:nothing"
                                                                   " labelop_review_list_act:nothing"
                                                                   " labelop_dispute_list_act:nothing"
                                                                   " labelop_qualitysignal_act:nothing"
                                                                   " labelop_qualitysignal_list_act:nothing"
                                                                   " snapshots_disposition_act:nothing"
                                                                   " snapshots_disposition_list_act:nothing"
                                                                   " snapshots_finding_list_act:nothing"
                                                                   " snapshots_signoff_act:nothing"
                                                                   " snapshots_signoff_list_act:nothing"
                                                                   " snapshots_release_list_act:nothing"),
)
# fmt: on

# What those outside are answered where it is not the way to the login page: that page itself, what brings whoever is
# not logged in back to the index, and what is taken by nobody.
OUTSIDE_GET = {"login": "200", "logout": "302", "label_studio": "405"}
OUTSIDE_POST = (
    OUTSIDE_GET
    | {"label_studio": "404"}
    | {
        f"{model}_{page}": "405"
        for model in MODELS
        for page in ("changelist", "add", "delete", "bare", "change", "history")
    }
)
# Addresses that refuse without having been asked for an act, so that nothing is put on the trail.
REFUSED_BY_DJANGO = ("autocomplete", "_add", "_delete")
