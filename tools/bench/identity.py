"""Checking the identity of everybody in a register of 100,000, of one of them, and the worklist's page."""

import time

from tools.bench import databases
from tools.bench.report import Aim, Options, Timing, measure, ms, say

#: Seconds for the whole register, milliseconds for one person after an edit and for a page of the worklist.
WHOLE, ONE, PAGE = 10, 100, 200


def run(options: Options) -> list[Aim]:
    from django.db import transaction

    from batosocial.staff.models import User
    from beneficiaries.identity.services import check_people, check_register, people_by_kind
    from beneficiaries.models import Person
    from tools.bench import people

    with databases.fresh("identity", keep=options.keep) as kept:
        if not (kept and Person.objects.count() == options.people):
            people.load(options.people)
        system = User.objects.system()
        began = time.perf_counter()
        checked = check_register(actor=system)
        first = time.perf_counter() - began
        say(f"Lần đầu: {ms(first)} s, {checked.people} người, {checked.opened} việc mới: {people_by_kind()}")
        began = time.perf_counter()
        check_register(actor=system)
        again = time.perf_counter() - began
        say(f"Kiểm tra lại: {ms(again)} s")
        ids = list(Person.objects.order_by("pk").values_list("pk", flat=True)[:: max(1, options.people // 50)])
        turns = iter(ids * (options.runs + 1))

        def one() -> None:
            with transaction.atomic():
                check_people([next(turns)])

        single = measure(one, options.runs * 5)
        say(f"Một người: trung vị {ms(single.median)} ms, lâu nhất {ms(single.worst)} ms")
        pages = {name: _page(name, options.runs) for name in ("phong", "xa")}
        for name, page in pages.items():
            say(f"Trang việc cần xác minh, {name}: trung vị {ms(page.median)} ms, lâu nhất {ms(page.worst)} ms")
        slowest = max(page.median for page in pages.values())
    return [
        Aim("kiểm tra nhân thân cả sổ", f"dưới {WHOLE} s", f"{ms(max(first, again))} s", max(first, again) < WHOLE),
        Aim("kiểm tra lại một người", f"dưới {ONE} ms", f"{ms(single.median)} ms", single.median < ONE),
        Aim("trang việc cần xác minh", f"dưới {PAGE} ms", f"{ms(slowest)} ms", slowest < PAGE),
    ]


def _page(username: str, runs: int) -> Timing:
    """The first page of the worklist, rendered, as this user gets it."""
    from django.test import Client

    from batosocial.staff.models import User

    client = Client(headers={"host": "localhost"})
    client.force_login(User.objects.get(username=username))

    def get() -> None:
        answer = client.get("/doi-tuong/xac-minh/")
        if answer.status_code != 200:
            raise SystemExit(f"/doi-tuong/xac-minh/: {answer.status_code}")

    return measure(get, runs)
