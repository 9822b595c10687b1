"""The projects of a trail that is filled, the people on them, and how much of all there is belongs to each."""

from __future__ import annotations

from dataclasses import dataclass, field

from labelop.models import Project
from labelop.services.projects import create_project
from labelop.services.schema import add_class
from roles.matrix import Role
from roles.models import User
from roles.services import create_account, grant_role, grant_superuser
from snapshots.content import newest_cut

# The shortest trail that others are held against.
SHORTEST = 10_000
PROJECTS, ANNOTATORS, CLASSES, ENTRIES_OF_AN_ITEM = 30, 40, 8, 40
# The large one, two of middle size, and a long tail; what is left over is the one that is all but empty.
LARGE, QUIET = "harbour", "quiet"
SHARES = [0.70, 0.12, 0.06, *(0.12 * share for share in [2 ** (-place / 3) / 4.8 for place in range(PROJECTS - 4)])]


@dataclass
class Place:
    """A project, who works on it, and the ids from which its items and marks count."""

    project: Project
    people: dict[str, list[User]]
    classes: list[int]
    items: int
    # The items that the last half year is about, the same at every length.
    latest_items: int
    first_item: int = 0
    first_mark: int = 0
    # The highest id of each table of versions, and the snapshots so far.
    cut: dict[str, int] = field(default_factory=dict)
    taken: list[int] = field(default_factory=list)

    def key(self, item: int) -> str:
        return f"{self.project.slug}-{item:06d}"


def staged(entries: int) -> list[Place]:
    """Projects, people, roles and classes, by the services that make them."""
    root, olga, uma, ravi, ana = (_person(name) for name in ("root", "olga", "uma", "ravi", "ana"))
    grant_superuser(root, by=None, reason="Runs the site")
    annotators = [ana, *(_person(f"annotator{number}") for number in range(1, ANNOTATORS))]
    places = []
    for number in range(PROJECTS):
        slug = (LARGE, "market", "ferry")[number] if number < 3 else f"tail-{number}"
        slug = QUIET if number == PROJECTS - 1 else slug
        owner = olga if number in (0, 2, 5, 9, 14, 20, PROJECTS - 1) else uma
        project = create_project(slug, slug.title(), by=root, owner=owner)
        team = annotators if number == 0 else annotators[1:6]
        for user, role in [(ravi, Role.REVIEWER), *((user, Role.ANNOTATOR) for user in team)]:
            grant_role(project, user, role, by=owner, reason="Joined the team")
        classes = [add_class(project, f"kind-{each}", f"Kind {each}", by=owner).pk for each in range(CLASSES)]
        share = SHARES[number] if number < len(SHARES) else 0.0
        people = {"owner": [owner], "reviewer": [ravi], "annotator": team}
        items, latest = (max(20, int(length * share / ENTRIES_OF_AN_ITEM)) for length in (entries, SHORTEST))
        places.append(Place(project, people, classes, items, min(items, latest), cut=newest_cut(project.pk)))
    return places


def _person(name: str) -> User:
    return create_account(name, "nobody logs in here with it", by=None)
