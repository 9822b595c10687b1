from .accounts import (
    change_password,
    create_account,
    deactivate_account,
    grant_superuser,
    operator_account,
    record_password_of_the_command_line,
    record_superusers_of_the_command_line,
    revoke_superuser,
    service_account,
    stand_in_for,
)
from .anomalies import acknowledge_anomaly, resolve_anomaly
from .identities import reveal_identities, reveal_identity
from .logins import record_lockout
from .memberships import appoint_first_owner, change_role, expire_membership, grant_role, revoke_role
from .noting import note_anomalies, note_anomaly
from .permission import authorize, authorize_on_site
from .tokens import issue_token, open_service_account, revoke_token

__all__ = [
    "acknowledge_anomaly",
    "appoint_first_owner",
    "authorize",
    "authorize_on_site",
    "change_password",
    "change_role",
    "create_account",
    "deactivate_account",
    "expire_membership",
    "grant_role",
    "grant_superuser",
    "issue_token",
    "note_anomalies",
    "note_anomaly",
    "open_service_account",
    "operator_account",
    "record_lockout",
    "record_password_of_the_command_line",
    "record_superusers_of_the_command_line",
    "resolve_anomaly",
    "reveal_identities",
    "reveal_identity",
    "revoke_role",
    "revoke_superuser",
    "revoke_token",
    "service_account",
    "stand_in_for",
]
