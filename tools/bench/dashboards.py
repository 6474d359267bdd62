"""The dashboards of a province: 200 communes, two policies, 60 months of figures, 100,000 people paid in the last one.

For each page the server's time for the whole request (middleware, queries, template), that of its SQL alone and how
many queries; beside it, in the same run, what plain Django takes to read the same stored rows and render them as a
bare table, through the same middleware. It fails when a median is over the aim.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tools.bench import databases
from tools.bench.opening import JULY, give_amounts, pay_month_before
from tools.bench.report import Aim, Options, Timing, ms, say, table
from tools.bench.search import cpu_seconds, timing_sql

AIM_MS = 50
COMMUNES, MONTHS = 200, 60
MOST_QUERIES = 24
PLAIN = "/bang-thuong/"


@dataclass
class Case:
    """``rows``: the plain baseline's rows, read anew at each call."""

    what: str
    username: str
    url: str
    rows: Callable[[], list[list[Any]]]
    pages: list[float] = field(default_factory=list)
    sql: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    plain: list[float] = field(default_factory=list)
    queries: set[int] = field(default_factory=set)
    size: int = 0


def run(options: Options) -> list[Aim]:
    from beneficiaries.models import Person
    from reporting.models import CashlessFigure

    with databases.fresh("dashboards", keep=options.keep) as kept:
        if not (kept and Person.objects.count() == options.people and CashlessFigure.objects.exists()):
            began = time.perf_counter()
            _load(options.people)
            say(f"Dữ liệu: {_describe()}; nạp trong {time.perf_counter() - began:.0f} s")
        say(f"{os.cpu_count()} lõi, tải máy lúc bắt đầu {os.getloadavg()[0]:.1f}")
        every = _cases()
        _measure(every, options.runs)
        _tell(every)
    slowest = max(every, key=lambda case: Timing(case.pages).median)
    worst = Timing(slowest.pages).median
    most = max(max(case.queries) for case in every)
    fixed = all(len(case.queries) == 1 for case in every)
    found = f"{ms(worst)} ms ({slowest.what})"
    return [
        Aim("mọi trang báo cáo", f"p50 dưới {AIM_MS} ms", found, worst < AIM_MS),
        Aim("số truy vấn của trang", f"cố định, ≤ {MOST_QUERIES}", str(most), fixed and most <= MOST_QUERIES),
    ]


def _describe() -> str:
    from reporting.models import CashlessFigure

    months = CashlessFigure.objects.order_by().values("month").distinct().count()
    units = CashlessFigure.objects.order_by().values("unit").distinct().count()
    return f"{units} xã, {months} tháng, {CashlessFigure.objects.count()} dòng số liệu"


def _load(count: int) -> None:
    from django.db import connection

    from batosocial.staff.models import User
    from reporting.rollup import roll_up
    from tools.bench import people

    _add_communes()
    people.load(count)
    give_amounts()
    pay_month_before()
    with connection.cursor() as cursor:
        # Most accounts take the money, a few give it back.
        cursor.execute(
            """
            UPDATE payments_payment
            SET result = CASE WHEN id % 11 = 0 THEN 'returned' ELSE 'paid_account' END,
                return_reason = CASE WHEN id % 11 = 0 THEN 'closed' ELSE '' END,
                paid_on = CASE WHEN id % 11 = 0 THEN NULL ELSE DATE '2024-07-08' END
            WHERE planned_channel = 'account'
            """
        )
    roll_up(actor=User.objects.system(), month=JULY)
    _older_months()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _add_communes() -> None:
    """As many as a province has, beside the district's own."""
    from batosocial.territory.models import Unit

    known = list(Unit.objects.current().communes())
    Unit.objects.bulk_create(
        Unit(
            code=f"9{number:04}",
            name=f"Số {number}",
            kind="Xã",
            level=Unit.Level.COMMUNE,
            parent=known[0].parent,
            position=100 + number,
        )
        for number in range(COMMUNES - len(known))
    )


def _older_months() -> None:
    """The months before: the newest one's figures, with fewer paid by account the longer ago; closed periods."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO reporting_cashlessfigure (
                unit_id, policy, month, due, with_account, paid_by_account, account_not_paid, pending,
                pending_accounts, no_cccd, money_due, money_by_account, reasons, accounts, source, computed_at
            )
            SELECT unit_id, policy, (month - ago * interval '1 month')::date, due, with_account,
                   paid_by_account * (100 - ago) / 100, with_account - paid_by_account * (100 - ago) / 100, 0, 0,
                   no_cccd, money_due, money_by_account * (100 - ago) / 100, reasons, accounts, source, computed_at
            FROM reporting_cashlessfigure, generate_series(1, %s) AS ago
            WHERE month = %s
            """,
            [MONTHS - 1, JULY],
        )
        cursor.execute(
            """
            INSERT INTO payments_period (policy, month, state, opened_by_id, opened_at, closed_by_id, closed_at,
                with_next)
            SELECT policy, (month - ago * interval '1 month')::date, 'closed', opened_by_id, opened_at, opened_by_id,
                   opened_at, with_next
            FROM payments_period, generate_series(1, %s) AS ago
            WHERE month = %s
            """,
            [MONTHS - 1, JULY],
        )


