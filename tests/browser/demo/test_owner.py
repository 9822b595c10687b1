"""What an owner does: changes a role, reveals a name, takes the trail along, and lets a release go out."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from .people import Person
from .told import Site

pytestmark = pytest.mark.browser

STREET = "/projects/street-scenes/"


def test_a_role_is_changed_with_a_reason_and_stands_on_the_trail(olga: Person, site: Site) -> None:
    page, member = olga.page, _membership(site, "chiara")
    olga.follow("Street scenes")
    page.goto(f"{STREET}access/")
    form = page.locator(f"form[action$='/access/{member}/change/']")
    page.locator("details", has=form).locator("summary").click()
    form.get_by_label("Role").select_option("reviewer")
    form.get_by_label("Reason").fill("Stands in for Ravi in December")
    form.get_by_role("button", name="Change role").click()
    expect(page.get_by_text("The role is changed.")).to_be_visible()
    page.goto(f"{STREET}trail/")
    line = page.locator(".lines-of-trail > li").first
    expect(line).to_contain_text("Role changed")
    expect(line).to_contain_text("Stands in for Ravi in December")


def test_a_name_is_told_once_it_was_revealed(olga: Person, site: Site) -> None:
    page, member = olga.page, _membership(site, "ravi")
    page.goto(f"{STREET}trail/?q=role:reviewer")
    expect(page.locator(".lines-of-trail")).not_to_contain_text("ravi")
    page.goto(f"/roles/membership/{member}/acts/reveal/")
    page.get_by_label("Reason").fill("A customer asks who approved this")
    page.get_by_role("button", name="Reveal the name").click()
    page.goto(f"{STREET}trail/?q=role:reviewer")
    expect(page.locator(".lines-of-trail")).to_contain_text("ravi")
    page.goto(f"{STREET}trail/?q=event:identity.revealed")
    expect(page.locator(".lines-of-trail > li").first).to_contain_text("A customer asks who approved this")


def test_the_trail_is_taken_along_as_a_file_and_that_is_an_act(olga: Person) -> None:
    page = olga.page
    page.goto(f"{STREET}trail/export/?q=event:class.redefined")
    page.get_by_label("Reason").fill("For the customer's audit")
    with page.expect_download() as taken:
        page.get_by_role("button", name="Export").click()
    assert "class.redefined" in taken.value.path().read_text()
    page.goto(f"{STREET}trail/")
    expect(page.locator(".lines-of-trail > li").first).to_contain_text("Trail exported")


def test_a_release_goes_out_by_two_people(page: Page, site: Site) -> None:
    """Ravi owns bird calls and took its snapshot, so somebody else must approve: Olga, once she owns it too."""
    Person(page, "ravi")
    member = _membership(site, "olga", "bird-calls")
    page.goto("/projects/bird-calls/access/")
    form = page.locator(f"form[action$='/access/{member}/change/']")
    page.locator("details", has=form).locator("summary").click()
    form.get_by_label("Role").select_option("owner")
    form.get_by_label("Reason").fill("Approves what Ravi took")
    form.get_by_role("button", name="Change role").click()
    (project,) = site.ask_row("SELECT id FROM labelop_project WHERE slug = 'bird-calls'")
    _act(page, f"/labelop/project/{project}/acts/freeze-schema/", "Freeze", "Nothing changes until it is out")
    (snapshot,) = site.ask_row("SELECT id FROM snapshots_snapshot WHERE project_id = ?", project)
    _act(page, f"/snapshots/snapshot/{snapshot}/acts/propose/", "Propose release", "The season is over")
    (release,) = site.ask_row("SELECT id FROM snapshots_release WHERE snapshot_id = ?", snapshot)
    _act(page, f"/snapshots/release/{release}/acts/begin-review/", "Begin", "")
    page.get_by_role("button", name="Log out").click()
    Person(page, "olga")
    _act(page, f"/snapshots/release/{release}/acts/approve/", "Approve", "Read, and nothing stands against it")
    _act(page, f"/snapshots/release/{release}/acts/release/", "Release", "")
    page.goto("/projects/bird-calls/trail/")
    lines = page.locator(".lines-of-trail > li")
    expect(lines.first).to_contain_text("Released")
    expect(lines.nth(1)).to_contain_text("Release approved")


def _membership(site: Site, name: str, project: str = "street-scenes") -> int:
    (member,) = site.ask_row(
        "SELECT m.id FROM roles_membership m JOIN roles_user u ON u.id = m.user_id JOIN labelop_project p"
        " ON p.id = m.project_id WHERE u.username = ? AND p.slug = ? AND m.ended_at IS NULL",
        name,
        project,
    )
    return int(member)


def _act(page: Page, address: str, button: str, reason: str) -> None:
    page.goto(address)
    if reason:
        page.get_by_label("Reason").fill(reason)
    page.locator("form").get_by_role("button", name=button).click()
    expect(page.locator(".messagelist .success")).to_be_visible()
