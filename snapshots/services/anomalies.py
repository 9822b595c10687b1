"""Looking at every project with the rules of every floor."""

from __future__ import annotations

from itertools import chain

from labelop import anomalies as of_the_work
from labelop.models import Project
from roles import anomalies as of_roles
from roles.models import Anomaly
from roles.services import note_anomalies

from .. import anomalies as of_releases


def note_what_stands_out() -> list[Anomaly]:
    """Note everything that stands out, on every project and on the site; each case once."""
    noted = note_anomalies(None, chain.from_iterable(rule(None) for rule in of_roles.RULES_OF_THE_SITE))
    for project_id in Project.objects.order_by("id").values_list("id", flat=True):
        rules = (*of_roles.RULES, *of_the_work.RULES, *of_releases.RULES)
        noted += note_anomalies(project_id, chain.from_iterable(rule(project_id) for rule in rules))
    return noted
