"""The street's releases: v1.0 went out in the fourth week, v1.1 waits behind closed gates."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from audit.acting import operation
from audit.events import Event
from audit.models import Entry
from audit.query import parse
from labelop.services.connections import connect_label_studio
from labelop.services.schema import freeze_schema, unfreeze_schema
from roles.matrix import Role, Scope
from roles.models import Membership
from roles.services import change_role, issue_token, reveal_identity
from roles.services.webhooks import add_webhook

from ...log_reviews import brought_by, incident
from ...models import Disposition, Finding, Purpose, Release, Snapshot
from ...scopes import EditsBetween
from ...services.adjustments import propose_adjustment
from ...services.dispositions import dispose, open_finding
from ...services.log_reviews import open_log_review
from ...services.releases import approve_release, move_planned_date, publish_release
from ...services.restore import restore
from ...services.snapshots import take_snapshot
from ...services.views import save_view
from .incidents import Incidents
from .release import changes_of_roles, export, propose, read_the_log, waive_what_is_closed
from .street import Street, hours


def plan_first_release(street: Street, releases: Releases) -> None:
    street.plan(0, 2, 9, releases.roles_read)
    street.plan(1, 4, 18, releases.pilot)
    street.plan(3, 1, 9, releases.widen_a_role)
    street.plan(3, 3, 18, releases.candidate)
    street.plan(3, 4, 9, releases.log_review)
    street.plan(3, 4, 15, releases.approval)
    street.plan(4, 0, 7.5, releases.out)
    street.plan(4, 0, 8.2, releases.narrow_the_role)
    street.plan(4, 1, 9, releases.roles_read)
    street.plan(5, 4, 15, releases.incident)
    street.plan(6, 1, 18, releases.before_the_mistake)
    street.plan(6, 4, 16, releases.restored)


class Releases:
    """The acts around v1.0, and what followed; each is given the moment at which it happens."""

    def __init__(self, street: Street) -> None:
        self.street = street
        self.project = street.project
        self.olga, self.petra, self.otto = street.take("olga", "petra", "otto")

    def pilot(self, at: datetime) -> None:
        take_snapshot(self.project, "v0.9", by=self.olga, purpose=Purpose.PILOT, note="Pilot complete", at=at)

    def widen_a_role(self, at: datetime) -> None:
        with operation(by=self.olga, at=at):
            change_role(self._otto(), Role.OWNER, by=self.olga, reason="Holiday cover until the release")

    def candidate(self, at: datetime) -> None:
        with operation(by=self.olga, at=at):
            freeze_schema(self.project, by=self.olga, reason="Nothing changes before v1.0")
        self.release = propose(self.project, "v1.0", self.olga, hours(at, 0.5), "First delivery to the customer")

    def log_review(self, at: datetime) -> None:
        read_the_log(self.project, brought_by(self.release), self.petra, at)

    def roles_read(self, at: datetime) -> None:
        """Each change of roles is read within days; those of the last weeks are still owed."""
        for place, scope in enumerate(changes_of_roles(self.project)):
            read_the_log(self.project, scope, self.petra, hours(at, 2 * place))

    def approval(self, at: datetime) -> None:
        waive_what_is_closed(
            self.release, self.olga, at, "The customer takes the rest with the next delivery; agreed by telephone"
        )
        with operation(by=self.otto, at=hours(at, 1)):
            approve_release(self.release, by=self.otto, reason="Read against the acceptance criteria")

    def out(self, at: datetime) -> None:
        with operation(by=self.olga, at=at):
            publish_release(self.release, by=self.olga, reason="Delivered on Monday, as planned")
        export(self.release, self.petra, hours(at, 0.3), "Delivery to the customer")

    def narrow_the_role(self, at: datetime) -> None:
        with operation(by=self.olga, at=at):
            change_role(self._otto(), Role.REVIEWER, by=self.olga, reason="The cover is over")
        with operation(by=self.olga, at=hours(at, 0.1)):
            unfreeze_schema(self.project, by=self.olga, reason="Work goes on after v1.0")

    def incident(self, at: datetime) -> None:
        """Petra wonders about all the vans that come back; the log review she opens is never finished."""
        begin = at - timedelta(days=4, hours=10)
        about = incident("Vans come back", "More than half of the work with vans was sent back this week.", begin, at)
        log_review = open_log_review(self.project, about, by=self.petra, reason="The annotators asked", at=at)
        redefined = Entry.objects.filter(project=self.project, event=Event.CLASS_REDEFINED).first()
        if redefined is None:
            return
        with operation(by=self.petra, at=hours(at, 0.2)):
            dispose(
                log_review,
                redefined,
                Disposition.Verdict.FOLLOW_UP,
                by=self.petra,
                note="The change was wanted; the guideline still has the old limit",
            )
        with operation(by=self.petra, at=hours(at, 0.4)):
            open_finding(
                log_review,
                Finding.Factor.COMMUNICATION,
                "The new limit for vans stands in the schema and in no guideline",
                "Write it into the guideline, page 3, and tell the annotators on Monday",
                by=self.petra,
                owner=self.olga,
                due_on=(at + timedelta(days=5)).date(),
                entry=redefined,
            )

    def before_the_mistake(self, at: datetime) -> None:
        take_snapshot(self.project, "v1.0.1", by=self.olga, note="Before the cameras are sorted out", at=at)

    def restored(self, at: datetime) -> None:
        """What was excluded by mistake comes back by an act forward; nothing newer is lost."""
        mistake = EditsBetween(at.replace(hour=10) - timedelta(days=2), at.replace(hour=12) - timedelta(days=2))
        snapshot = Snapshot.objects.get(project=self.project, name="v1.0.1")
        with operation(by=self.olga, at=at):
            restore(self.project, snapshot, mistake, by=self.olga, reason="It was camera 2, not camera 3")

    def today(self, incidents: Incidents) -> Release:
        """The last hours before somebody opens the demo: an edit past the services, and the next candidate."""
        now = timezone.now()
        incidents.edit_behind_the_services()
        self._connect_tools(now)
        release = propose(self.project, "v1.1", self.olga, now - timedelta(minutes=50), "Second delivery", days=3)
        with operation(by=self.olga, at=now - timedelta(minutes=30)):
            move_planned_date(
                release,
                (now + timedelta(days=6)).date(),
                by=self.olga,
                reason="One change in the data cannot be explained yet",
            )
        unexplained = Entry.objects.filter(project=self.project, event=Event.CHANGE_UNEXPLAINED).first()
        if unexplained is not None:
            with operation(by=self.olga, at=now - timedelta(minutes=20)):
                propose_adjustment(
                    self.project,
                    unexplained.operation,
                    by=self.olga,
                    reason="A repair by hand on the database, ticket 4711; the mark is a truck indeed",
                )
        with operation(by=self.petra, at=now - timedelta(minutes=5)):
            reveal_identity(self._otto(), by=self.petra, reason="To ask about the approval of v1.0")
        with operation(by=self.petra, at=now - timedelta(minutes=4)):
            question = parse("theme:access impact:high")
            save_view(self.project, "Who came to decide what", question, shared=True, by=self.petra)
        return release

    def _connect_tools(self, now: datetime) -> None:
        """What the others in the house read along with."""
        with operation(by=self.olga, at=now - timedelta(minutes=58)):
            reason = "The desk tells the customer what was decided"
            add_webhook(self.project, "Customer desk", "https://desk.example/labelop", by=self.olga, reason=reason)
        with operation(by=self.olga, at=now - timedelta(minutes=57)):
            there = "https://labels.example/projects/7"
            connect_label_studio(self.project, there, by=self.olga, reason="The next batch is labelled there")
        with operation(by=self.olga, at=now - timedelta(minutes=56)):
            issue_token(
                self.olga,
                "Weekly report",
                by=self.olga,
                reason="The report of the week is drawn from the trail",
                scopes=[Scope.READ],
                expiry=now + timedelta(days=90),
                projects=[self.project],
            )

    def _otto(self) -> Membership:
        return Membership.objects.get(project=self.project, user=self.otto, ended_at=None)
