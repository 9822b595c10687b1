"""A cut is final, whoever writes while it is taken: the benchmark of the gate, for five seconds and without figures."""

from __future__ import annotations

import pytest
from django.db import connection

from benchmarks.gate import changed_cuts, differing_rows, storm, wrong_tallies
from benchmarks.writers import Team

SECONDS = 5.0
WRITERS = 4
# What two writers that lock each other's rows must expect; a lost write would be none of these.
EXPECTED_ERRORS = {"DeadlockDetected"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one writer in at a time: it has no gate")
def test_no_cut_changes_and_no_write_is_lost_while_four_people_and_scripts_write() -> None:
    team = Team.assemble(projects=2)

    stormed = storm(team, SECONDS, WRITERS)

    assert stormed.cuts
    assert stormed.service.acts
    assert stormed.sql.acts
    assert changed_cuts(stormed.cuts) == 0
    assert differing_rows() == 0
    assert wrong_tallies(team.projects) == 0
    assert set(stormed.service.errors) | set(stormed.sql.errors) <= EXPECTED_ERRORS
