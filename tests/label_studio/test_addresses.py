"""Where a Label Studio may be asked, and where not."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from labelop.label_studio.addresses import base_and_number, studio_at


def test_the_address_of_a_project_is_that_of_its_label_studio_and_its_number() -> None:
    assert base_and_number("https://ls.example.org/projects/12/data?tab=3") == ("https://ls.example.org", 12)
    assert base_and_number("http://ls:8080/here/projects/1") == ("http://ls:8080/here", 1)
    assert base_and_number("https://ls.example.org/") == ("https://ls.example.org", None)


@pytest.mark.parametrize(
    "address",
    ["http://ls.example.org", "http://127.0.0.1:8080", "https://10.0.0.7", "https://ls.example.org:8443",
     "http://ls:8081", "http://me:pw@ls:8080", "http://ls:8080?x", "ftp://ls:8080", "http://ls:8080\\@elsewhere"],
)  # fmt: skip
def test_what_stands_inside_is_asked_only_where_the_settings_name_it(settings: Any, address: str) -> None:
    settings.LABELOP_LABEL_STUDIO_HOSTS = ["ls:8080"]
    with pytest.raises(ValidationError):
        studio_at(address)


def test_a_host_that_the_settings_name_is_asked_by_http_as_well(settings: Any) -> None:
    settings.LABELOP_LABEL_STUDIO_HOSTS = ["ls:8080", "10.0.0.7"]
    assert (studio_at("http://ls:8080").port, studio_at("http://10.0.0.7").secure) == (8080, False)
    assert studio_at("https://ls.example.org").secure
