"""A project whose snapshot could go out: two owners, two reviewers, everything reviewed, every gate green."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from audit.acting import operation
from labelop.models import Dispute, Project, Review, Verdict
from labelop.services.reviews import decide_review
from roles.matrix import Role
from roles.models import User
from roles.services import grant_role, grant_superuser
from snapshots.models import LogReview, Occasion, Release, SignOff, Snapshot
from snapshots.services.releases import approve_release, begin_review, propose_release, publish_release

from .stage import Stage, person, set_the_stage


@dataclass(frozen=True)
class ReleaseStage:
    """Olga made the project and its items; Otto owns it too and Rita reviews it too, and neither made anything."""

    stage: Stage
    otto: User
    rita: User
    root: User

    @property
    def project(self) -> Project:
        return self.stage.project

    @property
    def olga(self) -> User:
        return self.stage.olga

    @property
    def ravi(self) -> User:
        return self.stage.ravi

    @property
    def ana(self) -> User:
        return self.stage.ana

    @property
    def uma(self) -> User:
        return self.stage.uma

    def snapshot(self, name: str = "v1") -> Snapshot:
        return self.stage.snapshot(name)

    def set(self, **settings: Any) -> None:
        """Give the project other settings, past the services that would say why."""
        with operation(by=self.olga):
            Project.objects.filter(pk=self.project.pk).update(**settings)
        for name, value in settings.items():
            setattr(self.project, name, value)

    def proposed(self, snapshot: Snapshot | None = None) -> Release:
        return propose_release(snapshot or self.snapshot(), by=self.olga, reason="The customer waits")

    def in_review(self, snapshot: Snapshot | None = None) -> Release:
        return begin_review(self.proposed(snapshot), by=self.olga)

    def approved(self, snapshot: Snapshot | None = None) -> Release:
        return approve_release(self.in_review(snapshot), by=self.otto)

    def released(self, snapshot: Snapshot | None = None) -> Release:
        return publish_release(self.approved(snapshot), by=self.olga)

    def approve_everything(self) -> None:
        for item in self.stage.items:
            decide_review(item, Verdict.APPROVED, by=self.ravi)

    def log_review(self, release: Release, *, state: str = LogReview.State.SIGNED) -> LogReview:
        """A log review of the release's chapter, signed by Rita where it is signed."""
        with operation(by=self.rita):
            review = LogReview.objects.create(
                project=self.project,
                occasion=Occasion.RELEASE,
                title=f"Release {release}",
                release=release,
                first_entry=1,
                last_entry=release.snapshot.entry_id,
                state=state,
                due_on=release.snapshot.entry.at.date(),
            )
            if state == LogReview.State.SIGNED:
                SignOff.objects.create(
                    project=self.project,
                    log_review=review,
                    signed_by=self.rita,
                    role="reviewer",
                    meaning="Read in full",
                    entries=1,
                    digest="d" * 64,
                    record_digest="e" * 64,
                )
        return review

    def open_dispute(self) -> Dispute:
        with operation(by=self.ana):
            return Dispute.objects.create(
                project=self.project,
                review=Review.objects.filter(project=self.project, dispute=None).order_by("-id")[0],
                contested_by=self.ana,
                reason="It is a gull",
            )


def set_the_release_stage(photos: int = 2) -> ReleaseStage:
    """Risk is low, so that no log review is owed; the tests that speak of log reviews raise it."""
    stage = set_the_stage(photos=photos)
    otto, rita, root = person("otto"), person("rita"), person("root")
    grant_superuser(root, by=None, reason="Runs the site")
    grant_role(stage.project, otto, Role.OWNER, by=stage.olga, reason="Second owner")
    grant_role(stage.project, rita, Role.REVIEWER, by=stage.olga, reason="Second reviewer")
    made = ReleaseStage(stage, otto, rita, User.objects.get(pk=root.pk))
    made.set(schema_frozen=True, risk_tier="low")
    made.approve_everything()
    return made
