"""Django settings. What each variable means stands in .env.example; how it is read, in env.py."""

import datetime

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from batosocial.env import BASE_DIR, broker_url, check_production, data_dir, env, server_urls

PRODUCTION = env.bool("PRODUCTION", default=False)
if PRODUCTION:
    check_production()

DEBUG = env.bool("DEBUG", default=False)
if PRODUCTION and DEBUG:
    raise ImproperlyConfigured("DEBUG=true không được dùng khi PRODUCTION=true.")

DATABASE_URL, REDIS_URL, EMBEDDED = server_urls()
DATA_DIR = data_dir()

# Outside production the key only protects a demo on one's own machine.
SECRET_KEY = env.str("SECRET_KEY", default="chi-dung-cho-ban-minh-hoa-khong-dung-khi-van-hanh-that-0000000000")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# The demo district: invented people, known passwords, a fixed business date. Never in production.
DEMO = env.bool("DEMO", default=not PRODUCTION)
if PRODUCTION and DEMO:
    raise ImproperlyConfigured("DEMO=true không được dùng khi PRODUCTION=true.")
_business_date = env.str("BUSINESS_DATE", default="2024-07-22" if DEMO else "")
BUSINESS_DATE = datetime.date.fromisoformat(_business_date) if _business_date else None
if PRODUCTION and BUSINESS_DATE:
    raise ImproperlyConfigured("BUSINESS_DATE không được đặt khi PRODUCTION=true.")

INSTALLED_APPS = [
    "batosocial.territory",
    "batosocial.staff",
    "batosocial.audit",
    "batosocial.web",
    "batosocial.jobs",
    "beneficiaries",
    "payments",
    "reporting",
    "batosocial.mergers",
    "batosocial.coordination",
    "batosocial.demo",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "axes",
    "csp",
    "django_htmx",
    "import_export",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "batosocial.web.middleware.RefuseLargeBodyMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "batosocial.web.middleware.RefuseNulMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "batosocial.staff.middleware.SessionLimitsMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "batosocial.urls"
WSGI_APPLICATION = "batosocial.wsgi.application"

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
                "batosocial.web.context.portal",
            ],
            "builtins": ["batosocial.web.templatetags.vietnamese"],
        },
    },
]
FORM_RENDERER = "batosocial.web.forms.PortalFormRenderer"

DATABASES = {"default": env.db_url_config(DATABASE_URL)}
# A page that is somewhere else costs no more on an SSD or in memory; the server's default is that of a turning disk,
# with which PostgreSQL reads whole tables where an index would do.
DATABASES["default"].setdefault("OPTIONS", {}).setdefault("options", "-c random_page_cost=1.1")
DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=60)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}

# Sign-in: argon2, lockout by account and address, idle and absolute limits of a session (rules.md 8.3).
AUTH_USER_MODEL = "staff.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "staff:sign_in"
LOGIN_REDIRECT_URL = "web:home"
LOGOUT_REDIRECT_URL = "staff:sign_in"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = datetime.timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "staff/locked_out.html"
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
SESSION_COOKIE_AGE = env.int("SESSION_IDLE_MINUTES", default=30) * 60
SESSION_ABSOLUTE_AGE = env.int("SESSION_ABSOLUTE_HOURS", default=8) * 3600
SESSION_SAVE_EVERY_REQUEST = True
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "batosocial.web.views.csrf_failure"

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if PRODUCTION:
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
    SECURE_REDIRECT_EXEMPT = [r"^suc-khoe/$"]
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    # One reverse proxy stands before gunicorn; the address it saw is the one a lockout counts.
    AXES_IPWARE_PROXY_COUNT = env.int("PROXY_COUNT", default=1)

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        # ECharts positions its tooltips with style attributes.
        "style-src-attr": ["'unsafe-inline'"],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
    }
}

