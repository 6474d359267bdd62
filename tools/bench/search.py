"""Finding people in a register of 100,000: the whole page as an officer of the district and of a commune get it.

For each search: server time of the whole request (middleware, queries, template), of its SQL alone, how many queries,
and beside it what plain Django takes for the same, once with count and page: ``icontains`` over the same columns for a
text, ``Paginator`` over the same conditions for a filter. Then the plans of typical queries. It fails when a median is
over the aim, when a page needs more queries than another like it, or when a plan uses none of the indexes it should.
"""

import contextlib
import os
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tools.bench import databases
from tools.bench.report import Aim, Options, Timing, measure, ms, say, table

AIM_MS = 50
MOST_QUERIES = 15
#: How the statements begin that find whom a page shows.
_FINDING = ("WITH hits", 'SELECT "beneficiaries_person"."id" AS "pk"')
_COUNT = re.compile(r'class="card-title">([^<]*) người')
ROLES = {"phong": "huyện", "xa": "xã"}


@dataclass(frozen=True)
class Case:
    what: str
    query: dict[str, str]
    #: Of the EXPLAIN at the end: which index has to stand in it.
    index: str = ""


@dataclass
class Found:
    pages: list[float] = field(default_factory=list)
    sql: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    queries: set[int] = field(default_factory=set)
    rows: str = ""
    baseline: Timing = field(default_factory=lambda: Timing([0.0]))


def cases() -> list[Case]:
    from beneficiaries.models import Account, Person

    someone = Person.objects.exclude(cccd="").exclude(phone="").exclude(file_number="").order_by("pk")[100]
    number = Account.objects.order_by("pk")[100].number
    texts = [
        ("tất cả", {}, "person_sorted"),
        ("tất cả, trang 20", {"trang": "20"}, ""),
        ("tất cả, trang 200", {"trang": "200"}, ""),
        ("pham", {"tim": "pham"}, "person_sorted"),
        ("phạm", {"tim": "phạm"}, ""),
        ("pham thi", {"tim": "pham thi"}, ""),
        ("phạm thị, trang 20", {"tim": "phạm thị", "trang": "20"}, "person_sorted"),
        ("p", {"tim": "p"}, ""),
        ("Phạm Thị Huyền", {"tim": "Phạm Thị Huyền"}, "person_words"),
        ("huyền phạm thị", {"tim": "huyền phạm thị"}, ""),
        ("huyen", {"tim": "huyen"}, "person_words"),
        ("huyen, trang 10", {"tim": "huyen", "trang": "10"}, ""),
        ("Hoà", {"tim": "Hoà"}, ""),
        ("đinh phạm (không ai)", {"tim": "đinh phạm"}, ""),
        ("xyz (không ai)", {"tim": "xyzzy"}, "person_words"),
        ("huyen 1950", {"tim": "huyen 1950"}, ""),
        ("ba to", {"tim": "ba to"}, ""),
        ("Ba Tơ", {"tim": "Ba Tơ"}, ""),
        ("Gò Rét (thôn)", {"tim": "Gò Rét"}, ""),
        ("CCCD", {"tim": someone.cccd}, "person_numbers_trgm"),
        ("4 số cuối CCCD", {"tim": someone.cccd[-4:]}, "person_numbers_trgm"),
        ("số tài khoản", {"tim": number}, "account_number_trgm"),
        ("điện thoại", {"tim": someone.phone}, ""),
        ("số hồ sơ", {"tim": someone.file_number}, ""),
    ]
    filters = [
        ("NCC", {"chinh_sach": "NCC"}, ""),
        ("đối tượng BTXH-5C", {"doi_tuong": "BTXH-5C"}, ""),
        ("đang hưởng", {"trang_thai": "receiving"}, ""),
        ("đang hưởng BTXH-7, trang 5", {"trang_thai": "receiving", "doi_tuong": "BTXH-7", "trang": "5"}, ""),
        ("tạm dừng", {"trang_thai": "suspended"}, ""),
        ("chưa hưởng", {"trang_thai": "upcoming"}, ""),
        ("đã thôi hưởng", {"trang_thai": "stopped"}, ""),
        ("đã chết", {"trang_thai": "dead"}, ""),
        ("nhận tiền mặt", {"noi_nhan": "cash"}, ""),
        ("nhận qua tài khoản", {"noi_nhan": "account"}, ""),
        ("chưa xác nhận", {"noi_nhan": "unconfirmed"}, ""),
        ("chưa có tài khoản", {"noi_nhan": "no_account"}, ""),
        ("vì chưa có CCCD", {"ly_do": "no_cccd"}, ""),
        ("sai lệch", {"doi_chieu": "differs"}, ""),
        ("đến mốc tuổi 8/2024", {"tuoi": "moc", "thang": "8/2024"}, "person_birth_month"),
        ("huyen, đang hưởng, tiền mặt", {"tim": "huyen", "trang_thai": "receiving", "noi_nhan": "cash"}, ""),
        ("phạm, NCC, chưa có tài khoản", {"tim": "phạm", "chinh_sach": "NCC", "noi_nhan": "no_account"}, ""),
    ]
    return [Case(*row) for row in texts + filters]


