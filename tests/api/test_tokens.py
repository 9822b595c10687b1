"""Tokens: told once, kept as a hash, good for some scopes on some project until a day, or until somebody ends them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.utils import timezone

from audit.acting import operation
from audit.models import Entry
from labelop.services.projects import create_project
from roles.matrix import Role, Scope
from roles.models import KeptAnswer, Token, User
from roles.services import deactivate_account, issue_token, open_service_account, revoke_role, revoke_token
from tests.cast import Cast, what_is_left

from .asking import V1, Tool, token_for, tool_of

SOON = timedelta(days=30)


def service_token(cast: Cast, *scopes: Scope, role: Role = Role.REVIEWER) -> tuple[Token, Tool]:
    account = open_service_account(cast.project, "sync", role, by=cast.olga, reason="Nightly sync").user
    token, secret = issue_token(
        account,
        "nightly",
        by=cast.olga,
        reason="Nightly sync",
        scopes=scopes,
        expiry=timezone.now() + SOON,
        projects=[cast.project],
    )
    return token, Tool(secret)


def test_issuing_is_a_decision_point_and_keeps_only_a_hash(cast: Cast) -> None:
    with what_is_left() as left:
        token, secret = issue_token(
            cast.olga, "mine", by=cast.olga, reason="Scripts", scopes=[Scope.WORK], expiry=timezone.now() + SOON
        )
    assert left.events == ["token.issued"]
    assert (left.entry.after or {})["scopes"] == ["read", "work"]
    (version,) = left.versions
    said = repr([vars(left.entry), vars(version), vars(token)])
    assert secret not in said
    assert secret[20:] not in said
    assert "digest" not in {field.name for field in version.tracked_fields}


def test_a_tool_acts_in_the_role_of_its_account_and_the_trail_says_api(cast: Cast) -> None:
    _, tool = service_token(cast, Scope.MANAGE, role=Role.OWNER)
    answer = tool.post("projects/birds/risk-tier/", {"risk_tier": "high", "reason": "Customers"})
    assert answer.status_code == 200, answer.content
    entry = Entry.objects.get(operation=answer.json()["operation"])
    assert (entry.actor_name, entry.role, entry.channel) == ("birds+sync", "owner", "api")


def test_a_token_never_does_more_than_the_role_of_its_account(cast: Cast) -> None:
    _, tool = service_token(cast, *Scope)
    answer = tool.post("projects/birds/risk-tier/", {"risk_tier": "high", "reason": "Customers"})
    assert answer.status_code == 403


@pytest.mark.parametrize("path", ["items/", "projects/", "entries/", "members/", "trail/"])
def test_a_token_of_one_project_sees_no_other(cast: Cast, path: str) -> None:
    cast_uma_too = tool_of(cast.root, projects=[cast.elsewhere])
    told = cast_uma_too.get(path)
    assert told.status_code == 200
    assert "birds" not in told.content.decode()


def test_a_token_of_several_projects_sees_these_and_no_other(cast: Cast) -> None:
    third = create_project("boats", "Boats", by=cast.root, owner=cast.uma)
    with what_is_left() as left:
        tool = tool_of(cast.root, projects=[cast.elsewhere, third])
    assert (left.events, (left.entry.after or {})["projects"]) == (["token.issued"], ["ships", "boats"])
    assert {each["slug"] for each in tool.get("projects/").json()["results"]} == {"ships", "boats"}
    assert {each["project"] for each in tool.get("entries/").json()["results"]} == {"ships", "boats"}
    assert [tool.get(path).status_code for path in ("accounts/", "projects/birds/", "items/1/")] == [200, 404, 404]
    assert tool.get("accounts/").json()["results"] == []
    answer = tool.post("projects/birds/risk-tier/", {"risk_tier": "high", "reason": "Customers"})
    assert answer.status_code == 404
    answer = tool.post("projects/boats/risk-tier/", {"risk_tier": "high", "reason": "Customers"})
    assert answer.status_code == 200, answer.content


def test_a_token_of_several_projects_tells_of_them_what_its_reader_sees(cast: Cast) -> None:
    third = create_project("boats", "Boats", by=cast.root, owner=cast.olga)
    token_for(cast.olga, (Scope.READ,), cast.project, third)
    several = Token.objects.latest("id")

    def told(tool: Tool) -> list[str]:
        projects: list[str] = tool.get(f"tokens/{several.pk}/").json()["projects"]
        return projects

    assert told(tool_of(cast.olga)) == ["birds", "boats"]
    assert told(tool_of(cast.olga, projects=[cast.project])) == ["birds"]
    assert tool_of(cast.uma).get(f"tokens/{several.pk}/").status_code == 404
    client = Client()
    client.force_login(cast.olga)
    assert "birds, boats" in client.get("/roles/token/").content.decode()


def test_the_admin_issues_a_token_for_the_projects_that_are_chosen(cast: Cast) -> None:
    third = create_project("boats", "Boats", by=cast.root, owner=cast.olga)
    create_project("barges", "Barges", by=cast.root, owner=cast.olga)
    client = Client()
    client.force_login(cast.olga)
    told = {"title": "both", "until": (timezone.now() + SOON).date().isoformat(), "reason": "Both"}
    page = client.post("/roles/token/acts/issue/", {**told, "projects": [cast.project.pk, third.pk]})
    projects = Tool(page.context["secret"]).get("projects/").json()["results"]
    assert {each["slug"] for each in projects} == {"birds", "boats"}
    refused = client.post("/roles/token/acts/issue/", {**told, "projects": [cast.project.pk, cast.elsewhere.pk]})
    assert refused.status_code == 422


def test_a_superuser_without_the_scope_of_the_site_sees_no_account(cast: Cast) -> None:
    assert tool_of(cast.root, Scope.READ).get("accounts/").json()["results"] == []
    assert len(tool_of(cast.root, Scope.SITE).get("accounts/").json()["results"]) == 5


def test_what_is_revoked_expired_unknown_or_of_a_closed_account_is_answered_alike(cast: Cast) -> None:
    secrets = [token_for(user) for user in (cast.olga, cast.ravi, cast.ana)]
    revoke_token(Token.objects.get(user=cast.olga), by=cast.olga, reason="Lost")
    with operation():
        Token.objects.filter(user=cast.ravi).update(expiry=timezone.now() - timedelta(seconds=1))
    deactivate_account(cast.ana, by=cast.root, reason="Left")
    answers = [Tool(secret).get("items/") for secret in (*secrets, "labelop_" + "0" * 64, "nothing", "é")]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1
    assert {answer["WWW-Authenticate"] for answer in answers} == {"Bearer"}


def test_a_closed_account_has_its_tokens_revoked(cast: Cast) -> None:
    token_for(cast.ana)
    with what_is_left() as left:
        deactivate_account(cast.ana, by=cast.root, reason="Left")
    assert [event for event in left.events if event.startswith(("token", "account"))] == [
        "token.revoked",
        "account.deactivated",
    ]


def test_a_role_that_ends_ends_what_its_tokens_see(cast: Cast) -> None:
    tool = tool_of(cast.ravi)
    revoke_role(cast.membership_of(cast.ravi), by=cast.olga, reason="Left the team")
    assert tool.get("items/").json()["results"] == []
    assert tool.get(f"items/{cast.item.pk}/").status_code == 404


def test_no_token_issues_another_and_nobody_issues_one_for_somebody_else(cast: Cast) -> None:
    owner = User.objects.get(pk=cast.olga.pk)
    owner.bounds = Token.objects.get(pk=service_token(cast)[0].pk).bounds
    expiry = timezone.now() + SOON
    for user, by in ((cast.olga, owner), (cast.ravi, cast.olga), (cast.ravi, cast.root)):
        with pytest.raises(PermissionDenied):
            issue_token(user, "more", by=by, reason="More", scopes=[], expiry=expiry)


def test_a_reviewer_lets_no_tool_in(cast: Cast) -> None:
    with pytest.raises(PermissionDenied):
        open_service_account(cast.project, "mine", Role.REVIEWER, by=cast.ravi, reason="Mine")
    account = service_token(cast)[0].user
    with pytest.raises(PermissionDenied):
        issue_token(
            account, "x", by=cast.ravi, reason="Mine", scopes=[], expiry=timezone.now() + SOON, projects=[cast.project]
        )


@pytest.mark.parametrize("days", [-1, 367])
def test_a_token_has_an_end_within_a_year(cast: Cast, days: int) -> None:
    with pytest.raises(ValidationError):
        issue_token(cast.olga, "x", by=cast.olga, reason="x", scopes=[], expiry=timezone.now() + timedelta(days=days))


def test_the_admin_tells_a_token_once_and_keeps_it_nowhere(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.olga)
    day = (timezone.now() + SOON).date().isoformat()
    told = {"title": "scripts", "scopes": ["work"], "until": day, "reason": "Scripts"}
    page = client.post("/roles/token/acts/issue/", told)
    assert page.status_code == 200
    assert "no-store" in page["Cache-Control"]
    secret = page.context["secret"]
    assert Tool(secret).get("me/").json()["scopes"] == ["read", "work"]
    for address in ("/roles/token/", f"/roles/token/{Token.objects.get().pk}/change/", f"{V1}tokens/"):
        assert secret[8:30] not in client.get(address).content.decode()
    assert secret not in str(dict(client.session))


def test_the_same_request_with_the_same_key_is_done_once(cast: Cast) -> None:
    tool, body = tool_of(cast.olga), {"reason": "Blurred"}
    first = tool.post(f"items/{cast.item.pk}/exclude/", body, Idempotency_Key="abc")
    with what_is_left() as left:
        again = tool.post(f"items/{cast.item.pk}/exclude/", body, Idempotency_Key="abc")
        other = tool.post(f"items/{cast.item.pk}/exclude/", {"reason": "Other"}, Idempotency_Key="abc")
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again["Idempotency-Replayed"] == "true"
    assert other.status_code == 422
    assert left.events == []


@pytest.mark.parametrize(
    ("begun", "noun", "body"),
    [
        ("webhooks/add/", "webhooks", {"title": "Tickets", "address": "https://hooks.example.org/", "least_impact": 2}),
        ("connections/connect/", "connections", {"address": "https://ls.example.org/projects/3"}),
    ],
)
def test_a_secret_is_told_once_and_null_when_its_answer_is_repeated(
    cast: Cast, begun: str, noun: str, body: dict[str, object]
) -> None:
    tool, reason = tool_of(cast.olga), {"reason": "They ask"}
    secrets, path, asked = [], begun, {"project": "birds", **body, **reason}
    for _ in range(2):
        first, again = (tool.post(path, asked, Idempotency_Key=path) for _ in range(2))
        assert first.status_code == again.status_code in (200, 201), first.content
        assert again.json() == {**first.json(), "secret": None}
        assert (first["Cache-Control"], again["Idempotency-Replayed"]) == ("no-store", "true")
        secrets.append(first.json()["secret"])
        path, asked = f"{noun}/{first.json()['row']['id']}/renew-secret/", {}
    assert len(set(filter(None, secrets))) == 2
    kept = repr(list(KeptAnswer.objects.values()))
    assert not [secret for secret in secrets if secret in kept]


def test_a_request_that_came_to_nothing_leaves_its_key_free(cast: Cast) -> None:
    tool = tool_of(cast.olga)
    refused = tool.post(f"items/{cast.item.pk}/reinstate/", {"reason": "x"}, Idempotency_Key="abc")
    assert refused.status_code == 422
    assert not KeptAnswer.objects.exists()


def test_what_is_being_done_is_not_done_beside_it(cast: Cast) -> None:
    tool = tool_of(cast.olga)
    tool.post(f"items/{cast.item.pk}/exclude/", {"reason": "x"}, Idempotency_Key="abc")
    KeptAnswer.objects.update(status=None, body="")
    assert tool.post(f"items/{cast.item.pk}/exclude/", {"reason": "x"}, Idempotency_Key="abc").status_code == 409
    # Whoever left it behind died: after a while it is taken over, and finds what was done.
    KeptAnswer.objects.update(claimed_at=timezone.now() - timedelta(minutes=3))
    assert tool.post(f"items/{cast.item.pk}/exclude/", {"reason": "x"}, Idempotency_Key="abc").status_code == 422


def test_an_act_on_what_has_changed_since_it_was_read_is_refused(cast: Cast) -> None:
    tool = tool_of(cast.olga)
    etag = tool.get(f"items/{cast.item.pk}/")["ETag"]
    assert tool.post(f"items/{cast.item.pk}/exclude/", {"reason": "x"}, If_Match='"old"').status_code == 412
    assert tool.post(f"items/{cast.item.pk}/exclude/", {"reason": "x"}, If_Match=etag).status_code == 200
    assert tool.get(f"items/{cast.item.pk}/")["ETag"] != etag


def test_a_session_reads_and_needs_the_csrf_token_to_write(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.olga)
    assert client.get(f"{V1}items/").status_code == 200
    answer = client.post(f"{V1}items/{cast.item.pk}/exclude/", {"reason": "x"}, content_type="application/json")
    assert answer.status_code == 403


def test_too_many_requests_are_told_when_to_come_back(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    from roles.api.throttles import ReadThrottle

    monkeypatch.setattr(ReadThrottle, "rate", "2/min", raising=False)
    tool = tool_of(cast.olga)
    answers = [tool.get("me/") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[-1]["Retry-After"]) > 0
    assert answers[-1]["Content-Type"] == "application/problem+json"


def test_a_stream_leaves_line_by_line_once_the_export_stands_on_the_trail(cast: Cast) -> None:
    tool = tool_of(cast.olga)
    for path, body in (
        ("projects/birds/stream-trail/", {"q": "impact:high", "reason": "Audit"}),
        ("projects/birds/stream-versions/", {"reason": "Audit"}),
    ):
        with what_is_left() as left:
            answer = tool.post(path, body)
        lines = b"".join(answer.streaming_content).splitlines()
        assert (answer.status_code, answer["Content-Type"]) == (200, "application/x-ndjson")
        assert str(left.entry.operation) == answer["Operation"]
        assert len(lines) > 1
    assert tool_of(cast.ana).post("projects/birds/stream-trail/", {"reason": "Audit"}).status_code == 403
