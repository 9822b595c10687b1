"""Where one can go by a few words: what the viewer may see, a few of each kind. To add a kind, add it to `_KINDS`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, reduce
from operator import and_, or_
from urllib.parse import urlencode

from django.db.models import Q
from django.urls import reverse

from labelop.models import Project
from labelop.selectors.projects import projects_visible_to
from labelop.selectors.work import items_visible_to
from roles.models import User
from roles.selectors import abilities_of

from ..selectors import releases_visible_to, saved_views_visible_to, snapshots_visible_to
from .places import address_of_item, address_of_view, place_of_release
from .tabs import tabs_of

OF_EACH_KIND = 6
# The pages of so many projects are offered beside those of the one where the viewer is.
PROJECTS_WITH_PAGES = 3
WORDS = 8
# Pages that speak of all one's projects.
OF_THE_SITE = (
    ("Projects", "index"),
    ("Snapshots", "admin:snapshots_snapshot_changelist"),
    ("Releases", "admin:snapshots_release_changelist"),
    ("Log reviews", "admin:snapshots_logreview_changelist"),
    ("Trail", "trail_of_all"),
    ("Saved views", "admin:snapshots_savedview_changelist"),
    ("Access", "admin:roles_membership_changelist"),
)


@dataclass(frozen=True)
class Jump:
    """One place to go to; `beside` tells it from others of the same label."""

    kind: str
    label: str
    address: str
    beside: str = ""


@dataclass(frozen=True)
class Asked:
    """What was typed, by whom, and in which project, if in one."""

    viewer: User
    text: str
    here: Project | None = field(default=None)

    @cached_property
    def words(self) -> list[str]:
        return self.text.lower().split()[:WORDS]

    def fits(self, *texts: str) -> bool:
        said = " ".join(texts).lower()
        return all(word in said for word in self.words)

    def named(self, *columns: str, together: Callable[[Q, Q], Q] = and_) -> Q:
        """Each word, or with `or_` any of them, stands in one of the columns."""
        found = (reduce(or_, (Q(**{f"{column}__icontains": word}) for column in columns)) for word in self.words)
        return reduce(together, found, Q())

    @cached_property
    def near(self) -> Sequence[Project]:
        """The project where the viewer is, and some that a word names."""
        named = projects_visible_to(self.viewer).filter(self.named("name", "slug", together=or_)) if self.words else ()
        others = [project for project in named[:PROJECTS_WITH_PAGES] if project != self.here]
        return [*([self.here] if self.here else []), *others]


def jumps_for(viewer: User, text: str, here: Project | None) -> list[Jump]:
    """What the words find, a few of each kind; without words, what lies nearest."""
    asked = Asked(viewer, text, here)
    return [jump for kind in _KINDS for jump in kind(asked)]


def _pages(asked: Asked) -> Iterator[Jump]:
    for project in asked.near:
        for tab in tabs_of(project, abilities_of(asked.viewer, project)):
            # The project itself is another kind, and lists of all projects are pages of the site.
            inside = tab.address.startswith(_home(project)) and tab.address != _home(project)
            if inside and asked.fits(project.name, project.slug, tab.label):
                yield Jump("Page", tab.label, tab.address, project.name)


def _projects(asked: Asked) -> Iterator[Jump]:
    found = projects_visible_to(asked.viewer).filter(asked.named("name", "slug")).order_by("name")
    for project in found[:OF_EACH_KIND]:
        yield Jump("Project", project.name, _home(project), project.slug)


def _pages_of_the_site(asked: Asked) -> Iterator[Jump]:
    for label, name in OF_THE_SITE:
        if asked.fits(label):
            yield Jump("Page", label, reverse(name), "all projects")


def _items(asked: Asked) -> Iterator[Jump]:
    """By the whole key; in the project where the viewer is also by how it begins."""
    if not asked.words:
        return
    key = Q(key=asked.text)
    if asked.here is not None:
        key |= Q(project=asked.here, key__startswith=asked.text)
    for item in items_visible_to(asked.viewer).filter(key).order_by("key")[:OF_EACH_KIND]:
        yield Jump("Item", item.key, address_of_item(item), item.project.name)


def _snapshots(asked: Asked) -> Iterator[Jump]:
    if asked.words:
        named = asked.named("name", "project__name", "project__slug")
        for snapshot in snapshots_visible_to(asked.viewer).filter(named).defer("states").order_by("-pk")[:OF_EACH_KIND]:
            address = reverse("snapshot", args=[snapshot.project.slug, snapshot.number])
            yield Jump("Snapshot", snapshot.name, address, snapshot.project.name)


def _releases(asked: Asked) -> Iterator[Jump]:
    if asked.words:
        named = asked.named("snapshot__name", "project__name", "project__slug")
        for release in releases_visible_to(asked.viewer).filter(named).order_by("-pk")[:OF_EACH_KIND]:
            yield Jump("Release", str(release), place_of_release(release), release.project.name)


def _views(asked: Asked) -> Iterator[Jump]:
    views = saved_views_visible_to(asked.viewer).filter(asked.named("name", "project__name", "project__slug"))
    for view in views[:OF_EACH_KIND]:
        yield Jump("Saved view", view.name, address_of_view(view), view.project.name)


def _trail(asked: Asked) -> Iterator[Jump]:
    """The words as a question to the trail."""
    if asked.words:
        where = reverse("trail", args=[asked.here.slug]) if asked.here else reverse("trail_of_all")
        told = asked.here.name if asked.here else "all projects"
        yield Jump("Ask the trail", asked.text, f"{where}?{urlencode({'q': asked.text})}", told)


def _home(project: Project) -> str:
    return reverse("project", args=[project.slug])


_KINDS = (_pages, _projects, _pages_of_the_site, _items, _snapshots, _releases, _views, _trail)
