"""Notices: stored once, changed, cleared, reopened; one's own only; found soon after something happened."""

import datetime
import threading
from collections.abc import Iterable
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone

from batosocial.audit.models import Entry
from batosocial.coordination.models import Notification
from batosocial.coordination.notifications import fresh, sources, storing
from batosocial.coordination.notifications.sources import Notice
from batosocial.staff.models import Role, User
from tests import factories as make

pytestmark = pytest.mark.django_db
PAGE = "/phoi-hop/thong-bao/"


@pytest.fixture(autouse=True)
def _nothing_found_before() -> Iterable[None]:
    keys = ["notifications:happened", "notifications:found", "notifications:queued"]
    cache.delete_many(keys)
    yield
    cache.delete_many(keys)


@pytest.fixture
def told(monkeypatch) -> list[Notice]:
    """What the only source finds; tests change it."""
    found: list[Notice] = []
    monkeypatch.setattr(sources, "_sources", {})
    sources.register("thu")(lambda: list(found))
    return found


@pytest.fixture
def officer() -> User:
    return make.user(Role.COMMUNE_OFFICER)


def notice(owner: User, key: str = "1", **fields: Any) -> Notice:
    given: dict[str, Any] = {"title": "Danh sách bị trả lại", "url": "/chi-tra/"} | fields
    return Notice(owner_id=owner.pk, key=key, **given)


def of(user: User) -> Notification:
    return Notification.objects.get(owner=user)


class TestStoring:
    def test_what_is_found_is_stored_once(self, told, officer):
        told.append(notice(officer))
        assert storing.refresh() == storing.Refreshed(stored=1, cleared=0)
        assert storing.refresh() == storing.Refreshed(stored=0, cleared=0)
        row = of(officer)
        assert (row.source, row.key, row.title, row.url) == ("thu", "1", "Danh sách bị trả lại", "/chi-tra/")
        assert row.seen_at is None and row.cleared_at is None

    def test_texts_and_deadline_follow_what_is_found(self, told, officer):
        told.append(notice(officer))
        storing.refresh()
        day = datetime.date(2024, 7, 24)
        told[:] = [notice(officer, title="3 danh sách", detail="Hạn gần", due=day)]
        assert storing.refresh().stored == 1
        row = of(officer)
        assert (row.title, row.detail, row.due) == ("3 danh sách", "Hạn gần", day)

    def test_what_is_no_longer_found_is_cleared(self, told, officer):
        told.append(notice(officer))
        storing.refresh()
        told.clear()
        assert storing.refresh() == storing.Refreshed(stored=0, cleared=1)
        assert of(officer).cleared_at is not None
        assert storing.refresh().cleared == 0

    def test_what_comes_back_is_new_again(self, told, officer):
        told.append(notice(officer))
        storing.refresh()
        storing.mark_seen(actor=officer, notification_id=of(officer).pk)
        told.clear()
        storing.refresh()
        told.append(notice(officer))
        storing.refresh()
        row = of(officer)
        assert row.cleared_at is None and row.seen_at is None

    def test_what_was_put_away_stays_away(self, told, officer):
        told.append(notice(officer, informs=True))
        storing.refresh()
        assert storing.acknowledge(actor=officer, notification_ids=[of(officer).pk]) == 1
        told[:] = [notice(officer, informs=True, title="Khác")]
        storing.refresh()
        assert of(officer).cleared_at is not None

    def test_only_the_sources_asked_are_cleared(self, told, officer):
        told.append(notice(officer))
        storing.refresh()
        told.clear()
        sources.register("khac")(list)
        storing.refresh(["khac"])
        assert of(officer).cleared_at is None

    def test_a_source_that_fails_keeps_what_it_told_and_the_others_go_on(self, told, officer):
        told.append(notice(officer))
        storing.refresh()

        def broken():
            Notification.objects.raw("SELECT 1 FROM khong_co")[0]

        sources.register("thu")(broken)
        sources.register("sau")(lambda: [notice(officer, "2")])
        storing.refresh()
        assert set(Notification.objects.filter(cleared_at=None).values_list("source", flat=True)) == {"thu", "sau"}

    def test_nobody_is_told_who_cannot_sign_in(self, told, officer):
        told.append(notice(officer))
        storing.refresh()
        User.objects.filter(pk=officer.pk).update(is_active=False)
        told.append(notice(officer, "2"))
        storing.refresh()
        assert not Notification.objects.filter(key="2").exists()

    def test_long_texts_are_shortened(self, told, officer):
        told.append(notice(officer, title="x" * 300, detail="y" * 600))
        storing.refresh()
        row = of(officer)
        assert (len(row.title), len(row.detail)) == (200, 500)

    def test_statements_do_not_grow_with_the_notices(self, told, officer, django_assert_num_queries):
        # Savepoint around the whole and around the source, taking turns, clearing, storing.
        for size in (1, 300):
            told[:] = [notice(officer, str(key)) for key in range(size)]
            with django_assert_num_queries(7):
                storing.refresh()

    def test_old_ones_that_are_done_are_forgotten(self, told, officer):
        old = timezone.now() - datetime.timedelta(days=181)
        make.notification(officer, cleared_at=old)
        kept = [make.notification(officer, cleared_at=timezone.now()), make.notification(officer, created_at=old)]
        assert storing.forget_old() == 1
        assert set(Notification.objects.values_list("pk", flat=True)) == {row.pk for row in kept}