def run(options: Options) -> list[Aim]:
    from beneficiaries.models import Person
    from tools.bench import people

    with databases.fresh("search", keep=options.keep) as kept:
        if not (kept and Person.objects.count() == options.people):
            began = time.perf_counter()
            people.load(options.people)
            say(f"{options.people} người được nạp trong {time.perf_counter() - began:.0f} s")
        say(f"{os.cpu_count()} lõi, tải máy lúc bắt đầu {os.getloadavg()[0]:.1f}")
        every = cases()
        found = _measure(every, options.runs)
        _tell(every, found)
        aims = _plans(every)
    return [*_aims(every, found), *aims]


def _measure(every: list[Case], runs: int) -> dict[tuple[str, str], Found]:
    """Round after round through all searches, so that whatever else the machine does touches all alike."""
    found = {(name, case.what): Found() for name in ROLES for case in every}
    pages = {name: _page_of(name) for name in ROLES}
    for round_ in range(runs + 1):
        for name, page in pages.items():
            for case in every:
                here = found[name, case.what]
                seconds: list[float] = []
                busy, began = cpu_seconds(), time.perf_counter()
                with timing_sql(seconds):
                    answer = page(case.query)
                taken = (time.perf_counter() - began) * 1000
                if round_ == 0:  # first the templates are read and the tables come into memory
                    here.rows = answer
                    continue
                here.pages.append(taken)
                here.sql.append(sum(seconds) * 1000)
                here.cpu.append((cpu_seconds() - busy) * 1000)
                here.queries.add(len(seconds))
    for name in ROLES:
        for case in every:
            found[name, case.what].baseline = measure(_baseline(name, case), min(runs, 3), warm_up=0)
    return found


def cpu_seconds() -> float:
    """Seconds of a processor that this process and its database connection have used: what a run costs where the
    machine has other things to do, too."""
    from django.db import connection

    spent = time.process_time()
    with contextlib.suppress(OSError, AttributeError):
        backend = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat")
        spent += int(backend.read_text().split()[0]) / 1e9
    return spent


def _page_of(username: str) -> Callable[[dict[str, str]], str]:
    """Ask for the page as that user; answers how many rows it found."""
    from django.conf import settings
    from django.test import Client
    from django.urls import reverse

    from batosocial.staff.models import User

    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "testserver"]
    client = Client()
    client.force_login(User.objects.get(username=username))
    url = reverse("beneficiaries:people")

    def page(query: dict[str, str]) -> str:
        answer = client.get(url, query)
        text = answer.content.decode()
        if answer.status_code != 200 or "notice-error" in text:
            raise RuntimeError(f"{query}: {answer.status_code}")
        count = _COUNT.search(text)
        return count[1] if count else "0"

    return page


