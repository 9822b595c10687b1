"""What a release brings, read once for its gates and for the separation of duties."""

from __future__ import annotations

from dataclasses import dataclass

from ..models import Release, Snapshot
from ..reconciliation import Accounting, Reconciled, Reconciliation, reconcile


@dataclass(frozen=True)
class Window:
    """A release beside the last one that stands; everything since, or since the beginning, is what it brings."""

    release: Release
    previous: Release | None
    reconciliation: Reconciliation

    @property
    def before(self) -> Snapshot | None:
        return self.previous.snapshot if self.previous else None

    @property
    def after(self) -> Snapshot:
        return self.release.snapshot

    def records(self, verdict: Accounting) -> list[Reconciled]:
        return [record for record in self.reconciliation.records if record.verdict is verdict]


def previous_release(snapshot: Snapshot) -> Release | None:
    """The last release before this snapshot that went out and was not taken back."""
    gone_out = Release.objects.filter(
        project=snapshot.project_id,
        state__in=(Release.State.RELEASED, Release.State.DEPRECATED),
        snapshot__number__lt=snapshot.number,
    )
    return gone_out.select_related("snapshot__entry").order_by("-snapshot__number").first()


def window_of(release: Release) -> Window:
    """What a page reads."""
    return _window(release, live=False)


def window_beside_live_rows(release: Release) -> Window:
    """What a decision reads: the live rows too; costs what the whole project does."""
    return _window(release, live=True)


def _window(release: Release, *, live: bool) -> Window:
    previous = previous_release(release.snapshot)
    before = previous.snapshot if previous else None
    return Window(release, previous, reconcile(release.project, before, release.snapshot, live=live))
