"""What the daily command does: roles that end, log reviews that are due, reminders of overdue ones."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from audit.acting import Actor, operation
from audit.events import Event
from audit.services import record
from roles.matrix import Role
from roles.models import Membership, User
from roles.services import grant_role, revoke_role
from snapshots.log_reviews import saved_query
from snapshots.models import LogReview
from snapshots.services.log_reviews import open_log_review, void_log_review
from tests.cast import Cast, what_is_left
from tests.standing_out import reminded

from .reading import Reading, in_days, set_for_reading
from .stage import by_hand, run


def test_a_role_whose_time_is_over_is_ended_once(cast: Cast) -> None:
    later = timezone.now() + timedelta(hours=1)
    guest = grant_role(cast.project, cast.uma, Role.REVIEWER, by=cast.olga, reason="An hour", valid_until=later)
    assert reminded()["expired"] == []
    with operation():
        Membership.objects.filter(pk=guest.pk).update(valid_until=timezone.now() - timedelta(minutes=1))
    with what_is_left() as left:
        assert reminded()["expired"] == [f"membership {guest.pk}"]
        assert reminded()["expired"] == []
    assert left.events == ["role.expired"]
    assert left.entry.channel == "command"


def test_what_stands_out_is_told_once(cast: Cast, unexplained_changes_are_recorded: None) -> None:
    by_hand(cast.membership_of(cast.ana), role="owner")
    with what_is_left() as left:
        told = reminded()["anomalies"]
        assert reminded()["anomalies"] == []
    assert [line.split(", ")[1] for line in told] == [
        "Role granted without a reason",
        "Permission that no membership explains",
    ]
    assert set(left.events) == {"anomaly.noted"}
    assert {entry.channel for entry in left.entries} == {"command"}


@pytest.fixture
def reading(db: None) -> Reading:
    reading = set_for_reading()
    with operation(by=reading.stage.olga):
        for user in User.objects.filter(username__in=["olga", "ravi", "rita", "ana", "uma"]):
            user.email = f"{user.username}@example.org"
            user.save()
            record(Event.ACCOUNT_CREATED, user, Actor(None))
    return reading


def opened(reading: Reading, days_ago: int, query: dict[str, Any] | None = None) -> LogReview:
    """A log review with ten days to go when it was opened; Olga, Ana and the setup acted in its scope."""
    then = timezone.now() - timedelta(days=days_ago)
    scope = saved_query("Who  may\ndo what", query or {})
    return open_log_review(reading.project, scope, by=reading.rita, at=then)


def recipients() -> list[str]:
    return sorted(address for message in mail.outbox for address in message.to)


class TestOpening:
    def test_what_is_due_is_opened_once_in_every_project(self, reading: Reading) -> None:
        ships = set_for_reading("ships")
        reading.propose()
        ships.propose()
        expected = ["birds: Release v1", "ships: Release v1"]
        with what_is_left() as left:
            assert reminded()["log_reviews_opened"] == expected
            assert reminded()["log_reviews_opened"] == []
        assert left.events == ["log_review.opened"] * 2
        assert {entry.channel for entry in left.entries} == {"command"}
        assert not mail.outbox

    def test_says_so_to_people_too(self, reading: Reading) -> None:
        assert run("remind").out == "Nothing is due.\n"
        reading.propose()
        assert run("remind").out == "Log review opened: birds: Release v1\n"


class TestReminding:
    def test_writes_to_whoever_could_sign_and_has_an_address(self, reading: Reading) -> None:
        opened(reading, 11)
        assert reminded()["reminded"] == ["birds: Who  may\ndo what"]
        # Olga acted in the scope, Ana may not, Otto has no address, Uma is from elsewhere.
        assert recipients() == ["ravi@example.org", "rita@example.org"]
        assert all(len(message.recipients()) == 1 for message in mail.outbox), "nobody is told of the others"

    def test_names_project_title_day_and_path_and_nothing_else(self, reading: Reading) -> None:
        log_review = opened(reading, 11)
        reminded()
        message = mail.outbox[0]
        due = log_review.due_on
        assert message.subject == "Overdue log review: Who may do what"
        assert message.body == (
            "A log review is overdue, and you could sign it.\n"
            "\n"
            "Project: Birds\n"
            "Log review: Who may do what\n"
            f"Due: {due.day} {due:%B %Y}\n"
            f"Where: /projects/{log_review.project.slug}/log-reviews/{log_review.pk}/"
        )

    def test_happens_at_most_once_a_day_and_again_the_next(self, reading: Reading) -> None:
        log_review = opened(reading, 11)
        with what_is_left() as left:
            reminded()
            assert reminded()["reminded"] == []
        assert len(mail.outbox) == 2
        assert left.events == ["log_review.reminded"]
        assert left.operations == {left.entry.operation}
        assert [version.instance_type for version in left.versions] == [LogReview]
        log_review.refresh_from_db()
        assert log_review.reminded_on == in_days(0)
        with operation():
            LogReview.objects.filter(pk=log_review.pk).update(reminded_on=in_days(-1))
        assert len(reminded()["reminded"]) == 1
        assert len(mail.outbox) == 4

    @pytest.mark.parametrize(("days_ago", "late"), [(9, False), (10, False), (11, True)])
    def test_a_log_review_is_overdue_the_day_after_its_day(self, reading: Reading, days_ago: int, late: bool) -> None:
        log_review = opened(reading, days_ago)
        assert (log_review.due_on < in_days(0)) == late
        assert bool(reminded()["reminded"]) == late

    def test_what_is_signed_or_voided_is_not_reminded_of(self, reading: Reading) -> None:
        signed, voided = opened(reading, 11), opened(reading, 11)
        reading.decide_all(signed)
        reading.answer_all(signed)
        reading.sign(signed)
        void_log_review(voided, by=reading.rita, reason="Opened twice")
        assert reminded()["reminded"] == []
        assert not mail.outbox

    def test_who_has_left_is_not_written_to(self, reading: Reading) -> None:
        opened(reading, 11)
        for user in (reading.stage.ravi, reading.rita):
            revoke_role(user.memberships.get(), by=reading.otto, reason="Left the team")
        with what_is_left() as left:
            assert reminded()["reminded"] == []
        assert not mail.outbox
        assert not left.entries

    def test_what_no_mail_server_takes_is_said_and_stops_nothing_else(self, reading: Reading, settings: Any) -> None:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
        opened(reading, 11)
        opened(reading, 12)
        ran = run("remind", "--json")
        assert ran.code == 1
        assert len(ran.report["unsent"]) == 2
        assert ran.report["reminded"] == []
        assert "could not be sent" in ran.error
