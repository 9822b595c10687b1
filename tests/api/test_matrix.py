"""Role × endpoint × method: everybody and every kind of token, and not a word more than is theirs to read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from tests.access.stage import Stage, set_the_access_stage
from tests.access.test_matrix import nothing_logged
from tests.cast import what_is_left

from .asking import V1
from .doors import Door, ask, doors_of, forbidden, said_in, tokens_on
from .table import COLUMNS, TABLE

pytestmark = pytest.mark.stage(set_by=set_the_access_stage)

ANSWERS = {
    (method, line): dict(zip(COLUMNS, answers.split(), strict=True))
    for method, answers, lines in TABLE
    for line in lines.split()
}
# Whoever shows one of these is nobody.
NOBODY = ("revoked", "expired", "closed", "anonymous")
TAKEN_NOWHERE = ("PUT", "PATCH", "DELETE", "OPTIONS")
# Where somebody is told a name: their own, those of accounts to who stands above the projects, one that they reveal.
TELLS_NAMES = {("owner", "members/reveal"), *(("superuser", line) for line in ("members/reveal", "entries", "trail"))}


@dataclass
class Walked:
    cells: int = 0
    deviations: list[str] = field(default_factory=list)

    def at(self, secret: str, principal: str, method: str, door: Door, expected: str) -> None:
        self.cells += 1
        answer, said = asked(secret, method, door)
        said = said.replace(door.address.split("?")[0], "")
        told = [word for word in forbidden(principal) if word in said]
        if (principal, door.line) in TELLS_NAMES or door.line == "me" or "account" in door.address:
            told = [word for word in told if word not in ("vogelfrau", "seefahrer")]
        if str(answer.status_code) != expected or told:
            self.deviations.append(f"{principal}: {method} {door.line}: {answer.status_code}, not {expected}; {told}")


def asked(secret: str, method: str, door: Door) -> tuple[Any, str]:
    """The answer, and what it says. What is done is taken back, so that the next one finds the same."""
    if method != "POST":
        answer = ask(secret, method, door)
        return answer, said_in(answer)
    with transaction.atomic():
        answer = ask(secret, method, door)
        said = said_in(answer)
        transaction.set_rollback(True)
    return answer, said


@pytest.fixture
def stage(standing: Stage) -> Stage:
    return standing


def test_every_endpoint_stands_in_the_table(stage: Stage) -> None:
    doors = list(doors_of(stage.birds))
    assert {(method, door.line) for door in doors for method in door.takes} == set(ANSWERS)
    assert len(ANSWERS) == sum(len(lines.split()) for _, _, lines in TABLE), "no line stands there twice"


def test_everybody_is_answered_as_the_table_says_and_reads_no_more_than_is_theirs(stage: Stage) -> None:
    """Takes some time: every endpoint by everybody."""
    secrets, walked = {**tokens_on(stage), "anonymous": ""}, Walked()
    for secret in secrets.values():
        # The first use of a day is noted; what is taken back would be noted again with every cell.
        Client().get(f"{V1}me/", headers={"authorization": f"Bearer {secret}"})
    theirs = [door for door in doors_of(stage.ships) if door.line.count("/") or "." in door.line]
    with nothing_logged(), what_is_left() as left:
        for door in doors_of(stage.birds):
            for method in sorted(door.takes):
                for principal, expected in ANSWERS[method, door.line].items():
                    walked.at(secrets[principal], principal, method, door, expected)
                for principal in NOBODY:
                    walked.at(secrets[principal], principal, method, door, "401")
            for method in {"GET", "POST", *TAKEN_NOWHERE} - door.takes:
                walked.at(secrets["owner"], "owner", method, door, "405")
        for door in theirs:
            for method in door.takes:
                # What it may begin at home it is asked where; a project elsewhere is no choice.
                begins = method == "POST" and "." in door.line and ANSWERS[method, door.line]["service"] != "404"
                walked.at(secrets["service"], "service", method, door, "422" if begins else "404")
    assert walked.deviations == []
    assert walked.cells > 3000
    assert left.events == []
