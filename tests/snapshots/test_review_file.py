"""The review for people without an account: one file that asks nobody for anything, and a text for a ticket."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from labelop.services.work import exclude_item
from roles.services import reveal_identities
from snapshots.pages.standalone import alone
from tests.cast import what_is_left

from .release_stage import ReleaseStage, set_the_release_stage
from .stage import run

PAGE = "/projects/birds/snapshots/2/"


@pytest.fixture
def stage(db: None) -> ReleaseStage:
    stage = set_the_release_stage()
    stage.snapshot("v1")
    exclude_item(stage.stage.items[0], by=stage.otto, reason="Blurred")
    stage.proposed(stage.snapshot("v2"))
    return stage


def as_(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_the_file_stands_alone_and_names_nobody(stage: ReleaseStage) -> None:
    reveal_identities(stage.project, by=stage.olga, reason="An audit")
    assert "(otto)" in as_(stage.olga).get(PAGE).content.decode()
    with what_is_left() as left:
        answer = as_(stage.olga).post(f"{PAGE}file/", {"reason": "The customer asked"})
    assert (left.entry.event, left.entry.reason) == ("export.review_made", "The customer asked")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="birds-v2-review-{left.entry.pk}.html"'
    text = answer.content.decode()
    page = text.split("</style>")[1]
    for told in ("Blurred", "Owner 4", "Accounted for", "Gates", "photo-0", "The customer asked"):
        assert told in page, told
    assert all(address.startswith("#") for address in re.findall(r'href="([^"]*)"', text))
    assert not re.search(r"<(script|form|button|link|img|iframe|nav)\b|\sstyle=|\son\w+=|url\(|@import", text)
    for name in ("olga", "otto", "ravi", "rita"):
        assert name not in page, name


def test_the_file_stands_where_the_release_went(stage: ReleaseStage) -> None:
    as_(stage.ravi).post(f"{PAGE}file/", {"reason": "The customer asked"})
    exports = as_(stage.olga).get(PAGE).context["release"].exports
    assert [(one.actor, one.entry.reason) for one in exports] == [("Reviewer 2", "The customer asked")]


def test_the_file_wants_a_reason_and_a_sealed_snapshot(stage: ReleaseStage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("snapshots.services.snapshots.seal_snapshot", lambda snapshot: snapshot)
    stage.snapshot("v3")
    with what_is_left() as left:
        assert as_(stage.olga).post(f"{PAGE}file/", {"reason": " "}).status_code == 422
        answer = as_(stage.olga).post("/projects/birds/snapshots/3/file/", {"reason": "Now"})
    assert answer.status_code == 422
    assert "still being computed" in answer.content.decode()
    assert not left.entries


def test_the_text_is_what_the_command_prints(stage: ReleaseStage) -> None:
    reveal_identities(stage.project, by=stage.olga, reason="An audit")
    answer = as_(stage.olga).get(f"{PAGE}markdown/?from=1")
    rows = answer.context["text"].splitlines()[2:]
    assert rows == run("who", "birds", "v1", "v2", "--impact", "high", "--markdown").out.splitlines()[2:]
    assert any("| Items excluded: photo-0 | Owner 4 | Blurred |" in row for row in rows)
    everything = as_(stage.olga).get(f"{PAGE}markdown/?from=1&impact=routine").context["text"].splitlines()[2:]
    assert everything == run("who", "birds", "v1", "v2", "--markdown").out.splitlines()[2:]
    assert "otto" not in answer.content.decode().split("<main")[1]


@pytest.mark.parametrize(
    ("html", "kept"),
    [
        ('<p onclick="x()" style="a:b" class="c">One <b>two</b></p>', '<p class="c">One <b>two</b></p>'),
        ("<script>alert(1)</script><p>After</p>", "<p>After</p>"),
        ('<a href="javascript:x()">one</a> <a href="#two">two</a>', 'one <a href="#two">two</a>'),
        ('<a href="/projects/">all</a><img src="http://x/y.png"><br>', "all<br>"),
        ("<form><p>gone</p><input name='x'></form>here", "here"),
        ("<ul class='object-tools'><li>gone</li></ul><i>here</i>", "<i>here</i>"),
        ('<rect fill="url(http://x)" width="2"/>', '<rect width="2"></rect>'),
        ('<svg viewBox="0 0 1 1"><use href="http://x#y"/><title>A &lt; B</title></svg>',
         '<svg viewBox="0 0 1 1"><title>A &lt; B</title></svg>'),
        ("<p>&lt;script&gt;", "<p>&lt;script&gt;"),
        ("</div><p hidden>gone</p><p>here</p>", "<p>here</p>"),
    ],
)  # fmt: skip
def test_what_may_stand_in_a_file(html: str, kept: str) -> None:
    assert alone(html) == kept
