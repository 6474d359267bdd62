"""Reading the environment: every setting of the portal comes through here, and a wrong one fails at start.

Three situations are told apart:

* production (``PRODUCTION=true``): ``SECRET_KEY``, ``DATABASE_URL``, ``REDIS_URL`` and ``ALLOWED_HOSTS`` must be
  given, anything missing stops the start with one line that names it;
* a developer's or tester's own servers: ``DATABASE_URL`` and ``REDIS_URL`` are given;
* neither is given: the portal's embedded PostgreSQL and Valkey (``batosocial.embedded``).
"""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")

REQUIRED_IN_PRODUCTION = ("SECRET_KEY", "DATABASE_URL", "REDIS_URL", "ALLOWED_HOSTS")


def check_production() -> None:
    """Raise ImproperlyConfigured naming every setting that production lacks."""
    missing = [name for name in REQUIRED_IN_PRODUCTION if not env.str(name, default="")]
    if missing:
        raise ImproperlyConfigured(
            f"PRODUCTION=true nhưng thiếu biến môi trường: {', '.join(missing)}. Xem .env.example."
        )
    scheme = urlsplit(env.str("DATABASE_URL")).scheme
    if scheme not in ("postgres", "postgresql"):
        raise ImproperlyConfigured(f"DATABASE_URL phải là postgres://…, không phải {scheme}://")
    if len(env.str("SECRET_KEY")) < 50:
        raise ImproperlyConfigured("SECRET_KEY phải dài ít nhất 50 ký tự ngẫu nhiên.")


def server_urls() -> tuple[str, str, bool]:
    """Return (database URL, redis URL, whether they are the embedded servers')."""
    database_url = env.str("DATABASE_URL", default="")
    redis_url = env.str("REDIS_URL", default="")
    if bool(database_url) != bool(redis_url):
        raise ImproperlyConfigured("Đặt cả DATABASE_URL và REDIS_URL, hoặc bỏ cả hai để dùng máy chủ đi kèm.")
    if database_url:
        return database_url, redis_url, env.bool("EMBEDDED", default=False)
    from batosocial import embedded

    servers = embedded.locate(data_dir())
    return servers.database_url, servers.redis_url, True


def data_dir() -> Path:
    """Where the embedded servers keep their data (``DATA_DIR``, default ``.data/portal``)."""
    return Path(env.str("DATA_DIR", default=str(BASE_DIR / ".data" / "portal"))).resolve()


def broker_url(redis_url: str) -> str:
    """The same server in Celery's spelling: a unix socket is ``redis+socket://`` there."""
    parts = urlsplit(redis_url)
    if parts.scheme != "unix":
        return redis_url
    database = parse_qs(parts.query).get("db", ["0"])[0]
    return f"redis+socket://{parts.path}?virtual_host={database}"
