"""The site, top to bottom. What differs between places comes from the environment."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path

import environ
import structlog

from .logs import logging_to

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

# A first run on one's own machine, as dev.py starts it. Without it nothing insecure has a default.
LOCAL = env.bool("LABELOP_LOCAL", default=False)
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="only-for-a-first-run-and-for-tests" if LOCAL else environ.Env.NOTSET)
# Keys of before: what they have signed stays valid for a while.
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# How many proxies of ours stand in front. Only then is believed what they say of address and scheme, and they must
# overwrite, not hand on, an X-Forwarded-Proto that came from outside.
BEHIND_PROXIES = env.int("BEHIND_PROXIES", default=0)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXIES else None

INSTALLED_APPS = [
    "audit",
    "roles",
    "labelop",
    "snapshots",
    "labelop.admin_site.LabelopAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "django_structlog",
    "guardian",
    "simple_history",
    "rest_framework",
    "knox",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]

MIDDLEWARE = [
    "labelop.middleware.RequestLogMiddleware",
    "labelop.middleware.HeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "labelop.middleware.CompressedPagesMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "labelop.middleware.SessionEndMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "labelop.middleware.ChannelMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "labelop.urls"
WSGI_APPLICATION = "labelop.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# The backends are Django's own, keeping the triggers through migrations.
DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{BASE_DIR / 'var' / 'labelop.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["ENGINE"] = "audit.backends.sqlite3"
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA recursive_triggers=ON",
    }
elif DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
    DATABASES["default"]["ENGINE"] = "audit.backends.postgresql"
    # What a page asks is short however long the trail: PostgreSQL would compile it for longer than it takes to answer.
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("options", "-c jit=off")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "roles.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    "guardian.backends.ObjectPermissionBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "admin:login"

# The login's throttle; labelop.throttle says what is counted, and which counts lock what.
AXES_HANDLER = "labelop.throttle.LoginThrottle"
AXES_CLIENT_IP_CALLABLE = "labelop.throttle.address_of"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"], "ip_address", "username"]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "429.html"
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "next", "csrfmiddlewaretoken"]
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = AXES_VERBOSE = False

# guardian: no account for nobody, so that a fresh install has nothing unexplained.
ANONYMOUS_USER_NAME = None
# simple-history: versions are ordered by their ids, so their dates need no index.
SIMPLE_HISTORY_DATE_INDEX = False
SIMPLE_HISTORY_REVERT_DISABLED = True

# The API: everything in it is said in `roles.api`. Tokens are hashed by knox, and found by their first characters.
KNOX_TOKEN_MODEL = "roles.Token"  # noqa: S105 - the name of a model
# Its own migrations would make the table of the model that ours replaces.
MIGRATION_MODULES = {"knox": None}
REST_KNOX = {"AUTH_HEADER_PREFIX": "Bearer", "TOKEN_PREFIX": "labelop_"}
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "roles.api.authentication.TokenAuthentication",
        "roles.api.authentication.MemberSession",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["roles.api.parsing.StrictJSONParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "roles.api.parsing.JSONUnlessAsked",
    "DEFAULT_THROTTLE_CLASSES": ["roles.api.throttles.ReadThrottle", "roles.api.throttles.WriteThrottle"],
    "DEFAULT_THROTTLE_RATES": {
        "read": env.str("LABELOP_API_READS", default="600/min"),
        "write": env.str("LABELOP_API_WRITES", default="120/min"),
    },
    "DEFAULT_SCHEMA_CLASS": "roles.api.schema.ApiSchema",
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "roles.api.problems.problem_of",
    "COERCE_DECIMAL_TO_STRING": False,
    "DATETIME_FORMAT": "iso-8601",
}
SPECTACULAR_SETTINGS = {
    "OAS_VERSION": "3.1.0",
    "TITLE": "LabelOp",
    "VERSION": "1",
    "DESCRIPTION": "Who changed what, in which role, and why; and every act of LabelOp for other tools.",
    "SERVE_PUBLIC": True,
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "persistAuthorization": False, "docExpansion": "none"},
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "POSTPROCESSING_HOOKS": [],
    "APPEND_COMPONENTS": {
        "securitySchemes": {
            "token": {"type": "http", "scheme": "bearer", "description": "A token, issued in the admin."},
            "session": {
                "type": "apiKey",
                "in": "cookie",
                "name": "sessionid",
                "description": "The session of the admin; what is changed with it needs the header `X-CSRFToken`.",
            },
        }
    },
    "SORT_OPERATION_PARAMETERS": False,
}

# What a change outside an operation meets: "record" keeps it and says so, "refuse" raises (for tests).
LABELOP_UNEXPLAINED = env.str("LABELOP_UNEXPLAINED", default="record")

# Webhooks go out by https to public addresses, at these ports. Only for a local run: also to this very machine.
LABELOP_WEBHOOK_PORTS = env.list("LABELOP_WEBHOOK_PORTS", cast=int, default=[443])
LABELOP_WEBHOOK_LOOPBACK = env.bool("LABELOP_WEBHOOK_LOOPBACK", default=False)

# Label Studios that stand inside, by `host` or `host:port`: asked by http as well, wherever they are. All others are
# asked at public addresses alone.
LABELOP_LABEL_STUDIO_HOSTS = env.list("LABELOP_LABEL_STUDIO_HOSTS", default=[])

# How large a file may be that is sent. It lies in a temporary file, whatever its size, until its request is answered.
LABELOP_UPLOAD_BYTES = env.int("LABELOP_UPLOAD_BYTES", default=50 * 2**20)
FILE_UPLOAD_HANDLERS = ["roles.uploads.UploadHandler"]

# Reminders. Without EMAIL_URL (smtp+tls://user:password@host:587) nothing is sent.
globals().update(env.email_url("EMAIL_URL", default="dummymail://"))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="labelop@localhost")

# The log goes to standard error: JSON, a line each, or on one's own machine for one's own eyes.
LOGGING = logging_to(
    structlog.dev.ConsoleRenderer(colors=False) if LOCAL else structlog.processors.JSONRenderer(sort_keys=True)
)
DJANGO_STRUCTLOG_TRUST_UPSTREAM_REQUEST_ID = True  # once RequestLogMiddleware has looked at its shape
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
DJANGO_STRUCTLOG_USER_ID_FIELD = None  # the session names the account, without a query
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(BASE_DIR / "var" / "static")))
WHITENOISE_USE_FINDERS = LOCAL
if LOCAL:
    # WhiteNoise warns of a missing directory, which a first run has no reason to have.
    STATIC_ROOT.mkdir(parents=True, exist_ok=True)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if LOCAL
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
    },
}
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = not LOCAL
SECURE_HSTS_SECONDS = 0 if LOCAL else 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not LOCAL
SECURE_REFERRER_POLICY = SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True

# A session ends so many seconds after its login, and sooner when it is not used for a while.
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_IDLE_AGE = 2 * 60 * 60
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
# Lax: a link in a ticket opens the page it cites.
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
# Browsers take a __Host- cookie from this very host alone, over HTTPS alone.
SESSION_COOKIE_NAME = "sessionid" if LOCAL else "__Host-sessionid"
CSRF_COOKIE_NAME = "csrftoken" if LOCAL else "__Host-csrftoken"
