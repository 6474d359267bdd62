"""How people are found: the words kept by the database, the order of what is found, the indexes, one page of many."""

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Q
from django.test import RequestFactory
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batosocial.lib import text
from batosocial.web import pagination
from batosocial.web.pagination import paginate_ranked
from beneficiaries import search
from beneficiaries.models import Entitlement, PayoutRoute, Person
from beneficiaries.querysets import Status, status_of
from tests import factories as make

pytestmark = pytest.mark.django_db

NAMES = st.text(alphabet="aăâbcdđeêghimnoôơrtuưvyAĐHPàạảãáòoóỏõọùúủũụýỳỷỵ'’-. ", min_size=1, max_size=40).filter(
    lambda value: text.fold(value) != ""
)


def names(typed: str, people: Any = None) -> list[str]:
    return [person.name for person in (Person.objects.all() if people is None else people).matching(typed)]


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def test_the_order_of_the_vietnamese_alphabet_and_tones_holds_in_the_database() -> None:
    """rules.md 9.3: ngang, huyền, hỏi, ngã, sắc, nặng; a ă â … d đ e ê … o ô ơ."""
    row = ["An", "Anh", "Ánh", "Ân", "Ẩn", "Dung", "Dũng", "Đá", "Ê", "Ơi", "Ới"]
    for given_name in reversed(row):
        make.person(f"Phạm Zyq {given_name}")
    assert names("zyq") == [f"Phạm Zyq {given_name}" for given_name in row]


class TestWords:
    def test_name_hamlet_and_year_of_birth_together(self) -> None:
        make.person("Phạm Thị Zyq", hamlet="Thôn Gò Rét", birth="05/1938")
        make.person("Phạm Thị Zyq", hamlet="Thôn Nước Y", birth="05/1938")
        assert len(names("zyq go ret 1938")) == 1
        assert len(names("zyq 1938")) == 2
        assert names("zyq go ret 1939") == []

    def test_a_text_partly_with_accents(self) -> None:
        for name in ("Phạm Zyq Huyện", "Phạm Zyq Huyền"):
            make.person(name)
        assert names("pham zyq Huyền") == ["Phạm Zyq Huyền", "Phạm Zyq Huyện"]

    def test_given_name_first_with_accents(self) -> None:
        for name in ("Phạm Zyq Huyền", "Phạm Zyq Huyện"):
            make.person(name)
        assert names("Huyện Phạm Zyq") == ["Phạm Zyq Huyện", "Phạm Zyq Huyền"]

    def test_a_hamlet_spelled_so_comes_first(self) -> None:
        make.person("Phạm Zyq An", hamlet="Thôn Làng Rấy")
        make.person("Phạm Zyq Ba", hamlet="Thôn Làng Rẫy")
        assert names("zyq rẫy") == ["Phạm Zyq Ba", "Phạm Zyq An"]

    def test_names_of_the_hre_in_every_spelling(self) -> None:
        make.person("Đinh Zyq Y-Brít", other_name="Mẹ H’re")
        for typed in ("y brit", "Y-Brít", "Brít zyq", "h're", "H’RE", "me hre"):
            assert "Đinh Zyq Y-Brít" in names(typed), typed

    def test_whoever_writes_a_row_cannot_forget_its_words(self) -> None:
        person = make.person("Phạm Thị Zyq")
        Person.objects.filter(pk=person.pk).update(hamlet="Thôn Đồng Zuv", other_name="Zôk")
        assert names("dong zuv") == names("Đồng Zuv") == names("zôk") == ["Phạm Thị Zyq"]

    def test_the_longest_names_there_may_be_are_stored(self) -> None:
        """An index that holds the words takes rows of 2,700 bytes."""
        for letters in ("ệ ữ ợ ặ ẫ ổ ", "phạm", "名字", "я"):
            long = (letters * 150)[:150].strip()
            person = make.person(long, card_name=long[::-1].strip(), other_name=long[1:], hamlet=long[:100])
            assert Person.objects.get(pk=person.pk).name == long

    @given(NAMES, NAMES)
    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_everybody_is_found_by_their_own_name_and_first_among_the_ranks(self, name: str, hamlet: str) -> None:
        name, hamlet = text.clean(name), text.clean(hamlet)
        with undone():
            person = Person.objects.filter(pk=make.person(name, hamlet=hamlet).pk)
            assert person.matching(name).exists()
            assert person.matching(text.fold(name)).exists()
            assert person.matching(" ".join(reversed(text.fold(f"{name} {hamlet}").split()))).exists()
            ranks = search.ranks(name)
            assert person.filter(ranks[0]).exists()
            assert all(person.filter(wider).exists() for wider in ranks)


@given(NAMES)
def test_either_place_of_a_tone_gives_the_same_places(name: str) -> None:
    for word in text.spelled_words(name):
        places = text.tone_places(word)
        assert text.accent_key(word) == places[0]
        assert all(text.same_spelling(word, place) for place in places)
        assert all(text.tone_places(place) == places for place in places)


@given(st.text())
def test_words_are_parted_alike_with_and_without_accents(value: str) -> None:
    spelled = text.spelled_words(value)
    assert " ".join(text.fold(word) for word in spelled).split() == text.fold(value).split()