@pytest.mark.django_db(transaction=True)
def test_two_refreshes_at_once_store_one_notice(told):
    officer = make.user(Role.COMMUNE_OFFICER)
    told.append(notice(officer))
    failures: list[Exception] = []

    def run() -> None:
        try:
            storing.refresh()
        except Exception as failure:
            failures.append(failure)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert Notification.objects.filter(owner=officer).count() == 1


class TestFresh:
    def test_looks_once_while_nothing_happens(self, told, officer):
        assert fresh.recheck() is True
        told.append(notice(officer))
        assert fresh.recheck() is False
        assert not Notification.objects.filter(owner=officer).exists()

    def test_looks_again_when_something_happened(self, told, officer, django_capture_on_commit_callbacks):
        fresh.recheck()
        told.append(notice(officer))
        with django_capture_on_commit_callbacks(execute=True):
            fresh.touch()
        assert fresh.recheck() is True
        assert of(officer)

    def test_looks_again_after_a_while(self, told, officer):
        fresh.recheck()
        told.append(notice(officer))
        cache.delete("notifications:found")  # as the cache does after HOLDS seconds
        assert fresh.recheck() is True

    def test_what_happens_while_it_looks_is_found_next_time(self, told, officer, django_capture_on_commit_callbacks):
        def late() -> list[Notice]:
            with django_capture_on_commit_callbacks(execute=True):
                fresh.touch()
            return []

        sources.register("sau")(late)
        assert fresh.recheck() is True
        sources.register("sau")(lambda: [notice(officer)])
        assert fresh.recheck() is True
        assert of(officer)

    def test_many_events_queue_one_task(self, told, monkeypatch, django_capture_on_commit_callbacks):
        from batosocial.coordination import tasks

        sent = []
        monkeypatch.setattr(tasks.refresh_notices, "apply_async", lambda **options: sent.append(options))
        with django_capture_on_commit_callbacks(execute=True):
            for _ in range(5):
                fresh.touch()
        assert len(sent) == 1

    def test_the_task_finds_and_lets_the_next_event_queue(self, told, officer):
        from batosocial.coordination.tasks import refresh_notices

        cache.set("notifications:queued", 1)
        told.append(notice(officer))
        refresh_notices()
        assert of(officer)
        assert cache.get("notifications:queued") is None

    def test_beat_looks_every_few_minutes_and_in_the_morning(self):
        from batosocial.celery import app

        tasks = [entry["task"] for entry in app.conf.beat_schedule.values()]
        assert tasks.count("coordination.refresh_notices") == 2
        assert "coordination.forget_notices" in tasks


