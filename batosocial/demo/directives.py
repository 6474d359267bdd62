"""The letter of 7/2024 as a directive with all of its tasks, and what some have reported by the demo's day.

The words are the letter's own. It names no day and, but for "hằng tháng", no deadline; these are the demo's: the end of
August for what is done once (the 581 new accounts are first used in it), days of the month for the rest.
"""

import csv
import datetime
from decimal import Decimal
from pathlib import Path

from django.db import connection

from batosocial.coordination.directives import answering, measures, services
from batosocial.coordination.directives.services import Head, Task
from batosocial.coordination.models import Addressee, Assignment, Directive
from batosocial.demo.accounts import commune_accounts
from batosocial.demo.history import Staff
from batosocial.demo.people import DEMO_MONTH
from batosocial.staff.models import User
from batosocial.territory.models import Unit

DATA = Path(__file__).parent / "data"
END_OF_AUGUST = datetime.date(2024, 8, 31)
BASIS = "\n".join(
    (
        "Chỉ thị số 21/CT-TTg ngày 25/11/2022 của Thủ tướng Chính phủ về thúc đẩy chuyển đổi số trong chi trả an sinh "
        "xã hội không dùng tiền mặt",
        "Kế hoạch số 23/KH/UBND ngày 14/02/2023 của UBND huyện Ba Tơ",
        "Kế hoạch số 40/KH-UBND ngày 29/02/2024 của UBND huyện Ba Tơ",
        "Thông báo Kết luận số 157/TB-UBND ngày 22/5/2024 của Chủ tịch UBND huyện",
    )
)

#: Neither number nor day: the văn thư had not filled them in.
HEAD = Head(
    kind=Directive.Kind.LETTER,
    number="/UBND",
    month=DEMO_MONTH,
    day=None,
    issuer="UBND huyện Ba Tơ",
    signer="KT. CHỦ TỊCH, PHÓ CHỦ TỊCH Lữ Đình Tích",
    abstract="V/v tiếp tục rà soát thông tin mở tài khoản thanh toán chi trả trợ cấp không dùng tiền mặt cho đối tượng "
    "an sinh xã hội",
    basis=BASIS,
)

#: Its clauses in their order (to whom, where it stands, its words, what measures it), and who has reported what.
TASKS, REPORTS = (DATA / name for name in ("letter_2024_07_tasks.csv", "letter_2024_07_reports.csv"))


def letter_tasks(district: Unit) -> list[Task]:
    """Mục 1 for the communes, 2 for the Phòng, 3 for the police."""
    units = {unit.code: unit for unit in Unit.objects.current().communes().filter(parent=district)}
    to = {kind: [f"{kind}:{district.pk}"] for kind in (Addressee.Kind.OFFICE, Addressee.Kind.POLICE)}
    to[Addressee.Kind.COMMUNE] = [f"{Addressee.Kind.COMMUNE}:{unit.pk}" for unit in units.values()]
    found = []
    for row in _read(TASKS):
        day = int(row["monthly_day"] or 0)
        found.append(
            Task(
                text=row["text"],
                addressees=to[Addressee.Kind(row["to"])],
                place=row["place"],
                deadline=None if day else END_OF_AUGUST,
                from_month=DEMO_MONTH if day else None,
                due_day=day or None,
                measure=row["measure"] if measures.find(row["measure"]) else "",
                target=Decimal(row["target"]) if row["target"] else None,
                measured_in=units[row["measured_in"]] if row["measured_in"] else None,
            )
        )
    return found


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


#: When the directive was issued in the portal, and when the reports came, by day of July.
ISSUED_ON, REPORTED_ON, ANSWERED_ON = 12, 17, 19

_BACKDATE = """
UPDATE coordination_directive SET made_at = %(issued)s, issued_at = %(issued)s;
UPDATE coordination_assignment SET reported_at = %(reported)s WHERE reported_at IS NOT NULL;
UPDATE coordination_assignment SET answered_at = %(answered)s WHERE answered_at IS NOT NULL;
UPDATE coordination_assignmentstep SET at = CASE WHEN kind IN ('confirmed', 'returned') THEN %(answered)s::timestamptz
    ELSE %(reported)s::timestamptz END;
"""


def load_directives(staff: Staff) -> Directive:
    """Draft, issue and report by the portal's own services."""
    district = staff.phong.unit
    assert district is not None  # noqa: S101
    made = services.create_directive(actor=staff.phong, head=HEAD, tasks=letter_tasks(district))
    services.issue_directive(actor=staff.phong, directive_id=made.pk)
    given = {
        (row.addressee.unit.code, row.task.position): row.pk
        for row in Assignment.objects.filter(addressee__kind=Addressee.Kind.COMMUNE).select_related(
            "task", "addressee__unit"
        )
        if row.addressee.unit
    }
    users = {user.username: user for user in User.objects.all()}
    for row in _read(REPORTS):
        officer, percent = users[commune_accounts(row["commune"])[0]], int(row["percent"])
        pk = given[row["commune"], int(row["task"])]
        answering.report(actor=officer, assignment_id=pk, text=row["text"], done=percent == 100, percent=percent)
        if row["answer"] == "xong":
            answering.confirm(actor=staff.phong, assignment_ids=[pk])
        elif row["answer"]:
            answering.give_back(actor=staff.phong, assignment_id=pk, reason=row["answer"])

    def at(day: int) -> str:
        return f"{DEMO_MONTH.replace(day=day)} 09:00+07"

    with connection.cursor() as cursor:
        cursor.execute(_BACKDATE, {"issued": at(ISSUED_ON), "reported": at(REPORTED_ON), "answered": at(ANSWERED_ON)})
    return made
