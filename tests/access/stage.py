"""Two projects with a row of everything in each, everybody who might come by, and words by which one would know."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from audit.acting import operation
from audit.models import Entry
from audit.query import parse
from labelop.models import Item, Metric, Project, Pull, QualitySignal, Verdict
from labelop.services.assignments import assign_work, complete_work, start_work
from labelop.services.connections import connect_label_studio
from labelop.services.disputes import contest_review
from labelop.services.projects import create_project, describe_project
from labelop.services.reviews import decide_review
from labelop.services.schema import add_class
from labelop.services.work import add_item, exclude_item, save_annotation
from roles.anomalies.sighting import Sighting
from roles.matrix import Role, Scope
from roles.models import Membership, Rule, User
from roles.services import (
    change_role,
    create_account,
    deactivate_account,
    grant_role,
    grant_superuser,
    issue_token,
    note_anomaly,
    open_service_account,
    revoke_role,
    service_account,
)
from roles.services.webhooks import add_webhook
from snapshots.log_reviews import entry_range
from snapshots.models import Adjustment, Disposition, Finding, LogReview, SignOff
from snapshots.services.dispositions import dispose, open_finding
from snapshots.services.log_reviews import open_log_review
from snapshots.services.releases import propose_release
from snapshots.services.snapshots import take_snapshot
from snapshots.services.views import save_view
from tests.cast import PASSWORD
from tests.marks import brought_in

# Every column of the tables, and who stands for it. The first four have no role anywhere (any more).
PRINCIPALS = {
    "anonymous": "",
    "non-member": "nora",
    "ended": "eve",
    "deactivated": "dora",
    "expired": "xena",
    "staff": "stan",
    "elsewhere": "uma",
    "assigned": "ana",
    "unassigned": "ben",
    "reviewer": "ravi",
    "author": "rita",
    "owner": "olga",
    "superuser": "root",
}
# Those whom every address sends to the login page.
OUTSIDE = ("anonymous", "non-member", "ended", "deactivated", "expired", "staff")


@dataclass(frozen=True)
class Words:
    """What the texts of one project contain, by who may read them; no word contains another."""

    said: str  # by what every member sees
    work: str  # by what annotators see of their own work alone
    inner: str  # by what reviewers and owners see
    name: str  # by accounts


BIRDS = Words("zwitschra", "federkiel", "eulenruf", "vogelfrau")
SHIPS = Words("takelwerk", "bugspriet", "kielraum", "seefahrer")


@dataclass
class Furnished:
    """One project, and one row of each model by the name of its admin."""

    project: Project
    words: Words
    people: dict[str, User]
    rows: dict[str, Any] = field(default_factory=dict)
    # What the token of the project's tool is shown with.
    secret: str = ""


@dataclass
class Stage:
    birds: Furnished
    ships: Furnished
    people: dict[str, User]
    clients: dict[str, Client]


def username(name: str, words: Words) -> str:
    return f"{name}.{words.name}"


def set_the_access_stage() -> Stage:
    birds = _open(
        "birds", BIRDS, {name: name for name in ("olga", "ravi", "rita", "ana", "ben", "eve", "dora", "xena")}
    )
    ships = _open("ships", SHIPS, {"olga": "uma", "ravi": "vic", "rita": "wes", "ana": "yan", "ben": "zoe"})
    others = {name: create_account(name, PASSWORD, by=None) for name in ("nora", "stan", "root")}
    others["root"] = grant_superuser(others["root"], by=None, reason="Runs the site")
    with operation():
        User.objects.filter(username="stan").update(is_staff=True)
    people = {**birds.people, "uma": ships.people["olga"], **others}
    clients = {principal: _at_the_door(people.get(name)) for principal, name in PRINCIPALS.items()}
    _leave(birds, people["root"])
    _cross(birds, ships, people["root"])
    for furnished in (birds, ships):
        _furnish_the_end(furnished)
    people = {name: User.objects.get(pk=user.pk) for name, user in people.items()}
    return Stage(birds, ships, people, clients)


def _at_the_door(user: User | None) -> Client:
    """Logged in while that was still possible."""
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


def _open(slug: str, words: Words, team: dict[str, str]) -> Furnished:
    """The project, its team and their work; `team` says who plays each part."""
    people = {part: _person(username(name, words)) for part, name in team.items()}
    owner = people["olga"]
    project = create_project(f"{slug}-{words.said}", f"{slug} {words.said}", by=service_account("setup"), owner=owner)
    describe_project(project, project.name, f"About {words.said}", by=owner, reason=words.inner)
    roles = {"ravi": Role.REVIEWER, "rita": Role.ANNOTATOR}
    for part, user in people.items():
        if part != "olga":
            role = roles.get(part, Role.ANNOTATOR)
            grant_role(project, user, role, by=owner, reason=f"Joined for {words.said}")
    furnished = Furnished(project, words, people)
    _furnish_work(furnished)
    return furnished


def _person(name: str) -> User:
    user = create_account(name, PASSWORD, by=None)
    with operation():
        User.objects.filter(pk=user.pk).update(first_name=name, last_name=name, email=f"{name}@example.org")
    return user


def _furnish_work(furnished: Furnished) -> None:
    project, words, people, rows = furnished.project, furnished.words, furnished.people, furnished.rows
    owner, ana, work = people["olga"], people["ana"], words.work
    rows["labelclass"] = gull = add_class(
        project, f"gull-{words.said}", f"Gull {words.said}", by=owner, reason=words.inner, definition=words.said
    )
    items = [
        add_item(
            project, f"{work}/{n}", {"uri": f"{work}.jpg"}, by=owner, reason=work, split=work, metadata={"x": work}
        )
        for n in range(4)
    ]
    contested, reviewed, begun, spare = items
    rows["item"], rows["spare"] = reviewed, spare
    rows["authored"] = brought_in(reviewed, gull, {"by": work}, by=people["rita"], key=f"rita-{work}", reason=work)
    membership = Membership.objects.get(project=project, user=people["rita"])
    change_role(membership, Role.REVIEWER, by=owner, reason=f"Promoted for {words.said}")
    rows["membership"] = Membership.objects.get(pk=membership.pk)
    assigned = [
        assign_work([item], ana, by=owner, instructions=work, reason=work)[0] for item in (contested, reviewed, begun)
    ]
    for assignment in assigned:
        start_work(assignment, by=ana, reason=work)
        rows["annotation"] = save_annotation(
            assignment.item, gull, {"box": [1, 2], "note": work}, by=ana, key=f"ana-{work}", reason=work
        )
    for assignment in assigned[:2]:
        complete_work(assignment, by=ana, reason=work)
    review = decide_review(
        assigned[0], Verdict.REVISION_REQUESTED, by=people["ravi"], reason=work, reason_code="missed"
    )
    rows["review"], rows["dispute"] = review, contest_review(review, by=ana, reason=work)
    rows["assignment"], rows["begun"] = assigned[1], assigned[2]


def _leave(birds: Furnished, root: User) -> None:
    """Three have gone, each in another way, and their sessions live."""
    of = {part: Membership.objects.get(project=birds.project, user=birds.people[part]) for part in ("eve", "xena")}
    revoke_role(of["eve"], by=birds.people["olga"], reason=f"Left {birds.words.said}")
    with operation():
        Membership.objects.filter(pk=of["xena"].pk).update(valid_until=timezone.now() - timedelta(hours=1))
    deactivate_account(birds.people["dora"], by=root, reason=f"Left {birds.words.said}")


def _cross(birds: Furnished, ships: Furnished, root: User) -> None:
    """One act on both projects, between two snapshots of each."""
    for furnished in (birds, ships):
        inner = furnished.words.inner
        furnished.rows["first"] = take_snapshot(
            furnished.project, f"first {inner}", by=furnished.people["olga"], note=inner, reason=inner
        ).snapshot
    with operation(by=root):
        for furnished in (birds, ships):
            spare = Item.objects.get(pk=furnished.rows["spare"].pk)
            exclude_item(spare, by=root, reason=f"Out of {furnished.words.inner}")


def _furnish_the_end(furnished: Furnished) -> None:
    project, inner, people, rows = furnished.project, furnished.words.inner, furnished.people, furnished.rows
    owner, ravi, rita = people["olga"], people["ravi"], people["rita"]
    rows["snapshot"] = take_snapshot(project, f"v1 {inner}", by=owner, note=inner, reason=inner).snapshot
    rows["release"] = propose_release(rows["snapshot"], by=owner, reason=inner)
    rows["entry"] = entry = Entry.objects.filter(project=project, event="role.changed").latest("id")
    log_review = open_log_review(project, entry_range(1, entry.pk, f"Reading {inner}"), by=ravi, reason=inner)
    dispose(log_review, entry, Disposition.Verdict.EXPECTED, by=ravi, note=inner)
    due = timezone.now().date() + timedelta(days=3)
    open_finding(log_review, Finding.Factor.OTHER, inner, inner, by=ravi, owner=owner, due_on=due, entry=entry)
    rows["savedview"] = save_view(project, inner, parse(f'"{inner}"'), shared=True, by=owner, reason=inner)
    save_view(project, f"own {inner}", parse(f'"{inner}"'), shared=False, by=ravi, reason=inner)
    rows["logreview"] = log_review
    rows["disposition"] = log_review.dispositions.get()
    rows["finding"] = log_review.findings.get()
    sighting = Sighting(Rule.DORMANT, "1", f"Seen in {inner}", (entry.pk,), frozenset({rita.pk}))
    anomaly = note_anomaly(project.pk, sighting)
    assert anomaly is not None
    rows["anomaly"] = anomaly
    tool = open_service_account(project, "tool", Role.REVIEWER, by=owner, reason=furnished.words.said).user
    rows["token"], furnished.secret = issue_token(
        tool,
        f"Sync {inner}",
        by=owner,
        reason=inner,
        scopes=list(Scope),
        expiry=timezone.now() + timedelta(days=9),
        projects=[project],
    )
    rows.update(_by_hand(furnished, entry))
    rows["connection"] = connection = connect_label_studio(
        project, f"https://ls.example.org/{inner}/projects/7", by=owner, reason=inner
    )
    rows["pull"] = Pull.objects.create(project=project, connection=connection, labels=[inner])
    rows["webhook"] = webhook = add_webhook(
        project, f"Hook {inner}", f"https://hooks.example.org/{inner}", by=owner, reason=inner
    )
    rows["delivery"] = webhook.deliveries.get()
    webhook.deliveries.update(state="dead", answer=f"Answered {inner}")


def _by_hand(furnished: Furnished, entry: Entry) -> dict[str, Any]:
    """What takes a long story to come about."""
    project, inner, people = furnished.project, furnished.words.inner, furnished.people
    with operation():
        signed = LogReview.objects.create(
            project=project,
            occasion="permission_change",
            title=f"Signed {inner}",
            description=inner,
            about=entry,
            first_entry=1,
            last_entry=entry.pk,
            state=LogReview.State.SIGNED,
            due_on=timezone.now().date(),
        )
        return {
            "signed": signed,
            "signoff": SignOff.objects.create(
                project=project,
                log_review=signed,
                signed_by=people["rita"],
                role="reviewer",
                meaning=inner,
                entries=1,
                digest="d" * 64,
                record_digest="e" * 64,
            ),
            "adjustment": Adjustment.objects.create(
                project=project, adjusts=entry.operation, reason=inner, proposed_by=people["olga"]
            ),
            "qualitysignal": QualitySignal.objects.create(
                project=project,
                label_class=furnished.rows["labelclass"],
                metric=Metric.CHURN,
                week=date(2024, 1, 1),
                count=9,
                n=10,
                past_count=1,
                past_n=100,
                p=0.0001,
                p_corrected=0.001,
            ),
        }
