"""The demo's story: three projects of different risk, some weeks of work, and what went otherwise than planned.

Seeded: told twice, it is the same but for its dates, which end today.
"""

from __future__ import annotations

from io import StringIO

from django.core.management import call_command

from labelop.models import Project

from .birds import tell_birds
from .incidents import Incidents, plan_incidents
from .people import PASSWORD, TEAM, hire
from .street import SLUG, ordinary_street
from .street_release import Releases, plan_first_release
from .tickets import tell_tickets

__all__ = ["PASSWORD", "TEAM", "tell_story"]

_SEED = 5


def tell_story() -> Project:
    """Build the demo, unless it stands already; returns its first project."""
    existing = Project.objects.filter(slug=SLUG).first()
    if existing is not None:
        return existing
    people = hire()
    tell_birds(people, _SEED)
    tell_tickets(people, _SEED)
    street = ordinary_street(people, _SEED)
    incidents, releases = Incidents(street), Releases(street)
    plan_incidents(street, incidents)
    plan_first_release(street, releases)
    street.calendar.run()
    releases.today(incidents)
    # As the daily command would: signals, anomalies, log reviews that are due.
    call_command("remind", stdout=StringIO())
    return street.project
