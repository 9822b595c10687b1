"""Role × page × object: every address, every method, everybody, and not a word more than is theirs to read."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from django.db import connection, transaction

from roles.models import Rule
from tests.cast import what_is_left

from .doors import Door, acts_of_the_admin, ask, doors_of, leaks, patterns
from .stage import OUTSIDE, PRINCIPALS, Stage, set_the_access_stage
from .table import COLUMNS, OUTSIDE_GET, OUTSIDE_POST, REFUSED_BY_DJANGO, TABLE

pytestmark = pytest.mark.stage(set_by=set_the_access_stage)

METHODS = ("GET", "HEAD", "POST")
# Taken nowhere, by nobody.
UNKNOWN_METHODS = ("PUT", "PATCH", "DELETE", "OPTIONS")
# HEAD renders what GET renders: of those with a role, the owner asks it.
WITHOUT_HEAD = ("assigned", "unassigned", "reviewer", "author", "superuser", "elsewhere")
# Answers that fit whichever form asks for them.
ANSWERS = {"reason": "Because", "verdict": "approved"}
# Where whoever manages the roles is shown who holds them.
NAMES_SHOWN = ("access", "change_role", "end_role")
# What belongs to the site is about accounts, and only a superuser reads of it.
OF_THE_SITE = ("superuser", "trail_of_all")
SEES_NAMES = {"birds": ("owner", "superuser"), "ships": ("elsewhere", "superuser")}

GET = {line: dict(zip(COLUMNS, get.split(), strict=True)) for get, _, lines in TABLE for line in lines.split()}
POST = {line: dict(zip(COLUMNS, post.split(), strict=True)) for _, post, lines in TABLE for line in lines.split()}


@dataclass
class Walked:
    """What was found on a walk through all doors."""

    cells: int = 0
    answered: Counter[str] = field(default_factory=Counter)
    denied: int = 0
    deviations: list[str] = field(default_factory=list)

    def keep(self, door: Door, principal: str, method: str, expected: str, found: str, leaked: list[str]) -> None:
        self.cells += 1
        self.answered[found] += 1
        if found != expected:
            self.deviations.append(f"{principal}: {method} {door.line} of {door.whose}: {found}, not {expected}")
        if leaked:
            self.deviations.append(f"{principal}: {method} {door.line} of {door.whose} tells {leaked}")
        if found == "403" and not door.line.endswith(REFUSED_BY_DJANGO):
            self.denied += 1


def expected_at(door: Door, principal: str, method: str) -> str:
    if method in UNKNOWN_METHODS:
        return "405"
    if principal in OUTSIDE or (door.line, method) == ("login", "HEAD"):
        return (OUTSIDE_POST if method == "POST" else OUTSIDE_GET).get(door.line, "L")
    column = principal
    if door.whose == "ships":
        column = {"elsewhere": "owner", "superuser": "superuser"}.get(principal, "elsewhere")
    return (POST if method == "POST" else GET)[door.line][column]


def methods_of(principal: str) -> list[str]:
    return [method for method in METHODS if method != "HEAD" or principal not in WITHOUT_HEAD]


def doors_for(principal: str, doors: list[Door]) -> list[Door]:
    """A reviewer who made some of the marks is a reviewer who may not act on everything."""
    return [door for door in doors if ":" in door.line] if principal == "author" else doors


def walk(stage: Stage, principal: str, doors: list[Door], methods: Sequence[str], walked: Walked) -> None:
    for door in doors:
        managed = door.line in NAMES_SHOWN and principal in SEES_NAMES[door.whose]
        names = managed or (principal, door.line) == OF_THE_SITE
        for method in methods:
            expected = expected_at(door, principal, method)
            if method == "POST" and expected in ("200", "302", "422"):
                # What is done is taken back, so that the next one finds the same.
                with transaction.atomic():
                    answer = ask(stage, principal, method, door.address, ANSWERS)
                    transaction.set_rollback(True)
            else:
                answer = ask(stage, principal, method, door.address, ANSWERS)
            found = str(answer.status_code)
            if found == "302" and answer["Location"].startswith("/login/?next="):
                found = "L"
            leaked = leaks(stage, principal, door.address, answer, names=names)
            walked.keep(door, principal, method, expected, found, leaked)


@contextmanager
def nothing_logged() -> Iterator[None]:
    """Django tells of each refusal, which thousands of them make dear."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def test_every_address_and_every_act_stands_in_the_table() -> None:
    lines, names = set(GET), {name for name, _ in patterns()}
    assert names == {line.partition(":")[0] for line in lines}
    assert acts_of_the_admin() == {line for line in lines if ":" in line and not line.endswith(":nothing")}
    assert len(lines) == sum(len(each.split()) for _, _, each in TABLE), "no line stands there twice"


def test_everybody_is_answered_as_the_table_says_and_reads_no_more_than_is_theirs(standing: Stage) -> None:
    stage = standing
    doors, walked = doors_of(stage, set(GET)), Walked()
    with what_is_left() as left, nothing_logged():
        for principal in PRINCIPALS:
            walk(stage, principal, doors_for(principal, doors), methods_of(principal), walked)
    assert walked.deviations == []
    asked = sum(len(methods_of(principal)) * len(doors_for(principal, doors)) for principal in PRINCIPALS)
    assert walked.cells == asked > 9_000
    # Whoever was refused left the attempt on the trail; whoever found nothing left nothing. That somebody tried to
    # decide on work that they had a hand in stands out at once.
    assert Counter(left.events) == {"access.denied": walked.denied, "anomaly.noted": 1}
    assert [version.rule for version in left.versions] == [Rule.OWN_WORK]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="Refused before any engine is asked for more than a session")
def test_no_address_takes_a_method_that_the_site_does_not_know(standing: Stage) -> None:
    stage = standing
    doors, walked = doors_of(stage, set(GET)), Walked()
    with what_is_left() as left, nothing_logged():
        for principal in PRINCIPALS:
            walk(stage, principal, doors_for(principal, doors), UNKNOWN_METHODS, walked)
    assert walked.deviations == []
    assert walked.answered == {"405": walked.cells}
    assert walked.cells > 15_000
    assert (left.entries, left.versions) == ([], [])
