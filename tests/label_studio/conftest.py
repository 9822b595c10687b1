from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from roles.models import User
from roles.services import grant_superuser
from tests.cast import person

from .studio import Studio, studio_running


@pytest.fixture
def studio(settings: Any) -> Iterator[Studio]:
    settings.LABELOP_LABEL_STUDIO_HOSTS = ["127.0.0.1"]
    with studio_running() as studio:
        yield studio


@pytest.fixture
def olga(db: None) -> User:
    """Somebody who may make projects, and owns those of these tests."""
    olga = person("olga")
    grant_superuser(olga, by=None, reason="Makes projects")
    return User.objects.get(pk=olga.pk)
