"""Arguments that several commands share, and how they are looked up."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import datetime, time
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from labelop.models import Item, LabelClass, Project
from roles.matrix import Can
from roles.models import User
from roles.selectors import can
from roles.services import operator_account, reveal_identities
from roles.telling import Pseudonyms, pseudonyms_in

from ..models import Snapshot


def project_called(slug: str) -> Project:
    project = Project.objects.filter(slug=slug).first()
    if project is None:
        raise ValidationError(f"There is no project {slug}.")
    return project


def snapshot_called(project: Project, name: str) -> Snapshot:
    """A sealed snapshot; one that an interruption left uncomputed is computed first."""
    from ..services.snapshots import seal_snapshot

    snapshot = Snapshot.objects.filter(project=project, name=name).select_related("entry", "parent", "project").first()
    if snapshot is None:
        raise ValidationError(f"{project.slug} has no snapshot {name}.")
    return seal_snapshot(snapshot)


def item_called(project: Project, key: str) -> Item:
    item = Item.objects.filter(project=project, key=key).first()
    if item is None:
        raise ValidationError(f"{project.slug} has no item {key}.")
    return item


def user_called(username: str | None) -> User:
    """The account a command acts for; without a name the service account of whoever runs commands here."""
    if not username:
        return operator_account()
    user = User.objects.filter(username=username).first()
    if user is None:
        raise ValidationError(f"There is no user {username}.")
    return user


def person_called(project: Project, name: str) -> User:
    """A person by username, or by the pseudonym of a member ("Annotator 3", or just 3)."""
    user = User.objects.filter(username=name).first()
    number = name.rsplit(" ", 1)[-1]
    if user is None and number.isdecimal():
        numbers = pseudonyms_in([project.pk]).numbers
        holders = [user_id for (_, user_id), given in numbers.items() if user_id and given == int(number)]
        user = User.objects.filter(pk__in=holders).first()
    if user is None:
        raise ValidationError(f"{project.slug} knows nobody called {name}.")
    return user


def class_called(project: Project, key: str) -> LabelClass:
    label_class = LabelClass.objects.filter(project=project, key=key).first()
    if label_class is None:
        raise ValidationError(f"{project.slug} has no class {key}.")
    return label_class


def moment(text: str) -> datetime | None:
    """A date (its first instant, UTC) or a time in ISO 8601; None for anything else."""
    try:
        if at := parse_datetime(text):
            return at if timezone.is_aware(at) else timezone.make_aware(at)
        if day := parse_date(text):
            return timezone.make_aware(datetime.combine(day, time.min))
    except ValueError:
        return None
    return None


def add_viewer(parser: ArgumentParser) -> None:
    """Who reads: pages and commands tell people as role and number alike, unless a name was revealed."""
    parser.add_argument("--as", dest="by", metavar="USER", help="read as this member; needed for names")
    parser.add_argument("--reveal", metavar="REASON", help="tell the names as well; the reason stays on the trail")


def pseudonyms_told(project: Project, options: dict[str, Any]) -> Pseudonyms:
    """How to speak of people to whoever reads; a name asked for is revealed first."""
    if not options["by"] and not options["reveal"]:
        return pseudonyms_in([project.pk])
    viewer = user_called(options["by"])
    if not can(viewer, Can.INSPECT_TRAIL, project):
        raise ValidationError(f"{viewer} does not inspect the trail of {project.slug}.")
    if options["reveal"]:
        reveal_identities(project, by=viewer, reason=options["reveal"])
    return pseudonyms_in([project.pk], viewer)


def add_item(parser: ArgumentParser) -> None:
    """Which item, and who reads of it."""
    parser.add_argument("project", metavar="PROJECT")
    parser.add_argument("item", metavar="ITEM")
    add_viewer(parser)


def item_asked(options: dict[str, Any]) -> tuple[Item, Pseudonyms]:
    """The item asked for, and how to speak of people to whoever reads of it."""
    item = item_called(project_called(options["project"]), options["item"])
    return item, pseudonyms_told(item.project, options)