def _cases() -> list[Case]:
    from batosocial.staff.models import Role, User
    from payments.models import Payment
    from reporting.models import CashlessFigure

    officer = User.objects.get(username="xa")
    chairman = User.objects.filter(role=Role.CHAIRMAN).order_by("pk")[0].username

    def figures() -> list[list[Any]]:
        rows = CashlessFigure.objects.filter(month=JULY).select_related("unit")
        return [[row.unit.full_name, row.policy, row.due, row.with_account, row.paid_by_account] for row in rows]

    def payments(rows: Any, size: int) -> list[list[Any]]:
        from django.core.paginator import Paginator

        page = Paginator(rows.select_related("person").order_by("person__sort_key", "pk"), size).get_page(1)
        return [[row.name, row.birth, row.hamlet, row.total, row.cash_reason] for row in page]

    cash = Payment.objects.filter(payment_list__period__month=JULY, planned_channel=Payment.Channel.CASH)
    mine = cash.filter(payment_list__commune=officer.unit_id)
    social = cash.filter(payment_list__period__policy="BTXH")
    returned = Payment.objects.filter(payment_list__period__month=JULY, payer__code="BUUDIEN")
    return [
        Case("Chủ tịch", chairman, "/bao-cao/", figures),
        Case("Phòng", "phong", "/bao-cao/", figures),
        Case("xã", "xa", "/bao-cao/", lambda: payments(mine, 20)),
        Case("xã, lọc và tìm", "xa", "/bao-cao/?ly_do=frail&tim=pham", lambda: payments(mine, 20)),
        Case(
            "người của một số, huyện",
            "phong",
            "/bao-cao/2024-07/BTXH/huyen/without_account/",
            lambda: payments(social, 50),
        ),
        Case(
            "người của một số, xã",
            "xa",
            f"/bao-cao/2024-07/tat-ca/{_code(officer)}/without_account/",
            lambda: payments(mine, 50),
        ),
        Case(
            "khoản của tổ chức chi trả",
            "phong",
            "/bao-cao/2024-07/chi-tra/BTXH/BUUDIEN/da-giao/",
            lambda: payments(returned, 50),
        ),
    ]


def _code(user: Any) -> str:
    return str(user.unit.code)


def _measure(every: list[Case], runs: int) -> None:
    """Round after round through all pages, each beside its baseline, so that what slows the machine slows both."""
    from django.conf import settings
    from django.test import Client

    from batosocial.staff.models import User

    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "testserver"]
    clients = {}
    for case in every:
        if case.username not in clients:
            clients[case.username] = Client()
            clients[case.username].force_login(User.objects.get(username=case.username))
    for round_ in range(runs * 3 + 1):
        for case in every:
            seconds: list[float] = []
            busy, began = cpu_seconds(), time.perf_counter()
            with timing_sql(seconds):
                answer = clients[case.username].get(case.url)
            taken = (time.perf_counter() - began) * 1000
            spent = (cpu_seconds() - busy) * 1000
            if answer.status_code != 200:
                raise SystemExit(f"{case.url}: {answer.status_code}")
            began = time.perf_counter()
            _plain(case)
            plain = (time.perf_counter() - began) * 1000
            if not round_:  # first the templates are read and the tables come into memory
                case.size = len(answer.content)
                continue
            case.pages.append(taken)
            case.sql.append(sum(seconds) * 1000)
            case.cpu.append(spent)
            case.plain.append(plain)
            case.queries.add(len(seconds))


_TABLE = "<table>{% for row in rows %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>{% endfor %}</table>"


def _plain(case: Case) -> None:
    """The rows as a bare table in the shell that every page has."""
    from django.template import engines
    from django.test import RequestFactory

    from batosocial.staff.models import User

    request = RequestFactory().get(PLAIN)
    request.user = User.objects.select_related("unit").get(username=case.username)
    page = engines["django"].from_string('{% extends "base.html" %}{% block content %}' + _TABLE + "{% endblock %}")
    page.render({"rows": case.rows()}, request)


def _tell(every: list[Case]) -> None:
    rows = []
    for case in every:
        page, sql, plain = Timing(case.pages), Timing(case.sql), Timing(case.plain)
        queries = "/".join(str(number) for number in sorted(case.queries))
        kilobytes = f"{case.size / 1024:.0f}"
        rows.append(
            [
                case.what,
                ms(page.median),
                ms(page.worst),
                ms(sql.median),
                ms(Timing(case.cpu).median),
                queries,
                kilobytes,
                ms(plain.median),
            ]
        )
    headings = ["trang", "p50 (ms)", "max", "SQL", "CPU", "truy vấn", "kB", "bảng thường"]
    table(headings, rows, figures=(1, 2, 3, 4, 5, 6, 7))
