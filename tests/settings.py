"""The site's settings, with a small tracked app beside it; a change outside an operation is refused."""

from __future__ import annotations

from labelop.settings import *  # noqa: F403
from labelop.settings import INSTALLED_APPS, REST_FRAMEWORK

INSTALLED_APPS = [*INSTALLED_APPS, "tests.trackedapp"]
LABELOP_UNEXPLAINED = "refuse"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Thousands of requests of one account a minute are no attack here.
REST_FRAMEWORK = {**REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": {"read": None, "write": None}}
