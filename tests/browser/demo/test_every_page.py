"""Every page there is: axe finds nothing, the console is silent, nobody else is asked, and it weighs little.

Which pages there are, the table of access says, and its own test holds it against the resolver: a page that is not
visited here fails this test.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Error, Page

from .looking import bring_axe, look_at, look_once
from .people import Person
from .told import Site
from .walking import Walk, lines_of

pytestmark = pytest.mark.browser

LINKS = "[...document.querySelectorAll('a[href]')].map(link => link.getAttribute('href'))"
STREET = "/projects/street-scenes/"
BEGIN = [STREET, f"{STREET}snapshots/4/", "/", "/labelop/", "/password_change/", "/password_change/done/"]
BEGIN += [f"{STREET}snapshots/4/restore/"]
# The same pages, asked something.
ASKED = [
    f"{STREET}access/?at=1",
    f"{STREET}trail/?q=",
    f"{STREET}trail/?q=impact:high+created:2020-01-01",
    f"{STREET}snapshots/2/?from=1",
    "/find/?q=van",
]
# No Label Studio stands beside the demo from which anything could have been pulled.
NOT_IN_THE_DEMO = {"labelop_pull_change"}
# What others than an owner read differently.
OF_A_REVIEWER = ["/", STREET, f"{STREET}trail/", f"{STREET}access/", f"{STREET}snapshots/4/", f"{STREET}quality/"]
OF_AN_ANNOTATOR = ["/", STREET, f"{STREET}trail/", f"{STREET}access/", "/labelop/assignment/"]


def walk_through(page: Page, walk: Walk, shown: set[str]) -> list[str]:
    """Everything that is wrong on any page of the walk."""
    walk.learn(page.url, BEGIN)
    found = []
    for line, address in walk.addresses():
        try:
            response = page.goto(address)
        except Error as error:
            if "Download is starting" not in str(error):
                raise
            continue
        status = response.status if response else None
        if status != 200:
            found.append(f"{line} {address}: {status}")
            continue
        walk.learn(page.url, page.evaluate(LINKS))
        found += [f"{line} {address}: {each}" for each in look_at(page, response, shown)]
    return found


def test_an_owner_finds_nothing_wrong_on_any_page(olga: Person) -> None:
    bring_axe(olga.page.context)
    walk, shown = Walk(lines_of("owner")), set[str]()
    found = walk_through(olga.page, walk, shown)
    for address in ASKED:
        response = olga.page.goto(address)
        found += [f"{address}: {each}" for each in look_at(olga.page, response, shown)]
    assert found == []
    assert walk.missed == NOT_IN_THE_DEMO


@pytest.mark.parametrize(("name", "addresses"), [("ravi", OF_A_REVIEWER), ("ben", OF_AN_ANNOTATOR)])
def test_others_find_nothing_wrong_either(page: Page, name: str, addresses: list[str]) -> None:
    Person(page, name)
    bring_axe(page.context)
    found = []
    for address in addresses:
        response = page.goto(address)
        assert response is not None
        found += [f"{address}: {response.status}"] * (response.status != 200)
        found += [f"{address}: {each}" for each in look_once(page)]
    assert found == []


def test_what_is_refused_missing_or_out_of_reach_is_said_on_pages_like_others(loud_page: Page, site: Site) -> None:
    """Browsers write each of these answers on the console by themselves."""
    page, shown, found = loud_page, set[str](), list[str]()
    bring_axe(page.context)

    def look(address: str, status: int) -> None:
        response = page.goto(address)
        assert response is not None
        assert response.status == status
        found.extend(f"{address} {status}: {each}" for each in look_at(page, response, shown))

    look("/login/", 200)
    look("/nothing/", 200)
    Person(page, "ravi")
    look("/nothing/", 404)
    look(f"{STREET}snapshots/4/restore/", 403)
    look("/labelop/item/?project__slug=other", 400)
    look(f"{STREET}trail/?q=nonsense:%22", 400)
    with site.database_empty():
        look("/", 500)
    with site.database_away():
        look("/", 503)
    look("/", 200)
    assert found == []


def test_a_form_without_its_token_and_a_locked_login_are_answered_by_pages_like_others(loud_page: Page) -> None:
    page, shown = loud_page, set[str]()
    bring_axe(page.context)
    page.goto("/login/")
    page.context.clear_cookies()
    _log_in(page, "nobody")
    page.get_by_role("heading", name="This form had grown old").wait_for()
    found = look_at(page, None, shown)
    for _ in range(5):
        page.goto("/login/")
        _log_in(page, "nobody")
    page.get_by_role("heading", name="Logging in is locked for a while").wait_for()
    assert found + look_at(page, None, shown) == []


def _log_in(page: Page, name: str) -> None:
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill("a guess of no worth")
    page.get_by_role("button", name="Log in").click()
