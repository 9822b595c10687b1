from __future__ import annotations

from django.db.models import Q
from django.utils import timezone

from ..matrix import Role
from ..models import Anomaly, Rule
from .people import PersonFilter
from .strict import StrictFilterSet
from .values import FlagFilter, ProjectFilter, SpanFilter, VocabularyFilter


def _in_force() -> Q:
    return Q(ended_at=None) & (Q(valid_until=None) | Q(valid_until__gt=timezone.now()))


def _token_in_force() -> Q:
    return Q(revoked_at=None, expiry__gt=timezone.now(), user__is_active=True)


class MembershipFilters(StrictFilterSet):
    project = ProjectFilter()
    role = VocabularyFilter(Role)
    in_force = FlagFilter(_in_force)
    member = PersonFilter(field_name="user")
    granted_at = SpanFilter()
    valid_until = SpanFilter()
    ended_at = SpanFilter()


class TokenFilters(StrictFilterSet):
    project = ProjectFilter()
    acts_as = PersonFilter(field_name="user")
    in_force = FlagFilter(_token_in_force)
    created = SpanFilter()
    expiry = SpanFilter()


class AnomalyFilters(StrictFilterSet):
    project = ProjectFilter()
    state = VocabularyFilter(Anomaly.State)
    rule = VocabularyFilter(Rule)
    noted_at = SpanFilter()
