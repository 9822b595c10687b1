from .audited import AuditedAdmin, member_told
from .rows import AnomalyAdmin, MembershipAdmin
from .tokens import TokenAdmin

__all__ = ["AnomalyAdmin", "AuditedAdmin", "MembershipAdmin", "TokenAdmin", "member_told"]