@contextlib.contextmanager
def timing_sql(seconds: list[float]) -> Iterator[None]:
    from django.db import connection

    def timed(execute: Any, *arguments: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(*arguments)
        finally:
            seconds.append(time.perf_counter() - began)

    with connection.execute_wrapper(timed):
        yield


def _baseline(username: str, case: Case) -> Callable[[], Any]:
    """The same question as plain Django puts it: count, then the page."""
    from django.core.paginator import Paginator
    from django.db.models import Q
    from django.http import QueryDict

    from batosocial.staff.models import User
    from beneficiaries.forms import PeopleFilter
    from beneficiaries.models import Person

    user = User.objects.get(username=username)
    text = case.query.get("tim", "")
    form = PeopleFilter(QueryDict(urlencode({name: v for name, v in case.query.items() if name != "tim"})), user=user)
    columns = ("name", "card_name", "other_name", "cccd", "cmnd", "phone", "file_number", "hamlet", "commune__name")

    def ask() -> list[Any]:
        people = form.narrow(Person.objects.visible_to(user))
        if text:
            anywhere = Q(routes__account__number__icontains=text)
            for column in columns:
                anywhere |= Q(**{f"{column}__icontains": text})
            people = people.filter(anywhere).distinct()
        people = people.with_status(form.month, form.policy, form.categories).order_by("sort_key", "pk")
        return list(Paginator(people, 50).get_page(case.query.get("trang")))

    return ask


def _tell(every: list[Case], found: dict[tuple[str, str], Found]) -> None:
    for name, role in ROLES.items():
        say(f"\nNgười dùng cấp {role} (ms: p50 và lâu nhất của cả trang; p50 riêng của SQL, bộ xử lý, cách thường)")
        rows = []
        for case in every:
            here = found[name, case.what]
            page, sql = Timing(here.pages), Timing(here.sql)
            queries = "/".join(str(number) for number in sorted(here.queries))
            plain = here.baseline.median
            rows.append(
                [
                    case.what,
                    here.rows,
                    queries,
                    ms(page.median),
                    ms(page.worst),
                    ms(sql.median),
                    ms(Timing(here.cpu).median),
                    ms(plain),
                ]
            )
        headings = ["tìm, lọc", "số người", "truy vấn", "p50", "max", "SQL", "CPU", "cách thường"]
        table(headings, rows, figures=(1, 2, 3, 4, 5, 6, 7))


def _aims(every: list[Case], found: dict[tuple[str, str], Found]) -> list[Aim]:
    aims = []
    for name, role in ROLES.items():
        slowest = max(every, key=lambda case: Timing(found[name, case.what].pages).median)
        worst = Timing(found[name, slowest.what].pages).median
        aim = f"p50 dưới {AIM_MS} ms"
        aims.append(Aim(f"mọi lần tìm của cấp {role}", aim, f"{ms(worst)} ms ({slowest.what})", worst < AIM_MS))
    queries = max(max(here.queries) for here in found.values())
    fixed = all(len(here.queries) == 1 for here in found.values())
    said = f"{queries}" if fixed else f"{queries}, không cố định"
    aims.append(Aim("số truy vấn của trang", f"cố định, ≤ {MOST_QUERIES}", said, fixed and queries <= MOST_QUERIES))
    return aims


def _plans(every: list[Case]) -> list[Aim]:
    """EXPLAIN of what finds the ids of a page; each has to use the index that was made for it."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    say("\nKế hoạch của PostgreSQL (người dùng cấp huyện)")
    page = _page_of("phong")
    aims = []
    for case in every:
        if not case.index:
            continue
        with CaptureQueriesContext(connection) as captured:
            page(case.query)
        finding = [query["sql"] for query in captured if query["sql"].startswith(_FINDING)]
        plans = []
        with connection.cursor() as cursor:
            for sql in finding:
                cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS) {sql}")
                plans += [row[0] for row in cursor.fetchall()]
        say(f"\n{case.what}:")
        say("\n".join(f"  {line}" for line in plans))
        used = any(case.index in line for line in plans)
        aims.append(Aim(f"tìm “{case.what}”", f"chỉ mục {case.index}", "dùng" if used else "không dùng", used))
    return aims
