"""Connections in the admin: what an owner does there, and what they are shown once."""

from __future__ import annotations

from django.test import Client

from labelop.label_studio.secrets import secret_of
from labelop.models import Connection, Pull
from tests.cast import Cast

ADDRESS = "https://ls.example.org/projects/3"


def test_an_owner_connects_and_is_shown_the_secret_once(cast: Cast, client: Client) -> None:
    client.force_login(cast.olga)
    answers = {"project": cast.project.pk, "address": "https://ls.example.org", "reason": "Work is there"}
    refused = client.post("/labelop/connection/acts/connect/", answers)
    assert refused.status_code == 422
    assert "address" in refused.context["form"].errors
    page = client.post("/labelop/connection/acts/connect/", {**answers, "address": ADDRESS})
    connection = Connection.objects.get()
    secret = secret_of(connection)
    assert secret in page.content.decode()
    assert str(connection.receiver) in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    Pull.objects.create(project=cast.project, connection=connection)
    for address in ("", f"{connection.pk}/change/", f"{connection.pk}/history/"):
        shown = client.get(f"/labelop/connection/{address}").content.decode()
        assert "ls.example.org" in shown
        assert secret not in shown
        assert connection.salt not in shown
    renewed = client.post(f"/labelop/connection/{connection.pk}/acts/renew-secret/", {})
    connection.refresh_from_db()
    assert secret_of(connection) != secret
    assert secret_of(connection) in renewed.content.decode()
    client.post(f"/labelop/connection/{connection.pk}/acts/disconnect/", {"reason": "Done there"})
    assert Connection.objects.get().removed_at is not None


def test_uma_from_elsewhere_finds_nothing_of_it(cast: Cast, client: Client) -> None:
    client.force_login(cast.olga)
    client.post(
        "/labelop/connection/acts/connect/", {"project": cast.project.pk, "address": ADDRESS, "reason": "Work is there"}
    )
    connection = Connection.objects.get()
    pull = Pull.objects.create(project=cast.project, connection=connection)
    client.force_login(cast.uma)
    for address in (f"connection/{connection.pk}/change/", f"pull/{pull.pk}/change/"):
        assert client.get(f"/labelop/{address}").status_code == 404
    assert "ls.example.org" not in client.get("/labelop/connection/").content.decode()