class TestPages:
    def test_the_bell_counts_what_is_new(self, told, officer, client: Client):
        told += [notice(officer), notice(officer, "2")]
        client.force_login(officer)
        assert "2 thông báo mới" in client.get(f"{PAGE}chuong/").content.decode()
        storing.mark_seen(actor=officer, notification_id=Notification.objects.filter(owner=officer)[0].pk)
        assert "1 thông báo mới" in client.get(f"{PAGE}chuong/").content.decode()

    def test_every_page_has_the_bell_and_asks_for_it_later(self, told, officer, client: Client):
        client.force_login(officer)
        page = client.get("/").content.decode()
        assert f'href="{PAGE}"' in page and f'hx-get="{PAGE}chuong/"' in page

    def test_whoever_must_change_the_password_has_no_bell(self, told, officer, client: Client):
        User.objects.filter(pk=officer.pk).update(must_change_password=True)
        client.force_login(officer)
        assert "topbar-bell" not in client.get("/doi-mat-khau/").content.decode()

    def test_groups_by_urgency(self, told, officer, client: Client):
        told += [
            notice(officer, "1", title="Việc không hạn"),
            notice(officer, "2", title="Việc gần", due=datetime.date(2024, 7, 24)),
            notice(officer, "3", title="Việc trễ", due=datetime.date(2024, 7, 20)),
            notice(officer, "4", title="Việc xa", due=datetime.date(2024, 8, 20)),
        ]
        client.force_login(officer)
        page = client.get(PAGE).content.decode()
        places = [page.index(text) for text in ("Quá hạn 2 ngày", "Việc gần", "Việc xa", "Việc không hạn")]
        assert places == sorted(places)
        assert page.index("Việc trễ") < page.index(">Sắp đến hạn<") < page.index("Việc gần") < page.index(">Việc khác<")

    def test_opening_one_marks_it_and_leads_to_the_work(self, told, officer, client: Client):
        told.append(notice(officer))
        storing.refresh()
        client.force_login(officer)
        answer = client.get(f"{PAGE}{of(officer).pk}/")
        assert (answer.status_code, answer["Location"]) == (302, "/chi-tra/")
        assert of(officer).seen_at is not None

    def test_what_is_done_is_gone_when_its_owner_looks(self, told, officer, client: Client):
        told.append(notice(officer))
        client.force_login(officer)
        assert "Danh sách bị trả lại" in client.get(PAGE).content.decode()
        told.clear()
        cache.delete("notifications:found")
        assert "Không có thông báo nào đang chờ" in client.get(PAGE).content.decode()
        assert "Danh sách bị trả lại" in client.get(f"{PAGE}?xem=da-xong").content.decode()

    def test_da_biet_puts_away_what_only_informs(self, told, officer, client: Client):
        told += [notice(officer, "1", informs=True), notice(officer, "2")]
        storing.refresh()
        client.force_login(officer)
        ids = [str(row.pk) for row in Notification.objects.filter(owner=officer)]
        client.post(f"{PAGE}da-biet/", {"thong_bao": ids})
        assert list(Notification.objects.filter(owner=officer).open().values_list("key", flat=True)) == ["2"]
        assert Entry.objects.filter(actor=officer, action="Đã biết thông báo").count() == 1
        client.post(f"{PAGE}da-biet/", {"thong_bao": ids})
        assert Entry.objects.filter(actor=officer, action="Đã biết thông báo").count() == 1

    def test_nobody_puts_away_what_is_somebody_elses(self, told, officer, client: Client):
        told.append(notice(officer, informs=True))
        storing.refresh()
        client.force_login(make.user(Role.COMMUNE_OFFICER))
        client.post(f"{PAGE}da-biet/", {"thong_bao": [of(officer).pk]})
        assert of(officer).cleared_at is None

    def test_a_page_leads_nowhere_else(self, told, officer, client: Client):
        row = make.notification(officer, url="https://khac.example/")
        client.force_login(officer)
        assert client.get(f"{PAGE}{row.pk}/").status_code == 404

    def test_queries_do_not_grow(self, told, officer, client: Client, django_assert_max_num_queries):
        client.force_login(officer)
        for size in (2, 40):
            told[:] = [notice(officer, str(key)) for key in range(size)]
            storing.refresh()
            fresh.recheck()
            with django_assert_max_num_queries(8):
                client.get(PAGE)
            with django_assert_max_num_queries(7):
                client.get(f"{PAGE}chuong/")
