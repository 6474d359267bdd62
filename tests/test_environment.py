"""Settings from the environment: production refuses to start unsafe, every setting is written down."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import BASE_DIR

GOOD = {
    "PRODUCTION": "true",
    "DEMO": "false",
    "DEBUG": "false",
    "BUSINESS_DATE": "",
    "SECRET_KEY": "k" * 30 + "q" * 30,
    "DATABASE_URL": "postgres://portal:portal@database.invalid/portal",
    "REDIS_URL": "redis://queue.invalid/0",
    "ALLOWED_HOSTS": "portal.example.vn",
}
SHOW = (
    "from django.conf import settings as s; print(s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE,"
    " s.SECURE_SSL_REDIRECT, s.SECURE_HSTS_SECONDS > 0, s.DEBUG, s.DEMO, s.BUSINESS_DATE, s.ALLOWED_HOSTS)"
)


def manage(*arguments: str, **environment: str | None) -> subprocess.CompletedProcess[str]:
    """Run manage.py with just these settings; None takes one away."""
    env = {name: value for name, value in os.environ.items() if name not in ("EMBEDDED", "DJANGO_SETTINGS_MODULE")}
    for name, value in (GOOD | environment).items():
        env.pop(name, None)
        if value is not None:
            env[name] = value
    return subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=BASE_DIR, env=env, capture_output=True, text=True, check=False
    )


def test_production_starts_with_its_secrets_and_is_strict() -> None:
    done = manage("shell", "--no-imports", "-c", SHOW)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "True True True True False False None ['portal.example.vn']"


@pytest.mark.parametrize("name", ["SECRET_KEY", "DATABASE_URL", "REDIS_URL", "ALLOWED_HOSTS"])
@pytest.mark.parametrize("value", [None, ""])
def test_production_refuses_to_start_without(name: str, value: str | None) -> None:
    done = manage("check", **{name: value})
    assert done.returncode == 2
    assert name in done.stderr
    assert done.stderr.count("\n") == 1, "one line, no traceback"
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("SECRET_KEY", "short", "50 ký tự"),
        ("DATABASE_URL", "sqlite:///portal.db", "postgres"),
        ("DEBUG", "true", "DEBUG"),
        ("DEMO", "true", "DEMO"),
        ("BUSINESS_DATE", "2024-07-22", "BUSINESS_DATE"),
    ],
)
def test_production_refuses_what_is_unsafe(name: str, value: str, says: str) -> None:
    done = manage("check", **{name: value})
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert says in done.stderr


def test_one_server_of_the_two_is_not_enough() -> None:
    done = manage("check", PRODUCTION="false", REDIS_URL=None)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert "REDIS_URL" in done.stderr


def test_a_database_that_cannot_be_reached_is_one_line() -> None:
    done = manage("migrate", "--check", PRODUCTION="false", DATABASE_URL="postgres://x@127.0.0.1:1/x")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert "Không kết nối được" in done.stderr


@pytest.mark.processes
def test_manage_starts_the_servers_that_it_needs_and_keeps_standard_output_clean(tmp_path: Path) -> None:
    own = {"PRODUCTION": "false", "DATABASE_URL": None, "REDIS_URL": None, "DATA_DIR": str(tmp_path / "data")}
    ask = (
        "from django.db import connection as c; from django.core.cache import cache; cache.set('a', 1);"
        " cursor = c.cursor(); cursor.execute('SELECT 6 * 7'); print(cursor.fetchone()[0] * cache.get('a'))"
    )
    done = manage("shell", "--no-imports", "-c", ask, **own)
    assert (done.returncode, done.stdout) == (0, "42\n"), done.stderr
    assert manage("check", **own | {"DATA_DIR": str(tmp_path / "other")}).returncode == 0
    assert not (tmp_path / "other").exists(), "a command that needs no database starts none"


@pytest.mark.processes
def test_manage_says_in_one_line_that_its_folder_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    own = {"PRODUCTION": "false", "DATABASE_URL": None, "REDIS_URL": None, "DATA_DIR": str(tmp_path / "data")}
    done = manage("migrate", **own)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr


# --- the files that others start from ----------------------------------------------------------------------------


def read(name: str) -> str:
    return (BASE_DIR / name).read_text()


def documented() -> set[str]:
    return set(re.findall(r"^#?([A-Z][A-Z_]+)=", read(".env.example"), re.MULTILINE))


def test_every_setting_is_in_the_example() -> None:
    used = set(re.findall(r"env\.(?:str|bool|int|list)\(\s*\"([A-Z_]+)\"", read("batosocial/settings.py")))
    used |= set(re.findall(r"env\.(?:str|bool|int|list)\(\s*\"([A-Z_]+)\"", read("batosocial/env.py")))
    for name in ("Procfile", "docker-compose.yml", "Dockerfile"):
        used |= set(re.findall(r"\$\{([A-Z_]+)", read(name)))
    assert used - documented() == set()


def test_the_example_holds_no_setting_that_nobody_reads() -> None:
    places = ["batosocial/settings.py", "batosocial/env.py", "Procfile", "docker-compose.yml", "tools/run.py"]
    code = "".join(read(name) for name in places)
    assert {name for name in documented() if not re.search(rf"\b{name}\b", code)} == set()


def test_no_secret_is_in_the_repository() -> None:
    example = read(".env.example")
    for name in ("SECRET_KEY", "POSTGRES_PASSWORD", "VALKEY_PASSWORD"):
        assert re.search(rf"^{name}=$", example, re.MULTILINE), f"{name} must stand empty in .env.example"
        assert f"${{{name}:?" in read("docker-compose.yml"), f"compose must refuse to start without {name}"
        assert not re.search(rf"\$\{{{name}(?::-|\}})", read("docker-compose.yml"))
    assert re.search(r"^\.env$", read(".gitignore"), re.MULTILINE)
