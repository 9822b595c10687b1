from .audited import AuditedAdmin, member_told
from .rows import AnomalyAdmin, MembershipAdmin
from .secrets import SecretAdmin
from .tokens import TokenAdmin

__all__ = ["AnomalyAdmin", "AuditedAdmin", "MembershipAdmin", "SecretAdmin", "TokenAdmin", "member_told"]
