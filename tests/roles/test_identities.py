"""A name is revealed deliberately, to one person, for some hours, and the trail says so."""

from __future__ import annotations

from datetime import timedelta
from unittest.mock import patch

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.utils import timezone

from audit.models import Entry
from roles.matrix import Role
from roles.models import User
from roles.selectors import REVEALED_FOR
from roles.services import change_role, grant_role, reveal_identities, reveal_identity
from roles.telling import pseudonyms_in, told
from tests.cast import Cast, what_is_left

pytestmark = pytest.mark.django_db


def names_told_to(viewer: User, cast: Cast) -> set[str]:
    names = pseudonyms_in([cast.project.pk], viewer)
    return {names.of(cast.project.pk, user.pk, "") for user in (cast.olga, cast.ravi, cast.ana)}


def as_(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_a_revealed_name_stands_beside_the_pseudonym(cast: Cast) -> None:
    with what_is_left() as left:
        reveal_identity(cast.membership_of(cast.ana), by=cast.olga, reason="She asked for a certificate")
    assert (left.events, left.versions) == (["identity.revealed"], [])
    assert (left.entry.subject_type, left.entry.reason) == ("roles.membership", "She asked for a certificate")
    assert names_told_to(cast.olga, cast) == {"Member 1", "Member 2", "Member 3 (ana)"}


def test_it_is_told_to_nobody_else(cast: Cast) -> None:
    grant_role(cast.project, cast.uma, Role.OWNER, by=cast.olga, reason="Second owner")
    reveal_identity(cast.membership_of(cast.ana), by=cast.olga, reason="She asked for a certificate")
    for other in (cast.uma, cast.ravi, cast.ana, cast.root):
        assert "ana" not in " ".join(names_told_to(other, cast))


def test_it_is_forgotten_after_some_hours(cast: Cast) -> None:
    reveal_identity(cast.membership_of(cast.ana), by=cast.olga, reason="She asked for a certificate")
    later = timezone.now() + REVEALED_FOR + timedelta(minutes=1)
    with patch("django.utils.timezone.now", return_value=later):
        assert names_told_to(cast.olga, cast) == {"Member 1", "Member 2", "Member 3"}


def test_it_is_not_told_to_an_owner_who_is_none_any_more(cast: Cast) -> None:
    grant_role(cast.project, cast.uma, Role.OWNER, by=cast.olga, reason="Second owner")
    reveal_identity(cast.membership_of(cast.ana), by=cast.olga, reason="She asked for a certificate")
    change_role(cast.membership_of(cast.olga), Role.REVIEWER, by=cast.uma, reason="Rather reviews")
    assert "Member 3 (ana)" not in names_told_to(cast.olga, cast)


def test_everybody_of_a_trail_can_be_revealed_at_once(cast: Cast) -> None:
    with what_is_left() as left:
        reveal_identities(cast.project, by=cast.olga, reason="An audit")
    assert left.events == ["identity.revealed"]
    assert names_told_to(cast.olga, cast) == {"Member 1 (olga)", "Member 2 (ravi)", "Member 3 (ana)"}
    founding = Entry.objects.filter(project=cast.project, event="project.created")
    assert [line.actor for line in told(founding, cast.olga)] == ["Somebody without a role (root)"]
    assert [line.actor for line in told(founding, cast.ravi)] == ["Somebody without a role"]


@pytest.mark.parametrize("who", ["ravi", "ana", "uma"])
def test_nobody_but_an_owner_reveals(cast: Cast, who: str) -> None:
    with what_is_left() as left, pytest.raises(PermissionDenied):
        reveal_identity(cast.membership_of(cast.ana), by=getattr(cast, who), reason="Curious")
    with pytest.raises(PermissionDenied):
        reveal_identities(cast.project, by=getattr(cast, who), reason="Curious")
    assert (left.events, left.versions) == (["access.denied"], [])
    assert "ana" not in " ".join(names_told_to(getattr(cast, who), cast))


def test_it_needs_a_reason(cast: Cast) -> None:
    with what_is_left() as left, pytest.raises(ValidationError, match="say why"):
        reveal_identity(cast.membership_of(cast.ana), by=cast.olga, reason=" ")
    assert left.events == []


def test_it_is_done_from_the_team_page(cast: Cast) -> None:
    membership = cast.membership_of(cast.ana)
    address = f"/roles/membership/{membership.pk}/acts/reveal/"
    assert address in as_(cast.olga).get("/projects/birds/access/").content.decode()
    assert address not in as_(cast.ravi).get("/projects/birds/access/").content.decode()
    assert as_(cast.ravi).post(address, {"reason": "Curious"}).status_code == 403
    assert as_(cast.uma).post(address, {"reason": "Curious"}).status_code == 404
    assert "(ana)" not in as_(cast.olga).get("/projects/birds/trail/?q=").content.decode()
    answer = as_(cast.olga).post(address, {"reason": "She asked for a certificate"}, follow=True)
    assert answer.redirect_chain[-1][0] == "/projects/birds/access/"
    assert "Annotator 3 (ana)" in as_(cast.olga).get("/projects/birds/trail/?q=").content.decode()
    assert "She asked for a certificate" in as_(cast.ravi).get("/projects/birds/trail/?q=").content.decode()
