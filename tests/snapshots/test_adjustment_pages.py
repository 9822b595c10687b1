"""Adjustments on the pages: who sees them, and what stays visible."""

from __future__ import annotations

import pytest
from django.test import Client

from labelop.services.projects import create_project
from roles.matrix import Role
from roles.services import grant_role, service_account
from snapshots.models import Adjustment
from snapshots.services.adjustments import accept_adjustment
from tests.cast import person

from .adjusting import WHY, propose, spoil
from .stage import Stage, set_the_stage

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("unexplained_changes_are_recorded")]


@pytest.fixture
def stage() -> Stage:
    return set_the_stage()


class TestPages:
    @pytest.fixture
    def clients(self, stage: Stage) -> dict[str, Client]:
        create_project("ships", "Ships", by=service_account("setup"), owner=stage.uma)
        clients = {name: Client() for name in ("olga", "ravi", "ana", "uma")}
        for name, client in clients.items():
            client.force_login(getattr(stage, name))
        return clients

    def test_two_people_adjust_a_change_in_the_admin(self, stage: Stage, clients: dict[str, Client]) -> None:
        entry = spoil(stage)
        answer = clients["olga"].post("/snapshots/adjustment/acts/propose/", {"entry": entry.pk, "reason": WHY})
        adjustment = Adjustment.objects.get()
        path = f"/snapshots/adjustment/{adjustment.pk}/"
        assert answer["Location"] == f"{path}change/"
        page = clients["olga"].get(f"{path}change/").content.decode()
        assert f"{path}acts/reject/" in page
        assert f"{path}acts/accept/" not in page, "not one's own"
        assert clients["olga"].post(f"{path}acts/accept/", {"reason": "Mine"}).status_code == 403
        assert f"{path}acts/accept/" in clients["ravi"].get(f"{path}change/").content.decode()
        assert clients["ravi"].post(f"{path}acts/accept/", {"reason": ""}).status_code == 302
        adjustment.refresh_from_db()
        assert (adjustment.state, adjustment.decided_by) == ("accepted", stage.ravi)
        assert "Reviewer 2" in clients["olga"].get("/snapshots/adjustment/").content.decode()

    def test_they_are_hidden_from_annotators_and_from_elsewhere(self, stage: Stage, clients: dict[str, Client]) -> None:
        adjustment = propose(stage)
        for name in ("ana", "uma"):
            assert clients[name].get(f"/snapshots/adjustment/{adjustment.pk}/change/").status_code == 404
            assert clients[name].post(f"/snapshots/adjustment/{adjustment.pk}/acts/accept/").status_code == 404
        assert WHY not in clients["ana"].get("/snapshots/adjustment/").content.decode()

    @pytest.mark.parametrize("wrong", ["explained", "elsewhere", "missing"])
    def test_a_number_that_is_no_such_entry_is_told_alike(
        self, stage: Stage, clients: dict[str, Client], wrong: str
    ) -> None:
        elsewhere = spoil(set_the_stage("fish", photos=1))
        numbers = {"explained": stage.snapshot("v1").entry_id, "elsewhere": elsewhere.pk, "missing": 10**9}
        client = Client()
        member = person("omar")
        grant_role(stage.project, member, Role.OWNER, by=stage.olga, reason="Joined")
        client.force_login(member)
        answer = client.post("/snapshots/adjustment/acts/propose/", {"entry": numbers[wrong], "reason": WHY})
        assert answer.status_code == 422
        assert "No change without an explanation in your projects has this number." in answer.content.decode()

    def test_the_first_page_alarms_no_longer_and_still_tells(self, stage: Stage, clients: dict[str, Client]) -> None:
        proposed = propose(stage)
        (line,) = clients["ravi"].get("/").context["lines"]
        assert (line.unexplained, line.adjusted) == (1, 0)
        accept_adjustment(proposed, by=stage.ravi)
        answer = clients["ravi"].get("/")
        (line,) = answer.context["lines"]
        assert (line.unexplained, line.adjusted) == (0, 1)
        assert "accounted for by two people" in answer.content.decode()

    def test_a_snapshot_page_seen_before_tells_of_the_adjustment_afterwards(
        self, stage: Stage, clients: dict[str, Client]
    ) -> None:
        stage.snapshot("v1")
        proposed = propose(stage)
        stage.snapshot("v2")
        path = "/projects/birds/snapshots/2/"
        assert clients["ravi"].get(path).context["statement"].troubled
        accept_adjustment(proposed, by=stage.ravi)
        answer = clients["ravi"].get(path, {"kind": "adjusted"})
        page = answer.content.decode()
        assert not answer.context["statement"].troubled
        assert [term.verdict for term in answer.context["statement"].terms] == ["adjusted"]
        (line,) = answer.context["differences"].lines
        assert (line.verdict, line.silent_acts, line.adjustments) == ("Adjusted by two people", 0, [proposed])
        assert WHY in page
        assert "Adjusted 1" in page
