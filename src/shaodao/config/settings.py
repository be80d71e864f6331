"""Settings. One file; every difference between deployments is an environment variable read here."""

import os
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

ROOT = Path(__file__).resolve().parents[3]
VAR = Path(os.environ.get("SHAODAO_VAR", ROOT / "var"))


def env_flag(name: str, default: str = "0") -> bool:
    return os.environ.get(name, default) == "1"


def mail_from(url: str) -> dict[str, object]:
    """Turn smtp://user:password@host:587?tls=1 (smtps:// for TLS from the start) into options."""
    parts = urlsplit(url)
    if url and parts.scheme not in {"smtp", "smtps"}:
        raise ImproperlyConfigured("SHAODAO_EMAIL_URL must start with smtp:// or smtps://")
    return {
        "host": parts.hostname or "",
        "port": parts.port or (465 if parts.scheme == "smtps" else 25),
        "username": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "use_ssl": parts.scheme == "smtps",
        "use_tls": parse_qs(parts.query).get("tls") == ["1"],
    }


# Nobody waits long for another's lock, no page runs away, no lost process keeps a row locked.
LIMITS = "-c lock_timeout=4s -c statement_timeout=30s -c idle_in_transaction_session_timeout=300s"


def database_from(url: str) -> dict[str, object]:
    """Turn a postgresql:// URL into Django's dictionary; `?host=/path` is a socket's folder."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured("DATABASE_URL must start with postgresql://")
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    return {
        "ENGINE": "shaodao.config.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or query.pop("user", "")),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or query.pop("host", ""),
        "PORT": str(parts.port or query.pop("port", "")),
        "OPTIONS": {"connect_timeout": "5", **query, "options": LIMITS},
    }


DEBUG = env_flag("SHAODAO_DEBUG")
SECRET_KEY = os.environ.get("SHAODAO_SECRET_KEY", "")
if not SECRET_KEY:
    raise ImproperlyConfigured("SHAODAO_SECRET_KEY is not set: start through bin/, which makes one")
ALLOWED_HOSTS = os.environ.get("SHAODAO_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
HTTPS = env_flag("SHAODAO_HTTPS")  # served over TLS, by us or by a proxy in front
BEHIND_PROXY = env_flag("SHAODAO_BEHIND_PROXY")  # a proxy sets X-Forwarded-Proto and -For
DEMO = env_flag("SHAODAO_DEMO")  # sample town: the log-in page lists the demo accounts
DEMO_ACCOUNTS = "shaodao.town.accounts.listed"
SITE_URL = os.environ.get("SHAODAO_SITE_URL", "")  # in links that leave: https://county.example
BASEMAP_URL = os.environ.get("SHAODAO_BASEMAP_URL", "")  # raster tiles {z}/{x}/{y}, or none
BASEMAP_ATTRIBUTION = os.environ.get("SHAODAO_BASEMAP_ATTRIBUTION", "")  # with its 审图号
VIRUS_SCAN = os.environ.get("SHAODAO_VIRUS_SCAN", "")  # a command: file path as last argument

# The ways messages leave (docs/mechanisms/notices.md). One without an address is closed, or, where
# CHANNELS_CONSOLE, played to the log.
EMAIL_URL = os.environ.get("SHAODAO_EMAIL_URL", "")  # smtp://user:password@host:587?tls=1
CHANNELS: dict[str, dict[str, object]] = {
    "EMAIL": {
        "url": EMAIL_URL,
        "sender": os.environ.get("SHAODAO_EMAIL_FROM", "shaodao@localhost"),
        "options": mail_from(EMAIL_URL),
    },
    "SMS": {
        "url": os.environ.get("SHAODAO_SMS_URL", ""),
        "key": os.environ.get("SHAODAO_SMS_KEY", ""),
        "secret": os.environ.get("SHAODAO_SMS_SECRET", ""),
        "signature": os.environ.get("SHAODAO_SMS_SIGNATURE", ""),  # 【…】 before the text
    },
    "WECOM": {"url": os.environ.get("SHAODAO_WECOM_URL", "")},
    "DINGTALK": {
        "url": os.environ.get("SHAODAO_DINGTALK_URL", ""),
        "secret": os.environ.get("SHAODAO_DINGTALK_SECRET", ""),
    },
    "FEISHU": {
        "url": os.environ.get("SHAODAO_FEISHU_URL", ""),
        "secret": os.environ.get("SHAODAO_FEISHU_SECRET", ""),
    },
}
CHANNELS_CONSOLE = DEMO or DEBUG or env_flag("SHAODAO_CHANNELS_CONSOLE")
CHANNEL_TIMEOUT = float(
    os.environ.get("SHAODAO_CHANNEL_TIMEOUT", "5")
)  # seconds a message may take

INSTALLED_APPS = [
    "procrastinate.contrib.django",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django_htmx",
    "template_partials",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "shaodao.config",
    "shaodao.kit",
    "shaodao.people",
    "shaodao.places",
    "shaodao.notices",
    "shaodao.reports",
    "shaodao.cases",
    "shaodao.supervision",
    "shaodao.sites",
    "shaodao.workforce",
    "shaodao.whistles",
    "shaodao.outreach",
    "shaodao.drawing",
    "shaodao.residents",
    "shaodao.insights",
    "shaodao.town",
]
MIDDLEWARE = [
    "shaodao.config.middleware.request_log",
    "shaodao.config.middleware.compressed",
    "shaodao.config.middleware.rules_once",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "shaodao.config.middleware.security_headers",
    "shaodao.config.middleware.staff_session",
]
ROOT_URLCONF = "shaodao.config.urls"
WSGI_APPLICATION = "shaodao.config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "shaodao.kit.context.page",
                "shaodao.notices.context.unread",
            ],
            "builtins": ["django.templatetags.i18n", "shaodao.kit.templatetags.kit"],
        },
    }
]

DATABASES = {"default": database_from(os.environ.get("DATABASE_URL", "postgresql:///shaodao"))}
DATABASES["default"] |= {
    "CONN_MAX_AGE": None,
    "CONN_HEALTH_CHECKS": True,
    "DISABLE_SERVER_SIDE_CURSORS": True,  # PgBouncer in transaction mode
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "actions"
# A slow channel keeps one job waiting; deadlines and the other channels go on beside it.
PROCRASTINATE_WORKER_DEFAULTS = {"concurrency": 6}

AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = ["shaodao.people.login.StaffBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("UserAttributeSimilarityValidator", {"user_attributes": ("username", "name", "phone")}),
        ("MinimumLengthValidator", {"min_length": 10}),
        ("CommonPasswordValidator", {}),
        ("NumericPasswordValidator", {}),
    )
]
# Who holds a named post of a grid: f(unit, title, day) -> User or None.
POST_HOLDER = "shaodao.workforce.queries.charges.holder_called"
# What mechanisms show on the page of a case, in the order of the page: f(case, viewer) -> Panel.
CASE_PANELS = [
    "shaodao.whistles.views.panels.of_case",
    "shaodao.supervision.panels.of_case",
    "shaodao.sites.panels.of_case",
]
# Figures of the workers' appraisal that a mechanism beside it counts:
# f(people, first, end) -> {person: (n, of)}.
APPRAISAL_FIGURES = {
    "VISITS": "shaodao.outreach.queries.visits_counted",
    "CALLS": "shaodao.outreach.queries.calls_counted",
}

LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "start"
LOGIN_REDIRECT_URL_FAILURE = "/accounts/login/"  # OIDC
LOGOUT_REDIRECT_URL = "login"
ROLES_OF = "shaodao.people.models.roles_of"  # what the kit's navigation asks
OTP_TOTP_ISSUER = "哨到"
DEMO_ACCOUNTS = "shaodao.town.accounts.listed"  # what the log-in page offers in the sample town

SESSION_COOKIE_AGE = 8 * 3600  # a working day; the session ends with it
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS and not DEMO else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = bool(SECURE_HSTS_SECONDS)
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CSRF_TRUSTED_ORIGINS = [o for o in os.environ.get("SHAODAO_ORIGINS", "").split(",") if o]
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024  # fields without files, bytes
FILE_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024  # bytes; larger files go to disk
FILE_UPLOAD_TEMP_DIR = os.environ.get("SHAODAO_UPLOAD_TEMP_DIR") or None

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
LOCALE_PATHS = [ROOT / "src" / "shaodao" / "locale"]
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

STATIC_URL = "static/"
STATIC_ROOT = VAR / "static"
STATICFILES_DIRS = [("vendor", VAR / "vendor")] if (VAR / "vendor").is_dir() else []
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
MEDIA_ROOT = VAR / "media"  # never served as files: views check who asks

# The one province whose divisions, the one county whose desk this installation is.
PREFECTURE_CODE = os.environ.get("SHAODAO_PREFECTURE", "3607")

OIDC_RP_CLIENT_ID = os.environ.get("SHAODAO_OIDC_CLIENT_ID", "")
if OIDC_RP_CLIENT_ID:
    OIDC_RP_CLIENT_SECRET = os.environ["SHAODAO_OIDC_CLIENT_SECRET"]
    OIDC_OP_AUTHORIZATION_ENDPOINT = os.environ["SHAODAO_OIDC_AUTHORIZATION"]
    OIDC_OP_TOKEN_ENDPOINT = os.environ["SHAODAO_OIDC_TOKEN"]
    OIDC_OP_USER_ENDPOINT = os.environ["SHAODAO_OIDC_USER"]
    OIDC_OP_JWKS_ENDPOINT = os.environ.get("SHAODAO_OIDC_JWKS", "")
    OIDC_RP_SIGN_ALGO = os.environ.get("SHAODAO_OIDC_ALGORITHM", "RS256")
    INSTALLED_APPS.append("mozilla_django_oidc")
    OIDC_CLAIM = os.environ.get("SHAODAO_OIDC_CLAIM", "preferred_username")  # user name or phone
    OIDC_CREATE_USER = False
    OIDC_USE_PKCE = True
    AUTHENTICATION_BACKENDS.append("shaodao.people.oidc.OIDCBackend")

LOGGING_CONFIG = "shaodao.config.logging.configure"
LOGGING = {"is_debug": DEBUG}
