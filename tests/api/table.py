"""What each principal is answered at each endpoint, written out by hand: docs/api.md as a table of figures.

A token that is revoked or expired, or of a closed account, and no token at all are answered 401 everywhere. PUT, PATCH,
DELETE and OPTIONS are taken nowhere, nor what no line names. Each act is asked with answers that fit its description;
422 says that the rules let it be asked, and what stands there does not let it be done.
"""

from __future__ import annotations

COLUMNS = (
    *("elsewhere", "assigned", "unassigned", "reviewer", "author", "owner", "superuser"),
    *("service", "read-only", "other project", "ended"),
)

# fmt: off
TABLE: tuple[tuple[str, str, str], ...] = (
    # elsewhere assigned unassigned reviewer author owner superuser service read-only other-project ended
    # Lists are narrowed to what their reader may see, so all may ask.
    ("GET",  "200 200 200 200 200 200 200 200 200 200 200", "description docs entries trail matrix me members anomalies"
                                                            " tokens accounts projects classes items annotations"
                                                            " assignments reviews disputes quality-signals snapshots"
                                                            " releases adjustments log-reviews dispositions findings"
                                                            " sign-offs webhooks deliveries saved-views connections"
                                                            " pulls"),
    # Seen by every member of the project.
    ("GET",  "404 200 200 200 200 200 200 200 200 404 404", "projects/trail roles.membership members/versions"
                                                            " labelop.project projects/versions labelop.labelclass"
                                                            " classes/versions"),
    # Seen by annotators where the work is theirs.
    ("GET",  "404 200 404 200 200 200 200 200 200 404 404", "items/history items/blame labelop.item items/versions"
                                                            " labelop.annotation annotations/versions"
                                                            " labelop.assignment assignments/versions labelop.review"
                                                            " reviews/versions labelop.dispute disputes/versions"),
    # Seen by reviewers and owners.
    ("GET",  "404 404 404 200 200 200 200 200 200 404 404", "audit.entry projects/differences projects/reconcile"
                                                            " projects/statement projects/who projects/chapters"
                                                            " projects/access-then projects/quality releases/gates"
                                                            " log-reviews/scope quality-signals/candidates"
                                                            " roles.anomaly anomalies/versions labelop.qualitysignal"
                                                            " snapshots.snapshot snapshots.release releases/versions"
                                                            " snapshots.adjustment adjustments/versions"
                                                            " snapshots.logreview log-reviews/versions"
                                                            " snapshots.disposition dispositions/versions"
                                                            " snapshots.finding findings/versions snapshots.signoff"
                                                            " snapshots.savedview saved-views/versions"),
    # What is told to whom outside is the owner's.
    ("GET",  "404 404 404 404 404 200 200 404 200 404 404", "audit.webhook webhooks/versions audit.delivery"
                                                            " labelop.connection connections/versions labelop.pull"),
    # A token is seen by whom it acts as, and by who manages the connections of its project; an account by superusers.
    ("GET",  "404 404 404 404 404 200 200 200 200 404 404", "roles.token tokens/versions"),
    ("GET",  "404 404 404 404 404 404 200 404 404 404 404", "roles.user accounts/versions"),
    # The owner's acts on what every member sees.
    ("POST", "404 403 403 403 403 200 200 403 403 404 404", "members/reveal members/change members/end"
                                                            " projects/describe projects/risk-tier"
                                                            " projects/sample-percent projects/separation-of-duties"
                                                            " projects/freeze projects/freeze-schema"
                                                            " projects/reveal-names classes/rename classes/deprecate"
                                                            " projects/import"),
    ("POST", "404 403 403 403 403 201 201 403 403 404 404", "projects/add-class projects/open-service-account"),
    ("POST", "404 403 403 403 403 422 422 403 403 404 404", "projects/customer-facing projects/review-policy"
                                                            " projects/activate projects/unfreeze projects/archive"
                                                            " projects/unfreeze-schema projects/grant-role"
                                                            " classes/redefine classes/risk classes/recolour"
                                                            " classes/reinstate"),
    # Acts on work.
    ("POST", "404 403 404 403 403 200 200 403 403 404 404", "items/exclude assignments/cancel"),
    ("POST", "404 403 404 403 403 422 422 403 403 404 404", "items/assign items/reinstate assignments/reopen"
                                                            " assignments/reassign assignments/due"),
    ("POST", "404 200 404 403 403 403 403 403 403 404 404", "annotations/withdraw"),
    ("POST", "404 422 404 403 403 403 403 403 403 404 404", "assignments/start assignments/complete reviews/contest"),
    ("POST", "404 422 404 403 403 403 422 403 403 404 404", "items/mark"),
    ("POST", "404 403 404 422 422 403 422 422 403 404 404", "items/fix annotations/withdraw-as-fix"),
    # Whoever made a mark of it decides nothing; whoever decided rules on no dispute of it.
    ("POST", "404 403 404 201 403 201 201 201 403 404 404", "assignments/decide"),
    ("POST", "404 403 404 422 403 422 422 422 403 404 404", "items/decide"),
    ("POST", "404 403 404 422 422 422 422 422 403 404 404", "annotations/decide"),
    ("POST", "404 403 404 403 200 200 200 200 403 404 404", "disputes/uphold"),
    ("POST", "404 403 404 403 201 201 201 201 403 404 404", "disputes/overturn"),
    # Acts on the trail and on releases.
    ("POST", "404 403 403 200 200 200 200 200 403 404 404", "projects/stream-trail projects/stream-versions"),
    ("POST", "404 404 404 200 200 200 200 200 403 404 404", "snapshots/stream snapshots/export snapshots/export-review"
                                                            " anomalies/acknowledge"
                                                            " releases/begin-review adjustments/reject"
                                                            " log-reviews/open-finding log-reviews/void"
                                                            " findings/close"),
    ("POST", "404 404 404 422 422 422 422 422 403 404 404", "snapshots/propose releases/approve releases/reject"
                                                            " log-reviews/answer log-reviews/dispose"),
    # The anomaly shows the author's role; the owner proposed the adjustment and the release.
    ("POST", "404 404 404 200 403 200 200 200 403 404 404", "anomalies/resolve"),
    ("POST", "404 404 404 200 200 403 200 200 403 404 404", "adjustments/accept"),
    ("POST", "404 404 404 403 403 200 200 403 403 404 404", "releases/move-date releases/cancel"),
    ("POST", "404 404 404 403 403 422 422 403 403 404 404", "snapshots/restore releases/release releases/waive"
                                                            " releases/deprecate releases/withdraw"
                                                            " releases/ask-for-reinstatement releases/reinstate"),
    # Whoever acted in the scope does not sign it.
    ("POST", "404 404 404 422 403 403 422 422 403 404 404", "log-reviews/sign"),
    ("POST", "404 404 404 404 404 200 200 200 403 404 404", "tokens/revoke"),
    ("POST", "404 404 404 404 404 200 200 404 403 404 404", "webhooks/switch-off webhooks/remove deliveries/resend"
                                                            " webhooks/renew-secret connections/renew-secret"
                                                            " connections/disconnect"),
    ("POST", "404 404 404 404 404 422 422 404 403 404 404", "webhooks/change webhooks/switch-on"),
    # A view is its maker's, and of whoever edits the settings.
    ("POST", "404 404 404 403 403 200 200 403 403 404 404", "saved-views/rename saved-views/remove"),
    ("POST", "422 404 404 201 201 201 201 201 403 422 404", "saved-views.save"),
    # Acts that begin something in a project; it is named in the body, and one of others is no choice (422).
    ("POST", "422 404 404 404 404 201 201 404 403 422 404", "items"),
    # What a superuser notes there is why they act without a role, and the example notes nothing.
    ("POST", "422 404 404 404 404 201 422 404 403 422 404", "snapshots.take"),
    # An address outside must answer to a public name; the example's does not.
    ("POST", "422 404 404 404 404 422 422 404 403 422 404", "webhooks.add connections.connect"),
    ("POST", "422 404 404 201 201 201 201 201 403 422 404", "log-reviews.open-query"),
    ("POST", "422 404 404 404 404 422 422 404 422 422 404", "assignments.assign adjustments.propose"),
    ("POST", "422 404 404 422 422 422 422 422 403 422 404", "log-reviews.open-range log-reviews.open-incident"),
    ("POST", "422 404 404 422 422 422 422 422 422 422 404", "log-reviews.open-release log-reviews.open-chapter"),
    # What belongs to the site.
    ("POST", "404 404 404 404 404 404 201 404 404 404 404", "projects"),
    ("POST", "404 404 404 404 404 404 200 404 404 404 404", "accounts/deactivate accounts/grant-superuser"),
    ("POST", "404 404 404 404 404 404 422 404 404 404 404", "accounts accounts/revoke-superuser"),
)
# fmt: on
