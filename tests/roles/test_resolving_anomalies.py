"""What stands out is acknowledged and resolved with a reason, by somebody whom it does not show."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, connections
from django.test import Client

from labelop.services.projects import change_setting
from roles.anomalies import Sighting
from roles.matrix import Role
from roles.models import Anomaly, Rule, User
from roles.selectors import anomalies_visible_to
from roles.services import acknowledge_anomaly, change_role, grant_role, note_anomalies, note_anomaly, resolve_anomaly
from tests.cast import Cast, assemble, what_is_left
from tests.standing_out import noted

pytestmark = pytest.mark.django_db

Act = Callable[..., Anomaly]


@pytest.fixture
def anomaly(cast: Cast) -> Anomaly:
    """Root has acted without a membership."""
    change_setting(cast.project, "sample_percent", 10, by=cast.root, reason="Nobody is there")
    return Anomaly.objects.get()


def as_(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize(
    ("act", "state", "event"),
    [
        (acknowledge_anomaly, Anomaly.State.ACKNOWLEDGED, "anomaly.acknowledged"),
        (resolve_anomaly, Anomaly.State.RESOLVED, "anomaly.resolved"),
    ],
)
@pytest.mark.parametrize("who", ["olga", "ravi"])
def test_it_is_explained_with_a_reason(
    cast: Cast, anomaly: Anomaly, act: Act, state: Anomaly.State, event: str, who: str
) -> None:
    with what_is_left() as left:
        act(anomaly, by=getattr(cast, who), reason="Agreed by telephone")
    anomaly.refresh_from_db()
    assert anomaly.state == state
    assert (left.events, left.entry.reason, left.entry.before) == ([event], "Agreed by telephone", "open")
    assert len(left.versions_of(Anomaly)) == 1
    assert len(left.operations) == 1


@pytest.mark.parametrize("act", [acknowledge_anomaly, resolve_anomaly])
@pytest.mark.parametrize("who", ["ana", "uma"])
def test_others_explain_nothing(cast: Cast, anomaly: Anomaly, act: Act, who: str) -> None:
    with what_is_left() as left, pytest.raises(PermissionDenied):
        act(anomaly, by=getattr(cast, who), reason="It was nothing")
    assert (left.events, left.versions) == (["access.denied"], [])


@pytest.mark.parametrize("act", [acknowledge_anomaly, resolve_anomaly])
def test_it_is_not_explained_without_a_reason(cast: Cast, anomaly: Anomaly, act: Act) -> None:
    with what_is_left() as left, pytest.raises(ValidationError, match="say why"):
        act(anomaly, by=cast.olga, reason="  ")
    assert (left.events, left.versions) == ([], [])


def test_whom_it_shows_acknowledges_it_but_does_not_resolve_it(cast: Cast) -> None:
    second = grant_role(cast.project, cast.uma, Role.OWNER, by=cast.olga, reason="Second owner")
    change_role(second, Role.REVIEWER, by=cast.uma, reason="Rather reviews")
    anomaly = Anomaly.objects.get(rule=Rule.SELF_GRANT)
    acknowledge_anomaly(anomaly, by=cast.uma, reason="Olga knows of it")
    with what_is_left() as left, pytest.raises(PermissionDenied, match="somebody else resolves it"):
        resolve_anomaly(anomaly, by=cast.uma, reason="It was nothing")
    assert (left.events, left.entry.subject_name, left.versions) == (["access.denied"], "own_anomaly", [])
    resolve_anomaly(anomaly, by=cast.olga, reason="I asked for it")


def test_a_superuser_does_not_resolve_what_shows_them_either(cast: Cast, anomaly: Anomaly) -> None:
    with pytest.raises(PermissionDenied):
        resolve_anomaly(anomaly, by=cast.root, reason="It was me")


def test_a_resolved_case_is_not_noted_again(cast: Cast, anomaly: Anomaly) -> None:
    resolve_anomaly(anomaly, by=cast.olga, reason="Agreed by telephone")
    assert noted(Rule.NO_MEMBERSHIP) == [anomaly]
    anomaly.refresh_from_db()
    assert anomaly.state == Anomaly.State.RESOLVED
    with pytest.raises(ValidationError, match="resolved already"):
        resolve_anomaly(anomaly, by=cast.olga, reason="Once more")
    with pytest.raises(ValidationError, match="resolved already"):
        acknowledge_anomaly(anomaly, by=cast.olga, reason="Once more")


def test_a_case_is_noted_once(cast: Cast) -> None:
    seen = Sighting(Rule.DENIALS, "entry 1", "Somebody tried the doors.")
    for project_id in (cast.project.pk, None):
        with what_is_left() as left:
            assert len(note_anomalies(project_id, [seen])) == 1
            assert note_anomalies(project_id, [seen]) == []
            assert note_anomaly(project_id, seen) is None
        assert left.events == ["access.denied_repeatedly"]


@pytest.mark.django_db(transaction=True)
def test_of_two_who_note_a_case_at_once_one_does() -> None:
    if connection.vendor == "sqlite":
        pytest.skip("On SQLite one writes at a time.")
    cast = assemble()
    seen = Sighting(Rule.DENIALS, "entry 1", "Somebody tried the doors.")
    found: list[Anomaly | None] = []
    barrier = threading.Barrier(4)

    def note() -> None:
        barrier.wait()
        found.append(note_anomaly(cast.project.pk, seen))
        connections.close_all()

    threads = [threading.Thread(target=note) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(anomaly is not None for anomaly in found) == 1
    assert len(found) == 4


def test_anomalies_are_for_those_who_may_resolve_them(cast: Cast, anomaly: Anomaly) -> None:
    note_anomalies(None, [Sighting(Rule.STRAY, "row 1", "Somebody holds a permission.")])
    seen_by = {who: anomalies_visible_to(getattr(cast, who)).count() for who in ("olga", "ravi", "ana", "uma", "root")}
    assert seen_by == {"olga": 1, "ravi": 1, "ana": 0, "uma": 0, "root": 2}


# In the admin


def test_its_page_shows_the_entries_and_no_name(cast: Cast, anomaly: Anomaly) -> None:
    page = as_(cast.ravi).get(f"/roles/anomaly/{anomaly.pk}/change/")
    assert [line.entry.event for line in page.context["shown"]] == ["setting.changed", "access.overridden"]
    body = page.content.decode().split("<main")[1]
    assert "Somebody without a role acted by superuser rights: setting changed." in body
    assert "Nobody is there" in body
    assert "root" not in body
    assert "people" not in body


def test_it_is_resolved_on_its_page(cast: Cast, anomaly: Anomaly) -> None:
    ravi = as_(cast.ravi)
    address = f"/roles/anomaly/{anomaly.pk}/acts/resolve/"
    assert address in ravi.get(f"/roles/anomaly/{anomaly.pk}/change/").content.decode()
    assert ravi.post(address, {"reason": "Agreed by telephone"}).status_code == 302
    anomaly.refresh_from_db()
    assert anomaly.state == Anomaly.State.RESOLVED
    assert address not in ravi.get(f"/roles/anomaly/{anomaly.pk}/change/").content.decode()
    assert "Agreed by telephone" in ravi.get(f"/roles/anomaly/{anomaly.pk}/history/").content.decode()


@pytest.mark.parametrize("who", ["ana", "uma"])
def test_its_pages_do_not_exist_for_others(cast: Cast, anomaly: Anomaly, who: str) -> None:
    other = as_(getattr(cast, who))
    for path in ("change/", "history/", "acts/resolve/", "acts/acknowledge/"):
        assert other.get(f"/roles/anomaly/{anomaly.pk}/{path}").status_code == 404
    assert other.post(f"/roles/anomaly/{anomaly.pk}/acts/resolve/", {"reason": "x"}).status_code == 404


def test_an_anomaly_of_the_site_is_resolved_by_a_superuser(cast: Cast) -> None:
    (site,) = note_anomalies(None, [Sighting(Rule.STRAY, "row 1", "Somebody holds a permission.")])
    root = as_(cast.root)
    assert root.get(f"/roles/anomaly/{site.pk}/change/").status_code == 200
    assert root.post(f"/roles/anomaly/{site.pk}/acts/resolve/", {"reason": "Removed"}).status_code == 302
    site.refresh_from_db()
    assert site.state == Anomaly.State.RESOLVED
    assert as_(cast.olga).get(f"/roles/anomaly/{site.pk}/change/").status_code == 404
