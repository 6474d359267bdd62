"""Fixtures for every test: the servers, the database with the demo district, a running portal, a browser."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import django
import pytest

if "django.conf" in sys.modules and sys.modules["django.conf"].settings.configured:
    raise pytest.UsageError("Django's settings were read before tests/conftest.py: unset DJANGO_SETTINGS_MODULE.")

# Prepares the environment, so it stands before anything of Django's.
from tests.servers import IS_XDIST_WORKER, RunLock, Slot, databases
from tools import setup

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.portal import Portal

os.environ["DJANGO_SETTINGS_MODULE"] = "batosocial.settings"

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP = 1280
PHONE = 360


_held: list[Slot | RunLock] = []


def pytest_configure(config: pytest.Config) -> None:
    """Before the settings are read: a Valkey database for each process that runs tests."""
    hands_out = bool(config.getoption("numprocesses", None))
    if IS_XDIST_WORKER or not hands_out:
        slot = Slot()
        os.environ["REDIS_URL"] = slot.redis_url
        _held.append(slot)
    if not IS_XDIST_WORKER:
        _held.append(RunLock())
        with setup.alone():
            setup.collect_static()  # pages name static files by what is in them
    # pytest-django sets Django up only where it read the settings' name itself, which would be before the lines above.
    django.setup()
    _hash_quickly()


def _hash_quickly() -> None:
    """Argon2 as in production, but at its least cost: tests sign in hundreds of times."""
    from django.contrib.auth.hashers import Argon2PasswordHasher

    Argon2PasswordHasher.time_cost = 1
    Argon2PasswordHasher.memory_cost = 8
    Argon2PasswordHasher.parallelism = 1


def pytest_xdist_setupnodes() -> None:
    # The workers come to this file first, too: they must not find the settings named and read them before.
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests that share a portal in one process, so that it is started once."""
    for item in items:
        if "portal" in getattr(item, "fixturenames", ()):
            module = item.getparent(pytest.Module)
            item.add_marker(pytest.mark.xdist_group(module.name if module else "portal"))


def pytest_unconfigure() -> None:
    if not IS_XDIST_WORKER:
        databases.drop_all()
    for lock in _held:
        lock.free()


# --- database ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def template_database(django_test_environment: None, django_db_blocker: pytest.FixtureRequest) -> str:
    """The database that every other one is a copy of: all migrations and the demo district."""
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        databases.build_template()
    return databases.template


@pytest.fixture(scope="session")
def django_db_setup(template_database: str, django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    """Give this process its own copy, which holds the demo district; tests change it in transactions."""
    from django.test import TransactionTestCase

    name = databases.name(os.environ.get("PYTEST_XDIST_WORKER", "main"))

    def renew(*_: object) -> None:
        databases.clone(name)
        databases.use(name)

    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:  # type: ignore[attr-defined]
        renew()
        # After a test that commits, Django would empty every table: the audit refuses that, and the demo district
        # would be gone. A new copy takes its place. (TestCase, which rolls back, has a method of its own.)
        patch.setattr(TransactionTestCase, "_fixture_teardown", renew)
        yield
        databases.use(databases.original)


# --- a running portal --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def portal(template_database: str) -> Iterator["Portal"]:
    """A portal of its own for this file's tests: web, worker and beat, its data fresh from the demo district."""
    from tests.portal import Portal

    running = Portal()
    running.start()
    yield running
    running.stop()


@pytest.fixture
def start_portal(template_database: str) -> "Iterator[Callable[..., Portal]]":
    """Start portals with other settings: ``start_portal(JOB_STALE_SECONDS="1")``."""
    from tests.portal import Portal

    started: list[Portal] = []

    def start(**settings: str) -> Portal:
        running = Portal(**settings)
        started.append(running)
        running.start()
        return running

    yield start
    for running in started:
        running.stop()


# --- a browser ---------------------------------------------------------------------------------------------------


def _chromium() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    message = "Thiếu Chromium: hãy cài gói `chromium` (sudo apt-get install chromium) để chạy kiểm thử trình duyệt."
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """Debian's Chromium, driven by Playwright."""
    from playwright.sync_api import sync_playwright

    executable = _chromium()
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_FLAGS)
        yield launched
        launched.close()


@pytest.fixture
def new_page(browser: "Browser", portal: "Portal") -> "Iterator[Callable[..., Page]]":
    """Open a page of the portal as a new visitor: ``new_page()`` on a desk, ``new_page(PHONE)`` in a hand."""
    contexts = []

    def open_page(width: int = DESKTOP, height: int = 800) -> "Page":
        context = browser.new_context(
            base_url=portal.url,
            viewport={"width": width, "height": height},
            locale="vi-VN",
            timezone_id="Asia/Ho_Chi_Minh",
            accept_downloads=True,
        )
        contexts.append(context)
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()