LANGUAGE_CODE = "vi"
TIME_ZONE = "Asia/Ho_Chi_Minh"
USE_I18N = True
USE_TZ = True
FORMAT_MODULE_PATH = ["batosocial.web.formats"]
USE_THOUSAND_SEPARATOR = False

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "build" / "static"
STATICFILES_DIRS = [BASE_DIR / "static", BASE_DIR / "build" / "vendor"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 25 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000
UPLOAD_MAX_BYTES = 20 * 1024 * 1024
# A file and the fields beside it.
REQUEST_MAX_BYTES = UPLOAD_MAX_BYTES + 5 * 1024 * 1024

CELERY_BROKER_URL = broker_url(REDIS_URL)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_TIME_LIMIT = 3600
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = TIME_ZONE
CELERY_TASK_ALWAYS_EAGER = False
# How long a running job may be silent before the sweeper takes it for dead.
JOB_STALE_SECONDS = env.int("JOB_STALE_SECONDS", default=60)
JOB_SWEEP_SECONDS = env.int("JOB_SWEEP_SECONDS", default=20)
# Lists of more rows than this are exported by a job.
EXPORT_JOB_ROWS = env.int("EXPORT_JOB_ROWS", default=5000)

# Evidence that communes attach to their monthly review: size of one file, files of one line.
EVIDENCE_MAX_BYTES = env.int("EVIDENCE_MAX_MB", default=8) * 1024 * 1024
EVIDENCE_MAX_FILES = env.int("EVIDENCE_MAX_FILES", default=10)
# Until which day of the month before a commune sends its review; the law names no day, lists are due before the 25th.
REVIEW_DEADLINE_DAY = env.int("REVIEW_DEADLINE_DAY", default=23)

# How many days before a paper of a payee runs out the commune is told; the law names no period.
PAPER_WARNING_DAYS = env.int("PAPER_WARNING_DAYS", default=30)

# How many days a notice that is done can still be read. What somebody put away must not be found as new again, so not
# fewer than the sources look back (coordination/notifications).
NOTIFICATION_DAYS = env.int("NOTIFICATION_DAYS", default=180)
if NOTIFICATION_DAYS < 90:
    raise ImproperlyConfigured("NOTIFICATION_DAYS phải từ 90 trở lên.")

# Under which address people reach the portal: numbers in papers and workbooks link to the people behind them.
PORTAL_URL = env.str("PORTAL_URL", default="http://127.0.0.1:8000")
# Who signs what is printed: the lines above the name, parted by "|", and the name; empty where it is written by hand.
SIGNER_CHAIRMAN = env.str("SIGNER_CHAIRMAN", default="CHỦ TỊCH").split("|")
SIGNER_CHAIRMAN_NAME = env.str("SIGNER_CHAIRMAN_NAME", default="")
SIGNER_HEAD = env.str("SIGNER_HEAD", default="TRƯỞNG PHÒNG").split("|")
SIGNER_HEAD_NAME = env.str("SIGNER_HEAD_NAME", default="")
# The monthly letter, where a deputy signs it; else as whatever the chairman signs.
SIGNER_LETTER = env.str("SIGNER_LETTER", default="KT. CHỦ TỊCH|PHÓ CHỦ TỊCH" if DEMO else "").split("|")
SIGNER_LETTER_NAME = env.str("SIGNER_LETTER_NAME", default="Lữ Đình Tích" if DEMO else "")
if not any(SIGNER_LETTER):
    SIGNER_LETTER, SIGNER_LETTER_NAME = SIGNER_CHAIRMAN, SIGNER_LETTER_NAME or SIGNER_CHAIRMAN_NAME
SIGNER_COMMUNE = env.str("SIGNER_COMMUNE", default="TM. ỦY BAN NHÂN DÂN|CHỦ TỊCH").split("|")
# Before which day of the month before lists are with the payers, and before which day of the month their results are
# in: Điều 34 NĐ 20/2021, Điều 8 TT 44/2022/TT-BTC. A contract may ask for earlier days.
PAYMENT_HAND_OVER_DAY = env.int("PAYMENT_HAND_OVER_DAY", default=25)
PAYMENT_RESULTS_DAY = env.int("PAYMENT_RESULTS_DAY", default=20)
if not (1 <= PAYMENT_HAND_OVER_DAY <= 28 and 1 <= PAYMENT_RESULTS_DAY <= 28):
    raise ImproperlyConfigured("PAYMENT_HAND_OVER_DAY và PAYMENT_RESULTS_DAY phải từ 1 đến 28.")

# Who is shown as the owner of the portal; the upper unit to which district roles belong is data (territory).
PORTAL_NAME = "BaToSocial"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="WARNING")},
    "loggers": {"axes": {"level": "ERROR"}},
}