class TestStatus:
    @pytest.mark.parametrize("month", [datetime.date(2024, 3, 1), make.THIS_MONTH, datetime.date(2030, 1, 1)])
    @pytest.mark.parametrize("policy", ["", "NCC", "BTXH"])
    def test_the_lists_status_is_the_queries(self, month: datetime.date, policy: str) -> None:
        suspended = make.entitlement(make.person())
        make.suspension(suspended, make.THIS_MONTH)
        make.entitlement(make.person(), start=make.NEXT_MONTH)
        make.person(died_on=datetime.date(2024, 7, 1))
        held: dict[int, list[tuple[Any, bool]]] = {}
        rows = Entitlement.objects.granted().exclude(category__regime="one_off")
        rows = rows.filter(category__policy=policy) if policy else rows
        for row in rows.prefetch_related("suspensions"):
            pausing = any(month in suspension.months for suspension in row.suspensions.all())
            held.setdefault(row.person_id, []).append((row.months, pausing))
        people: Any = Person.objects.with_status(month, policy)
        told = {person.pk: status_of(month, person.died_on, held.get(person.pk, [])) for person in people}
        assert told == {person.pk: person.status for person in people}
        for status in Status:
            found = set(Person.objects.in_status(status, month, policy).values_list("pk", flat=True))
            assert found == {pk for pk, value in told.items() if value == status}, status


class TestPages:
    """``paginate_ranked`` gives page by page what ``matching`` gives at once."""

    TEXTS = ("", "pham", "Phạm Thị", "huyền", "Hoà", "Ba Tơ", "thi 1950", "0511", "không ai ở đây")

    @pytest.mark.parametrize("counted", [10_000, 40], ids=["few", "many"])
    @pytest.mark.parametrize("typed", TEXTS)
    def test_all_pages_together(self, typed: str, counted: int, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pagination, "COUNTED", counted)
        people = Person.objects.filter(commune__in=[make.commune(make.BA_TO_TOWN), make.commune_named("Ba Tô")])
        expected = list(people.matching(typed).order_by(*self.order(typed)).values_list("pk", flat=True))
        found: list[int] = []
        number = 0
        while True:
            number += 1
            request = RequestFactory().get("/", {"trang": number})
            page = paginate_ranked(request, people.order_by("sort_key", "pk"), search.ranks(typed), per_page=20)
            assert page.number == number
            found += page.object_list
            if not page.has_next():
                break
            assert number < 100
        assert found == expected

    @staticmethod
    def order(typed: str) -> list[str]:
        return ["spelled", "sort_key", "pk"] if len(search.ranks(typed)) > 1 else ["sort_key", "pk"]

    def page(self, asked: str, total: int, per_page: int = 10) -> Any:
        people = Person.objects.filter(pk__in=Person.objects.order_by("pk").values("pk")[:total])
        return paginate_ranked(
            RequestFactory().get("/", {"trang": asked}), people.order_by("sort_key", "pk"), (), per_page
        )

    @pytest.mark.parametrize(("asked", "given_"), [("", 1), ("2", 2), ("99", 5), ("-1", 5), ("0", 5), ("x", 1)])
    def test_bad_numbers_are_no_error(self, asked: str, given_: int) -> None:
        page = self.page(asked, 45)
        assert page.number == given_
        assert len(page.object_list) == (5 if given_ == 5 else 10)

    @pytest.mark.parametrize("asked", ["99999999", "9" * 30, "٣"])
    def test_numbers_that_nobody_means(self, asked: str) -> None:
        assert self.page(asked, 45).object_list

    def test_many_are_not_counted_and_their_next_pages_work(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pagination, "COUNTED", 30)
        page = self.page("1", 45)
        assert (page.paginator.count, page.paginator.is_open, page.has_next()) == (30, True, True)
        page = self.page("4", 45)
        assert (page.paginator.is_open, page.has_next(), len(page.object_list)) == (True, True, 10)
        page = self.page("5", 45)
        assert (page.paginator.count, page.paginator.is_open, page.has_next()) == (45, False, False)

    def test_nothing(self) -> None:
        page = paginate_ranked(RequestFactory().get("/"), Person.objects.none().order_by("pk"), [Q(pk=1)])
        assert (page.paginator.count, list(page.object_list), page.has_next()) == (0, [], False)


class TestIndexes:
    """That they are chosen at 100,000 people, `make bench` shows; here, that what is asked fits them."""

    def plan(self, rows: Any, index_only: bool = False) -> str:
        kind = "bitmapscan" if index_only else "indexscan"
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                f"SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off; SET LOCAL enable_{kind} = off"
            )
            sql, params = rows.query.sql_with_params()
            cursor.execute(f"EXPLAIN {sql}", params)
            return "\n".join(row[0] for row in cursor.fetchall())

    @pytest.mark.parametrize("typed", ["huyen", "Phạm Thị Huyền", "gò rét 1950"])
    def test_words(self, typed: str) -> None:
        for rank in search.ranks(typed):
            assert "person_words" in self.plan(Person.objects.filter(rank).values("pk").order_by())

    @pytest.mark.parametrize("typed", ["051145000123", "0123", "0905 123 456"])
    def test_numbers(self, typed: str) -> None:
        plan = self.plan(Person.objects.filter(search.ranks(typed)[-1]).values("pk").order_by())
        assert plan.count("person_numbers_trgm") == 4
        assert "account_number_trgm" in plan
        assert "Seq Scan on beneficiaries_person" not in plan

    def test_a_walk_in_the_order_of_the_list_reads_the_index_alone(self) -> None:
        people = Person.objects.filter(search.ranks("pham")[-1]).order_by("sort_key", "pk")
        plan = self.plan(people.values_list("pk", "sort_key")[:50], index_only=True)
        assert "Index Only Scan using person_sorted" in plan

    def test_the_register_of_a_person_is_asked_by_index(self) -> None:
        held = Entitlement.objects.filter(person=1, voided_by__isnull=True).values("person", "category", "months")
        assert "entitlement_of_person" in self.plan(held.order_by(), index_only=True)
        routes = PayoutRoute.objects.filter(person=1, state="confirmed").values("person", "policy", "months", "account")
        assert "route_of_person" in self.plan(routes.order_by(), index_only=True)
