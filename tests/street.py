"""The pages' stage: two snapshots of a street, its team with Eve who has left, and Uma's project elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

from labelop.models import Project
from labelop.services.projects import create_project
from labelop.services.schema import add_class
from labelop.services.work import add_item
from roles.matrix import Role
from roles.models import Membership, User
from roles.services import create_account, grant_role, grant_superuser, revoke_role
from snapshots.models import Snapshot
from snapshots.services.snapshots import take_snapshot
from tests.marks import brought_in

PASSWORD = "a long pass phrase"
# Stands in every text of Uma's project; no page of another project may show it.
CANARY = "canary-of-elsewhere"


@dataclass(frozen=True)
class Street:
    """Two projects that must not know of each other, and the people around them."""

    sue: User
    olga: User
    ravi: User
    ana: User
    eve: User
    uma: User
    project: Project
    elsewhere: Project
    first: Snapshot
    second: Snapshot
    away: Snapshot

    def membership_of(self, user: User) -> Membership:
        return Membership.objects.get(project=self.project, user=user)


def street_scenes() -> Street:
    """Two snapshots of a small project, and one of somebody else's."""
    sue = create_account("sue", PASSWORD, by=None)
    grant_superuser(sue, by=None, reason="Keeps the site")
    sue.refresh_from_db()
    olga, ravi, ana, eve, uma = (
        create_account(name, PASSWORD, by=sue) for name in ["olga", "ravi", "ana", "eve", "uma"]
    )
    project = create_project("street", "Street scenes", by=sue, owner=olga, reason="Pilot")
    grant_role(project, ravi, Role.REVIEWER, by=olga, reason="Second reader")
    grant_role(project, ana, Role.ANNOTATOR, by=olga, reason="Team north")
    left = grant_role(project, eve, Role.ANNOTATOR, by=olga, reason="Team south")
    revoke_role(left, by=olga, reason="Left the team")
    car = add_class(project, "car", "Car", by=olga)
    van = add_class(project, "van", "Van", by=olga)
    marks = []
    for number in range(3):
        item = add_item(project, f"cam/{number}", {"uri": f"frame-{number}.jpg"}, by=olga)
        marks.append(brought_in(item, car, {"bbox": [1, 2, 3, 4]}, by=ana))
    first = take_snapshot(project, "v1", by=olga, note="Pilot closed").snapshot
    brought_in(marks[0].item, van, {"bbox": [1, 2, 3, 4]}, by=ana, key=marks[0].key, reason="It is a van")
    second = take_snapshot(project, "v2", by=olga).snapshot
    elsewhere = create_project("elsewhere", CANARY, by=sue, owner=uma, reason=CANARY, description=CANARY)
    add_class(elsewhere, CANARY, CANARY, by=uma, definition=CANARY, reason=CANARY)
    add_item(elsewhere, CANARY, {"text": CANARY}, by=uma, reason=CANARY)
    away = take_snapshot(elsewhere, CANARY, by=uma, note=CANARY).snapshot
    return Street(sue, olga, ravi, ana, eve, uma, project, elsewhere, first, second, away)
