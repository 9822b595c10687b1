from .audited import AuditedAdmin, member_told
from .rows import AnomalyAdmin, MembershipAdmin

__all__ = ["AnomalyAdmin", "AuditedAdmin", "MembershipAdmin", "member_told"]
